#include "mpc/seed_trees.h"

#include <array>

#include "base/check.h"
#include "crypto/aes.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Blocks;

// Inputs of a node's AES, apart in the high word: small numbers here, the second bit from the top for the check, the
// top bit for the expansion of leaves (extension.h).
constexpr std::uint64_t kChildren = 1, kRatchet = 3, kCheck = std::uint64_t{1} << 62;

using CheckValue = std::array<Block, 2>;

// The proof that all leaves are as announced. What it encrypts differs from session to session, so that nobody can
// search the leaves of many sessions at once.
class LeafCheck {
 public:
  explicit LeafCheck(base::ByteView tag) {
    const crypto::Digest digest = hash_.update(base::view("tarn trees")).update(tag).finish();
    const Block start = crypto::block_from(base::ByteView(digest).first(16));
    const std::uint64_t high = (start.hi & (kCheck - 1)) | kCheck;
    inputs_ = {Block{start.lo, high}, Block{start.lo ^ 1, high}};
    hash_.update(digest);
  }
  CheckValue value(const Block& leaf) const {
    CheckValue out;
    crypto::Aes128(leaf).encrypt(inputs_.data(), out.data(), out.size());
    return out;
  }
  void add(const CheckValue& value) { hash_.update(crypto::bytes_of(value)); }
  crypto::Digest finish() { return hash_.finish(); }

 private:
  crypto::Sha256 hash_;
  std::array<Block, 2> inputs_;
};

// One level down, in place: node v becomes 2v and 2v + 1.
void double_nodes(Blocks& nodes) {
  Blocks next(nodes.size() * 2);
  for (std::size_t v = 0; v < nodes.size(); ++v) {
    const std::array<Block, 2> in{Block{0, kChildren}, Block{1, kChildren}};
    crypto::Aes128(nodes[v]).encrypt(in.data(), &next[2 * v], 2);
  }
  nodes = std::move(next);
}

Block sum_of_parity(const Blocks& nodes, std::size_t parity) {
  Block sum;
  for (std::size_t v = parity; v < nodes.size(); v += 2) sum ^= nodes[v];
  return sum;
}

void append(base::Bytes& out, std::span<const Block> blocks) {
  const base::ByteView bytes = crypto::bytes_of(blocks);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Block read_block(base::ByteView& from) {
  const Block b = crypto::block_from(from.first(16));
  from = from.subspan(16);
  return b;
}

}  // namespace

std::size_t tree_message_size(unsigned k) { return 128 / k * ((k - 1) * std::size_t{32} + 32) + 32; }

GrownTrees grow_trees(const SeedPairs& seeds, unsigned k, base::ByteView tag) {
  CHECK(k >= 1 && k <= 8 && 128 % k == 0 && seeds.zero.size() == 128 && seeds.one.size() == 128);
  GrownTrees out{{k, {}}, {}};
  LeafCheck check(tag);
  for (unsigned tree = 0; tree < 128 / k; ++tree) {
    const unsigned top = k * tree + k - 1;
    // The holder of seed a must know the node beside its path: choice 0 turns left, and learns the right node.
    Blocks nodes{seeds.one[top], seeds.zero[top]};
    for (unsigned level = 2; level <= k; ++level) {
      double_nodes(nodes);
      const unsigned column = k * tree + k - level;
      append(out.message,
             std::array{sum_of_parity(nodes, 1) ^ seeds.zero[column], sum_of_parity(nodes, 0) ^ seeds.one[column]});
    }
    CheckValue sum{};
    for (const Block& leaf : nodes) {
      const CheckValue value = check.value(leaf);
      check.add(value);
      sum[0] ^= value[0];
      sum[1] ^= value[1];
    }
    append(out.message, sum);
    out.trees.leaves.insert(out.trees.leaves.end(), nodes.begin(), nodes.end());
  }
  const crypto::Digest digest = check.finish();
  out.message.insert(out.message.end(), digest.begin(), digest.end());
  return out;
}

namespace {

// One tree below the choice's digit; consumes its part of the message.
Blocks puncture_one(const ChosenSeeds& seeds, unsigned k, unsigned tree, base::ByteView& message) {
  const unsigned path = digit(seeds.choice, k, tree);
  Blocks nodes(2);
  nodes[(path >> (k - 1) ^ 1) & 1] = seeds.seeds[k * tree + k - 1];
  for (unsigned level = 2; level <= k; ++level) {
    const std::size_t hole = path >> (k - level + 1);
    double_nodes(nodes);
    nodes[2 * hole] = nodes[2 * hole + 1] = Block{};
    const unsigned column = k * tree + k - level;
    const unsigned a = path >> (k - level) & 1;
    const std::array<Block, 2> corrections{read_block(message), read_block(message)};
    const std::size_t known = 2 * hole + (a ^ 1);
    nodes[known] = corrections[a] ^ seeds.seeds[column] ^ sum_of_parity(nodes, a ^ 1);
  }
  return nodes;
}

// Hashes the check values of all leaves, the punctured one's from the announced sum.
void add_checks(const Blocks& nodes, unsigned path, CheckValue sum, LeafCheck& check) {
  std::vector<CheckValue> values(nodes.size());
  for (std::size_t v = 0; v < nodes.size(); ++v) {
    if (v == path) continue;
    values[v] = check.value(nodes[v]);
    sum[0] ^= values[v][0];
    sum[1] ^= values[v][1];
  }
  values[path] = sum;
  for (const CheckValue& value : values) check.add(value);
}

}  // namespace

std::optional<PuncturedTrees> puncture_trees(const ChosenSeeds& seeds, unsigned k, base::ByteView message,
                                             base::ByteView tag) {
  CHECK(message.size() == tree_message_size(k) && seeds.seeds.size() == 128);
  PuncturedTrees out{k, seeds.choice, {}};
  LeafCheck check(tag);
  for (unsigned tree = 0; tree < 128 / k; ++tree) {
    Blocks nodes = puncture_one(seeds, k, tree, message);
    const CheckValue sum{read_block(message), read_block(message)};
    add_checks(nodes, digit(seeds.choice, k, tree), sum, check);
    nodes[digit(seeds.choice, k, tree)] = Block{};
    out.leaves.insert(out.leaves.end(), nodes.begin(), nodes.end());
  }
  if (!crypto::equal(check.finish(), message)) return std::nullopt;
  return out;
}

void ratchet(Blocks& leaves) {
  for (Block& leaf : leaves) leaf = crypto::Aes128(leaf).encrypt({0, kRatchet});
}

}  // namespace mpc
