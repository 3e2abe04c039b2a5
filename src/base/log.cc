#include "base/log.h"

#include <cmath>
#include <cstdio>

namespace base {

// JSON has no infinities; and a number of more digits than this belongs into a text.
Field::Field(std::string_view name, double value) : name_(name), value_("null") {
  char digits[64];
  if (std::isfinite(value) && std::abs(value) < 1e18) {
    std::snprintf(digits, sizeof digits, "%.3f", value);
    value_ = digits;
  }
}

}  // namespace base
