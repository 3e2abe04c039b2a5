// Passwords of people, as a service keeps them: Argon2id (RFC 9106), so that whoever steals the hashes pays memory and
// time for each guess. The text is the usual one, "$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH", which other programs read.
// It names its own cost, so kPasswordCost may be raised later: needs_rehash() then says so at the next login.
// Threads: any; a computation takes the cost's memory meanwhile, so the caller bounds how many run at once.
// Errors: kInvalidInput (too long), kStorage (no memory to be had).
// Source: libsodium, crypto_pwhash; OWASP asks for 19 MiB and two passes at least.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace crypto {

struct PasswordCost {
  unsigned passes = 2;
  std::size_t memory_bytes = 64 * 1024 * 1024;
};
inline constexpr PasswordCost kPasswordCost{};              // about 50 ms on a server's core
inline constexpr PasswordCost kLeastPasswordCost{1, 8192};  // for tests: protects nothing
inline constexpr std::size_t kMaxPassword = 1024;           // bytes

base::Result<std::string> hash_password(std::string_view password, base::Random& random,
                                        const PasswordCost& cost = kPasswordCost);
bool verify_password(std::string_view hash, std::string_view password);  // false, too, for what is no such hash
bool needs_rehash(std::string_view hash, const PasswordCost& cost = kPasswordCost);

}  // namespace crypto
