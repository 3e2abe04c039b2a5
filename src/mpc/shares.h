// Authenticated bits as one party sees them (Wang, Ranellucci, Katz, CCS 2017, section 2): for a bit of mine, a MAC
// under every other party's global key; for a bit of another's, my key: M_j[x] = K_j[x] ⊕ x·Δ_j. Linear: XOR of shares
// is XOR of all parts; a public constant is party 0's bit, and the others' keys for it move by their Δ.
// PoolBits is what the extension yields, by peer; Shares, by element, is what circuits compute with.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "crypto/block.h"
#include "crypto/sha256.h"
#include "mpc/circuit.h"

namespace mpc {

struct PoolBits {
  Bits bits;
  std::vector<crypto::Blocks> macs;  // macs[j][m]: of my bit m under j's key; macs[self] is empty
  std::vector<crypto::Blocks> keys;  // keys[j][m]: mine for j's bit m
};

class Shares {
 public:
  Shares(std::size_t parties, std::size_t self, std::size_t count)
      : parties_(parties), self_(self), bits_(count), parts_(count * 2 * parties) {}

  std::size_t size() const { return bits_.size(); }
  std::uint8_t& bit(std::size_t i) { return bits_[i]; }
  std::uint8_t bit(std::size_t i) const { return bits_[i]; }
  crypto::Block& mac(std::size_t i, std::size_t peer) { return parts_[i * 2 * parties_ + peer]; }
  const crypto::Block& mac(std::size_t i, std::size_t peer) const { return parts_[i * 2 * parties_ + peer]; }
  crypto::Block& key(std::size_t i, std::size_t peer) { return parts_[(i * 2 + 1) * parties_ + peer]; }
  const crypto::Block& key(std::size_t i, std::size_t peer) const { return parts_[(i * 2 + 1) * parties_ + peer]; }

  // Element i = element k of `from`.
  void copy(std::size_t i, const Shares& from, std::size_t k) {
    bits_[i] = from.bits_[k];
    std::copy_n(&from.parts_[k * 2 * parties_], 2 * parties_, &parts_[i * 2 * parties_]);
  }
  void clear(std::size_t i) {
    bits_[i] = 0;
    std::fill_n(&parts_[i * 2 * parties_], 2 * parties_, crypto::Block{});
  }
  // Element i += c · element k of `from`, for a public or secret c without a branch.
  void add(std::size_t i, const Shares& from, std::size_t k, std::uint64_t c = 1);
  void add(std::size_t i, const PoolBits& from, std::size_t k, std::uint64_t c = 1);
  // Element i += the public constant c.
  void add_constant(std::size_t i, std::uint8_t c, const crypto::Block& delta);
  // Σ χ_i·(MAC, key of element first + i·step).
  crypto::Block sum_of_macs(std::size_t peer, std::size_t first, std::size_t step,
                            std::span<const crypto::Block> chi) const;
  crypto::Block sum_of_keys(std::size_t peer, std::size_t first, std::size_t step,
                            std::span<const crypto::Block> chi) const;
  // My share of (value of element i)·Δ: own bit times Δ and all my keys.
  crypto::Block times_delta(std::size_t i, const crypto::Block& delta) const;

 private:
  std::size_t parties_, self_;
  Bits bits_;
  crypto::Blocks parts_;  // an element: a MAC a party, then a key a party; the own slots stay zero
};

// Opening many bits at once: their owner sends them and, to each peer, a hash of Σ χ_m·M_m over GF(2^128), where χ comes
// from a hash of the bits as sent; the peer computes Σ χ_m·K_m ⊕ (Σ χ_m·bit_m)·Δ.
crypto::Blocks opening_weights(const crypto::Digest& seed, std::size_t count);
crypto::Block weighted(const Bits& bits, const crypto::Blocks& chi, const crypto::Block& delta);  // (Σ χ_m·bit_m)·Δ

// Bits on the wire: eight a byte, lowest first, the rest of the last byte zero.
base::Bytes pack(const Bits& bits);
inline std::size_t packed_size(std::size_t bits) { return (bits + 7) / 8; }
Bits unpack(base::ByteView bytes, std::size_t count);  // bytes.size() == packed_size(count)

}  // namespace mpc
