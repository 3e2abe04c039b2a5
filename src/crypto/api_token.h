// API tokens: "tarn_" and 32 random bytes in hexadecimal. Nobody guesses one, so a plain SHA-256 of it is what a service
// keeps, and it can look tokens up by that. The prefix is for people and for programs that look for leaked secrets.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "crypto/sha256.h"

namespace crypto {

struct ApiTokenText {
  std::string text;  // shown once; zeroed when it goes
  ApiTokenText() = default;
  ~ApiTokenText() { base::wipe(text.data(), text.size()); }
  ApiTokenText(const ApiTokenText&) = delete;
  ApiTokenText& operator=(const ApiTokenText&) = delete;
};

void make_api_token(base::Random& random, ApiTokenText& token);
std::optional<Digest> api_token_hash(std::string_view token);  // nothing for what cannot be a token

}  // namespace crypto
