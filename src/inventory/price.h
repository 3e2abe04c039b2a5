// PriceFunction: an owner's price for one unit and hour, as a small arithmetic expression of what is left:
//   0.04                      credits; up to six decimals
//   0.02 + 0.03 * leased / capacity
//   free < 8 ? 0.10 : max(0.02, 0.05 - 0.001 * free)
// Variables: capacity, free, held, leased, reserved (units, before the hold). Operators + - * / ( ) < <= > >= == != ?:
// and min, max. Exact and total: fractions of 128-bit integers, checked, rounded to the nearest micro-credit at the end
// alone. Division by zero, overflow, a negative result or too long an expression is an error with its place, at parsing
// where it can be known, else the offer is not made.
// A value, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace inventory {

struct PriceVariables {
  std::uint64_t capacity = 0, free = 0, held = 0, leased = 0, reserved = 0;
};

class PriceFunction {
 public:
  static constexpr std::size_t kMaxText = 512;
  PriceFunction();  // 0
  static base::Result<PriceFunction> parse(std::string_view text);
  base::Result<std::uint64_t> micro_credits(const PriceVariables& variables) const;
  const std::string& text() const { return text_; }

 private:
  struct Node;
  class Parser;
  std::string text_ = "0";
  std::shared_ptr<const Node> root_;
};

}  // namespace inventory
