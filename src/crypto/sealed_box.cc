#include "crypto/sealed_box.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "crypto/sha256.h"

namespace crypto {
namespace {

constexpr std::size_t kKey = crypto_box_PUBLICKEYBYTES, kMac = crypto_box_MACBYTES, kContext = 32;
static_assert(kKey + kMac + kContext == kSealedBoxOverhead);
using BoxKey = std::array<std::uint8_t, kKey>;

Digest digest(base::ByteView context) { return Sha256().update(context).finish(); }

base::Result<BoxKey> box_key(const PublicKey& key) {
  BoxKey out{};
  if (crypto_sign_ed25519_pk_to_curve25519(out.data(), key.data()) != 0)
    return base::Error{base::Code::kInvalidInput, "nothing can be sealed for this key"};
  return out;
}

}  // namespace

base::Result<base::Bytes> seal_for(const PublicKey& recipient, base::ByteView context, base::ByteView plain,
                                   base::Random& random) {
  TARN_ASSIGN(const BoxKey theirs, box_key(recipient));
  base::Secret<crypto_box_SEEDBYTES> seed;
  random.fill(seed.expose());
  base::Secret<crypto_box_SECRETKEYBYTES> once;
  base::Bytes out(kSealedBoxOverhead + plain.size());
  CHECK(crypto_box_seed_keypair(out.data(), once.expose().data(), seed.expose().data()) == 0);
  std::array<std::uint8_t, crypto_box_NONCEBYTES> nonce{};
  std::array<std::uint8_t, 2 * kKey> both{};
  std::copy_n(out.begin(), kKey, both.begin());
  std::copy_n(theirs.begin(), kKey, both.begin() + kKey);
  CHECK(crypto_generichash(nonce.data(), nonce.size(), both.data(), both.size(), nullptr, 0) == 0);
  SecretBytes text(kContext + plain.size());
  const Digest about = digest(context);
  std::copy(about.begin(), about.end(), text.begin());
  std::copy(plain.begin(), plain.end(), text.begin() + kContext);
  if (crypto_box_easy(out.data() + kKey, text.data(), text.size(), nonce.data(), theirs.data(), once.expose().data()) !=
      0)
    return base::Error{base::Code::kInvalidInput, "nothing can be sealed for this key"};
  return out;
}

base::Result<SecretBytes> open_sealed(const Identity& recipient, base::ByteView context, base::ByteView sealed) {
  const base::Error not_ours{base::Code::kInvalidInput, "damaged, or sealed for somebody or something else"};
  if (sealed.size() < kSealedBoxOverhead) return not_ours;
  TARN_ASSIGN(const BoxKey own, box_key(recipient.public_key()));
  // libsodium wants seed ‖ public key and hashes the seed alone.
  base::Secret<64> pair;
  std::copy_n(recipient.seed().expose().begin(), 32, pair.expose().begin());
  std::copy_n(recipient.public_key().begin(), 32, pair.expose().begin() + 32);
  base::Secret<crypto_box_SECRETKEYBYTES> secret;
  CHECK(crypto_sign_ed25519_sk_to_curve25519(secret.expose().data(), pair.expose().data()) == 0);
  SecretBytes text(sealed.size() - kKey - kMac);
  if (crypto_box_seal_open(text.data(), sealed.data(), sealed.size(), own.data(), secret.expose().data()) != 0)
    return not_ours;
  const Digest about = digest(context);
  if (!std::equal(about.begin(), about.end(), text.begin())) return not_ours;
  return SecretBytes(text.begin() + kContext, text.end());
}

}  // namespace crypto
