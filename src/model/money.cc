#include "model/money.h"

#include <algorithm>
#include <charconv>

namespace model {

base::Result<std::uint64_t> parse_credits(std::string_view text) {
  const base::Error wrong{base::Code::kInvalidInput,
                          "is not an amount of credits; write for example 12 or 0.04, with at most six decimals"};
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::size_t decimals = 0;
  if (point < text.size()) {
    digits += text.substr(point + 1);
    decimals = text.size() - point - 1;
    if (decimals == 0 || decimals > kCreditDecimals) return wrong;
  }
  if (point == 0 || text.size() > 32) return wrong;
  digits.append(kCreditDecimals - decimals, '0');
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return wrong;
  std::uint64_t out = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (read.ec != std::errc{}) return base::Error{base::Code::kInvalidInput, "is more credits than can be counted"};
  return out;
}

std::string credits_text(std::uint64_t micro_credits) {
  std::string out = std::to_string(micro_credits / kMicroCreditsInCredit);
  std::string decimals = std::to_string(micro_credits % kMicroCreditsInCredit);
  decimals.insert(0, kCreditDecimals - decimals.size(), '0');
  decimals.erase(decimals.find_last_not_of('0') + 1);
  return decimals.empty() ? out : out + "." + decimals;
}

}  // namespace model
