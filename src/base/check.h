// CHECK: a condition that only our own bug can break. Always on; ends the process with the place, never with values.
#pragma once

namespace base {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::base::check_failed(#condition, __FILE__, __LINE__))
