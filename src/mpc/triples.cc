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

Blocks BucketOpening::weights_of_y(const Blocks& chi) const {
  CHECK(chi.size() == size());
  Blocks out(order.size());
  std::size_t next = 0;
  for (std::size_t first = 0; first < order.size(); first += shape.size) {
    Block sum;
    for (std::size_t k = 1; k < shape.size; ++k) {
      sum ^= chi[next];
      out[order[first + k]] = chi[next++];
    }
    out[order[first]] = sum;
  }
  return out;
}

namespace {

// By leaky triple: its bucket, and the d of folding it into that; 0 for a bucket's first.
struct Place {
  std::uint32_t bucket = 0;
  std::uint32_t d = 0;
};

std::vector<Place> places(const BucketOpening& opening, const Bits& d) {
  std::vector<Place> out(opening.order.size());
  for (std::size_t b = 0, next = 0; b < opening.shape.buckets; ++b)
    for (std::size_t k = 0; k < opening.shape.size; ++k)
      out[opening.order[b * opening.shape.size + k]] = {static_cast<std::uint32_t>(b), k == 0 ? 0U : d[next++]};
  return out;
}

// Sums of one party's MACs or keys over the members of every bucket: of x; of z = r ⊕ e·Δ and d·x. What is summed is
// read as it lies, the sums are few enough for the cache.
struct Folded {
  Blocks x, y, z;
};
Folded fold(const Blocks& from, const BucketOpening& opening, const std::vector<Place>& places, const Bits& e,
            const Block& delta) {
  const std::size_t count = places.size(), buckets = opening.shape.buckets;
  Folded out{Blocks(buckets), Blocks(buckets), Blocks(buckets)};
  for (std::size_t m = 0; m < count; ++m) {
    const Place& place = places[m];
    const Block& x = from[m];
    out.x[place.bucket] ^= x;
    out.z[place.bucket] ^= from[2 * count + m] ^ crypto::masked(x, place.d) ^ crypto::masked(delta, e[m]);
  }
  for (std::size_t b = 0; b < buckets; ++b) out.y[b] = from[count + opening.order[b * opening.shape.size]];
  return out;
}

}  // namespace

Triples combine(std::size_t self, PoolBits& pool, const LeakyTriples& leaky, const BucketOpening& opening,
                const Bits& d) {
  CHECK(d.size() == opening.size());
  const std::size_t parties = pool.macs.size(), count = opening.shape.leaky();
  const std::vector<Place> where = places(opening, d);
  Triples out;
  for (PoolBits* part : {&out.x, &out.y, &out.z}) {
    part->bits.resize(opening.shape.buckets);
    part->macs.resize(parties);
    part->keys.resize(parties);
  }
  for (std::size_t m = 0; m < count; ++m) {
    const Place& place = where[m];
    out.x.bits[place.bucket] ^= pool.bits[m];
    out.z.bits[place.bucket] ^= static_cast<std::uint8_t>(leaky.z_bit(m) ^ (pool.bits[m] & place.d));
  }
  for (std::size_t b = 0; b < opening.shape.buckets; ++b)
    out.y.bits[b] = pool.bits[count + opening.order[b * opening.shape.size]];

  const auto drop_folded = [&](auto& all) {
    all = std::remove_reference_t<decltype(all)>(all.begin() + static_cast<std::ptrdiff_t>(3 * count), all.end());
  };
  drop_folded(pool.bits);
  const auto take = [&](std::vector<Blocks> PoolBits::* which, std::size_t j, const Block& delta) {
    Blocks& from = (pool.*which)[j];
    Folded folded = fold(from, opening, where, leaky.announced(j), delta);
    drop_folded(from);
    (out.x.*which)[j] = std::move(folded.x);
    (out.y.*which)[j] = std::move(folded.y);
    (out.z.*which)[j] = std::move(folded.z);
  };
  for (std::size_t j = 0; j < parties; ++j) {
    if (j == self) continue;
    take(&PoolBits::macs, j, Block{});  // a party's own e moves its bit, not its MACs
    take(&PoolBits::keys, j, leaky.delta());
  }
  return out;
}

}  // namespace mpc
