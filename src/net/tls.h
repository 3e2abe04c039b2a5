// Mutually authenticated TLS 1.3 (RFC 8446) between Ed25519 identities. Each side presents a self-signed certificate
// made in memory; of the peer's certificate only the raw key counts (compare RFC 7250), and it must be one of the
// pinned keys, or any where everybody may come in: no authorities, names, dates or system trust store. X25519; AES-128-GCM, else ChaCha20-Poly1305; no
// tickets, resumption, early data or renegotiation.
//
// TlsStream puts its own BIO under OpenSSL: sends use MSG_NOSIGNAL (a socket BIO would raise SIGPIPE), several records
// leave in one system call, and after a short read the socket is not asked again until poll() says so.
// Threads: one a stream; a context may be shared, but a mesh has its own.
// Invariants: after handshake() said kDone the peer has proved peer_key(), an allowed key. write() takes all
// or nothing. failure() never contains what was sent.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "net/socket.h"

namespace net {

// OpenSSL without openssl.cnf (no surprise from the machine's configuration, and it costs start-up time) and without
// its table of error texts. Only the first initialisation of a process counts: call it early in main().
void initialise_tls();

class TlsContext {
 public:
  static base::Result<TlsContext> create(const crypto::Identity& identity);
  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, Free> context_;
};

// Whom a stream lets in: one of these keys, or AnyKey: whoever proves one.
struct AnyKey {};
using AllowedKeys = std::variant<std::vector<crypto::PublicKey>, AnyKey>;

enum class Role { kDials, kListens };
enum class Io { kDone, kAgain, kClosed, kBroken };  // kAgain: poll first; kClosed: the peer said goodbye

inline constexpr std::size_t kRecord = 16384;  // the most that one TLS record carries

class TlsStream {
 public:
  TlsStream(const TlsContext& context, Fd connected, Role role, AllowedKeys allowed);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Io handshake();
  Io read(std::span<std::uint8_t> into, std::size_t& size);
  Io write(base::ByteView record,
           std::size_t& written);  // at most kRecord bytes, into the output buffer; nothing leaves before push()
  Io push();                       // kDone: all output is with the kernel
  void socket_readable() {         // poll() said so
    drained_ = false;
    reads_ = 0;
  }
  std::size_t output_size() const { return output_.size() - output_sent_; }
  void shut_down();  // close_notify, as far as the socket takes it at once

  int fd() const { return fd_.get(); }
  const std::optional<crypto::PublicKey>& peer_key() const { return peer_key_; }        // accepted
  const std::optional<crypto::PublicKey>& refused_key() const { return refused_key_; }  // presented, but not allowed
  const std::string& failure() const { return failure_; }                               // why kClosed or kBroken

 private:
  friend struct TlsCallbacks;  // what OpenSSL calls, in tls.cc
  struct Free {
    void operator()(SSL* ssl) const;
  };
  Io outcome(int result);
  void describe_failure(unsigned long error);

  Fd fd_;
  AllowedKeys allowed_;
  base::Bytes output_;  // records that the kernel has not taken yet, from output_sent_ on
  std::size_t output_sent_ = 0;
  int reads_ = 0;        // of the socket since poll()
  bool drained_ = true;  // nothing to recv before poll() says so
  bool end_ = false;     // the peer's end of file
  bool usable_ = false;  // shaken hands, and no fatal error since: close_notify makes sense
  int socket_error_ = 0;
  std::optional<crypto::PublicKey> peer_key_, refused_key_;
  std::string failure_;
  std::unique_ptr<SSL, Free> ssl_;  // last: its BIO points at the rest
};

}  // namespace net
