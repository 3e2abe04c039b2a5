// Time as an argument: the wall clock in production (apps), a number in tests.
#pragma once

#include <cstdint>

namespace base {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;  // milliseconds since 1970-01-01T00:00:00Z
};

}  // namespace base
