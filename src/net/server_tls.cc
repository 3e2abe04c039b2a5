#include "net/server_tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "net/identity_certificate.h"
#include "net/pem.h"
#include "net/tls.h"

namespace net {
namespace {

constexpr int kSerialBits = 127;
constexpr std::size_t kMaxName = 253;
constexpr long kMostOfClient = 4096;  // bytes of certificates; an identity's has about 200
constexpr std::int64_t kHour = 3600;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

bool restrict(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // a kept connection that idles should cost little
  return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
         SSL_CTX_set_max_early_data(context, 0) == 1 && SSL_CTX_set_recv_max_early_data(context, 0) == 1;
}

base::Status show(SSL_CTX* context, std::string_view certificates, std::string_view key) {
  const auto chain = read_certificates(certificates);
  if (chain.empty()) return refused("the server's certificate is no certificate in PEM");
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1)
    return refused("the server's certificate cannot be used: its key is too short or of an unknown kind");
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1)
      return refused("the chain of the server's certificate is bad");
  const PrivateKey own = read_private_key(key);
  if (!own) return refused("the server's key is no private key in PEM, or needs a password");
  if (SSL_CTX_use_PrivateKey(context, own.get()) != 1) return refused("the server's key does not fit its certificate");
  return {};
}

// Any certificate of such a key will do: nothing of it counts but the key.
int is_identity(X509_STORE_CTX* chain, void*) {
  const bool good = ed25519_key(X509_STORE_CTX_get0_cert(chain)).has_value();
  X509_STORE_CTX_set_error(chain, good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return good ? 1 : 0;
}

bool ask_for_identities(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, is_identity, nullptr);
  SSL_CTX_set_max_cert_list(context, kMostOfClient);
  return SSL_CTX_set1_client_sigalgs_list(context, "ed25519") == 1;
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

// Nothing that OpenSSL's syntax of extensions would read as more than a name.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-';
  });
}

bool extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  const bool good = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return good;
}

bool number_and_date(X509* certificate, std::int64_t now_s, int days) {
  std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
  return serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), now_s - kHour) != nullptr &&
         ASN1_TIME_adj(X509_getm_notAfter(certificate), now_s, days, 0) != nullptr;
}

bool name_and_sign(X509* certificate, EVP_PKEY* key, const std::string& names) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  static constexpr unsigned char kName[] = "tarn";
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC, kName, 4, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         extend(certificate, NID_key_usage, "critical,digitalSignature") &&
         extend(certificate, NID_ext_key_usage, "serverAuth") && extend(certificate, NID_subject_alt_name, names) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

std::string taken(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : "");
  (void)BIO_reset(bio);
  return text;
}

}  // namespace

void ServerTls::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

base::Result<ServerTls> ServerTls::create(std::string_view certificates, std::string_view key, ClientKeys clients) {
  initialise_tls();
  ERR_clear_error();
  ServerTls tls(SSL_CTX_new(TLS_server_method()));
  if (!tls.context_ || !restrict(tls.get())) return refused("OpenSSL cannot prepare TLS 1.3");
  TARN_TRY(show(tls.get(), certificates, key));
  if (clients == ClientKeys::kAsked && !ask_for_identities(tls.get()))
    return refused("OpenSSL cannot ask clients for their identity");
  return tls;
}

void ServerWire::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

ServerWire::ServerWire(const ServerTls& tls) : ssl_(SSL_new(tls.get())) {
  CHECK(ssl_ != nullptr);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  CHECK(in != nullptr && out != nullptr);
  SSL_set_bio(ssl_.get(), in, out);  // takes them over
  SSL_set_accept_state(ssl_.get());
}

void ServerWire::fail(int result) {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ) return;  // all that came is used
  state_ = kind == SSL_ERROR_ZERO_RETURN ? State::kClosed : State::kBroken;
}

ServerWire::State ServerWire::receive(std::string_view bytes, std::string& plain) {
  if (state_ != State::kShakingHands && state_ != State::kOpen) return state_;
  CHECK(BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size())) ==
        static_cast<int>(bytes.size()));
  ERR_clear_error();
  if (state_ == State::kShakingHands) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      state_ = State::kOpen;
      client_key_ = ed25519_key(SSL_get0_peer_certificate(ssl_.get()));
    }
    if (result != 1) fail(result);
  }
  while (state_ == State::kOpen) {
    std::array<char, kRecord> chunk;
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), chunk.data(), chunk.size(), &size);
    if (result == 1) {
      plain.append(chunk.data(), size);
    } else {
      fail(result);
      break;
    }
  }
  return state_;
}

bool ServerWire::write(std::string_view plain) {
  while (!plain.empty() && (state_ == State::kOpen || state_ == State::kClosed)) {  // closed: by the peer, its half
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) state_ = State::kBroken;
    plain.remove_prefix(written);
  }
  return plain.empty();
}

void ServerWire::say_goodbye() {
  ERR_clear_error();
  if (state_ == State::kOpen || state_ == State::kClosed) (void)SSL_shutdown(ssl_.get());
}

std::string ServerWire::output() { return taken(SSL_get_wbio(ssl_.get())); }

std::size_t ServerWire::output_size() const { return BIO_ctrl_pending(SSL_get_wbio(ssl_.get())); }

base::Result<CertificateFiles> self_signed_certificate(const std::vector<std::string>& names, std::int64_t now_s,
                                                       int days) {
  std::string all;
  for (const auto& name : names) {
    const bool address = is_address(name);
    if (!address && !is_name(name)) return refused("a certificate names hosts by DNS names or addresses");
    all += (all.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  if (all.empty()) return refused("a certificate needs a name or address at least");
  initialise_tls();
  ERR_clear_error();
  const PrivateKey key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  const base::Error failed = refused("OpenSSL cannot make a certificate");
  if (!key || !certificate || !number_and_date(certificate.get(), now_s, days) ||
      !name_and_sign(certificate.get(), key.get(), all))
    return failed;
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_secmem()), BIO_free);
  CertificateFiles files;
  if (!out || PEM_write_bio_X509(out.get(), certificate.get()) != 1) return failed;
  files.certificate = taken(out.get());
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return failed;
  files.key = taken(out.get());
  return files;
}

}  // namespace net
