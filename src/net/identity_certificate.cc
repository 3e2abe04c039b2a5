#include "net/identity_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/tls.h"

namespace net {

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(const Bio& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

PrivateKey private_key_of(const crypto::Identity& identity) {
  const auto seed = identity.seed().expose();
  return PrivateKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
}

// The least that X.509 demands. The dates are constants: nobody checks them, and so no clock is needed.
Certificate self_signed(EVP_PKEY* ed25519) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  X509* const c = certificate.get();
  X509_NAME* const name = X509_get_subject_name(c);
  static constexpr unsigned char kName[] = "tarn";
  const bool good = X509_set_version(c, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(c), 1) == 1 &&
                    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, kName, 4, -1, 0) == 1 &&
                    X509_set_issuer_name(c, name) == 1 &&
                    ASN1_TIME_set_string(X509_getm_notBefore(c), "20200101000000Z") == 1 &&
                    ASN1_TIME_set_string(X509_getm_notAfter(c), "99991231235959Z") == 1 &&
                    X509_set_pubkey(c, ed25519) == 1 && X509_sign(c, ed25519, nullptr) > 0;
  return good ? std::move(certificate) : nullptr;
}

std::optional<crypto::PublicKey> ed25519_key(const X509* certificate) {
  EVP_PKEY* const key = certificate != nullptr ? X509_get0_pubkey(certificate) : nullptr;
  crypto::PublicKey raw{};
  std::size_t size = raw.size();
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != raw.size()) {
    return std::nullopt;
  }
  return raw;
}

base::Result<CertificateFiles> identity_certificate(const crypto::Identity& identity) {
  initialise_tls();
  ERR_clear_error();
  const base::Error failed{base::Code::kInvalidInput, "OpenSSL cannot make a certificate of the identity"};
  const PrivateKey key = private_key_of(identity);
  const Certificate certificate = key ? self_signed(key.get()) : nullptr;
  const Bio shown(BIO_new(BIO_s_mem()), BIO_free), secret(BIO_new(BIO_s_secmem()), BIO_free);
  if (!certificate || !shown || !secret || PEM_write_bio_X509(shown.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed;
  return CertificateFiles{.certificate = text_of(shown), .key = text_of(secret)};
}

}  // namespace net
