// ServerTls: the server's half of ordinary TLS (X.509), 1.3 only: what a service shows its clients. ServerWire: one
// connection's TLS without its socket: bytes that came go in, bytes to send come out, so whoever owns the socket waits as
// it likes (net/http_server.cc). No tickets, resumption, early data or renegotiation.
// Clients show no certificate, or, where one is asked for, may show an identity's (identity_certificate.h): a self-signed
// one of an Ed25519 key, of which only the key counts, and which the handshake proves that the client holds. Without one,
// or with only one of another kind, which it then is not asked for, a client is nobody in particular; one that insists on
// another kind is refused.
// self_signed_certificate(): for a service that nobody gave a certificate; clients trust exactly it (--ca).
// Nothing comes from openssl.cnf; nothing ever asks for a password at a terminal.
// Errors: kInvalidInput (PEM that is none, a key that does not fit). Threads: a ServerTls any, a ServerWire one at a time.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/identity.h"

namespace net {

enum class ClientKeys : std::uint8_t { kNone, kAsked };

class ServerTls {
 public:
  // PEM: the certificate, followed by those that lead to its authority; its private key.
  static base::Result<ServerTls> create(std::string_view certificates, std::string_view key,
                                        ClientKeys clients = ClientKeys::kNone);
  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit ServerTls(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, Free> context_;
};

class ServerWire {
 public:
  explicit ServerWire(const ServerTls& tls);

  enum class State { kShakingHands, kOpen, kClosed, kBroken };  // kClosed: the peer said that nothing more comes
  // What came from the socket; what it says is appended to `plain`. There may be output() after it, in any state.
  State receive(std::string_view bytes, std::string& plain);
  State state() const { return state_; }
  const std::optional<crypto::PublicKey>& client_key() const { return client_key_; }  // proved, once open
  bool write(std::string_view plain);                                                 // once open; false: broken
  void say_goodbye();
  std::string output();  // taken: what is to be sent now
  std::size_t output_size() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  void fail(int result);
  std::unique_ptr<SSL, Free> ssl_;  // over two memory BIOs
  State state_ = State::kShakingHands;
  std::optional<crypto::PublicKey> client_key_;
};

struct CertificateFiles {
  std::string certificate, key;  // PEM; the key is secret
};
// A fresh P-256 key and a certificate for `names` (DNS names and addresses, at least one), valid from an hour before
// `now_s` (Unix seconds) for `days`.
base::Result<CertificateFiles> self_signed_certificate(const std::vector<std::string>& names, std::int64_t now_s,
                                                       int days);

}  // namespace net
