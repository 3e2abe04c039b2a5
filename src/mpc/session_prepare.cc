// Hops 1–7: global keys, authenticated bits, triples. Nothing here depends on an input.
#include <cstring>

#include "base/check.h"
#include "crypto/gf.h"
#include "mpc/bit_matrix.h"
#include "mpc/session_state.h"
#include "mpc/wire_slots.h"

namespace mpc {

using base::append;
using crypto::Block;
using crypto::Blocks;

namespace {

constexpr std::size_t kDeltaBlocks = 2;  // the 128 bits of Δ and the mask
constexpr std::size_t kCommitment = 32, kSalt = 32;

}  // namespace

// ---- the extension's proof towards everybody, in hops 1 and 2

Block Session::State::start_of_stream(std::size_t prover, std::size_t verifier) const {
  const std::size_t peer = prover == self ? verifier : prover;
  base::Writer place;
  if (hop == kHopBase) {  // lasting seeds: the session of the acquaintance, beside the nonces in the sid
    const Acquaintance& with = meetings->peer(peer).acquaintance;
    place.raw(with.id).u64(with.counter);
  }
  return stream_start(tags.digest(hop, prover, verifier, "stream", place.bytes()));
}

crypto::Digest Session::State::sent_digest(std::size_t from, std::size_t to, base::ByteView body) const {
  crypto::Sha256 hash;
  hash.update(tags.prefix(hop, from, to, "sent"));
  if (hop == kHopBase) {
    const Acquaintance& with = meetings->peer(from == self ? to : from).acquaintance;
    hash.update(base::Writer().raw(with.id).u64(with.counter).bytes());
  }
  return hash.update(body).finish();
}

namespace {
Blocks chi_of(const Tagger& tags, unsigned hop, std::size_t prover, unsigned k, std::size_t blocks,
              base::ByteView digests) {
  const base::Bytes content = base::Writer().u32(k).u64(blocks).raw(digests).take();
  return weights(tags.digest(hop, prover, kEverybody, "chi", content), blocks);
}
}  // namespace

void Session::State::prove(std::vector<base::Bytes>& bodies, const std::vector<Blocks>& columns, const Blocks& u) {
  base::Bytes digests;
  each_peer([&](std::size_t j) { append(digests, sent_digest(self, j, bodies[j])); });
  const unsigned k = hop == kHopBase ? kAcquaintanceK : layout.k;
  const Blocks chi = chi_of(tags, hop, self, k, u.size(), digests);
  const Block residue_u = residue(u, chi);
  announced[self] = digests;
  append(announced[self], crypto::bytes_of({&residue_u, 1}));
  each_peer([&](std::size_t j) {
    crypto::Sha256 hash;
    hash.update(tags.prefix(hop, self, j, "columns"));
    append(bodies[j], announced[self]);
    append(bodies[j], prover_digest(hash, columns[j], chi));
  });
}

// `message` begins with trees_size bytes of trees, the correction and the proof; gives the columns.
base::Result<Blocks> Session::State::check_proof(std::size_t j, const PuncturedTrees& trees, std::size_t blocks,
                                                 std::size_t trees_size, base::ByteView message) {
  const std::size_t sent = trees_size + correction_size(trees.k, blocks);
  const base::ByteView proof = message.subspan(sent, layout.proof());
  const base::ByteView digests = proof.first((n - 1) * 32), residue_bytes = proof.subspan(digests.size(), 16);
  announced[j].assign(proof.begin(), proof.begin() + static_cast<std::ptrdiff_t>(digests.size() + 16));
  const std::size_t place = self < j ? self : self - 1;
  if (!crypto::equal(sent_digest(j, self, message.first(sent)), digests.subspan(place * 32, 32)))
    return misbehaved(j, "announced another message than it sent");
  Blocks columns = extend(trees, start_of_stream(j, self), blocks, message.subspan(trees_size, sent - trees_size));
  const Blocks chi = chi_of(tags, hop, j, trees.k, blocks, digests);
  crypto::Sha256 hash;
  hash.update(tags.prefix(hop, j, self, "columns"));
  const auto expected = verifier_digest(hash, columns, chi, trees.choice, crypto::block_from(residue_bytes));
  if (!crypto::equal(expected, proof.last(32))) return misbehaved(j, "failed the proof of its extension");
  return columns;
}

crypto::Digest Session::State::echo() const {
  crypto::Sha256 hash;
  hash.update(tags.prefix(hop, kEverybody, kEverybody, "echo"));
  for (const base::Bytes& said : announced) hash.update(said);
  return hash.finish();
}

// ---- hop 1: Δ, the same towards everybody; the coin committed

crypto::SeededRandom Session::State::draws(std::string_view purpose) const {
  return crypto::SeededRandom(seed.expose()).fork(purpose);
}

Blocks Session::State::draw_base() {
  hop = kHopBase;
  crypto::SeededRandom random_blocks = draws("delta");
  delta = random_blocks.block();
  coin.resize(kSalt + 32);
  draws("coin").fill(coin);
  coin_commitments[self] = tags.digest(hop, self, kEverybody, "coin", coin);
  return {delta, random_blocks.block()};
}

base::Status Session::State::base_hop() {
  const Blocks u = draw_base();
  TARN_TRY(meetings->mark_known());
  std::vector<base::Bytes> bodies(n);
  std::vector<Blocks> columns(n);
  each_peer([&](std::size_t j) {
    const Meetings::Peer& peer = meetings->peer(j);
    ProverColumns extended = extend(peer.acquaintance.prover, start_of_stream(self, j), u);
    bodies[j] = peer.tree_message;
    append(bodies[j], extended.correction);
    columns[j] = std::move(extended.columns);
  });
  prove(bodies, columns, u);
  append(announced[self], coin_commitments[self]);

  std::vector<Meetings::Verdict> proofs(n, Meetings::Verdict::kNothing);
  std::vector<Blocks> keys(n);
  const auto exchange = [&]() -> base::Status {
    for (std::size_t j = 0; j < n; ++j) {
      if (j == self) continue;
      append(bodies[j], coin_commitments[self]);
      TARN_TRY(channel.send(j, std::move(bodies[j])));
    }
    for (std::size_t j = 0; j < n; ++j)
      if (j != self) TARN_TRY(check_base(j, proofs[j], keys[j]));
    return {};
  };
  const base::Status status = exchange();
  TARN_TRY(meetings->settle(proofs));
  TARN_TRY(status);
  each_peer([&](std::size_t j) { bases[j] = make_bases(j, keys[j], columns_to_rows(std::move(columns[j]), 128)); });
  return {};
}

Bases Session::State::make_bases(std::size_t j, const Blocks& keys, const Blocks& macs) const {
  const base::Bytes ours = tags.prefix(kHopBits, self, j, "seeds"), theirs = tags.prefix(kHopBits, j, self, "seeds");
  const Block& lasting = meetings->peer(j).acquaintance.verifier.choice;
  return {{seeds_of_rows(ours, keys, Block{}), seeds_of_rows(ours, keys, lasting)},
          seeds_of_rows(theirs, macs, Block{})};
}

base::Status Session::State::check_base(std::size_t j, Meetings::Verdict& proof, Blocks& keys) {
  Meetings::Peer& peer = meetings->peer(j);
  const bool trees_come = !peer.known && j > self;
  const std::size_t trees = trees_come ? tree_message_size(kAcquaintanceK) : 0;
  const std::size_t sent = trees + correction_size(kAcquaintanceK, kDeltaBlocks);
  TARN_ASSIGN(base_messages[j], receive(j, sent + layout.proof() + kCommitment));
  const base::ByteView message(base_messages[j]);
  proof = Meetings::Verdict::kRefuted;  // from here on, failing may depend on our lasting choice
  if (trees_come) {
    auto punctured =
        puncture_trees(peer.reversed, kAcquaintanceK, message.first(trees), tags.prefix(hop, j, self, "trees"));
    if (!punctured) return misbehaved(j, "sent trees that are not consistent");
    peer.acquaintance.verifier = std::move(*punctured);
  }
  TARN_ASSIGN(Blocks columns, check_proof(j, peer.acquaintance.verifier, kDeltaBlocks, trees, message));
  proof = Meetings::Verdict::kProven;
  const base::ByteView commitment = message.last(kCommitment);
  std::copy(commitment.begin(), commitment.end(), coin_commitments[j].begin());
  append(announced[j], commitment);
  keys = columns_to_rows(std::move(columns), 128);
  return {};
}

// ---- hop 2: all bits of the pool, authenticated to everybody

namespace {

// `bits` uniform bits, zeros up to a whole block, one uniform block.
Blocks draw_pool(crypto::SeededRandom random, std::size_t bits) {
  Blocks u = random.blocks(extension_blocks(bits));
  if (bits % 128 != 0) {
    Block& last = u[bits / 128];
    const std::size_t keep = bits % 128;
    last.lo &= keep >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << keep) - 1;
    last.hi &= keep <= 64 ? 0 : (std::uint64_t{1} << (keep - 64)) - 1;
  }
  return u;
}

}  // namespace

base::Status Session::State::say_bits() {
  said_before = echo();
  const std::size_t own = layout.pool_bits(circuit, self);
  const Blocks u = draw_pool(draws("bits"), own);
  pool.bits.resize(own);
  for (std::size_t m = 0; m < own; ++m) pool.bits[m] = u[m / 128].bit(static_cast<unsigned>(m % 128)) ? 1 : 0;
  pool.macs.resize(n);
  pool.keys.resize(n);

  std::vector<base::Bytes> bodies(n);
  std::vector<Blocks> columns(n);
  each_peer([&](std::size_t j) {
    GrownTrees grown = grow_trees(bases[j].pairs, layout.k, tags.prefix(hop, self, j, "trees"));
    ProverColumns extended = extend(grown.trees, start_of_stream(self, j), u);
    bodies[j] = std::move(grown.message);
    bodies[j].reserve(bodies[j].size() + extended.correction.size() + layout.proof() + 32 + SignedChannel::kOverhead);
    append(bodies[j], extended.correction);
    columns[j] = std::move(extended.columns);
  });
  prove(bodies, columns, u);
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    append(bodies[j], said_before);
    TARN_TRY(channel.send(j, std::move(bodies[j])));
    pool.macs[j] = columns_to_rows(std::move(columns[j]), own);
    columns[j] = {};
  }
  return {};
}

base::Status Session::State::hear_bits() {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const std::size_t theirs = layout.pool_bits(circuit, j), blocks = extension_blocks(theirs);
    const std::size_t trees = tree_message_size(layout.k), sent = trees + correction_size(layout.k, blocks);
    TARN_ASSIGN(const base::Bytes message, receive(j, sent + layout.proof() + 32));
    const base::ByteView body(message);
    if (!crypto::equal(body.last(32), said_before)) return unattributed(j, "told different peers different things");
    const auto punctured =
        puncture_trees({delta, bases[j].chosen}, layout.k, body.first(trees), tags.prefix(hop, j, self, "trees"));
    if (!punctured) return misbehaved(j, "sent trees that are not consistent");
    TARN_ASSIGN(Blocks received, check_proof(j, *punctured, blocks, trees, body));
    pool.keys[j] = columns_to_rows(std::move(received), theirs);
  }
  return {};
}

// ---- hops 3 and 4: leaky triples

namespace {

base::Bytes encode_cross(const LeakyTriples::Cross& cross) {
  base::Bytes out = pack(cross.t);
  const auto* words = reinterpret_cast<const std::uint8_t*>(cross.u.data());
  out.insert(out.end(), words, words + cross.u.size() * 8);
  return out;
}

LeakyTriples::Cross decode_cross(base::ByteView bytes, std::size_t count) {
  LeakyTriples::Cross out{unpack(bytes.first(packed_size(count)), count), std::vector<std::uint64_t>(count)};
  if (count > 0) std::memcpy(out.u.data(), bytes.data() + packed_size(count), count * 8);
  return out;
}

}  // namespace

base::Status Session::State::say_cross() {
  said_before = echo();
  leaky.emplace(self, delta, pool, layout.leaky());
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    base::Bytes message = encode_cross(leaky->cross(j, tags.key(hop, self, j, "and")));
    append(message, said_before);
    TARN_TRY(channel.send(j, std::move(message)));
  }
  return {};
}

base::Status Session::State::hear_cross() {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes message, receive(j, layout.cross()));
    const base::ByteView body(message);
    if (!crypto::equal(body.last(32), said_before)) return unattributed(j, "told different peers different things");
    leaky->absorb(j, tags.key(hop, j, self, "and"), decode_cross(body.first(body.size() - 32), layout.leaky()));
  }
  return {};
}

base::Status Session::State::say_announcement() {
  announced_e[self] = leaky->announce();
  return broadcast(pack(announced_e[self]));
}

base::Status Session::State::hear_announcements() {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes message, receive(j, packed_size(layout.leaky())));
    announced_e[j] = unpack(message, layout.leaky());
  }
  leaky->settle(announced_e);
  announced_e = {};
  return {};
}

// ---- hop 5: the coin, once everything that it judges is fixed

base::Status Session::State::hear_coins() {
  base::Bytes sum(coin.begin() + kSalt, coin.end());
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes message, receive(j, kSalt + 32));
    if (!crypto::equal(tags.digest(kHopBase, j, kEverybody, "coin", message), coin_commitments[j]))
      return misbehaved(j, "opened another coin than it committed to");
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= message[kSalt + i];
  }
  const crypto::SeededRandom common(tags.digest(hop, kEverybody, kEverybody, "coin", sum));
  const Blocks weights = common.fork("chi").blocks(layout.leaky());
  for (const Block& b : weights) sum_weights.push_back(b.lo);
  crypto::SeededRandom permutation = common.fork("buckets");
  buckets = BucketOpening(layout.shape, shuffled(layout.leaky(), permutation));
  return {};
}

// ---- hops 6 and 7: the buckets' differences opened, the sums committed, then opened

// What an opening is checked with: from the bits as said, so nobody knows it before.
Blocks Session::State::difference_weights(std::size_t from, base::ByteView bits) const {
  return opening_weights(tags.digest(kHopBucket, from, kEverybody, "bucket", bits), buckets.size());
}

base::Status Session::State::say_buckets() {
  own_sum.resize(kSalt);
  draws("sum").fill(own_sum);
  append(own_sum, base::Writer().u64(leaky->sum(sum_weights)).bytes());
  differences.resize(buckets.size());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const auto [first, other] = buckets.operands[i];
    differences[i] = pool.bits[first] ^ pool.bits[other];
  }
  const base::Bytes packed = pack(differences);
  const crypto::Digest commitment = tags.digest(hop, self, kEverybody, "sum", own_sum);
  announced[self].assign(commitment.begin(), commitment.end());
  const Blocks weights = buckets.weights_of_y(difference_weights(self, packed));
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const Block macs = crypto::gf128_inner(&pool.macs[j][layout.leaky()], 1, weights.data(), weights.size());
    base::Bytes message;
    append(message, commitment);
    append(message, packed);
    append(message, tags.digest(hop, self, j, "bucket", crypto::bytes_of({&macs, 1})));
    TARN_TRY(channel.send(j, std::move(message)));
  }
  return {};
}

base::Status Session::State::hear_buckets() {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes message, receive(j, layout.bucket()));
    const base::ByteView body(message);
    announced[j].assign(message.begin(), message.begin() + kCommitment);
    const base::ByteView bits = body.subspan(kCommitment, packed_size(differences.size()));
    const Bits theirs = unpack(bits, differences.size());
    const Blocks weights = difference_weights(j, bits), weights_of_y = buckets.weights_of_y(weights);
    const Block macs = crypto::gf128_inner(&pool.keys[j][layout.leaky()], 1, weights_of_y.data(), weights_of_y.size()) ^
                       weighted(theirs, weights, delta);
    if (!crypto::equal(tags.digest(hop, j, self, "bucket", crypto::bytes_of({&macs, 1})), body.last(32)))
      return misbehaved(j, "opened a bucket without its MACs");
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] ^= theirs[i];
  }
  return {};
}

// The commitments are echoed: a cheater that committed to one sum for each honest party would get a guess from each.
base::Status Session::State::say_sum() {
  said_before = echo();
  base::Bytes message = own_sum;
  append(message, said_before);
  return broadcast(message);
}

base::Status Session::State::hear_sums() {
  std::uint64_t total = base::Reader(base::ByteView(own_sum).last(8)).u64();
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(const base::Bytes received, receive(j, kSalt + 8 + 32));
    if (!crypto::equal(base::ByteView(received).last(32), said_before))
      return unattributed(j, "told different peers different things");
    const base::ByteView said = base::ByteView(received).first(kSalt + 8);
    if (!crypto::equal(tags.digest(kHopBucket, j, kEverybody, "sum", said), announced[j]))
      return misbehaved(j, "opened another sum than it committed to");
    total ^= base::Reader(said.last(8)).u64();
  }
  if (total != 0) return unattributed(self == 0 ? 1 : 0, "made a wrong multiplication triple");
  return {};
}

base::Status Session::State::say(unsigned next_hop) {
  hop = next_hop;
  switch (hop) {
    case kHopBits: return say_bits();
    case kHopCross: return say_cross();
    case kHopAnnounce: return say_announcement();
    case kHopCoin: return broadcast(coin);
    case kHopBucket: return say_buckets();
    default: CHECK(hop == kHopSum); return say_sum();
  }
}

base::Status Session::State::hear() {
  switch (hop) {
    case kHopBits: return hear_bits();
    case kHopCross: return hear_cross();
    case kHopAnnounce: return hear_announcements();
    case kHopCoin: return hear_coins();
    case kHopBucket: return hear_buckets();
    default: CHECK(hop == kHopSum); return hear_sums();
  }
}

// What passed: no inquest can be called any more, so what it would have opened goes.
void Session::State::make_triples() {
  base::wipe(seed.expose().data(), seed.expose().size());
  bases = {};
  base_messages = {};
  sum_weights = {};
  triples = combine(self, pool, *leaky, buckets, differences);  // takes the pool's bits but the masks
  buckets = {};
  differences = {};
  leaky.reset();
}

// ---- masks of all wires, from what the pool has left

void Session::State::make_masks() {
  const WireSlots slots(circuit);
  Shares live(n, self, slots.count());
  input_masks.clear();
  std::vector<std::size_t> used(n, layout.ands);  // in what is left of the pool: λ of AND gates, then of the inputs
  for (std::size_t w = 0; w < circuit.inputs(); ++w) {
    const std::size_t owner = circuit.input_owners()[w], m = used[owner]++;
    if (owner != self) {
      live.key(w, owner) = pool.keys[owner][m];
      continue;
    }
    input_masks.push_back(pool.bits[m]);
    live.bit(w) = pool.bits[m];
    each_peer([&](std::size_t j) { live.mac(w, j) = pool.macs[j][m]; });
  }
  masks.emplace(WireMasks{Shares(n, self, 2 * layout.ands), Shares(n, self, layout.ands)});
  std::size_t g = 0;
  for (const Gate& gate : circuit.gates()) {
    const std::size_t a = slots.of(gate.a), b = slots.of(gate.b), out = slots.of(gate.out);
    if (gate.op != Gate::Op::kAnd) {
      live.copy(out, live, a);
      if (gate.op == Gate::Op::kXor) live.add(out, live, b);
      continue;
    }
    masks->factors.copy(2 * g, live, a);
    masks->factors.copy(2 * g + 1, live, b);
    live.clear(out);
    live.add(out, pool, g);
    masks->products.copy(g, live, out);
    ++g;
  }
  output_masks.emplace(n, self, circuit.outputs().size());
  for (std::size_t o = 0; o < circuit.outputs().size(); ++o)
    if (circuit.outputs()[o].wire < Circuit::kFalse) output_masks->copy(o, live, slots.of(circuit.outputs()[o].wire));
  pool = {};
}

}  // namespace mpc
