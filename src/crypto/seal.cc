#include "crypto/seal.h"

#include <sodium.h>

#include "base/check.h"

namespace crypto {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kMac = crypto_aead_xchacha20poly1305_ietf_ABYTES;
}  // namespace

base::Bytes seal(const base::Secret<32>& key, base::ByteView context, base::ByteView plain, base::Random& random) {
  base::Bytes out(kNonce + plain.size() + kMac);
  random.fill(std::span(out).first(kNonce));
  CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, nullptr, plain.data(), plain.size(),
                                                   context.data(), context.size(), nullptr, out.data(),
                                                   key.expose().data()) == 0);
  return out;
}

base::Result<base::Bytes> open(const base::Secret<32>& key, base::ByteView context, base::ByteView sealed) {
  const base::Error damaged{base::Code::kStorage, "damaged, or sealed under another identity"};
  if (sealed.size() < kNonce + kMac) return damaged;
  base::Bytes out(sealed.size() - kNonce - kMac);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data() + kNonce,
                                                 sealed.size() - kNonce, context.data(), context.size(), sealed.data(),
                                                 key.expose().data()) != 0)
    return damaged;
  return out;
}

}  // namespace crypto
