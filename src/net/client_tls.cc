#include "net/client_tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "net/pem.h"
#include "net/tls.h"

namespace net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kChunk = 16 * 1024;
constexpr int kAlerts = 1000;  // OpenSSL's reason for alert n is 1000 + n

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }
base::Error broken(std::string what) { return {base::Code::kUnreachable, std::move(what)}; }

base::Status trust(SSL_CTX* context, std::string_view authorities) {
  if (authorities.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return refused("the system's certificate authorities cannot be read; name the authority's certificate");
  }
  const auto found = read_certificates(authorities);
  if (found.empty()) return refused("the certificate authority is no certificate in PEM");
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);  // one that was named is trusted, whoever signed it
  for (const auto& one : found)
    if (X509_STORE_add_cert(store, one.get()) != 1) return refused("a certificate authority cannot be used");
  return {};
}

base::Status show(SSL_CTX* context, std::string_view certificate, std::string_view key) {
  if (certificate.empty() && key.empty()) return {};
  const auto chain = read_certificates(certificate);
  if (chain.empty()) return refused("the client certificate is no certificate in PEM");
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1)
    return refused("the client certificate cannot be used: its key is too short or of an unknown kind");
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return refused("the client certificate's chain is bad");
  const PrivateKey own = read_private_key(key);
  if (!own) return refused("the client key is no private key in PEM, or needs a password");
  if (SSL_CTX_use_PrivateKey(context, own.get()) != 1) return refused("the client key does not fit the certificate");
  return {};
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

bool expect(SSL* ssl, const std::string& name) {
  if (is_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

bool hash_of(const X509* certificate, CertificateHash& hash) {
  unsigned size = 0;
  return X509_digest(certificate, EVP_sha256(), hash.data(), &size) == 1 && size == hash.size();
}

// OpenSSL's place for checking a chain; `expected` is the pin.
int is_pinned(X509_STORE_CTX* chain, void* expected) {
  CertificateHash shown{};
  const X509* const leaf = X509_STORE_CTX_get0_cert(chain);
  const bool pinned =
      leaf != nullptr && hash_of(leaf, shown) && shown == *static_cast<const CertificateHash*>(expected);
  X509_STORE_CTX_set_error(chain, pinned ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return pinned ? 1 : 0;
}

}  // namespace

base::Result<CertificateHash> certificate_hash(std::string_view pem) {
  const auto found = read_certificates(pem);
  CertificateHash hash{};
  if (found.empty() || !hash_of(found.front().get(), hash)) return refused("this is no certificate in PEM");
  return hash;
}

Patience::Patience(int timeout_ms, const std::function<bool()>& cancelled)
    : timeout_(timeout_ms), until_(steady_clock::now() + timeout_), cancelled_(cancelled) {}

void Patience::renew() { until_ = steady_clock::now() + timeout_; }

Patience Patience::share(std::size_t n) const {
  const auto left = std::chrono::duration_cast<milliseconds>(until_ - steady_clock::now());
  Patience part = *this;
  part.until_ = std::min(until_, steady_clock::now() + left / static_cast<std::int64_t>(n));
  return part;
}

base::Status Patience::wait(int fd, short events) const {
  for (;;) {
    if (cancelled_ && cancelled_()) return base::Error{base::Code::kCancelled, "cancelled"};
    if (steady_clock::now() >= until_) return base::Error{base::Code::kDeadline, "no answer in time"};
    pollfd watched{fd, events, 0};
    if (wait_for(&watched, 1, until_, static_cast<bool>(cancelled_)) && watched.revents != 0) return {};
  }
}

void ClientTls::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

base::Result<ClientTls> ClientTls::create(std::string_view authorities, std::string_view certificate,
                                          std::string_view key, const std::optional<CertificateHash>& pin) {
  initialise_tls();
  ERR_clear_error();
  ClientTls made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = made.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
    return refused("OpenSSL cannot prepare TLS");
  SSL_CTX_set_security_level(context, 2);  // 112 bits: no RSA below 2048, no SHA-1
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (pin) {
    made.pin_ = std::make_unique<CertificateHash>(*pin);
    SSL_CTX_set_cert_verify_callback(context, is_pinned, made.pin_.get());
  } else {
    TARN_TRY(trust(context, authorities));
  }
  TARN_TRY(show(context, certificate, key));
  ERR_clear_error();
  return made;
}

void ClientWire::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

ClientWire::ClientWire(Fd connected) : fd_(std::move(connected)) { tune(fd_); }

ClientWire::~ClientWire() {
  if (!ssl_) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
  std::array<char, 256> goodbye{};
  const int size = BIO_read(SSL_get_wbio(ssl_.get()), goodbye.data(), goodbye.size());
  if (size > 0) (void)::send(fd_.get(), goodbye.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
}

base::Status ClientWire::shake_hands(const ClientTls& tls, const std::string& name, const Patience& patience) {
  std::unique_ptr<SSL, Free> ssl(SSL_new(tls.get()));
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  CHECK(ssl && in != nullptr && out != nullptr);
  BIO_set_mem_eof_return(in, -1);  // an empty buffer is no end
  SSL_set_bio(ssl.get(), in, out);
  SSL_set_connect_state(ssl.get());
  if (!expect(ssl.get(), name)) return refused("no certificate can be for such a name");
  ssl_ = std::move(ssl);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return flush(patience);
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) {
      const base::Error why = failure();
      (void)flush(patience);  // the alert
      ssl_.reset();
      return why;
    }
    TARN_TRY(flush(patience));
    TARN_TRY(fill(patience));
  }
}

// Right after a call of OpenSSL's that failed.
base::Error ClientWire::failure() const {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && SSL_get_verify_result(ssl_.get()) == X509_V_ERR_CERT_REJECTED)
    return refused("its certificate is not the one that was pinned");
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const auto found = SSL_get_verify_result(ssl_.get());
    const bool unknown = found == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                         found == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
                         found == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    return refused(std::string("its certificate is not right: ") + X509_verify_cert_error_string(found) +
                   (unknown ? "; name its authority, or pin it" : ""));
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) return refused("does not speak TLS");
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == kAlerts + SSL_AD_PROTOCOL_VERSION)
    return refused("does not speak TLS 1.2 or later");
  const int alert = reason - kAlerts;
  if ((alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) || alert == SSL_AD_UNKNOWN_CA ||
      alert == SSL_AD_CERTIFICATE_REQUIRED)
    return refused("does not accept our certificate");
  if (end_) return broken("broke off the connection");
  return broken("TLS failed (OpenSSL reason " + std::to_string(reason) + ")");
}

base::Status ClientWire::send_all(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      TARN_TRY(patience.wait(fd_.get(), POLLOUT));
    } else if (errno != EINTR) {
      return broken("broke off the connection (" + system_error(errno) + ")");
    }
  }
  return {};
}

base::Status ClientWire::flush(const Patience& patience) {
  BIO* const out = SSL_get_wbio(ssl_.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  if (size <= 0) return {};
  const base::Status sent = send_all({bytes, static_cast<std::size_t>(size)}, patience);
  (void)BIO_reset(out);  // what cannot be sent must not be in the way of reading why
  return sent;
}

// What has arrived goes to OpenSSL; false if nothing has. A broken connection is its end: TLS knows whether it was one.
bool ClientWire::fill_now() {
  std::array<char, kChunk> chunk;
  ssize_t size = -1;
  do {
    size = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  BIO* const in = SSL_get_rbio(ssl_.get());
  if (size > 0) return BIO_write(in, chunk.data(), static_cast<int>(size)) == size;
  end_ = true;
  BIO_set_mem_eof_return(in, 0);
  return true;
}

base::Status ClientWire::fill(const Patience& patience) {
  while (!fill_now()) TARN_TRY(patience.wait(fd_.get(), POLLIN));
  return {};
}

base::Status ClientWire::write(std::string_view bytes, const Patience& patience) {
  if (!ssl_) return send_all(bytes, patience);
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), std::min(bytes.size(), kChunk), &written) != 1) return failure();
    bytes.remove_prefix(written);
    TARN_TRY(flush(patience));
  }
  return {};
}

base::Result<std::size_t> ClientWire::read(std::span<char> into, const Patience& patience) {
  for (;;) {
    if (!ssl_) {
      const ssize_t size = ::recv(fd_.get(), into.data(), into.size(), 0);
      if (size >= 0) return static_cast<std::size_t>(size);
      if (errno == EAGAIN || errno == EWOULDBLOCK)
        TARN_TRY(patience.wait(fd_.get(), POLLIN));
      else if (errno != EINTR)
        return broken("broke off the connection (" + system_error(errno) + ")");
      continue;
    }
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    if (result == 1) return size;
    const int kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    if (kind != SSL_ERROR_WANT_READ) return failure();
    TARN_TRY(flush(patience));  // an answer of TLS itself
    TARN_TRY(fill(patience));
  }
}

bool ClientWire::idle() {
  char one = 0;
  if (!ssl_) return ::recv(fd_.get(), &one, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  (void)fill_now();  // session tickets come unasked
  if (end_) return false;
  ERR_clear_error();
  const int result = SSL_peek(ssl_.get(), &one, 1);
  return result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
}

}  // namespace net
