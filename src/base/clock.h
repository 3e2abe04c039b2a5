// Time as an argument: the system's clocks in production (apps), a number in tests.
#pragma once

#include <cstdint>

namespace base {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;  // milliseconds since 1970-01-01T00:00:00Z; may be set back
  virtual std::int64_t steady_ms() const { return unix_ms(); }  // for measuring: never goes back
};

}  // namespace base
