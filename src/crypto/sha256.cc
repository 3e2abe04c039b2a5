#include "crypto/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace crypto {
namespace {
EVP_MD* algorithm() {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(md != nullptr);
  return md;
}
EVP_MD_CTX* as_context(void* p) { return static_cast<EVP_MD_CTX*>(p); }
}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex2(as_context(context_), algorithm(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(as_context(context_)); }

Sha256& Sha256::update(base::ByteView bytes) {
  CHECK(EVP_DigestUpdate(as_context(context_), bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  CHECK(EVP_DigestFinal_ex(as_context(context_), digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex2(as_context(context_), algorithm(), nullptr) == 1);
  return digest;
}

Digest sha256(base::ByteView bytes) {
  thread_local Sha256 hash;
  return hash.update(bytes).finish();
}

bool equal(base::ByteView a, base::ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace crypto
