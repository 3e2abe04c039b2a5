// What the seed of a call decides: a random-looking number for each order, by its id alone, so that neither its place in the
// list nor when it arrived matters. For one purpose, different ids always have different numbers: the lower one wins, and no
// tie is left.
// SplitMix64's finaliser (Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators), keyed; nobody can aim
// at a draw, since the seed, a hash, is not known before the call closes, and ids are the market's. It is no cipher: who
// knows draws may compute others, which the transcript shows anyway.
// A value, any thread.
#pragma once

#include <cstdint>

#include "auction/clearing/mix.h"
#include "auction/clearing/order.h"

namespace auction::clearing {

class Lottery {
 public:
  enum class Purpose : std::uint8_t { kTie = 1, kLeftOut, kHalf, kTurn };

  Lottery(const Seed& seed, Purpose purpose) {
    std::uint64_t state = static_cast<std::uint64_t>(purpose);
    for (std::size_t word = 0; word < 4; ++word) {
      state = stirred(state + kGolden) ^ word_of(seed, word);
      (word < 2 ? before_ : after_) ^= stirred(state);
    }
  }
  std::uint64_t of(std::uint64_t id) const { return stirred(stirred(id ^ before_) ^ after_); }  // one to one

 private:
  std::uint64_t before_ = 0, after_ = 0;
};

}  // namespace auction::clearing
