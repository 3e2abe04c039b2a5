// Block: 128 bits, the unit of labels, MACs, keys and field elements. As an integer, bit 0 is the lowest bit of `lo`;
// in memory and on the wire little-endian.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace crypto {

static_assert(std::endian::native == std::endian::little, "blocks travel as they lie in memory");

struct alignas(16) Block {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;

  Block& operator^=(const Block& o) {
    lo ^= o.lo;
    hi ^= o.hi;
    return *this;
  }
  friend Block operator^(Block a, const Block& b) { return a ^= b; }
  friend Block operator&(const Block& a, const Block& b) { return {a.lo & b.lo, a.hi & b.hi}; }
  bool bit(unsigned i) const { return ((i < 64 ? lo >> i : hi >> (i - 64)) & 1) != 0; }
};

// A block that is zeroed when it goes.
struct SecretBlock : Block {
  SecretBlock() = default;
  SecretBlock(const Block& b) : Block(b) {}
  SecretBlock(const SecretBlock&) = default;
  SecretBlock& operator=(const SecretBlock&) = default;
  ~SecretBlock() { base::wipe(this, sizeof *this); }
};

// All ones if the bit is 1, else zero: selects without branching.
inline std::uint64_t mask64(std::uint64_t bit) { return 0 - (bit & 1); }
inline Block masked(const Block& b, std::uint64_t bit) { return {b.lo & mask64(bit), b.hi & mask64(bit)}; }

// Labels, MACs and keys more often than not.
using Blocks = std::vector<Block, base::WipingAllocator<Block>>;

inline base::ByteView bytes_of(std::span<const Block> blocks) {
  return {reinterpret_cast<const std::uint8_t*>(blocks.data()), blocks.size_bytes()};
}
inline std::span<std::uint8_t> writable_bytes_of(std::span<Block> blocks) {
  return {reinterpret_cast<std::uint8_t*>(blocks.data()), blocks.size_bytes()};
}
inline Block block_from(base::ByteView bytes) {  // exactly 16 bytes
  Block b;
  std::memcpy(&b, bytes.data(), sizeof b);
  return b;
}

}  // namespace crypto
