#include "net/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace net {
namespace {

constexpr std::size_t kMaxPem = 1024 * 1024;
constexpr std::size_t kMaxCertificates = 1024;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::unique_ptr<BIO, FreeBio> source_of(std::string_view text) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int no_password(char*, int, int, void*) { return 0; }

}  // namespace

void FreePem::operator()(X509* certificate) const { X509_free(certificate); }
void FreePem::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

std::vector<Certificate> read_certificates(std::string_view text) {
  std::vector<Certificate> found;
  if (text.size() > kMaxPem) return found;
  ERR_clear_error();
  const auto source = source_of(text);
  while (X509* const one = PEM_read_bio_X509(source.get(), nullptr, no_password, nullptr)) {
    found.emplace_back(one);
    if (found.size() > kMaxCertificates) return {};
  }
  const unsigned long why = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(why) != ERR_LIB_PEM || ERR_GET_REASON(why) != PEM_R_NO_START_LINE) return {};
  return found;
}

PrivateKey read_private_key(std::string_view text) {
  if (text.size() > kMaxPem) return nullptr;
  const auto source = source_of(text);
  return PrivateKey(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
}

}  // namespace net
