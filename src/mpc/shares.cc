#include "mpc/shares.h"

#include "base/check.h"

namespace mpc {

using crypto::Block;
using crypto::masked;

void Shares::add(std::size_t i, const Shares& from, std::size_t k, std::uint64_t c) {
  bits_[i] ^= static_cast<std::uint8_t>(from.bits_[k] & c);
  const std::size_t count = 2 * parties_;
  Block* __restrict to = &parts_[i * count];  // two elements never overlap
  const Block* __restrict with = &from.parts_[k * count];
  const std::uint64_t m = crypto::mask64(c);
  for (std::size_t p = 0; p < count; ++p) {
    to[p].lo ^= with[p].lo & m;
    to[p].hi ^= with[p].hi & m;
  }
}

void Shares::add(std::size_t i, const PoolBits& from, std::size_t k, std::uint64_t c) {
  bits_[i] ^= static_cast<std::uint8_t>(from.bits[k] & c);
  for (std::size_t j = 0; j < parties_; ++j) {
    if (j == self_) continue;
    mac(i, j) ^= masked(from.macs[j][k], c);
    key(i, j) ^= masked(from.keys[j][k], c);
  }
}

void Shares::add_constant(std::size_t i, std::uint8_t c, const Block& delta) {
  if (self_ == 0)
    bits_[i] ^= c;
  else
    key(i, 0) ^= masked(delta, c);
}

Block Shares::times_delta(std::size_t i, const Block& delta) const {
  Block sum = masked(delta, bits_[i]);
  for (std::size_t j = 0; j < parties_; ++j) sum ^= key(i, j);
  return sum;
}

base::Bytes pack(const Bits& bits) {
  base::Bytes out(packed_size(bits.size()));
  for (std::size_t i = 0; i < bits.size(); ++i) out[i / 8] |= static_cast<std::uint8_t>(bits[i] << (i % 8));
  return out;
}

Bits unpack(base::ByteView bytes, std::size_t count) {
  CHECK(bytes.size() == packed_size(count));
  Bits out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = bytes[i / 8] >> (i % 8) & 1;
  return out;
}

}  // namespace mpc
