// Numbers that follow from a seed and nothing else: which of equals comes first, and what the search tries next. They
// have to be the same everywhere and spread well, not to be secret: the seed that goes in is the result of a hash over
// all orders. splitmix64 (Steele, Lea, Flood 2014) as the mixing step.
// Values, any thread.
#pragma once

#include <cstdint>

#include "auction/clearing/order.h"

namespace auction::clearing {

inline constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;

// The finaliser alone: one to one.
constexpr std::uint64_t stirred(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}
constexpr std::uint64_t mix(std::uint64_t x) { return stirred(x + kGolden); }

// Of a seed's four, little-endian.
constexpr std::uint64_t word_of(const Seed& seed, std::size_t word) {
  std::uint64_t value = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) value |= static_cast<std::uint64_t>(seed[word * 8 + byte]) << (8 * byte);
  return value;
}

// The whole seed with a number.
constexpr std::uint64_t mix(const Seed& seed, std::uint64_t number) {
  std::uint64_t state = mix(number);
  for (std::size_t word = 0; word < 4; ++word) state = mix(state ^ word_of(seed, word));
  return state;
}

class Dice {
 public:
  explicit constexpr Dice(std::uint64_t state) : state_(state) {}
  constexpr std::uint64_t next() { return mix(state_++); }
  // 0 … bound − 1; bound > 0 and far below 2^32, where the remainder's bias is of no account.
  constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace auction::clearing
