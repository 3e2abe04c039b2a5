// Multiplication triples ⟨x⟩, ⟨y⟩, ⟨z⟩, z = x·y: leaky triples from three authenticated bits each, a check that all of
// them are right, and bucketing that removes the leak (WRK, CCS 2017; Katz, Ranellucci, Rosulek, Wang, CRYPTO 2018;
// Yang, Wang, Zhang, CCS 2020; docs/protocols/mpc.md has the formulas and why). Only arithmetic: who sends what when is
// the session's. Pool layout: bits [0, L) are the x, [L, 2L) the y, [2L, 3L) the r of L leaky triples.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/block.h"
#include "crypto/random.h"
#include "mpc/shares.h"

namespace mpc {

struct Bucketing {
  std::size_t buckets = 0;  // triples made; the first as many as are needed are used, the rest is destroyed
  std::size_t size = 0;     // leaky triples a bucket
  std::size_t leaky() const { return buckets * size; }
};
// The cheapest for `triples` with a failure chance below 2^-40.
Bucketing choose_bucketing(std::size_t triples);

// One party's part in L leaky triples. Call in order: cross() and absorb() for every peer, announce(), settle(), sums().
class LeakyTriples {
 public:
  LeakyTriples(std::size_t self, const crypto::Block& delta, const PoolBits& pool, std::size_t count);

  struct Cross {  // what i sends j: a bit and 64 bits a triple
    Bits t;
    std::vector<std::uint64_t> u;
  };
  // `key` is the hash key of (sender, receiver).
  Cross cross(std::size_t peer, const crypto::Block& key);
  void absorb(std::size_t peer, const crypto::Block& key, const Cross& received);
  Bits announce();                                  // e^i
  void settle(const std::vector<Bits>& announced);  // everybody's e, by party; fixes z
  std::uint64_t sum(
      const std::vector<std::uint64_t>& chi) const;  // S_i; all parties' XOR to 0 if every triple is right

  // z's share: the bit; its MACs are r's, its keys r's moved by what was announced.
  std::uint8_t z_bit(std::size_t m) const { return z_[m]; }
  const Bits& announced(std::size_t peer) const { return e_[peer]; }
  const crypto::Block& delta() const { return delta_; }
  crypto::Block z_key(std::size_t m, std::size_t peer) const {
    return pool_.keys[peer][2 * count_ + m] ^ crypto::masked(delta_, e_[peer][m]);
  }

 private:
  std::size_t self_, count_;
  crypto::SecretBlock delta_;
  const PoolBits& pool_;
  Bits z_;
  std::vector<Bits> e_;
  std::vector<std::uint64_t> phi_;  // top halves of Φ_i
  std::vector<std::uint64_t> s_;    // S_{i,m}
};

// The random order of L leaky triples; bucket b is the elements [b·size, (b + 1)·size).
std::vector<std::uint32_t> shuffled(std::size_t count, crypto::SeededRandom& random);

// Bits of d = y' ⊕ y'' that a bucketing opens, in order: buckets, then members after the first.
struct BucketOpening {
  BucketOpening() = default;
  BucketOpening(const Bucketing& bucketing, std::vector<std::uint32_t> permutation);

  std::size_t size() const { return operands.size(); }
  // Weights of the y such that Σ over the y equals Σ χ_i·(element i): of MACs in the order in which they lie.
  crypto::Blocks weights_of_y(const crypto::Blocks& chi) const;

  Bucketing shape;
  std::vector<std::uint32_t> order;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> operands;  // the two pool indices whose XOR is element d
};

struct Triples {
  PoolBits x, y, z;
};
// One triple a bucket; `d`: the opened values, XORed over all parties. What is folded leaves the pool, peer by peer, so
// that both never lie in memory as a whole: only the bits behind the leaky triples stay.
Triples combine(std::size_t self, PoolBits& pool, const LeakyTriples& leaky, const BucketOpening& opening,
                const Bits& d);

}  // namespace mpc
