#include "crypto/password.h"

#include <sodium.h>

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace crypto {
namespace {

constexpr std::size_t kSalt = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kHash = 32;
constexpr std::size_t kKilo = 1024;

std::string base64(base::ByteView bytes) {
  std::array<char, sodium_base64_ENCODED_LEN(kHash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)> text{};
  return sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                           sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

}  // namespace

// crypto_pwhash_str would draw the salt by itself; so it is spelled out here, and checked by crypto_pwhash_str_verify.
base::Result<std::string> hash_password(std::string_view password, base::Random& random, const PasswordCost& cost) {
  if (password.size() > kMaxPassword)
    return base::Error{base::Code::kInvalidInput, "a password has at most " + std::to_string(kMaxPassword) + " bytes"};
  std::array<std::uint8_t, kSalt> salt{};
  random.fill(salt);
  base::Secret<kHash> hash;
  if (crypto_pwhash(hash.expose().data(), kHash, password.data(), password.size(), salt.data(), cost.passes,
                    cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return base::Error{base::Code::kStorage, "not enough memory to hash a password"};
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_bytes / kKilo) + ",t=" + std::to_string(cost.passes) +
         ",p=1$" + base64(salt) + "$" + base64(hash.expose());
}

bool verify_password(std::string_view hash, std::string_view password) {
  const std::string text(hash);
  return password.size() <= kMaxPassword && text.starts_with(crypto_pwhash_argon2id_STRPREFIX) &&
         crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view hash, const PasswordCost& cost) {
  const std::string text(hash);
  return crypto_pwhash_str_needs_rehash(text.c_str(), cost.passes, cost.memory_bytes) != 0;
}

}  // namespace crypto
