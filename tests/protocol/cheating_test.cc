// One cheating party against each check whose absence would break the protocol (docs/protocols/mpc.md): the garbling
// hash, MACs on every opening, the proof of short batches, digests compared whole, salts, no wait without end, masks.
// And deviations in leaky triples, over pools made in the open, against what the theory says of each.
#include <gtest/gtest.h>

#include <openssl/evp.h>

#include <cmath>
#include <set>

#include "crypto/aes.h"
#include "crypto/gf.h"
#include "support/cheating_lab.h"

namespace {

using base::Bytes;
using crypto::Block;
using crypto::Blocks;
using mpc::Bits;
using support::Middle;
using support::SessionLab;
using support::Verdict;

bool same(const Block& a, const Block& b) { return a.lo == b.lo && a.hi == b.hi; }

// ---- shares made in the open

struct Open {  // everybody's part of authenticated bits, and all keys
  std::vector<Block> deltas;
  std::vector<mpc::PoolBits> pools;
};

Open open_pool(std::size_t n, std::size_t bits, crypto::SeededRandom& random) {
  Open out{{}, std::vector<mpc::PoolBits>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    out.deltas.push_back(random.block());
    for (std::size_t m = 0; m < bits; ++m) out.pools[i].bits.push_back(random.block().bit(0) ? 1 : 0);
    out.pools[i].macs.resize(n);
    out.pools[i].keys.resize(n);
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      out.pools[j].keys[i] = random.blocks(bits);
      for (std::size_t m = 0; m < bits; ++m)
        out.pools[i].macs[j].push_back(out.pools[j].keys[i][m] ^ crypto::masked(out.deltas[j], out.pools[i].bits[m]));
    }
  return out;
}

// ---- 1. A garbling hash that can be inverted gives the evaluator every Δ.

Block sigma(const Block& x) { return {x.hi, x.hi ^ x.lo}; }
Block inverse_sigma(const Block& y) { return {y.hi ^ y.lo, y.lo}; }
Block aes_decrypt(const Block& key, const Block& y) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  CHECK(EVP_DecryptInit_ex(context, EVP_aes_128_ecb(), nullptr, crypto::bytes_of({&key, 1}).data(), nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context, 0);
  Block out;
  int size = 0;
  CHECK(EVP_DecryptUpdate(context, crypto::writable_bytes_of({&out, 1}).data(), &size, crypto::bytes_of({&y, 1}).data(),
                          16) == 1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

// The evaluator and party 2 together know everything about a garbler's row for party 2 but H(k_0) ⊕ H(k_1), and one of
// the two labels, hence the hash of the other. Under a bare permutation that is as good as the other label.
TEST(GarblingHash, InvertingTheCipherOnARowDoesNotGiveTheGlobalKey) {
  constexpr std::size_t n = 3, kGarbler = 1, kColluding = 2;
  crypto::SeededRandom random(base::view("garbling hash"));
  const mpc::Circuit circuit = support::mixing_circuit(n, 2);
  const std::size_t ands = circuit.and_gates();
  const Open open = open_pool(n, 3 * ands, random);
  const Block delta = open.deltas[kGarbler], tweak{kColluding, 0};
  mpc::WireMasks masks{mpc::Shares(n, kGarbler, 2 * ands), mpc::Shares(n, kGarbler, ands)};
  for (std::size_t f = 0; f < 2 * ands; ++f) masks.factors.add(f, open.pools[kGarbler], f);
  for (std::size_t i = 0; i < ands; ++i) masks.products.add(i, open.pools[kGarbler], 2 * ands + i);
  const Block key = random.block();
  const auto garbled = mpc::garble(circuit, n, kGarbler, delta, key, masks, random.blocks(circuit.inputs()));

  std::size_t g = 0, broken_if_bare = 0;
  for (const mpc::Gate& gate : circuit.gates()) {
    if (gate.op != mpc::Gate::Op::kAnd) continue;
    const base::ByteView rows =
        base::ByteView(garbled.tables).subspan(g * mpc::gate_table_size(n), mpc::gate_table_size(n));
    for (const unsigned half : {0U, 1U}) {
      const Block row = crypto::block_from(rows.subspan(3 * 8 + 2 * 16 + 16 * half, 16));  // behind those for 0 and 1
      const Block mac = masks.factors.mac(2 * g + 1 - half, kColluding);
      const Block zero = garbled.zero_labels[half == 0 ? gate.a : gate.b];
      const Block gate_key = key ^ Block { 2 * g + half, 0 };
      const crypto::Aes128 aes(gate_key);
      const auto permuted = [&](const Block& label) { return aes.encrypt(sigma(label ^ tweak)); };
      const auto hashed = [&](const Block& label) { return permuted(label) ^ sigma(label ^ tweak); };
      EXPECT_TRUE(same(row ^ mac, hashed(zero) ^ hashed(zero ^ delta)));  // so the attack below knows what it does
      const auto attack = [&](const Block& hash_of_other, const Block& active) {
        return inverse_sigma(aes_decrypt(gate_key, hash_of_other)) ^ tweak ^ active;
      };
      for (const Block& active : {zero, zero ^ delta}) {
        const Block bare = row ^ sigma(zero ^ tweak) ^ sigma(zero ^ delta ^ tweak);
        broken_if_bare += same(attack(bare ^ mac ^ permuted(active), active), delta);
        for (const std::uint64_t bit : {0U, 1U}) {  // of the garbler's share, under which the MAC is known
          const Block image = row ^ mac ^ crypto::masked(open.deltas[kColluding], bit);
          EXPECT_FALSE(same(attack(image ^ permuted(active), active), delta));
          EXPECT_FALSE(same(attack(image ^ hashed(active), active), delta));
          EXPECT_FALSE(same(image, sigma(delta)) || same(image, delta));
        }
      }
    }
    ++g;
  }
  EXPECT_EQ(g, ands);
  EXPECT_EQ(broken_if_bare, 4 * g);  // the attack is real
}

// ---- 2. Openings without MACs.

class Forgery : public testing::TestWithParam<std::size_t> {
 protected:
  // Party 0 flips this bit of its message of `hop` to party 1.
  void expect_named(unsigned hop, std::size_t bit) {
    SCOPED_TRACE("hop " + std::to_string(hop) + ", bit " + std::to_string(bit));
    SessionLab lab = support::acquainted_lab(GetParam());
    lab.cheater = 0;
    lab.wrapper = [&](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->outgoing = [hop, bit](std::size_t peer, std::size_t number, Bytes message) -> std::vector<Bytes> {
        if (peer == 1 && number == hop) message[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        return {std::move(message)};
      };
      return middle;
    };
    support::expect_verdict(lab.run(circuit, inputs), evaluate_plain(circuit, inputs), 0, 1, Verdict::kNamed);
  }
  const mpc::Circuit circuit = support::mixing_circuit(GetParam(), 1);
  const std::vector<Bits> inputs = support::some_inputs(circuit);
  const mpc::Layout layout{circuit, 4};
};

TEST_P(Forgery, OfAnyBucketingDifferenceIsNamed) {
  for (std::size_t bit = 0; bit < layout.shape.buckets * (layout.shape.size - 1); bit += GetParam())
    expect_named(mpc::kHopBucket, 256 + bit);
}
TEST_P(Forgery, OfAnyFactorOfAProductIsNamed) {
  for (std::size_t bit = 0; bit < 2 * layout.ands; ++bit) expect_named(mpc::kHopInput, 8 + bit);
}
TEST_P(Forgery, OfAnyOutputShareIsNamed) {
  for (std::size_t bit = 0; bit < 3; ++bit) expect_named(mpc::kHopOutput, bit);
}
INSTANTIATE_TEST_SUITE_P(AmongParties, Forgery, testing::Values(2, 3));

// ---- 3. The extension's proof covers every bit of every batch, however short.

struct Batch {  // one prover, one verifier
  explicit Batch(std::size_t size, const std::string& seed, const Block& delta_) : bits(size), delta(delta_) {
    crypto::SeededRandom random(base::view(seed));
    mpc::SeedPairs pairs{random.blocks(128), random.blocks(128)};
    mpc::ChosenSeeds chosen{delta, {}};
    for (unsigned i = 0; i < 128; ++i) chosen.seeds.push_back(delta.bit(i) ? pairs.one[i] : pairs.zero[i]);
    auto grown = mpc::grow_trees(pairs, 4, {});
    auto punctured = mpc::puncture_trees(chosen, 4, grown.message, {});
    CHECK(punctured.has_value());
    all = std::move(grown.trees);
    holes = std::move(*punctured);
    u = random.blocks(mpc::extension_blocks(size));
    start = mpc::stream_start(crypto::sha256(base::view(seed)));
    made = mpc::extend(all, start, u);
    chi = mpc::weights(crypto::sha256(base::view(seed + " chi")), u.size());
  }
  // Whether the verifier believes this correction and this ũ, if the prover hashed its own columns.
  bool believes(const Bytes& correction, const Block& residue_u) const {
    const Blocks columns = mpc::extend(holes, start, u.size(), correction);
    crypto::Sha256 a, b;
    return mpc::prover_digest(a, made.columns, chi) == mpc::verifier_digest(b, columns, chi, delta, residue_u);
  }
  Block residue() const { return mpc::residue(u, chi); }

  std::size_t bits;
  Block delta, start;
  mpc::Trees all;
  mpc::PuncturedTrees holes;
  Blocks u, chi;
  mpc::ProverColumns made;
};

// Every digit of δ differs from zero, so that every correction matters to this verifier.
Block delta_without_zero_digits(const std::string& seed) {
  Block delta = crypto::SeededRandom(base::view(seed)).block();
  for (unsigned tree = 0; tree < 32; ++tree) {
    std::uint64_t& word = tree < 16 ? delta.lo : delta.hi;
    if (mpc::digit(delta, 4, tree) == 0) word |= std::uint64_t{1} << (4 * tree % 64);
  }
  return delta;
}

TEST(ShortBatches, AnyBitOfAnyCorrectionCounts) {
  for (const std::size_t bits : {1U, 2U, 63U, 64U, 65U, 127U, 128U, 129U, 130U}) {
    const Batch batch(bits, "batch " + std::to_string(bits), delta_without_zero_digits("delta"));
    EXPECT_TRUE(batch.believes(batch.made.correction, batch.residue()));
    const std::size_t step = bits == 1 ? 1 : 11;  // all of them in the shortest
    for (std::size_t place = 0; place < batch.made.correction.size() * 8; place += step) {
      Bytes wrong = batch.made.correction;
      wrong[place / 8] ^= static_cast<std::uint8_t>(1U << (place % 8));
      ASSERT_FALSE(batch.believes(wrong, batch.residue())) << bits << " bits, place " << place;
    }
  }
}

// Towards one verifier another u, consistently in every tree: every bit, of the last partial block, the padding and the
// mask too. Its own ũ would make that verifier believe, but there is one ũ for all.
TEST(ShortBatches, AnyBitOfUIsTheSameTowardsEverybody) {
  for (std::size_t bits = 1; bits <= 130; ++bits) {
    const Batch batch(bits, "u " + std::to_string(bits), delta_without_zero_digits("delta"));
    const std::size_t blocks = batch.u.size();
    ASSERT_GE((blocks - 1) * 128, bits);  // the mask is nobody's bit
    std::set<std::size_t> places{
        0, bits - 1, bits, 127, (blocks - 1) * 128, blocks * 128 - 1, bits * 7 % (blocks * 128)};
    for (const std::size_t place : places) {
      Blocks other = batch.u;
      const unsigned b = place % 128;
      other[place / 128] ^= b < 64 ? Block{std::uint64_t{1} << b, 0} : Block{0, std::uint64_t{1} << (b - 64)};
      const Bytes correction = mpc::extend(batch.all, batch.start, other).correction;
      EXPECT_FALSE(batch.believes(correction, batch.residue())) << bits << " bits, place " << place;
      const Block residue = mpc::residue(other, batch.chi);
      EXPECT_TRUE(batch.believes(correction, residue)) << bits << " bits, place " << place;
      EXPECT_FALSE(same(residue, batch.residue()));
    }
  }
}

TEST(ShortBatches, TheMaskHidesWhatTheProofSaysOfTheBits) {
  // For any bits there is a mask with which ũ is any value: ũ alone says nothing.
  const Batch batch(100, "mask", delta_without_zero_digits("delta"));
  const Block wanted{0x1234, 0x5678};
  Blocks u = batch.u;
  u.back() ^= batch.residue() ^ wanted;
  EXPECT_TRUE(same(mpc::residue(u, batch.chi), wanted));
}

// ---- 4. Digests are compared whole; commitments are salted.

TEST(Digests, AreComparedWholeWhateverBytesTheyBeginWith) {
  for (std::size_t zeros = 0; zeros <= 32; ++zeros) {
    crypto::Digest digest{};
    for (std::size_t i = zeros; i < 32; ++i) digest[i] = static_cast<std::uint8_t>(0xa0 + i);
    EXPECT_TRUE(crypto::equal(digest, crypto::Digest(digest)));
    for (std::size_t i = 0; i < 32; ++i) {
      crypto::Digest other = digest;
      other[i] ^= static_cast<std::uint8_t>(i % 2 == 0 ? 1 : 0x80);
      EXPECT_FALSE(crypto::equal(digest, other));
    }
    EXPECT_FALSE(crypto::equal(digest, base::ByteView(digest).first(31)));
  }
}

TEST(Commitments, ToTheSameValueDifferAndHideIt) {
  // Without AND gates every sum is zero, in every session; the session's id is the same too.
  const mpc::Circuit circuit = support::mixing_circuit(2, 0);
  std::set<Bytes> commitments, openings;
  for (int run = 0; run < 4; ++run) {
    SessionLab lab = support::acquainted_lab(2);
    lab.entropy = "entropy " + std::to_string(run);
    lab.cheater = 0;
    lab.wrapper = [&](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->outgoing = [&](std::size_t, std::size_t number, Bytes message) -> std::vector<Bytes> {
        if (number == mpc::kHopBucket) commitments.emplace(message.begin(), message.begin() + 32);
        if (number == mpc::kHopSum) {
          openings.emplace(message.begin(), message.begin() + 32);
          EXPECT_EQ(Bytes(message.begin() + 32, message.begin() + 40), Bytes(8));
        }
        return {std::move(message)};
      };
      return middle;
    };
    for (const auto& end : lab.run(circuit, support::some_inputs(circuit))) EXPECT_TRUE(end.result.ok());
    // Not the digest of the bare value.
    const auto bare = mpc::Tagger(lab.sid()).digest(mpc::kHopBucket, 0, mpc::kEverybody, "sum", Bytes(8));
    EXPECT_FALSE(commitments.contains(Bytes(bare.begin(), bare.end())));
  }
  EXPECT_EQ(commitments.size(), 4U);
  EXPECT_EQ(openings.size(), 4U);
}

TEST(Coins, AreNotReusedBetweenSessions) {
  const mpc::Circuit circuit = support::mixing_circuit(2, 0);
  SessionLab lab = support::acquainted_lab(2);
  lab.cheater = 0;
  std::set<Bytes> salts, coins, commitments;
  lab.wrapper = [&](mpc::Conversation& inner) {
    auto middle = std::make_unique<Middle>(inner);
    middle->outgoing = [&](std::size_t, std::size_t number, Bytes message) -> std::vector<Bytes> {
      if (number == mpc::kHopBase) commitments.emplace(message.end() - 32, message.end());
      if (number == mpc::kHopCoin) {
        salts.emplace(message.begin(), message.begin() + 32);
        coins.emplace(message.begin() + 32, message.end());
      }
      return {std::move(message)};
    };
    return middle;
  };
  for (int session = 0; session < 3; ++session) lab.run(circuit, support::some_inputs(circuit));
  EXPECT_EQ(salts.size(), 3U);
  EXPECT_EQ(coins.size(), 3U);
  EXPECT_EQ(commitments.size(), 3U);
}

// ---- 5. Deadlines: the harness withholds every message; here nobody comes at all, or time itself runs out.

TEST(Deadlines, WhoNeverComesEndsTheSessionForAll) {
  for (const std::size_t absent : {0U, 1U, 2U}) {
    SessionLab lab = support::acquainted_lab(3);
    lab.cheater = absent;
    lab.wrapper = [](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->silent = true;
      middle->outgoing = [](std::size_t, std::size_t, const Bytes&) { return std::vector<Bytes>{}; };
      return middle;
    };
    const mpc::Circuit circuit = support::mixing_circuit(3, 1);
    const auto ends = lab.run(circuit, support::some_inputs(circuit));
    for (std::size_t p = 0; p < 3; ++p)
      EXPECT_TRUE(p == absent || (!ends[p].result.ok() && !support::names_somebody(ends[p]))) << support::told(ends[p]);
  }
}

TEST(Deadlines, NoTimeAtAllIsAnErrorAndNothingWorse) {
  SessionLab lab = support::acquainted_lab(3);
  lab.deadline = std::chrono::milliseconds(0);
  const mpc::Circuit circuit = support::mixing_circuit(3, 1);
  const auto inputs = support::some_inputs(circuit);
  const auto right = evaluate_plain(circuit, inputs);
  const auto ends = lab.run(circuit, inputs);
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_FALSE(support::names_somebody(ends[p])) << support::told(ends[p]);
    EXPECT_TRUE(!ends[p].result.ok() || *ends[p].result == right[p]);
  }
}

// ---- Leaky triples: what the sum notices, and what a failure would say.

struct Deviation {  // of party 0
  std::function<bool(std::size_t to, std::size_t m)> flip_t;
  std::function<std::uint64_t(std::size_t to, std::size_t m)> add_u;
  std::function<bool(std::size_t to, std::size_t m)> flip_e;  // `to` 0: what it believes itself
};

struct LeakyRun {
  LeakyRun(std::size_t parties, std::size_t count, const std::string& seed, const Deviation& deviation = {})
      : n(parties), L(count), random(base::view(seed)), open(open_pool(n, 3 * L, random)) {
    for (std::size_t i = 0; i < n; ++i) party.emplace_back(i, open.deltas[i], open.pools[i], L);
    const mpc::Tagger tags(crypto::sha256(base::view(seed)));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j) continue;
        auto cross = party[i].cross(j, tags.key(3, i, j, "and"));
        for (std::size_t m = 0; i == 0 && m < L; ++m) {
          if (deviation.flip_t && deviation.flip_t(j, m)) cross.t[m] ^= 1;
          if (deviation.add_u) cross.u[m] ^= deviation.add_u(j, m);
        }
        party[j].absorb(i, tags.key(3, i, j, "and"), cross);
      }
    std::vector<Bits> announced;
    for (auto& p : party) announced.push_back(p.announce());
    for (std::uint64_t m = 0; m < L; ++m) chi.push_back(random.block().lo);
    std::uint64_t own_fix = 0;  // party 0 counts with the z that it announced
    for (std::size_t i = 0; i < n; ++i) {
      auto seen = announced;
      for (std::size_t m = 0; m < L; ++m) {
        if (!deviation.flip_e || !deviation.flip_e(i, m)) continue;
        seen[0][m] ^= 1;
        if (i == 0) own_fix ^= crypto::gf64_inner(&chi[m], &open.deltas[0].hi, 1);
      }
      if (i == 0) own_e = seen[0];
      party[i].settle(seen);
    }
    total = own_fix;
    for (const auto& p : party) {
      const std::uint64_t sum = p.sum(chi);
      sums.push_back(sum);
      total ^= sum;
    }
  }
  std::uint8_t bit(std::size_t i, std::size_t m) const { return open.pools[i].bits[m]; }
  std::uint8_t z_bit(std::size_t i, std::size_t m) const {
    return i == 0 ? static_cast<std::uint8_t>(bit(0, 2 * L + m) ^ own_e[m]) : party[i].z_bit(m);
  }
  bool right(std::size_t m) const {
    std::uint8_t x = 0, y = 0, z = 0;
    for (std::size_t i = 0; i < n; ++i) {
      x ^= bit(i, m);
      y ^= bit(i, L + m);
      z ^= z_bit(i, m);
    }
    return z == (x & y);
  }
  bool macs_hold(std::size_t m) const {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k)
        if (i != k &&
            !same(open.pools[k].macs[i][2 * L + m], party[i].z_key(m, k) ^ crypto::masked(open.deltas[i], z_bit(k, m))))
          return false;
    return true;
  }
  bool all_good() const {
    for (std::size_t m = 0; m < L; ++m)
      if (!right(m) || !macs_hold(m)) return false;
    return true;
  }

  std::size_t n, L;
  crypto::SeededRandom random;
  Open open;
  std::vector<mpc::LeakyTriples> party;
  std::vector<std::uint64_t> chi, sums;
  Bits own_e;
  std::uint64_t total = 0;
};

constexpr int kSeeds = 150;

TEST(LeakyTriples, OfTheHonestAreRightAndTheSumIsZero) {
  for (const std::size_t n : {2U, 3U, 5U})
    for (const std::size_t count : {1U, 63U, 64U, 65U, 200U}) {
      const LeakyRun run(n, count, "honest " + std::to_string(n) + " " + std::to_string(count));
      EXPECT_EQ(run.total, 0U);
      EXPECT_TRUE(run.all_good());
      for (const std::uint64_t sum : run.sums) EXPECT_NE(sum, 0U);  // each by itself is masked
    }
}

TEST(LeakyTriples, AFlippedTFailsExactlyWhereTheHonestBitIsOne) {
  std::size_t failed = 0;
  for (int seed = 0; seed < kSeeds; ++seed)
    for (const std::size_t n : {2U, 3U}) {
      const LeakyRun run(n, 3, "T " + std::to_string(seed),
                         {[](std::size_t to, std::size_t m) { return to == 1 && m == 1; }, {}, {}});
      EXPECT_EQ(run.total != 0, run.bit(1, 1) == 1);
      EXPECT_EQ(run.right(1), run.bit(1, 1) == 0);
      EXPECT_TRUE(run.total != 0 || run.all_good());
      failed += run.total != 0;
    }
  EXPECT_GT(failed, std::size_t{kSeeds / 2});
  EXPECT_LT(failed, std::size_t{3 * kSeeds / 2});
}

TEST(LeakyTriples, AnErrorInUFailsExactlyWhereTheHonestBitIsOneAndHarmsNothingElse) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    const LeakyRun run(
        3, 3, "U " + std::to_string(seed),
        {{}, [](std::size_t to, std::size_t m) -> std::uint64_t { return to == 2 && m == 0 ? 12345 : 0; }, {}});
    EXPECT_EQ(run.total != 0, run.bit(2, 0) == 1);
    EXPECT_TRUE(run.all_good());
  }
}

TEST(LeakyTriples, AFlippedTWithAFlippedAnnouncementPassesOnlyForTheRightGuess) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    const LeakyRun run(3, 2, "guess " + std::to_string(seed),
                       {[](std::size_t to, std::size_t m) { return to == 1 && m == 0; },
                        {},
                        [](std::size_t, std::size_t m) { return m == 0; }});
    EXPECT_EQ(run.total == 0, run.bit(1, 0) == 1);
    EXPECT_TRUE(run.total != 0 || run.all_good());
  }
}

TEST(LeakyTriples, AWrongAnnouncementAlwaysFails) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    const LeakyRun to_all(3, 2, "e " + std::to_string(seed),
                          {{}, {}, [](std::size_t, std::size_t m) { return m == 1; }});
    EXPECT_NE(to_all.total, 0U);
    const LeakyRun to_one(3, 2, "e " + std::to_string(seed),
                          {{}, {}, [](std::size_t to, std::size_t m) { return to == 2 && m == 1; }});
    EXPECT_NE(to_one.total, 0U);
    const LeakyRun to_others(3, 2, "e " + std::to_string(seed),
                             {{}, {}, [](std::size_t to, std::size_t m) { return to > 0 && m == 1; }});
    EXPECT_NE(to_others.total, 0U);
  }
}

TEST(LeakyTriples, GuessingSeveralBitsPassesAsRarelyAsGuessingThem) {
  for (const std::size_t guesses : {1U, 2U, 3U, 5U}) {
    constexpr int kRuns = 2000;
    int passed = 0;
    for (int seed = 0; seed < kRuns; ++seed) {
      crypto::SeededRandom errors(base::view("errors " + std::to_string(seed)));
      const LeakyRun run(2, guesses, std::to_string(guesses) + " " + std::to_string(seed),
                         {{}, [&](std::size_t, std::size_t) { return errors.block().lo; }, {}});
      bool all_zero = true;
      for (std::size_t m = 0; m < guesses; ++m) all_zero = all_zero && run.bit(1, m) == 0;
      EXPECT_EQ(run.total == 0, all_zero);
      passed += run.total == 0;
    }
    const double chance = std::pow(0.5, static_cast<double>(guesses)),
                 deviation = std::sqrt(kRuns * chance * (1 - chance));
    EXPECT_NEAR(passed, kRuns * chance, 5 * deviation);
  }
}

// ---- Bucketing.

// log2 of the bound: an adversary that cheats in s of N·B triples passes with 2^-s and wins if some bucket is all bad.
double log2_choose(double n, double k) {
  return (std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1)) / std::log(2.0);
}
double log2_failure(std::size_t buckets, std::size_t size) {
  const auto all = static_cast<double>(buckets * size), b = static_cast<double>(size);
  double worst = -1e9;
  for (std::size_t s = size; s < 6 * size + 60 && s <= buckets * size; ++s) {
    const double win =
        std::log2(static_cast<double>(buckets)) + log2_choose(static_cast<double>(s), b) - log2_choose(all, b);
    worst = std::max(worst, std::min(win, 0.0) - static_cast<double>(s));
  }
  return worst;
}

TEST(Bucketing, FailsWithAChanceOfAtMostTwoToTheMinusForty) {
  std::vector<std::size_t> wanted{1,   2,   19,   20,   33,   34,      35,      89,       90,
                                  332, 333, 3099, 3100, 3101, 287'999, 288'000, 1'000'000};
  for (std::size_t n = 1; n < 1'500'000; n += 1 + n / 7) wanted.push_back(n);
  for (const std::size_t n : wanted) {
    const mpc::Bucketing chosen = mpc::choose_bucketing(n);
    EXPECT_GE(chosen.buckets, n);
    EXPECT_LE(log2_failure(chosen.buckets, chosen.size), -40.0) << n;
    // The cheapest of the protocol's table.
    constexpr std::size_t table[][2] = {{8, 19}, {7, 34}, {6, 90}, {5, 333}, {4, 3'100}, {3, 288'000}};
    for (const auto& [size, least] : table) EXPECT_LE(chosen.leaky(), std::max(n, least) * size) << n;
  }
}

TEST(Bucketing, BoundGrowsSafelyAndIsWhatTheTableWasMadeFrom) {
  // Size, the least number of buckets by an exact search, the table's.
  constexpr std::size_t known[][3] = {{8, 19, 19},   {7, 34, 34},       {6, 84, 90},
                                      {5, 320, 333}, {4, 3'044, 3'100}, {3, 276'325, 288'000}};
  for (const auto& [size, least, table] : known) {
    EXPECT_GT(log2_failure(least - 1, size), -40.0) << size;
    for (std::size_t buckets = least; buckets < 3 * table; buckets += 1 + buckets / 50)
      EXPECT_LE(log2_failure(buckets, size), -40.0) << size << ", " << buckets;
  }
}

TEST(Bucketing, MakesRightTriplesOfRightOnes) {
  for (const std::size_t n : {2U, 3U}) {
    const std::size_t wanted = 20;
    const mpc::Bucketing shape = mpc::choose_bucketing(wanted);
    LeakyRun run(n, shape.leaky(), "buckets");
    crypto::SeededRandom permutation(base::view("permutation"));
    const mpc::BucketOpening opening(shape, mpc::shuffled(shape.leaky(), permutation));
    EXPECT_EQ(std::set<std::uint32_t>(opening.order.begin(), opening.order.end()).size(), opening.order.size());
    EXPECT_FALSE(std::is_sorted(opening.order.begin(), opening.order.end()));
    Bits d(opening.size());
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t m = 0; m < d.size(); ++m) {
        const auto [first, other] = opening.operands[m];
        d[m] = static_cast<std::uint8_t>(d[m] ^ run.bit(i, first) ^ run.bit(i, other));
      }
    std::vector<mpc::Triples> made;
    for (std::size_t i = 0; i < n; ++i) made.push_back(mpc::combine(i, run.open.pools[i], run.party[i], opening, d));
    for (std::size_t t = 0; t < wanted; ++t) {
      std::uint8_t x = 0, y = 0, z = 0;
      for (std::size_t i = 0; i < n; ++i) {
        x ^= made[i].x.bits[t];
        y ^= made[i].y.bits[t];
        z ^= made[i].z.bits[t];
        for (std::size_t k = 0; k < n; ++k) {
          if (i == k) continue;
          for (const auto part : {&mpc::Triples::x, &mpc::Triples::y, &mpc::Triples::z}) {
            const Block expected =
                (made[i].*part).keys[k][t] ^ crypto::masked(run.open.deltas[i], (made[k].*part).bits[t]);
            EXPECT_TRUE(same((made[k].*part).macs[i][t], expected));
          }
        }
      }
      EXPECT_EQ(z, x & y);
    }
  }
}

}  // namespace
