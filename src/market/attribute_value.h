// AttributeValue: what a lot's attribute says, and what a query compares it with: a number, if its text is one (a plain
// decimal or a Kubernetes quantity: "1.5", "500m", "64Gi", "2e3"), else the text itself. Numbers are exact, in units of
// 10⁻⁹; what is too large or too fine for that is text.
// A view: the text stays somebody else's. Any thread. No errors.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace market {

inline constexpr std::size_t kMostValue = 253;  // characters

struct AttributeValue {
  std::string_view text;
  __extension__ std::optional<__int128> number = {};

  static AttributeValue of(std::string_view text);
};

// Numbers by size, texts byte by byte; a number and a text are unordered.
std::partial_ordering compare(const AttributeValue& a, const AttributeValue& b);

}  // namespace market
