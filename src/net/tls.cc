#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/identity_certificate.h"

namespace net {

namespace {

constexpr int kReadsAPoll = 16;

constexpr std::size_t kReadAhead = 4 * (kRecord + 256);     // one recv takes up to four records
constexpr std::size_t kOutputLimit = 16 * (kRecord + 256);  // beyond it OpenSSL has to wait (a flood of key updates)
constexpr long kMaxCertificates = 4096;                     // ours has about 200 bytes

base::Error openssl_failed(const char* what) {
  return {base::Code::kInvalidInput,
          std::string("OpenSSL cannot ") + what + " (error " + std::to_string(ERR_peek_error()) + ")"};
}

bool restrict(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadAhead);
  SSL_CTX_set_max_cert_list(context, kMaxCertificates);
  return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
         SSL_CTX_set_max_early_data(context, 0) == 1 && SSL_CTX_set_recv_max_early_data(context, 0) == 1 &&
         SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519") == 1 && SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1;
}

bool lets_in(const AllowedKeys& allowed, const crypto::PublicKey& key) {
  const auto* const keys = std::get_if<std::vector<crypto::PublicKey>>(&allowed);
  return keys == nullptr || std::find(keys->begin(), keys->end(), key) != keys->end();
}

}  // namespace

struct TlsCallbacks {
  static TlsStream& stream(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  // Replaces the whole of X.509 path validation. That the peer holds the key is proved by its CertificateVerify.
  static int verify(X509_STORE_CTX* chain, void*) {
    const auto* const ssl =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& stream = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
    const auto key = ed25519_key(X509_STORE_CTX_get0_cert(chain));
    if (key && lets_in(stream.allowed_, *key)) {
      stream.peer_key_ = key;
      X509_STORE_CTX_set_error(chain, X509_V_OK);
      return 1;
    }
    stream.refused_key_ = key;
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    return 0;
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    TlsStream& s = stream(bio);
    if (s.output_size() >= kOutputLimit) {
      BIO_set_retry_write(bio);
      return -1;
    }
    const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes);
    s.output_.insert(s.output_.end(), first, first + size);
    return size;
  }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    TlsStream& s = stream(bio);
    ssize_t got = -1;
    if (!s.drained_) {
      do {
        got = recv(s.fd_.get(), into, static_cast<std::size_t>(size), 0);
      } while (got < 0 && errno == EINTR);
      if (got == 0) s.end_ = true;
      if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        s.socket_error_ = errno;
        return -1;
      }
      // A few times, then back to poll(): a peer whose records carry nothing for us must not keep us here. An end of
      // file may be read again.
      s.drained_ = got != 0 && (got < size || ++s.reads_ >= kReadsAPoll);
    }
    if (got < 0) BIO_set_retry_read(bio);
    return static_cast<int>(got);
  }

  static long control(BIO* bio, int command, long, void*) {
    TlsStream& s = stream(bio);
    if (command == BIO_CTRL_EOF) return s.end_ ? 1 : 0;
    if (command != BIO_CTRL_FLUSH) return 0;
    (void)s.push();  // the end of a handshake flight; what the kernel does not take stays in the buffer
    return 1;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tarn socket");
      CHECK(made != nullptr);
      BIO_meth_set_write(made, write);
      BIO_meth_set_read(made, read);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_create(made, create);
      return made;
    }();
    return kMethod;
  }
};

void initialise_tls() {
  static const bool kDone = [] {
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
                                OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
                            nullptr) == 1;
  }();
  CHECK(kDone);
}

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

base::Result<TlsContext> TlsContext::create(const crypto::Identity& identity) {
  initialise_tls();
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_method()));
  if (!context.context_ || !restrict(context.get())) return openssl_failed("prepare TLS 1.3");
  const PrivateKey key = private_key_of(identity);
  if (!key) return openssl_failed("use the identity's key");
  const Certificate certificate = self_signed(key.get());
  if (!certificate || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return openssl_failed("make a certificate");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), TlsCallbacks::verify, nullptr);
  return context;
}

void TlsStream::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

TlsStream::TlsStream(const TlsContext& context, Fd connected, Role role, AllowedKeys allowed)
    : fd_(std::move(connected)), allowed_(std::move(allowed)), ssl_(SSL_new(context.get())) {
  CHECK(ssl_ != nullptr);
  tune(fd_);
  BIO* const bio = BIO_new(TlsCallbacks::method());
  CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes it over
  SSL_set_app_data(ssl_.get(), this);
  if (role == Role::kDials) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

TlsStream::~TlsStream() = default;

Io TlsStream::handshake() {
  ERR_clear_error();
  const Io result = outcome(SSL_do_handshake(ssl_.get()));
  if (result == Io::kDone) {
    CHECK(peer_key_.has_value());
    usable_ = true;
  }
  return result;
}

Io TlsStream::read(std::span<std::uint8_t> into, std::size_t& size) {
  ERR_clear_error();
  size = 0;
  return outcome(SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
}

Io TlsStream::write(base::ByteView record, std::size_t& written) {
  CHECK(!record.empty() && record.size() <= kRecord);
  ERR_clear_error();
  written = 0;
  return outcome(SSL_write_ex(ssl_.get(), record.data(), record.size(), &written));
}

Io TlsStream::push() {
  while (output_sent_ < output_.size()) {
    const ssize_t sent = send(fd_.get(), output_.data() + output_sent_, output_size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Io::kAgain;
    if (sent < 0) {
      failure_ = "broke off the connection (" + system_error(errno) + ")";
      return Io::kBroken;
    }
    output_sent_ += static_cast<std::size_t>(sent);
  }
  output_.clear();
  output_sent_ = 0;
  return Io::kDone;
}

void TlsStream::shut_down() {
  if (usable_) {
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
    usable_ = false;
  }
  (void)push();
  (void)shutdown(fd_.get(), SHUT_WR);
  // Unread bytes would turn our close into a reset, which can overtake our own last message.
  std::uint8_t rest[4096];
  for (int i = 0; i < 256 && recv(fd_.get(), rest, sizeof rest, 0) > 0; ++i) {
  }
}

Io TlsStream::outcome(int result) {
  if (result > 0) return Io::kDone;
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return Io::kAgain;
  if (kind == SSL_ERROR_ZERO_RETURN) {
    failure_ = "closed the connection";
    return Io::kClosed;
  }
  usable_ = false;
  describe_failure(ERR_peek_error());
  (void)push();  // the alert that tells the peer, if there is one
  return Io::kBroken;
}

void TlsStream::describe_failure(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  if (socket_error_ != 0) {
    failure_ = "broke off the connection (" + system_error(socket_error_) + ")";
  } else if (refused_key_) {
    failure_ = "presents another key (org_" + base::to_hex(*refused_key_) + ")";
  } else if (end_ || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    failure_ = "broke off the connection (without a goodbye)";
  } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
    failure_ = "does not speak TLS";
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    failure_ = "does not speak TLS 1.3";
  } else if (reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE) {
    failure_ = "refuses our key";
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    failure_ = "presents no key";
  } else {
    failure_ = "TLS failed (OpenSSL reason " + std::to_string(reason) + ")";
  }
}

}  // namespace net
