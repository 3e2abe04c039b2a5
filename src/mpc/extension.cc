#include "mpc/extension.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "crypto/aes.h"
#include "crypto/gf.h"
#include "crypto/stream_fold.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Blocks;
using crypto::masked;

// Blocks of all columns in work at once: they, and the schedules of all leaves, stay in the cache.
constexpr std::size_t kChunk = 64;

// A chunk of one tree's streams, folded: column t is the sum of the leaves whose index has bit t.
struct Folded {
  Block sum[kChunk];
  Block columns[8 * kChunk];
  const Block* column(unsigned t) const { return columns + t * kChunk; }
};

Block advanced(Block start, std::size_t blocks) {
  start.lo += blocks;
  return start;
}

// f(tree, first block, number of blocks, folded) for all trees of a chunk, chunk after chunk. In each tree leaf x counts
// as index x ⊕ (the tree's digit of `choice`).
template <class F>
void each_fold(const Blocks& leaves, unsigned k, const Block& choice, const Block& start, std::size_t blocks, F&& f) {
  const std::size_t size = std::size_t{1} << k;
  std::vector<crypto::Aes128> ciphers;
  ciphers.reserve(leaves.size());
  for (std::size_t x = 0; x < leaves.size(); ++x)
    ciphers.emplace_back(leaves[x ^ digit(choice, k, static_cast<unsigned>(x / size))]);
  Folded folded;
  for (std::size_t at = 0; at < blocks; at += kChunk) {
    const std::size_t count = std::min(kChunk, blocks - at);
    for (unsigned tree = 0; tree < 128 / k; ++tree) {
      crypto::fold_streams(std::span(ciphers).subspan(tree * size, size), advanced(start, at), count, folded.sum,
                           folded.columns, kChunk);
      f(tree, at, count, folded);
    }
  }
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
  const std::size_t blocks = u.size();
  ProverColumns out{Blocks(128 * blocks), base::Bytes(correction_size(k, blocks))};
  each_fold(trees.leaves, k, Block{}, start, blocks,
            [&](unsigned tree, std::size_t at, std::size_t count, const Folded& folded) {
              Block correction[kChunk];
              for (std::size_t i = 0; i < count; ++i) {
                correction[i] = folded.sum[i] ^ u[at + i];
                Block* to = &out.columns[(at + i) * 128 + k * tree];
                for (unsigned t = 0; t < k; ++t) to[t] = folded.column(t)[i];
              }
              std::memcpy(out.correction.data() + (tree * blocks + at) * 16, correction, count * 16);
            });
  return out;
}

// The leaf that is missing counts as index 0, which is in no column.
Blocks extend(const PuncturedTrees& trees, const Block& start, std::size_t blocks, base::ByteView correction) {
  const unsigned k = trees.k;
  CHECK(correction.size() == correction_size(k, blocks));
  Blocks columns(128 * blocks);
  each_fold(trees.leaves, k, trees.choice, start, blocks,
            [&](unsigned tree, std::size_t at, std::size_t count, const Folded& folded) {
              const unsigned hole = digit(trees.choice, k, tree);
              Block received[kChunk];
              std::memcpy(received, correction.data() + (tree * blocks + at) * 16, count * 16);
              for (std::size_t i = 0; i < count; ++i) {
                Block* to = &columns[(at + i) * 128 + k * tree];
                for (unsigned t = 0; t < k; ++t) to[t] = folded.column(t)[i] ^ masked(received[i], hole >> t);
              }
            });
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
  for (std::size_t at = 0; at < chi.size(); at += kChunk) {
    for (unsigned c = 0; c < 128; c += 4) {
      Block parts[4];
      crypto::gf128_inner_by_four(&columns[at * 128 + c], 128, &chi[at], std::min(kChunk, chi.size() - at), parts);
      for (unsigned l = 0; l < 4; ++l) residues[c + l] ^= parts[l];
    }
  }
  for (unsigned c = 0; c < 128; ++c)
    residues[c] ^= columns[chi.size() * 128 + c] ^ masked(residue_of_u, c < 64 ? delta.lo >> c : delta.hi >> (c - 64));
  return tagged.update(crypto::bytes_of(residues)).finish();
}

}  // namespace mpc
