#include "mpc/shares.h"

#include "base/check.h"
#include "crypto/aes.h"
#include "crypto/gf.h"

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

Block Shares::sum_of_macs(std::size_t peer, std::size_t first, std::size_t step, std::span<const Block> chi) const {
  CHECK(chi.empty() || first + (chi.size() - 1) * step < size());
  return crypto::gf128_inner(parts_.data() + first * 2 * parties_ + peer, step * 2 * parties_, chi.data(), chi.size());
}

Block Shares::sum_of_keys(std::size_t peer, std::size_t first, std::size_t step, std::span<const Block> chi) const {
  return sum_of_macs(parties_ + peer, first, step, chi);  // an element's keys lie behind its MACs
}

Block Shares::times_delta(std::size_t i, const Block& delta) const {
  Block sum = masked(delta, bits_[i]);
  for (std::size_t j = 0; j < parties_; ++j) sum ^= key(i, j);
  return sum;
}

crypto::Blocks opening_weights(const crypto::Digest& seed, std::size_t count) {
  crypto::Blocks chi(count);
  const crypto::Aes128 aes(crypto::block_from(base::ByteView(seed).first(16)));
  aes.stream(crypto::block_from(base::ByteView(seed).last(16)), chi.data(), count);
  return chi;
}

Block weighted(const Bits& bits, const crypto::Blocks& chi, const Block& delta) {
  CHECK(bits.size() == chi.size());
  Block sum;
  for (std::size_t m = 0; m < bits.size(); ++m) sum ^= masked(chi[m], bits[m]);
  return crypto::gf128_inner(&sum, 1, &delta, 1);
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
