#include "market/attribute_value.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace market {
namespace {

__extension__ using Wide = __int128;

bool digit(char c) { return c >= '0' && c <= '9'; }

// What a suffix multiplies with: 10^tens · 2^twos.
struct Scale {
  int tens = 0, twos = 0;
};
std::optional<Scale> exponent(std::string_view suffix) {
  const bool negative = suffix[1] == '-';
  suffix.remove_prefix(negative || suffix[1] == '+' ? 2 : 1);
  if (suffix.empty() || suffix.size() > 2 || !std::ranges::all_of(suffix, digit)) return std::nullopt;
  int tens = 0;
  for (const char c : suffix) tens = tens * 10 + (c - '0');
  return Scale{negative ? -tens : tens, 0};
}
std::optional<Scale> scale_of(std::string_view suffix) {
  constexpr std::string_view kLarge = "kMGTPE", kBinary = "KMGTPE", kSmall = "mun";
  if (suffix.empty()) return Scale{};
  if (suffix.size() == 1) {
    if (const auto at = kLarge.find(suffix[0]); at != std::string_view::npos)
      return Scale{3 * (static_cast<int>(at) + 1), 0};
    if (const auto at = kSmall.find(suffix[0]); at != std::string_view::npos)
      return Scale{-3 * (static_cast<int>(at) + 1), 0};
    return std::nullopt;
  }
  if (suffix.substr(1) == "i") {
    const auto at = kBinary.find(suffix[0]);
    return at == std::string_view::npos ? std::nullopt : std::optional(Scale{0, 10 * (static_cast<int>(at) + 1)});
  }
  return suffix[0] == 'e' || suffix[0] == 'E' ? exponent(suffix) : std::nullopt;
}

bool multiply(Wide& value, int by, int times) {
  for (; times > 0; --times)
    if (__builtin_mul_overflow(value, Wide{by}, &value)) return false;
  return true;
}

// In units of 10⁻⁹; nothing for what is no number, or too large or too fine for that.
std::optional<Wide> number_of(std::string_view text) {
  constexpr std::size_t kMostDigits = 18;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view plain = text.substr(0, end);
  const std::size_t point = std::min(plain.find('.'), plain.size());
  std::string digits(plain.substr(0, point));
  int tens = 9;
  if (point < plain.size()) {
    digits += plain.substr(point + 1);
    tens -= static_cast<int>(std::min<std::size_t>(plain.size() - point - 1, kMostValue));
  }
  if (digits.empty() || !std::ranges::all_of(digits, digit)) return std::nullopt;
  const auto scale = scale_of(text.substr(end));
  if (!scale) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  for (; !digits.empty() && digits.back() == '0'; digits.pop_back()) ++tens;
  if (digits.empty()) return Wide{0};
  tens += scale->tens;
  std::int64_t mantissa = 0;
  if (digits.size() > kMostDigits || tens < 0) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), mantissa);
  Wide value = negative ? -Wide{mantissa} : Wide{mantissa};
  if (!multiply(value, 10, tens) || !multiply(value, 2, scale->twos)) return std::nullopt;
  return value;
}

}  // namespace

AttributeValue AttributeValue::of(std::string_view text) { return {text, number_of(text)}; }

std::partial_ordering compare(const AttributeValue& a, const AttributeValue& b) {
  if (a.number.has_value() != b.number.has_value()) return std::partial_ordering::unordered;
  return a.number ? *a.number <=> *b.number : a.text <=> b.text;
}

}  // namespace market
