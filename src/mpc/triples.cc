#include "mpc/triples.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "crypto/aes.h"
#include "crypto/gf.h"

namespace mpc {

using crypto::Block;
using crypto::Blocks;
using crypto::mask64;

Bucketing choose_bucketing(std::size_t triples) {
  // Smallest number of buckets for which a bucket of this size fails with chance ≤ 2^-40 (docs/protocols/mpc.md, 7).
  static constexpr std::array<Bucketing, 6> kSmallest{{{19, 8}, {34, 7}, {90, 6}, {333, 5}, {3'100, 4}, {288'000, 3}}};
  if (triples == 0) return {0, 3};
  Bucketing best{};
  std::size_t cost = std::numeric_limits<std::size_t>::max();
  for (const Bucketing& b : kSmallest) {
    const Bucketing candidate{std::max(triples, b.buckets), b.size};
    if (candidate.leaky() < cost) {
      cost = candidate.leaky();
      best = candidate;
    }
  }
  return best;
}

namespace {

// h(K; m) = E(E(K) ⊕ m) ⊕ E(K) for a run of triples: tweakable circular correlation robust even where a cheater chose
// differences of K's (Guo, Katz, Wang, Yu, S&P 2020, section 7.4); a tweak inside one call would not be.
class AndHash {
 public:
  static constexpr std::size_t kBatch = 64;
  explicit AndHash(const Block& key) : aes_(key) {}
  // In place; element i belongs to triple first + i.
  void hash(Block* blocks, std::size_t first, std::size_t count) const {
    Block once[kBatch], tweaked[kBatch];
    aes_.encrypt(blocks, once, count);
    for (std::size_t i = 0; i < count; ++i) tweaked[i] = once[i] ^ Block { first + i, 0 };
    aes_.encrypt(tweaked, blocks, count);
    for (std::size_t i = 0; i < count; ++i) blocks[i] ^= once[i];
  }

 private:
  crypto::Aes128 aes_;
};

}  // namespace

LeakyTriples::LeakyTriples(std::size_t self, const Block& delta, const PoolBits& pool, std::size_t count)
    : self_(self), count_(count), delta_(delta), pool_(pool), z_(count), phi_(count), s_(count) {
  for (std::size_t m = 0; m < count; ++m) {
    const std::size_t y = count + m;
    phi_[m] = delta.hi & mask64(pool.bits[y]);
    for (std::size_t k = 0; k < pool.keys.size(); ++k)
      if (k != self) phi_[m] ^= pool.keys[k][y].hi ^ pool.macs[k][y].hi;
    z_[m] = pool.bits[m] & pool.bits[y];
    s_[m] = phi_[m] & mask64(pool.bits[m]);
  }
}

LeakyTriples::Cross LeakyTriples::cross(std::size_t peer, const Block& key) {
  const AndHash hash(key);
  Cross out{Bits(count_), std::vector<std::uint64_t>(count_)};
  Block h0[AndHash::kBatch], h1[AndHash::kBatch];
  for (std::size_t at = 0; at < count_; at += AndHash::kBatch) {
    const std::size_t n = std::min(AndHash::kBatch, count_ - at);
    for (std::size_t i = 0; i < n; ++i) {
      h0[i] = pool_.keys[peer][at + i];
      h1[i] = h0[i] ^ delta_;
    }
    hash.hash(h0, at, n);
    hash.hash(h1, at, n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t m = at + i;
      out.t[m] = static_cast<std::uint8_t>(((h0[i].lo ^ h1[i].lo) & 1) ^ pool_.bits[count_ + m]);
      out.u[m] = h0[i].hi ^ h1[i].hi ^ phi_[m];
      z_[m] ^= static_cast<std::uint8_t>(h0[i].lo & 1);
      s_[m] ^= h0[i].hi;
    }
  }
  return out;
}

void LeakyTriples::absorb(std::size_t peer, const Block& key, const Cross& received) {
  const AndHash hash(key);
  Block h[AndHash::kBatch];
  for (std::size_t at = 0; at < count_; at += AndHash::kBatch) {
    const std::size_t n = std::min(AndHash::kBatch, count_ - at);
    std::copy_n(&pool_.macs[peer][at], n, h);
    hash.hash(h, at, n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t m = at + i;
      z_[m] ^= static_cast<std::uint8_t>((h[i].lo & 1) ^ (received.t[m] & pool_.bits[m]));
      s_[m] ^= h[i].hi ^ (received.u[m] & mask64(pool_.bits[m]));
    }
  }
}

Bits LeakyTriples::announce() {
  Bits e(count_);
  for (std::size_t m = 0; m < count_; ++m) e[m] = z_[m] ^ pool_.bits[2 * count_ + m];
  return e;
}

void LeakyTriples::settle(const std::vector<Bits>& announced) {
  e_ = announced;
  for (std::size_t m = 0; m < count_; ++m) {
    s_[m] ^= delta_.hi & mask64(z_[m]);
    for (std::size_t k = 0; k < e_.size(); ++k)
      if (k != self_) s_[m] ^= z_key(m, k).hi ^ pool_.macs[k][2 * count_ + m].hi;
  }
}

std::uint64_t LeakyTriples::sum(const std::vector<std::uint64_t>& chi) const {
  CHECK(chi.size() == count_);
  return crypto::gf64_inner(s_.data(), chi.data(), count_);
}

std::vector<std::uint32_t> shuffled(std::size_t count, crypto::SeededRandom& random) {
  CHECK(count <= std::numeric_limits<std::uint32_t>::max());
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(i);
  const crypto::Blocks draws = random.blocks(count);
  for (std::size_t i = count; i > 1; --i) {  // Fisher–Yates
    // (hi·2^64 + lo) mod i; the bias of a draw of 96 bits modulo i is below 2^-64
    const std::uint64_t high = draws[i - 1].hi % i, draw = (high << 32 | draws[i - 1].lo >> 32) % i;
    std::swap(order[i - 1], order[draw]);
  }
  return order;
}

BucketOpening::BucketOpening(const Bucketing& bucketing, std::vector<std::uint32_t> permutation)
    : shape(bucketing), order(std::move(permutation)) {
  const auto y = static_cast<std::uint32_t>(shape.leaky());
  operands.reserve(shape.buckets * (shape.size - 1));
  for (std::size_t first = 0; first < order.size(); first += shape.size)
    for (std::size_t k = 1; k < shape.size; ++k) operands.emplace_back(y + order[first], y + order[first + k]);
}

namespace {

// Sums, over the members of every bucket, one party's MACs or keys: of x, of z, and of d·x into z. One array at a time,
// because members lie anywhere in it: a few megabytes stay in the cache, all arrays together do not.
template <class Place>
void sum_buckets(const BucketOpening& opening, const Bits& d, std::size_t wanted, const Blocks& from, const Bits& e,
                 const Block& delta, Place&& place) {
  const std::size_t size = opening.shape.size, count = opening.shape.leaky();
  for (std::size_t b = 0; b < wanted; ++b) {
    const std::uint32_t* members = &opening.order[b * size];
    for (std::size_t k = 0; k < size && b + 4 < wanted; ++k) {
      __builtin_prefetch(&from[members[4 * size + k]]);
      __builtin_prefetch(&from[2 * count + members[4 * size + k]]);
    }
    Block x = from[members[0]], z = from[2 * count + members[0]];
    std::uint8_t announced = e.empty() ? 0 : e[members[0]];
    for (std::size_t k = 1; k < size; ++k) {
      const Block& other = from[members[k]];
      x ^= other;
      z ^= from[2 * count + members[k]] ^ crypto::masked(other, d[b * (size - 1) + k - 1]);
      if (!e.empty()) announced ^= e[members[k]];
    }
    place(b, x, from[count + members[0]], z ^ crypto::masked(delta, announced));
  }
}

}  // namespace

Triples combine(std::size_t parties, std::size_t self, const PoolBits& pool, const LeakyTriples& leaky,
                const BucketOpening& opening, const Bits& d, std::size_t wanted) {
  CHECK(d.size() == opening.size() && wanted <= opening.shape.buckets);
  const std::size_t size = opening.shape.size, count = opening.shape.leaky();
  Triples out{Shares(parties, self, wanted), Shares(parties, self, wanted), Shares(parties, self, wanted)};
  for (std::size_t b = 0; b < wanted; ++b) {
    const std::uint32_t* members = &opening.order[b * size];
    out.y.bit(b) = pool.bits[count + members[0]];
    for (std::size_t k = 0; k < size; ++k) {
      const std::uint8_t x = pool.bits[members[k]];
      out.x.bit(b) ^= x;
      out.z.bit(b) ^= leaky.z_bit(members[k]);
      if (k > 0) out.z.bit(b) ^= static_cast<std::uint8_t>(x & d[b * (size - 1) + k - 1]);  // z'' + d·x''
    }
  }
  for (std::size_t j = 0; j < parties; ++j) {
    if (j == self) continue;
    sum_buckets(opening, d, wanted, pool.macs[j], {}, Block{}, [&](std::size_t b, Block x, Block y, Block z) {
      out.x.mac(b, j) = x;
      out.y.mac(b, j) = y;
      out.z.mac(b, j) = z;
    });
    sum_buckets(opening, d, wanted, pool.keys[j], leaky.announced(j), leaky.delta(),
                [&](std::size_t b, Block x, Block y, Block z) {
                  out.x.key(b, j) = x;
                  out.y.key(b, j) = y;
                  out.z.key(b, j) = z;
                });
  }
  return out;
}

}  // namespace mpc
