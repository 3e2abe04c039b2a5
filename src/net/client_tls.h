// ClientTls: the client's half of ordinary TLS (1.2 or later, X.509), as the world's servers speak it: authorities, names
// and dates are checked, unlike in net/tls.h, where only keys count. ClientWire: one connection, with or without it.
// Nothing comes from openssl.cnf; nothing ever asks for a password at a terminal.
// Errors: kInvalidInput (PEM that is none; a certificate that will not do, theirs or ours), kUnreachable, and what the
// Patience says: kDeadline, kCancelled. Threads: a ClientTls any, a ClientWire one at a time.
#pragma once

#include <openssl/types.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/socket.h"

namespace net {

// How long one waits, and whether one still does.
class Patience {
 public:
  Patience(int timeout_ms, const std::function<bool()>& cancelled);
  base::Status wait(int fd, short events) const;  // until one of the events is there
  void renew();                                   // the whole time again
  Patience share(std::size_t n) const;            // an n-th of what is left

 private:
  std::chrono::milliseconds timeout_;
  Time until_;
  const std::function<bool()>& cancelled_;
};

using CertificateHash = std::array<std::uint8_t, 32>;                  // SHA-256 of its DER encoding
base::Result<CertificateHash> certificate_hash(std::string_view pem);  // of the first

class ClientTls {
 public:
  // PEM; without authorities the system's, without a certificate none is shown. A pin: the server shows this very
  // certificate; authorities, names and dates do not matter then.
  static base::Result<ClientTls> create(std::string_view authorities, std::string_view certificate,
                                        std::string_view key, const std::optional<CertificateHash>& pin = {});
  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit ClientTls(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<CertificateHash> pin_;  // where OpenSSL's callback finds it, wherever this object is
  std::unique_ptr<SSL_CTX, Free> context_;
};

class ClientWire {
 public:
  explicit ClientWire(Fd connected);
  ~ClientWire();
  ClientWire(const ClientWire&) = delete;
  ClientWire& operator=(const ClientWire&) = delete;

  // `name`: whom the certificate has to be for, a DNS name or an IP address.
  base::Status shake_hands(const ClientTls& tls, const std::string& name, const Patience& patience);
  base::Status write(std::string_view bytes, const Patience& patience);
  // At least one byte; 0 once the peer has said that nothing more comes.
  base::Result<std::size_t> read(std::span<char> into, const Patience& patience);
  bool idle();  // open, and nobody has said anything: a request may go out

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  base::Status flush(const Patience& patience);
  base::Status fill(const Patience& patience);
  bool fill_now();
  base::Status send_all(std::string_view bytes, const Patience& patience);
  base::Error failure() const;

  Fd fd_;
  std::unique_ptr<SSL, Free> ssl_;  // over two memory BIOs, so that all system calls are ours
  bool end_ = false;                // of the TCP stream
};

}  // namespace net
