#include "mpc/meetings.h"

#include <algorithm>

#include "base/check.h"
#include "mpc/bit_matrix.h"
#include "mpc/extension.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Blocks;

constexpr std::size_t kDeltaBlocks = 2;  // 128 bits of δ and the mask

Block random_block(base::Random& random) {
  Block b;
  random.fill(crypto::writable_bytes_of({&b, 1}));
  return b;
}

base::Error misbehaved(std::size_t peer, std::string what) {
  return {base::Code::kPeerMisbehaved, std::move(what), peer};
}

}  // namespace

Blocks seeds_of_rows(base::ByteView tag, const Blocks& rows, const Block& offset) {
  Blocks seeds;
  crypto::Sha256 hash;
  for (std::size_t m = 0; m < rows.size(); ++m) {
    const std::array<Block, 2> input{Block{m, 0}, rows[m] ^ offset};
    seeds.push_back(
        crypto::block_from(base::ByteView(hash.update(tag).update(crypto::bytes_of(input)).finish()).first(16)));
  }
  return seeds;
}

base::Result<Meetings> Meetings::open(AcquaintanceStore& store, std::vector<crypto::PublicKey> keys, std::size_t self,
                                      base::Random& random) {
  Meetings out(store, std::move(keys), self);
  out.chosen_.resize(out.keys_.size());
  for (std::size_t j = 0; j < out.keys_.size(); ++j) {
    if (j == self) continue;
    Peer& peer = out.peers_[j];
    TARN_ASSIGN(auto remembered, store.load(out.keys_[j]));
    peer.ours.known = remembered.has_value();
    if (remembered) {
      peer.acquaintance = std::move(*remembered);
      peer.ours.id = peer.acquaintance.id;
      peer.ours.counter = peer.acquaintance.counter;
    }
    peer.ot = make_ot_secret(random);
    peer.ours.a = peer.ot.a;
  }
  return out;
}

base::Status Meetings::introduced(std::size_t j, base::ByteView introduction) {
  const auto theirs = Introduction::decode(introduction);
  if (!theirs) return misbehaved(j, "introduced itself in a form that nobody uses");
  peers_[j].theirs = *theirs;
  peers_[j].known = acquainted(peers_[j].ours, *theirs);
  if (peers_[j].known) peers_[j].acquaintance.advance_to(std::max(peers_[j].ours.counter, theirs->counter));
  return {};
}

bool Meetings::all_known() const {
  for (std::size_t j = 0; j < peers_.size(); ++j)
    if (j != self_ && !peers_[j].known) return false;
  return true;
}

base::Status Meetings::refuse(std::size_t j, const std::string& what) {
  TARN_TRY(store_->destroy(keys_[j]));
  return misbehaved(j, what);
}

base::Status Meetings::meet(Conversation& channel, const Tagger& tags, base::Random& random) {
  std::vector<std::size_t> lower, higher;  // new peers
  for (std::size_t j = 0; j < peers_.size(); ++j) {
    if (j == self_ || peers_[j].known) continue;
    if (const auto may = store_->may_meet(keys_[j]); !may.ok())
      return base::Error{may.error().code, may.error().message, j};
    (j < self_ ? lower : higher).push_back(j);
    const auto id = tags.digest(kHopChoose, std::min(j, self_), std::max(j, self_), "acquaintance", {});
    Acquaintance fresh;
    std::copy_n(id.begin(), fresh.id.size(), fresh.id.begin());
    peers_[j].acquaintance = std::move(fresh);
  }
  for (std::size_t j : lower) TARN_TRY(choose(channel, tags, random, j));
  for (std::size_t j : higher) TARN_TRY(send_trees(channel, tags, random, j));
  for (std::size_t j : lower) TARN_TRY(receive_trees(channel, tags, j));
  return {};
}

base::Status Meetings::choose(Conversation& channel, const Tagger& tags, base::Random& random, std::size_t j) {
  const base::Bytes tag = tags.prefix(kHopChoose, self_, j, "base transfer");
  auto chosen = ot_choose(tag, peers_[j].theirs.a, random_block(random), random);
  if (!chosen) return misbehaved(j, "introduced itself with an invalid point");
  chosen_[j] = std::move(chosen->seeds);
  return channel.send(j, std::move(chosen->message));
}

base::Status Meetings::send_trees(Conversation& channel, const Tagger& tags, base::Random& random, std::size_t j) {
  TARN_ASSIGN(const base::Bytes points, channel.receive(j, kBaseOtMessage));
  if (points.size() != kBaseOtMessage) return misbehaved(j, "sent base transfers of the wrong length");
  Peer& peer = peers_[j];
  const auto pairs = ot_send(tags.prefix(kHopChoose, j, self_, "base transfer"), peer.ot, points);
  if (!pairs) return misbehaved(j, "sent an invalid point");
  GrownTrees grown = grow_trees(*pairs, kAcquaintanceK, tags.prefix(kHopTrees, self_, j, "trees"));
  peer.acquaintance.prover = std::move(grown.trees);

  // Our lasting choice, extended towards j: its rows become the transfers of the other direction.
  const Block delta = random_block(random);
  const Blocks u{delta, random_block(random)};
  const auto start = stream_start(tags.digest(kHopTrees, self_, j, "stream", {}));
  ProverColumns extended = extend(peer.acquaintance.prover, start, u);
  base::Bytes body = std::move(grown.message);
  base::append(body, extended.correction);
  const Blocks chi = weights(tags.digest(kHopTrees, self_, j, "chi", body), kDeltaBlocks);
  crypto::Sha256 hash;
  hash.update(tags.prefix(kHopTrees, self_, j, "columns"));
  const crypto::Digest proof = prover_digest(hash, extended.columns, chi);
  const Block residue_u = residue(u, chi);
  base::append(body, crypto::bytes_of({&residue_u, 1}));
  base::append(body, proof);

  const Blocks rows = columns_to_rows(std::move(extended.columns), 128);
  peer.reversed = {delta, seeds_of_rows(tags.prefix(kHopTrees, self_, j, "reversed"), rows, Block{})};
  return channel.send(j, std::move(body));
}

base::Status Meetings::receive_trees(Conversation& channel, const Tagger& tags, std::size_t j) {
  const std::size_t trees = tree_message_size(kAcquaintanceK),
                    sent = trees + correction_size(kAcquaintanceK, kDeltaBlocks);
  TARN_ASSIGN(const base::Bytes message, channel.receive(j, sent + 48));
  if (message.size() != sent + 48) return misbehaved(j, "sent trees of the wrong length");
  const base::ByteView body(message);
  Peer& peer = peers_[j];
  const Block delta = chosen_[j].choice;
  auto punctured =
      puncture_trees(chosen_[j], kAcquaintanceK, body.first(trees), tags.prefix(kHopTrees, j, self_, "trees"));
  if (!punctured) return refuse(j, "sent trees that are not consistent");
  peer.acquaintance.verifier = std::move(*punctured);

  const auto start = stream_start(tags.digest(kHopTrees, j, self_, "stream", {}));
  Blocks columns = extend(peer.acquaintance.verifier, start, kDeltaBlocks, body.subspan(trees, sent - trees));
  const Blocks chi = weights(tags.digest(kHopTrees, j, self_, "chi", body.first(sent)), kDeltaBlocks);
  crypto::Sha256 hash;
  hash.update(tags.prefix(kHopTrees, j, self_, "columns"));
  const auto expected = verifier_digest(hash, columns, chi, delta, crypto::block_from(body.subspan(sent, 16)));
  if (!crypto::equal(expected, body.subspan(sent + 16))) return refuse(j, "failed the proof of its extension");

  const Blocks rows = columns_to_rows(std::move(columns), 128);
  const base::Bytes tag = tags.prefix(kHopTrees, j, self_, "reversed");
  GrownTrees grown = grow_trees({seeds_of_rows(tag, rows, Block{}), seeds_of_rows(tag, rows, delta)}, kAcquaintanceK,
                                tags.prefix(kHopBase, self_, j, "trees"));
  peer.acquaintance.prover = std::move(grown.trees);
  peer.tree_message = std::move(grown.message);
  return {};
}

base::Status Meetings::mark_known() {
  std::vector<Acquaintance> next;
  next.reserve(peers_.size());
  std::vector<std::pair<crypto::PublicKey, const Acquaintance*>> entries;
  for (std::size_t j = 0; j < peers_.size(); ++j) {
    if (j == self_ || !peers_[j].known) continue;
    Acquaintance later = peers_[j].acquaintance;
    later.advance_to(later.counter + 1);
    later.marked = true;
    next.push_back(std::move(later));
    entries.emplace_back(keys_[j], &next.back());
  }
  return store_->save(entries, Durability::kDurable);
}

base::Status Meetings::settle(const std::vector<Verdict>& verdicts) {
  std::vector<std::pair<crypto::PublicKey, const Acquaintance*>> entries;
  for (std::size_t j = 0; j < peers_.size(); ++j) {
    if (j == self_) continue;
    if (verdicts[j] == Verdict::kRefuted) {
      TARN_TRY(store_->destroy(keys_[j]));
    } else if (peers_[j].known || verdicts[j] == Verdict::kProven) {
      peers_[j].acquaintance.advance_to(peers_[j].acquaintance.counter + 1);
      entries.emplace_back(keys_[j], &peers_[j].acquaintance);
    }
  }
  return store_->save(entries, Durability::kLazy);
}

}  // namespace mpc
