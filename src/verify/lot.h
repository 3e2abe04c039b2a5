// What a seed draws for an order, as docs/market/transcript.md defines it, written from that definition: for a purpose,
//   mix(x): x ^= x >> 30; x *= bf58476d1ce4e5b9; x ^= x >> 27; x *= 94d049bb133111eb; x ^= x >> 31
//   s = purpose; for the seed's words w0 … w3 (64 bits, little-endian): s = mix(s + 9e3779b97f4a7c15) ^ w, h = mix(s)
//   of(id) = mix(mix(id ^ h0 ^ h1) ^ h2 ^ h3)
// A value, any thread.
#pragma once

#include <cstdint>

#include "verify/transcript.h"

namespace verify {

class Lot {
 public:
  enum Purpose : std::uint64_t { kTie = 1, kLeftOut = 2, kHalf = 3, kTurn = 4 };
  Lot(const Digest& seed, Purpose purpose) {
    std::uint64_t s = purpose;
    for (unsigned i = 0; i < 4; ++i) {
      std::uint64_t word = 0;
      for (unsigned byte = 8; byte-- > 0;) word = word << 8 | seed[8 * i + byte];
      s = mix(s + 0x9e3779b97f4a7c15U) ^ word;
      key_[i / 2] ^= mix(s);
    }
  }
  std::uint64_t of(std::uint64_t id) const { return mix(mix(id ^ key_[0]) ^ key_[1]); }

 private:
  static std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9U;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebU;
    return x ^ x >> 31;
  }
  std::uint64_t key_[2] = {0, 0};
};

}  // namespace verify
