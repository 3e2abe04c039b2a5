#include "crypto/api_token.h"

#include <algorithm>

namespace crypto {
namespace {
constexpr std::string_view kPrefix = "tarn_";
constexpr std::size_t kRandom = 32;
}  // namespace

void make_api_token(base::Random& random, ApiTokenText& token) {
  base::Secret<kRandom> bytes;
  random.fill(bytes.expose());
  static constexpr std::string_view kDigits = "0123456789abcdef";
  base::wipe(token.text.data(), token.text.size());
  token.text.clear();
  token.text.reserve(kPrefix.size() + 2 * kRandom);  // once: no copy is left behind
  token.text += kPrefix;
  for (const std::uint8_t byte : bytes.expose()) {
    token.text += kDigits[byte >> 4];
    token.text += kDigits[byte & 15];
  }
}

std::optional<Digest> api_token_hash(std::string_view token) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (token.size() != kPrefix.size() + 2 * kRandom || !token.starts_with(kPrefix) ||
      !std::all_of(token.begin() + kPrefix.size(), token.end(), is_digit))
    return std::nullopt;
  return sha256(base::view(token));
}

}  // namespace crypto
