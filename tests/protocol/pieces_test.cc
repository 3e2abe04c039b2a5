// The engine's pieces by themselves, each against its definition or a slow twin: base transfers, seed trees, extension,
// transposition, shares, acquaintances, bits on the wire.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "crypto/gf.h"
#include "mpc/acquaintance.h"
#include "mpc/base_ot.h"
#include "mpc/bit_matrix.h"
#include "mpc/extension.h"
#include "mpc/shares.h"
#include "mpc/triples.h"

namespace {

using base::Bytes;
using crypto::Block;
using crypto::Blocks;
using mpc::Bits;

bool same(const Block& a, const Block& b) { return a.lo == b.lo && a.hi == b.hi; }
bool same(const Blocks& a, const Blocks& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](auto& x, auto& y) { return same(x, y); });
}
bool zero(const Block& a) { return same(a, Block{}); }

struct Transfers {
  explicit Transfers(crypto::SeededRandom& random) : Transfers(random, random.block()) {}
  Transfers(crypto::SeededRandom& random, const Block& choice)
      : pairs{random.blocks(128), random.blocks(128)}, chosen{choice, {}} {
    for (unsigned i = 0; i < 128; ++i) chosen.seeds.push_back(choice.bit(i) ? pairs.one[i] : pairs.zero[i]);
  }
  mpc::SeedPairs pairs;
  mpc::ChosenSeeds chosen;
};

// ---- base transfers

class BaseOt : public testing::Test {
 protected:
  crypto::SeededRandom random{base::view("base ot")};
  mpc::OtSecret secret = mpc::make_ot_secret(random);
  static constexpr std::string_view kTag = "tag";
};

TEST_F(BaseOt, TheChooserGetsTheSeedOfEachChoiceAndNotTheOther) {
  for (const Block& choice : {random.block(), Block{}, Block{~0ULL, ~0ULL}}) {
    const auto chosen = mpc::ot_choose(base::view(kTag), secret.a, choice, random);
    ASSERT_TRUE(chosen.has_value());
    EXPECT_EQ(chosen->message.size(), mpc::kBaseOtMessage);
    const auto pairs = mpc::ot_send(base::view(kTag), secret, chosen->message);
    ASSERT_TRUE(pairs.has_value());
    for (unsigned i = 0; i < 128; ++i) {
      EXPECT_TRUE(same(chosen->seeds.seeds[i], choice.bit(i) ? pairs->one[i] : pairs->zero[i]));
      EXPECT_FALSE(same(chosen->seeds.seeds[i], choice.bit(i) ? pairs->zero[i] : pairs->one[i]));
    }
  }
}

TEST_F(BaseOt, AnotherTagOrIndexGivesOtherSeeds) {
  const auto chosen = mpc::ot_choose(base::view(kTag), secret.a, random.block(), random);
  const auto pairs = mpc::ot_send(base::view(kTag), secret, chosen->message);
  const auto others = mpc::ot_send(base::view("tag2"), secret, chosen->message);
  Bytes rotated(chosen->message.begin() + 32, chosen->message.end());
  rotated.insert(rotated.end(), chosen->message.begin(), chosen->message.begin() + 32);
  const auto moved = mpc::ot_send(base::view(kTag), secret, rotated);
  for (unsigned i = 0; i < 128; ++i) {
    EXPECT_FALSE(same(pairs->zero[i], others->zero[i]) || same(pairs->one[i], others->one[i]));
    EXPECT_FALSE(same(pairs->zero[(i + 1) % 128], moved->zero[i]) || same(pairs->one[(i + 1) % 128], moved->one[i]));
  }
}

TEST_F(BaseOt, InvalidPointsAndTheIdentityAreRefused) {
  const auto chosen = mpc::ot_choose(base::view(kTag), secret.a, random.block(), random);
  crypto::Point identity{}, no_point{}, not_canonical = secret.a;
  no_point.fill(0xff);
  not_canonical[31] |= 0x80;
  for (const crypto::Point& bad : {identity, no_point, not_canonical}) {
    EXPECT_FALSE(mpc::ot_choose(base::view(kTag), bad, random.block(), random).has_value());
    for (const std::size_t index : {0U, 64U, 127U}) {
      Bytes message = chosen->message;
      std::copy(bad.begin(), bad.end(), message.begin() + static_cast<std::ptrdiff_t>(32 * index));
      EXPECT_FALSE(mpc::ot_send(base::view(kTag), secret, message).has_value()) << index;
    }
  }
}

TEST_F(BaseOt,
       AChooserThatSendsTheSendersOwnPointOnlyCheatsItself) {  // B = A: b = 0, c = 1; the other seed stays unknown
  Bytes message;
  for (int i = 0; i < 128; ++i) message.insert(message.end(), secret.a.begin(), secret.a.end());
  const auto pairs = mpc::ot_send(base::view(kTag), secret, message);
  ASSERT_TRUE(pairs.has_value());
  EXPECT_FALSE(same(pairs->zero[0], pairs->one[0]));
}

// ---- seed trees

class SeedTrees : public testing::TestWithParam<unsigned> {
 protected:
  const unsigned k = GetParam();
  const std::size_t leaves = std::size_t{1} << k;
};

TEST_P(SeedTrees, GiveTheVerifierAllLeavesButOneOfEachTree) {
  for (int seed = 0; seed < 3; ++seed) {
    crypto::SeededRandom random(base::view("trees " + std::to_string(seed)));
    const Transfers transfers(random, seed == 0 ? Block{} : random.block());
    const auto grown = mpc::grow_trees(transfers.pairs, k, {});
    EXPECT_EQ(grown.message.size(), mpc::tree_message_size(k));
    const auto punctured = mpc::puncture_trees(transfers.chosen, k, grown.message, {});
    ASSERT_TRUE(punctured.has_value());
    ASSERT_EQ(grown.trees.leaves.size(), 128 / k * leaves);
    ASSERT_EQ(punctured->leaves.size(), grown.trees.leaves.size());
    std::set<std::pair<std::uint64_t, std::uint64_t>> distinct;
    for (std::size_t i = 0; i < grown.trees.leaves.size(); ++i) {
      const auto tree = static_cast<unsigned>(i / leaves);
      const bool hole = i % leaves == mpc::digit(transfers.chosen.choice, k, tree);
      EXPECT_TRUE(same(punctured->leaves[i], hole ? Block{} : grown.trees.leaves[i])) << i;
      distinct.emplace(grown.trees.leaves[i].lo, grown.trees.leaves[i].hi);
    }
    EXPECT_EQ(distinct.size(), grown.trees.leaves.size());
  }
}

// A field of the message that this verifier's choice never looks at (the correction for the sibling that it can compute
// itself) may be wrong; whether it is one depends on one bit of the choice. Every other wrong field is noticed.
TEST_P(SeedTrees, AWrongFieldIsNoticedUnlessOneBitOfTheChoiceSteersPastIt) {
  crypto::SeededRandom random(base::view("tampered trees"));
  const Transfers transfers(random);
  const auto grown = mpc::grow_trees(transfers.pairs, k, {});
  const std::size_t tree_bytes = (k - 1) * 32 + 32;
  std::size_t unnoticed = 0;
  for (std::size_t field = 0; field < grown.message.size(); field += 16) {
    Bytes wrong = grown.message;
    wrong[field + field / 16 % 16] ^= 4;
    const auto punctured = mpc::puncture_trees(transfers.chosen, k, wrong, {});
    const std::size_t tree = field / tree_bytes, place = field % tree_bytes / 16;  // pairs a level, then the check sums
    bool looked_at = true;
    if (tree < 128 / k && place < 2 * (k - 1)) {
      const std::size_t level = place / 2 + 2;
      looked_at = transfers.chosen.choice.bit(static_cast<unsigned>(k * tree + k - level)) == (place % 2 == 1);
    }
    EXPECT_EQ(punctured.has_value(), !looked_at) << "tree " << tree << ", block " << place;
    if (!punctured) continue;
    ++unnoticed;  // and then it did no harm
    for (std::size_t i = 0; i < punctured->leaves.size(); ++i)
      EXPECT_TRUE(zero(punctured->leaves[i]) || same(punctured->leaves[i], grown.trees.leaves[i]));
  }
  EXPECT_EQ(unnoticed, 128 / k * (k - 1));
}

INSTANTIATE_TEST_SUITE_P(Rates, SeedTrees, testing::Values(1, 2, 4, 8));

TEST(SeedTreeGuesses, OfOneBitOfTheChoicePassHalfTheTime) {
  for (const unsigned k : {2U, 4U}) {
    int passed = 0;
    constexpr int kRuns = 400;
    for (int seed = 0; seed < kRuns; ++seed) {
      crypto::SeededRandom random(base::view("guess " + std::to_string(seed)));
      const Transfers transfers(random);
      auto grown = mpc::grow_trees(transfers.pairs, k, {});
      grown.message[3] ^= 0x20;  // the first level's correction for choice 0
      const bool pass = mpc::puncture_trees(transfers.chosen, k, grown.message, {}).has_value();
      EXPECT_EQ(pass, transfers.chosen.choice.bit(k - 2));
      passed += pass;
    }
    EXPECT_NEAR(passed, kRuns / 2, 5 * 10);
  }
}

// ---- extension

TEST(Extension, GivesEveryRowItsMacAtEveryRateAndSize) {
  for (const unsigned k : {1U, 2U, 4U, 8U}) {
    crypto::SeededRandom random(base::view("extension " + std::to_string(k)));
    const Transfers transfers(random);
    const Block delta = transfers.chosen.choice;
    const auto grown = mpc::grow_trees(transfers.pairs, k, {});
    const auto punctured = mpc::puncture_trees(transfers.chosen, k, grown.message, {});
    ASSERT_TRUE(punctured.has_value());
    for (std::size_t bits = 1; bits <= 300; bits += k == 8 ? 37 : 13) {
      const Blocks u = random.blocks(mpc::extension_blocks(bits));
      const auto start = mpc::stream_start(crypto::sha256(base::view(std::to_string(bits))));
      const auto made = mpc::extend(grown.trees, start, u);
      EXPECT_EQ(made.correction.size(), mpc::correction_size(k, u.size()));
      const Blocks received = mpc::extend(*punctured, start, u.size(), made.correction);
      const Blocks macs = mpc::columns_to_rows(made.columns, u.size() * 128);
      const Blocks keys = mpc::columns_to_rows(received, u.size() * 128);
      for (std::size_t m = 0; m < macs.size(); ++m)
        ASSERT_TRUE(same(macs[m], keys[m] ^ crypto::masked(delta, u[m / 128].bit(m % 128))))
            << k << " " << bits << " " << m;
      const Blocks chi = mpc::weights(crypto::sha256(base::view("chi")), u.size());
      crypto::Sha256 a, b, c;
      const auto proof = mpc::prover_digest(a, made.columns, chi);
      const Block residue = mpc::residue(u, chi);
      EXPECT_EQ(proof, mpc::verifier_digest(b, received, chi, delta, residue));
      EXPECT_NE(proof, mpc::verifier_digest(c, received, chi, delta, residue ^ Block{1, 0}));
    }
  }
}

TEST(Extension, IsTheSameForLongAndShortWorksInOneStream) {  // more blocks than are in work at once
  crypto::SeededRandom random(base::view("long"));
  const Transfers transfers(random);
  const auto grown = mpc::grow_trees(transfers.pairs, 4, {});
  const auto start = mpc::stream_start(crypto::sha256(base::view("start")));
  const Blocks u = random.blocks(200);
  const auto all = mpc::extend(grown.trees, start, u);
  const auto some = mpc::extend(grown.trees, start, Blocks(u.begin(), u.begin() + 3));
  for (std::size_t c = 0; c < 128; ++c)
    for (std::size_t b = 0; b < 3; ++b) EXPECT_TRUE(same(all.columns[128 * b + c], some.columns[128 * b + c]));
  const auto elsewhere = mpc::extend(grown.trees, mpc::stream_start(crypto::sha256(base::view("other"))), u);
  EXPECT_FALSE(same(all.columns[0], elsewhere.columns[0]));
}

TEST(Extension, CorrectionsHideTheBits) {  // one tree's correction is the bits under a fresh stream
  crypto::SeededRandom random(base::view("hide"));
  const Transfers transfers(random);
  const auto grown = mpc::grow_trees(transfers.pairs, 4, {});
  const auto start = mpc::stream_start(crypto::sha256(base::view("start")));
  const auto zeros = mpc::extend(grown.trees, start, Blocks(2));
  std::set<Bytes> pieces;
  for (std::size_t at = 0; at < zeros.correction.size(); at += 16)
    pieces.emplace(zeros.correction.begin() + static_cast<std::ptrdiff_t>(at),
                   zeros.correction.begin() + static_cast<std::ptrdiff_t>(at + 16));
  EXPECT_EQ(pieces.size(), 64U);
}

// ---- transposition

TEST(BitMatrix, RowsAreWhatTheDefinitionSays) {
  crypto::SeededRandom random(base::view("matrix"));
  for (const std::size_t groups : {1U, 2U, 3U}) {
    const Blocks columns = random.blocks(128 * groups);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{127}, 128 * groups - 1, 128 * groups}) {
      const Blocks rows = mpc::columns_to_rows(columns, count);
      ASSERT_EQ(rows.size(), count);
      for (std::size_t r = 0; r < count; ++r) {
        Block naive;
        for (unsigned c = 0; c < 128; ++c)
          if (columns[r / 128 * 128 + c].bit(r % 128))
            naive ^= c < 64 ? Block{1ULL << c, 0} : Block{0, 1ULL << (c - 64)};
        ASSERT_TRUE(same(rows[r], naive)) << groups << " " << r;
      }
    }
  }
}

// ---- acquaintances

mpc::Acquaintance some_acquaintance(const std::string& seed, bool marked = false) {
  crypto::SeededRandom random(base::view(seed));
  const Transfers ours(random), theirs(random);
  const auto grown = mpc::grow_trees(ours.pairs, mpc::kAcquaintanceK, {}),
             peer = mpc::grow_trees(theirs.pairs, mpc::kAcquaintanceK, {});
  mpc::Acquaintance out{{},
                        random.block().lo >> 2,
                        marked,
                        grown.trees,
                        *mpc::puncture_trees(theirs.chosen, mpc::kAcquaintanceK, peer.message, {})};
  random.fill(out.id);
  return out;
}

TEST(AcquaintanceFormat, IsReadAsItWasWritten) {
  for (const bool marked : {false, true}) {
    const auto before = some_acquaintance("round trip", marked);
    const auto after = mpc::Acquaintance::decode(before.encode());
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->id, before.id);
    EXPECT_EQ(after->counter, before.counter);
    EXPECT_EQ(after->marked, marked);
    EXPECT_TRUE(same(after->prover.leaves, before.prover.leaves));
    EXPECT_TRUE(same(after->verifier.leaves, before.verifier.leaves));
    EXPECT_TRUE(same(after->verifier.choice, before.verifier.choice));
    EXPECT_EQ(after->prover.k, mpc::kAcquaintanceK);
    EXPECT_EQ(after->verifier.k, mpc::kAcquaintanceK);
    EXPECT_EQ(after->encode(), before.encode());
  }
}

TEST(AcquaintanceFormat, AnythingElseIsRefused) {
  const Bytes good = some_acquaintance("refused").encode();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{48}, good.size() / 2, good.size() - 1})
    EXPECT_FALSE(mpc::Acquaintance::decode(base::ByteView(good).first(size)).has_value()) << size;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(mpc::Acquaintance::decode(longer).has_value());
  constexpr std::size_t kText = 4 + 20, kCounter = kText + 16, kMark = kCounter + 8;
  for (std::size_t i = 0; i < kText; ++i) {
    Bytes wrong = good;
    wrong[i] ^= 1;
    EXPECT_FALSE(mpc::Acquaintance::decode(wrong).has_value()) << i;
  }
  Bytes wrong = good;
  wrong[kMark] = 2;
  EXPECT_FALSE(mpc::Acquaintance::decode(wrong).has_value());
  wrong = good;
  wrong[kCounter + 7] = 0xff;  // a counter that could wrap
  EXPECT_FALSE(mpc::Acquaintance::decode(wrong).has_value());
}

RC_GTEST_PROP(AcquaintanceFormat, NoBytesCrashTheReaders, (const Bytes& bytes)) {
  (void)mpc::Acquaintance::decode(bytes);
  const auto introduction = mpc::Introduction::decode(bytes);
  RC_ASSERT(introduction.has_value() == (bytes.size() == mpc::Introduction::kSize && bytes[0] <= 1));
  if (introduction) RC_ASSERT(introduction->encode() == bytes);
}

TEST(Introductions, AreReadAsTheyWereWrittenAndBeginWithZeroOrOne) {
  mpc::Introduction out{true, {}, 0x0123'4567'89ab'cdef, {}};
  out.id.fill(7);
  out.a.fill(9);
  Bytes bytes = out.encode();
  ASSERT_EQ(bytes.size(), mpc::Introduction::kSize);
  const auto in = mpc::Introduction::decode(bytes);
  ASSERT_TRUE(in.has_value());
  EXPECT_TRUE(in->known && in->id == out.id && in->counter == out.counter && in->a == out.a);
  for (int first = 0; first < 256; ++first) {
    bytes[0] = static_cast<std::uint8_t>(first);
    EXPECT_EQ(mpc::Introduction::decode(bytes).has_value(), first < 2);
  }
  bytes[0] = 0;
  bytes.push_back(0);
  EXPECT_FALSE(mpc::Introduction::decode(bytes).has_value());
  bytes.resize(mpc::Introduction::kSize - 1);
  EXPECT_FALSE(mpc::Introduction::decode(bytes).has_value());
}

TEST(Introductions, MakeAcquaintedOnlyIfBothRememberTheSameMeetingAndNoLongAgo) {
  mpc::Introduction a{true, {1}, 5'000, {}};
  const auto with = [&](bool known, std::uint8_t id, std::uint64_t counter) {
    const mpc::Introduction b{known, {id}, counter, {}};
    EXPECT_EQ(acquainted(a, b), acquainted(b, a));
    return acquainted(a, b);
  };
  EXPECT_TRUE(with(true, 1, 5'000));
  EXPECT_TRUE(with(true, 1, 5'000 + 1'024));
  EXPECT_TRUE(with(true, 1, 5'000 - 1'024));
  EXPECT_FALSE(with(true, 1, 5'000 + 1'025));
  EXPECT_FALSE(with(true, 1, 5'000 - 1'025));
  EXPECT_FALSE(with(true, 1, UINT64_MAX));
  EXPECT_FALSE(with(true, 2, 5'000));
  EXPECT_FALSE(with(false, 1, 5'000));
  a.known = false;
  EXPECT_FALSE(with(true, 1, 5'000));
}

TEST(Ratchet, GoesOneWayTheSameWayOnBothSides) {
  crypto::SeededRandom random(base::view("ratchet"));
  const Transfers transfers(random);
  const auto grown = mpc::grow_trees(transfers.pairs, 4, {});
  const auto punctured = mpc::puncture_trees(transfers.chosen, 4, grown.message, {});
  mpc::Acquaintance prover{{}, 3, false, grown.trees, *punctured}, verifier = prover, steps = prover;
  prover.advance_to(10);
  verifier.advance_to(10);
  for (int i = 4; i <= 10; ++i) steps.advance_to(static_cast<std::uint64_t>(i));
  EXPECT_EQ(prover.counter, 10U);
  EXPECT_EQ(prover.encode(), verifier.encode());
  EXPECT_EQ(prover.encode(), steps.encode());
  for (std::size_t i = 0; i < grown.trees.leaves.size(); ++i) {
    EXPECT_FALSE(same(prover.prover.leaves[i], grown.trees.leaves[i]));
    const bool hole = i % 16 == mpc::digit(punctured->choice, 4, static_cast<unsigned>(i / 16));
    EXPECT_NE(same(prover.prover.leaves[i], verifier.verifier.leaves[i]), hole);  // in step, but for the holes
  }
  EXPECT_TRUE(same(prover.verifier.choice, punctured->choice));
  prover.advance_to(10);  // no step
  EXPECT_EQ(prover.encode(), verifier.encode());
}

// ---- shares

struct OpenShares {  // `count` random values among n parties, and everybody's keys
  OpenShares(std::size_t parties, std::size_t count, crypto::SeededRandom& random) : n(parties) {
    for (std::size_t i = 0; i < n; ++i) {
      deltas.push_back(random.block());
      of.emplace_back(n, i, count);
    }
    for (std::size_t m = 0; m < count; ++m)
      for (std::size_t i = 0; i < n; ++i) {
        of[i].bit(m) = random.block().bit(3) ? 1 : 0;
        for (std::size_t j = 0; j < n; ++j) {
          if (i == j) continue;
          of[j].key(m, i) = random.block();
          of[i].mac(m, j) = of[j].key(m, i) ^ crypto::masked(deltas[j], of[i].bit(m));
        }
      }
  }
  std::uint8_t value(std::size_t m) const {
    std::uint8_t v = 0;
    for (const auto& shares : of) v ^= shares.bit(m);
    return v;
  }
  void expect_good(std::size_t m) const {
    for (std::size_t j = 0; j < n; ++j) {
      Block product;  // everybody's share of value·Δ_j: j's own, and the others' MACs
      for (std::size_t i = 0; i < n; ++i) {
        if (i == j) {
          product ^= of[j].times_delta(m, deltas[j]);
          EXPECT_TRUE(zero(of[j].mac(m, j)) && zero(of[j].key(m, j)));
          continue;
        }
        EXPECT_TRUE(same(of[i].mac(m, j), of[j].key(m, i) ^ crypto::masked(deltas[j], of[i].bit(m))));
        product ^= of[i].mac(m, j);
      }
      EXPECT_TRUE(same(product, crypto::masked(deltas[j], value(m))));
    }
  }
  std::size_t n;
  std::vector<Block> deltas;
  std::vector<mpc::Shares> of;
};

TEST(Shares, KeepTheirMacsUnderLinearOperations) {
  for (const std::size_t n : {2U, 3U, 5U}) {
    crypto::SeededRandom random(base::view("shares"));
    OpenShares open(n, 6, random);
    for (int step = 0; step < 200; ++step) {
      const Block draw = random.block();
      const std::size_t to = draw.lo % 6, from = (draw.lo >> 8) % 6;
      const auto c = static_cast<std::uint8_t>(draw.hi & 1);
      if (to == from) continue;
      const std::uint8_t before = open.value(to), other = open.value(from);
      if (draw.hi & 2) {
        for (std::size_t i = 0; i < n; ++i) open.of[i].add(to, open.of[i], from, c);
        EXPECT_EQ(open.value(to), before ^ (c & other));
      } else {
        for (std::size_t i = 0; i < n; ++i) open.of[i].add_constant(to, c, open.deltas[i]);
        EXPECT_EQ(open.value(to), before ^ c);
      }
      open.expect_good(to);
    }
  }
}

TEST(Shares, OfAPoolAreThoseOfItsParties) {
  constexpr std::size_t n = 3, count = 5;
  crypto::SeededRandom random(base::view("pool shares"));
  const OpenShares open(n, count, random);
  OpenShares sum(n, 1, random);
  sum.deltas = open.deltas;
  for (std::size_t i = 0; i < n; ++i) {
    sum.of[i] = mpc::Shares(n, i, 1);
    mpc::PoolBits pool{{}, std::vector<Blocks>(n), std::vector<Blocks>(n)};
    for (std::size_t m = 0; m < count; ++m) {
      pool.bits.push_back(open.of[i].bit(m));
      for (std::size_t j = 0; j < n; ++j) {
        if (j == i) continue;
        pool.macs[j].push_back(open.of[i].mac(m, j));
        pool.keys[j].push_back(open.of[i].key(m, j));
      }
    }
    for (std::size_t m = 0; m < count; ++m) sum.of[i].add(0, pool, m, m % 2);
  }
  EXPECT_EQ(sum.value(0), open.value(1) ^ open.value(3));
  sum.expect_good(0);
}

// ---- openings

Block inner(const Blocks& values, const Blocks& chi) {
  Block sum;
  for (std::size_t m = 0; m < chi.size(); ++m) sum ^= crypto::gf128_inner(&values[m], 1, &chi[m], 1);
  return sum;
}

TEST(Openings, AgreeOnTheBitsThatHaveMacsAndOnNoOthers) {
  crypto::SeededRandom random(base::view("opening"));
  const Block delta = random.block();
  for (const std::size_t count : {1U, 2U, 63U, 200U}) {
    const Blocks keys = random.blocks(count);
    Blocks macs;
    Bits bits;
    for (const Block& key : keys) {
      bits.push_back(random.block().bit(5) ? 1 : 0);
      macs.push_back(key ^ crypto::masked(delta, bits.back()));
    }
    const auto weights = [&](const Bits& of) { return mpc::opening_weights(crypto::sha256(mpc::pack(of)), count); };
    const auto expected = [&](const Bits& opened) {
      const Blocks chi = weights(opened);
      return inner(keys, chi) ^ mpc::weighted(opened, chi, delta);
    };
    EXPECT_TRUE(same(inner(macs, weights(bits)), expected(bits)));
    for (std::size_t m = 0; m < count; ++m) {
      Bits other = bits;
      other[m] ^= 1;
      EXPECT_FALSE(same(inner(macs, weights(other)), expected(other)));  // with the weights of what is opened
      EXPECT_FALSE(same(inner(macs, weights(bits)), expected(other)));   // or of what should have been
    }
  }
}

TEST(Openings, OfManyElementsHaveWeightsThatAreUniformAndTheSeeds) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (const char* seed : {"one", "two"})
    for (const Block& chi : mpc::opening_weights(crypto::sha256(base::view(seed)), 300)) seen.emplace(chi.lo, chi.hi);
  EXPECT_EQ(seen.size(), 600U);
}

TEST(Openings, OfSharesSumTheWantedElements) {
  crypto::SeededRandom random(base::view("strides"));
  const OpenShares open(3, 11, random);
  const Blocks chi = random.blocks(4);
  for (const std::size_t first : {0U, 1U, 2U})
    for (const std::size_t step : {1U, 2U}) {
      Block macs, keys;
      for (std::size_t i = 0; i < chi.size(); ++i) {
        macs ^= crypto::gf128_inner(&open.of[1].mac(first + i * step, 2), 1, &chi[i], 1);
        keys ^= crypto::gf128_inner(&open.of[1].key(first + i * step, 0), 1, &chi[i], 1);
      }
      EXPECT_TRUE(same(open.of[1].sum_of_macs(2, first, step, chi), macs));
      EXPECT_TRUE(same(open.of[1].sum_of_keys(0, first, step, chi), keys));
    }
}

TEST(Openings, OfBucketsMayBeSummedInTheOrderOfThePool) {
  for (const std::size_t wanted : {1U, 100U, 400U}) {
    const mpc::Bucketing shape = mpc::choose_bucketing(wanted);
    crypto::SeededRandom random(base::view("buckets"));
    const mpc::BucketOpening opening(shape, mpc::shuffled(shape.leaky(), random));
    const Blocks chi = random.blocks(opening.size()), pool = random.blocks(3 * shape.leaky());
    Block slow;
    for (std::size_t i = 0; i < chi.size(); ++i) {
      const Block element = pool[opening.operands[i].first] ^ pool[opening.operands[i].second];
      slow ^= crypto::gf128_inner(&element, 1, &chi[i], 1);
    }
    const Blocks weights = opening.weights_of_y(chi);
    EXPECT_TRUE(same(crypto::gf128_inner(&pool[shape.leaky()], 1, weights.data(), weights.size()), slow));
  }
}

RC_GTEST_PROP(Packing, UnpacksToWhatWasPacked, (const std::vector<bool>& values)) {
  const Bits bits(values.begin(), values.end());
  const Bytes bytes = mpc::pack(bits);
  RC_ASSERT(bytes.size() == mpc::packed_size(bits.size()));
  RC_ASSERT(mpc::unpack(bytes, bits.size()) == bits);
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    const bool one = (bytes[i / 8] >> (i % 8) & 1) != 0;
    RC_ASSERT(one == (i < bits.size() && bits[i] == 1));  // lowest first, then zeros
  }
}

RC_GTEST_PROP(Packing, UnpacksOnlyBits, (const Bytes& bytes)) {
  for (std::size_t spare = 0; spare < 8 && spare < 8 * bytes.size(); ++spare)
    for (const std::uint8_t bit : mpc::unpack(bytes, 8 * bytes.size() - spare)) RC_ASSERT(bit <= 1);
}

}  // namespace
