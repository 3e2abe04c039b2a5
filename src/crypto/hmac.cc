#include "crypto/hmac.h"

#include <sodium.h>

namespace crypto {

Digest hmac_sha256(base::ByteView key, base::ByteView message) {
  crypto_auth_hmacsha256_state state;
  Digest digest{};
  (void)crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  (void)crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  (void)crypto_auth_hmacsha256_final(&state, digest.data());
  base::wipe(&state, sizeof state);
  return digest;
}

}  // namespace crypto
