#include "mpc/extension.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "crypto/aes.h"
#include "crypto/gf.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Blocks;
using crypto::masked;

constexpr std::size_t kChunk = 64;  // blocks of every leaf in work at once: 2^k streams stay in the cache

// Streams of one tree's leaves, folded chunk by chunk: column t is the sum of the leaves whose index has bit t.
class TreeFold {
 public:
  // Leaf x of the span lies at index x ⊕ shift; index `skip` counts as zero.
  TreeFold(std::span<const Block> leaves, unsigned shift, bool skip_first) : streams_(leaves.size() * kChunk) {
    ciphers_.reserve(leaves.size());
    for (std::size_t y = 0; y < leaves.size(); ++y) ciphers_.emplace_back(leaves[y ^ shift]);
    skip_first_ = skip_first;
  }

  // `count` ≤ kChunk blocks of every column, gathered in columns(); the sum of all streams in sum().
  void fold(const Block& start, std::size_t count) {
    std::size_t live = ciphers_.size();
    for (std::size_t y = 0; y < live; ++y) {
      if (y == 0 && skip_first_)
        std::fill_n(streams_.begin(), count, Block{});
      else
        ciphers_[y].stream(start, &streams_[y * kChunk], count);
    }
    for (unsigned t = 0; live > 1; ++t, live /= 2) {
      Block* column = columns_ + t * kChunk;
      std::fill_n(column, count, Block{});
      for (std::size_t y = 0; y < live / 2; ++y) {
        const Block* even = &streams_[2 * y * kChunk];
        const Block* odd = even + kChunk;
        Block* sum = &streams_[y * kChunk];
        for (std::size_t i = 0; i < count; ++i) {
          column[i] ^= odd[i];
          sum[i] = even[i] ^ odd[i];
        }
      }
    }
  }
  const Block* column(unsigned t) const { return columns_ + t * kChunk; }
  const Block* sum() const { return streams_.data(); }

 private:
  std::vector<crypto::Aes128> ciphers_;
  Blocks streams_;
  Block columns_[8 * kChunk];
  bool skip_first_ = false;
};

Block advanced(Block start, std::size_t blocks) {
  start.lo += blocks;
  return start;
}

}  // namespace

Block stream_start(const crypto::Digest& tag) {
  Block start = crypto::block_from(base::ByteView(tag).first(16));
  start.hi |= std::uint64_t{1} << 63;       // apart from the tree's own use of its nodes
  start.lo &= ~std::uint64_t{0xffff'ffff};  // room for the counter
  return start;
}

ProverColumns extend(const Trees& trees, const Block& start, const Blocks& u) {
  const unsigned k = trees.k;
  const std::size_t blocks = u.size(), leaves = std::size_t{1} << k;
  ProverColumns out{Blocks(128 * blocks), base::Bytes(correction_size(k, blocks))};
  for (unsigned tree = 0; tree < 128 / k; ++tree) {
    TreeFold fold(std::span(trees.leaves).subspan(tree * leaves, leaves), 0, false);
    for (std::size_t at = 0; at < blocks; at += kChunk) {
      const std::size_t count = std::min(kChunk, blocks - at);
      fold.fold(advanced(start, at), count);
      Block correction[kChunk];
      for (std::size_t i = 0; i < count; ++i) {
        correction[i] = fold.sum()[i] ^ u[at + i];
        Block* to = &out.columns[(at + i) * 128 + k * tree];
        for (unsigned t = 0; t < k; ++t) to[t] = fold.column(t)[i];
      }
      std::memcpy(out.correction.data() + (tree * blocks + at) * 16, correction, count * 16);
    }
  }
  return out;
}

Blocks extend(const PuncturedTrees& trees, const Block& start, std::size_t blocks, base::ByteView correction) {
  const unsigned k = trees.k;
  const std::size_t leaves = std::size_t{1} << k;
  CHECK(correction.size() == correction_size(k, blocks));
  Blocks columns(128 * blocks);
  for (unsigned tree = 0; tree < 128 / k; ++tree) {
    const unsigned hole = digit(trees.choice, k, tree);
    TreeFold fold(std::span(trees.leaves).subspan(tree * leaves, leaves), hole, true);
    for (std::size_t at = 0; at < blocks; at += kChunk) {
      const std::size_t count = std::min(kChunk, blocks - at);
      fold.fold(advanced(start, at), count);
      Block received[kChunk];
      std::memcpy(received, correction.data() + (tree * blocks + at) * 16, count * 16);
      for (std::size_t i = 0; i < count; ++i) {
        Block* to = &columns[(at + i) * 128 + k * tree];
        for (unsigned t = 0; t < k; ++t) to[t] = fold.column(t)[i] ^ masked(received[i], hole >> t);
      }
    }
  }
  return columns;
}

Blocks weights(const crypto::Digest& seed, std::size_t blocks) {
  Blocks chi(blocks - 1);
  const crypto::Aes128 aes(crypto::block_from(base::ByteView(seed).first(16)));
  aes.stream(crypto::block_from(base::ByteView(seed).last(16)), chi.data(), chi.size());
  return chi;
}

Block residue(const Blocks& v, const Blocks& chi) {
  return crypto::gf128_inner(v.data(), 1, chi.data(), chi.size()) ^ v[chi.size()];
}

crypto::Digest prover_digest(crypto::Sha256& tagged, const Blocks& columns, const Blocks& chi) {
  return verifier_digest(tagged, columns, chi, Block{}, Block{});
}

crypto::Digest verifier_digest(crypto::Sha256& tagged, const Blocks& columns, const Blocks& chi, const Block& delta,
                               const Block& residue_of_u) {
  CHECK(columns.size() == 128 * (chi.size() + 1));
  Blocks residues(128);
  for (unsigned c = 0; c < 128; c += 4)
    crypto::gf128_inner_by_four(&columns[c], 128, chi.data(), chi.size(), &residues[c]);
  for (unsigned c = 0; c < 128; ++c)
    residues[c] ^= columns[chi.size() * 128 + c] ^ masked(residue_of_u, c < 64 ? delta.lo >> c : delta.hi >> (c - 64));
  return tagged.update(crypto::bytes_of(residues)).finish();
}

}  // namespace mpc
