// Money: micro-credits, integers of 10⁻⁶ credit; people write credits as decimals: "12", "0.04", up to six of them.
// Errors: kInvalidInput with what to write. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace model {

inline constexpr int kCreditDecimals = 6;
inline constexpr std::uint64_t kMicroCreditsInCredit = 1'000'000;

base::Result<std::uint64_t> parse_credits(std::string_view text);  // in micro-credits
std::string credits_text(std::uint64_t micro_credits);             // the shortest that says the same

}  // namespace model
