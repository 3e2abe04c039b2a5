// Where randomness comes from is the caller's choice: the operating system in production, a seed in tests
// (crypto/random.h). Not thread-safe: one a thread.
#pragma once

#include <cstdint>
#include <span>

namespace base {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace base
