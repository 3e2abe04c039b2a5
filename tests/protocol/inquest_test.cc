// The inquest: whatever makes the preprocessing fail, every honest party names who did it, with evidence that convinces
// a third party; whatever is said in the inquest, nobody honest is named; and who says nothing is suspected and no more.
#include <gtest/gtest.h>

#include <ostream>

#include "support/cheating_lab.h"

namespace {

using base::Bytes;
using mpc::Bits;
using mpc::Evidence;
using mpc::Opening;
using support::Middle;
using support::PartyEnd;
using support::SessionLab;

struct Case {
  std::size_t parties, cheater;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.parties << " parties, cheater " << c.cheater; }
std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::to_string(info.param.parties) + "PartiesCheater" + std::to_string(info.param.cheater);
}

class Inquest : public testing::TestWithParam<Case> {
 protected:
  Inquest() : lab(support::acquainted_lab(n())) {}
  static std::size_t n() { return GetParam().parties; }
  static std::size_t cheater() { return GetParam().cheater; }
  static std::size_t victim() { return (cheater() + 1) % n(); }

  using Lie = std::function<void(std::size_t peer, Bytes& message)>;
  using Arm = std::function<void(Middle&)>;
  using Perjury = std::function<void(std::size_t peer, Opening& opening)>;

  // The cheater changes its messages of this hop.
  static Arm lies_in(unsigned hop, const Lie& lie) {
    return [hop, lie](Middle& middle) {
      middle.outgoing = [hop, lie](std::size_t peer, std::size_t number, Bytes message) -> std::vector<Bytes> {
        if (number == hop) lie(peer, message);
        return {std::move(message)};
      };
    };
  }
  // All T wrong towards one: the sum fails but for 2^-152.
  static Arm wrong_t() {
    return lies_in(mpc::kHopCross, [](std::size_t peer, Bytes& m) {
      for (std::size_t i = 0; peer == victim() && i < 19; ++i) m[i] ^= 0xff;
    });
  }
  // And then does not tell the truth.
  static Arm and_perjures(const Arm& arm, const Perjury& perjury) {
    return [arm, perjury](Middle& middle) {
      arm(middle);
      middle.testifying = [perjury](std::size_t peer, const Bytes& truth) -> std::optional<Bytes> {
        auto opening = Opening::decode(truth, cheater(), n());
        CHECK(opening.has_value());
        perjury(peer, *opening);
        return opening->encode(cheater());
      };
    };
  }
  static Arm and_says(const Arm& arm, const std::function<std::optional<Bytes>(std::size_t, Bytes)>& what) {
    return [arm, what](Middle& middle) {
      arm(middle);
      middle.testifying = what;
    };
  }

  void run(const Arm& arm) {
    lab = support::acquainted_lab(n());
    lab.cheater = cheater();
    lab.wrapper = [&](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      arm(*middle);
      return middle;
    };
    ends = lab.run(circuit, inputs);
    support::expect_safe(ends, right, cheater());
    for (std::size_t p = 0; p < n(); ++p)
      for (const std::size_t q : ends[p].verdict.named) EXPECT_TRUE(p == cheater() || q == cheater()) << p;
  }
  void expect_found(const Arm& arm) {
    run(arm);
    for (std::size_t p = 0; p < n(); ++p) {
      if (p == cheater()) continue;
      EXPECT_TRUE(support::names(ends[p], cheater())) << p << " " << support::told(ends[p]);
      EXPECT_EQ(ends[p].verdict.named, std::vector<std::size_t>{cheater()});
      EXPECT_TRUE(ends[p].verdict.suspects.empty());
      ASSERT_EQ(ends[p].verdict.evidence.size(), 1U);
      expect_convincing(ends[p].verdict.evidence[0]);
    }
  }
  void expect_convincing(const Evidence& evidence) {
    const Bytes encoded = evidence.encode();
    auto decoded = Evidence::decode(encoded);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->encode(), encoded);
    EXPECT_EQ(decoded->accused, cheater());
    EXPECT_TRUE(judge(lab.terms(circuit), *decoded));
    for (std::size_t other = 0; other < n(); ++other) {  // it does not do for anybody else
      decoded->accused = other;
      EXPECT_TRUE(other == cheater() || other == decoded->receiver || !judge(lab.terms(circuit), *decoded));
    }
  }

  const mpc::Circuit circuit = support::mixing_circuit(n(), 1);
  const std::vector<Bits> inputs = support::some_inputs(circuit);
  const std::vector<Bits> right = evaluate_plain(circuit, inputs);
  SessionLab lab;
  std::vector<PartyEnd> ends;
};

// ---- what makes it fail

TEST_P(Inquest, FindsWrongTs) { expect_found(wrong_t()); }

TEST_P(Inquest, FindsWrongUs) {
  expect_found(lies_in(mpc::kHopCross, [](std::size_t peer, Bytes& m) {
    for (std::size_t i = 19; peer == victim() && i < m.size() - 32; ++i) m[i] ^= 0x5a;
  }));
}

TEST_P(Inquest, FindsOnePhiTowardsAllThatIsNotTheRightOne) {
  expect_found(lies_in(mpc::kHopCross, [](std::size_t, Bytes& m) {
    for (std::size_t i = 19; i < m.size() - 32; i += 8) m[i] ^= 1;
  }));
}

TEST_P(Inquest, FindsWrongAnnouncements) {
  for (const bool to_all : {false, true})
    expect_found(lies_in(mpc::kHopAnnounce, [to_all](std::size_t peer, Bytes& m) {
      if (to_all || peer == victim()) m[3] ^= 0x10;
    }));
}

// Here one is certain by itself, and the others learn what it heard.
TEST_P(Inquest, TellsTheOthersWhomOneIsCertainOf) {
  for (const auto& [hop, place] :
       {std::pair{mpc::kHopBits, mpc::tree_message_size(4) + 5}, std::pair{mpc::kHopCoin, std::size_t{40}},
        std::pair{mpc::kHopBucket, std::size_t{33}}}) {
    run(lies_in(hop, [&](std::size_t peer, Bytes& m) {
      if (peer == victim()) m[place] ^= 1;
    }));
    for (std::size_t p = 0; p < n(); ++p) EXPECT_TRUE(p == cheater() || support::names(ends[p], cheater())) << p;
  }
}

TEST_P(Inquest, FindsASumThatIsWrongAndProperlyCommittedTo) {
  const Bytes other(40, 0x33);
  expect_found([&](Middle& middle) {
    middle.outgoing = [&](std::size_t, std::size_t number, Bytes m) -> std::vector<Bytes> {
      const auto commitment = mpc::Tagger(lab.sid()).digest(mpc::kHopBucket, cheater(), mpc::kEverybody, "sum", other);
      if (number == mpc::kHopBucket) std::copy(commitment.begin(), commitment.end(), m.begin());
      if (number == mpc::kHopSum) std::copy(other.begin(), other.end(), m.begin());
      return {std::move(m)};
    };
  });
}

TEST_P(Inquest, FindsWhoCommitsToDifferentCoins) {
  expect_found(lies_in(mpc::kHopBase, [](std::size_t peer, Bytes& m) {
    if (peer == victim()) m.back() ^= 1;
  }));
}

TEST_P(Inquest, FindsWrongEchoes) {
  for (const unsigned hop : {mpc::kHopBits, mpc::kHopCross})
    expect_found(lies_in(hop, [](std::size_t peer, Bytes& m) {
      if (peer == victim()) m.back() ^= 1;
    }));
}

// What it hears is true, what it makes of it is not: by its own account it should have said something else.
TEST_P(Inquest, FindsWhoComputesWithOtherNumbersThanItHeard) {
  for (const unsigned hop : {mpc::kHopCross, mpc::kHopAnnounce})
    expect_found([hop](Middle& middle) {
      middle.incoming = [hop](std::size_t peer, std::size_t number, Bytes& m) {
        for (std::size_t i = 0; peer == victim() && number == hop && i < 19; ++i) m[i] ^= 0xff;
      };
    });
}

TEST_P(Inquest, FindsWhoCallsItForNothing) {
  for (const unsigned hop : {mpc::kHopBits, mpc::kHopCross}) {
    expect_found([hop](Middle& middle) {
      middle.incoming = [hop](std::size_t peer, std::size_t number, Bytes& m) {
        if (peer == victim() && number == hop) m.back() ^= 1;  // an echo
      };
    });
  }
}

// ---- what is said in it

TEST_P(Inquest, AFalseSeedDoesNotHelp) {
  expect_found(and_perjures(wrong_t(), [](std::size_t, Opening& o) { o.seed[7] ^= 1; }));
  expect_found(and_perjures(wrong_t(), [](std::size_t peer, Opening& o) {
    if (peer == victim()) o.seed.fill(9);
  }));
}

TEST_P(Inquest, FalseBasesTowardsAnybodyDoNotHelp) {
  for (std::size_t framed = 0; framed < n(); ++framed) {
    if (framed == cheater()) continue;
    const auto bases = [framed](const std::function<void(mpc::Bases&)>& change) {
      return and_perjures(wrong_t(), [framed, change](std::size_t, Opening& o) { change(o.links[framed].bases); });
    };
    expect_found(bases([](mpc::Bases& b) { b.pairs.zero[5] ^= crypto::Block{1, 0}; }));
    expect_found(bases([](mpc::Bases& b) { b.pairs.one[127] ^= crypto::Block{0, 1}; }));
    expect_found(bases([](mpc::Bases& b) { std::swap(b.pairs.zero, b.pairs.one); }));
    expect_found(bases([](mpc::Bases& b) { b.chosen[64] ^= crypto::Block{2, 2}; }));
  }
}

TEST_P(Inquest, FalseReportsOfWhatAnybodySaidDoNotHelp) {
  using Change = std::function<void(Opening::Link&)>;
  const std::vector<Change> changes{
      [](Opening::Link& l) { l.heard.frames[2].body[0] ^= 1; },                   // other words
      [](Opening::Link& l) { l.heard.frames[1].header[1] ^= 1; },                 // at another time
      [](Opening::Link& l) { l.heard.before[4] ^= 1; },                           // after others
      [](Opening::Link& l) { l.heard.signature[1] ^= 1; },                        // unsigned
      [](Opening::Link& l) { l.heard.frames.pop_back(); },                        // not the last ones
      [](Opening::Link& l) { l.heard.frames.erase(l.heard.frames.begin()); },     // one hop later
      [](Opening::Link& l) { std::swap(l.heard.frames[2], l.heard.frames[3]); },  // in another order
      [](Opening::Link& l) { l.base_message[10] ^= 1; },                          // another hop 1
      [](Opening::Link& l) {                                                      // and its digest
        l.base_message.back() ^= 1;
        l.heard.frames[0].body = crypto::sha256(l.base_message);
      }};
  for (std::size_t framed = 0; framed < n(); ++framed)
    for (std::size_t c = 0; framed != cheater() && c < changes.size(); ++c) {
      SCOPED_TRACE("of " + std::to_string(framed) + ", report " + std::to_string(c));
      expect_found(and_perjures(wrong_t(), [&](std::size_t, Opening& o) { changes[c](o.links[framed]); }));
    }
}

// With a signature that holds: who claims to have heard less should have said less.
TEST_P(Inquest, WhoHeardLessShouldHaveSaidLess) {
  for (const std::size_t heard : {std::size_t{2}, std::size_t{4}, std::size_t{6}}) {
    mpc::Heard early;
    expect_found(and_perjures(
        [&](Middle& middle) {
          wrong_t()(middle);
          middle.incoming = [&](std::size_t peer, std::size_t number, Bytes&) {
            if (peer == victim() && number == heard) early = middle.heard(peer);
          };
        },
        [&](std::size_t, Opening& o) { o.links[victim()].heard = early; }));
    EXPECT_EQ(early.frames.size(), heard);
  }
}

TEST_P(Inquest, WhatCannotBeReadNamesItsAuthor) {
  using Change = std::function<void(Bytes&)>;
  const std::vector<Change> changes{[](Bytes& m) { m.pop_back(); }, [](Bytes& m) { m.push_back(0); },
                                    [](Bytes& m) { m.clear(); }, [](Bytes& m) { m[0] ^= 1; },
                                    [](Bytes& m) { m[51] = 2; }};  // `noticed`
  for (const Change& change : changes)
    expect_found(and_says(wrong_t(), [&change](std::size_t, Bytes opening) {
      change(opening);
      return std::optional(std::move(opening));
    }));
}

TEST_P(Inquest, SilenceIsSuspectedAndNotNamed) {
  for (const bool to_all : {true, false}) {
    run(and_says(wrong_t(), [to_all](std::size_t peer, Bytes opening) -> std::optional<Bytes> {
      if (to_all || peer == victim()) return std::nullopt;
      return opening;
    }));
    for (std::size_t p = 0; p < n(); ++p) {
      if (p == cheater()) continue;
      EXPECT_FALSE(ends[p].result.ok());
      if (!to_all && p != victim()) {
        EXPECT_TRUE(support::names(ends[p], cheater())) << support::told(ends[p]);
        continue;
      }
      // With two parties no inquest is needed for a name.
      EXPECT_TRUE(ends[p].verdict.named.empty());
      EXPECT_EQ(support::names_somebody(ends[p]), n() == 2) << support::told(ends[p]);
      for (const std::size_t q : ends[p].verdict.suspects) EXPECT_EQ(q, cheater());
    }
  }
}

TEST_P(Inquest, WhoDiesInItIsSuspectedAndNotNamed) {
  run([](Middle& middle) {
    wrong_t()(middle);
    middle.silent = true;  // no testimony, no abort: it is gone
  });
  for (std::size_t p = 0; p < n(); ++p) {
    if (p == cheater()) continue;
    EXPECT_FALSE(ends[p].result.ok());
    EXPECT_TRUE(ends[p].verdict.named.empty());
    EXPECT_EQ(ends[p].verdict.suspects, std::vector<std::size_t>{cheater()});
  }
}

// Whoever stops in hop 2 and opens other seeds than it used says that the other did: nobody else can tell who lies.
TEST_P(Inquest, FalseSeedsAtOnceAreADisputeOfTwo) {
  const std::size_t last = cheater() == n() - 1 ? n() - 2 : n() - 1;  // of those who are heard
  run(and_perjures(
      [last](Middle& middle) {
        middle.incoming = [last](std::size_t peer, std::size_t number, Bytes& m) {
          if (peer == last && number == mpc::kHopBits) m[0] ^= 1;  // for it to stop there
        };
      },
      [](std::size_t, Opening& o) {
        for (crypto::Block& seed : o.links[victim()].bases.chosen) seed ^= crypto::Block{1, 1};
      }));
  for (std::size_t p = 0; p < n(); ++p) {
    if (p == cheater()) continue;
    EXPECT_TRUE(ends[p].verdict.evidence.empty());
    if (p == victim()) {
      EXPECT_TRUE(support::names(ends[p], cheater())) << support::told(ends[p]);
    } else {
      EXPECT_FALSE(support::names_somebody(ends[p])) << support::told(ends[p]);
      EXPECT_EQ(ends[p].verdict.suspects, (std::vector<std::size_t>{cheater(), victim()}));
    }
  }
}

// ---- nobody honest, whatever all the others say together

TEST_P(Inquest, NobodyHonestIsNamedWhateverAllOthersOpen) {
  run(wrong_t());
  const Evidence& evidence = ends[victim()].verdict.evidence.at(0);
  std::vector<Opening> truth;
  for (std::size_t p = 0; p < n(); ++p) truth.push_back(Opening::decode(evidence.openings[p], p, n()).value());
  crypto::SeededRandom random(base::view("colluders"));
  for (int round = 0; round < 40; ++round) {
    auto openings = truth;
    const std::size_t honest = random.block().lo % n();
    if (honest == cheater()) continue;
    for (std::size_t p = 0; p < n(); ++p) {
      if (p == honest) continue;
      Opening& o = openings[p];
      Opening::Link& link = o.links[(p + 1 + random.block().lo % (n() - 1)) % n()];
      switch (random.block().lo % 8) {
        case 0: random.fill(o.seed); break;
        case 1: link.bases.pairs.zero[random.block().lo % 128] = random.block(); break;
        case 2: link.bases.pairs.one[random.block().lo % 128] = random.block(); break;
        case 3: link.bases.chosen[random.block().lo % 128] = random.block(); break;
        case 4: link.heard.frames.pop_back(); break;
        case 5: random.fill(link.heard.frames[random.block().lo % 7].body); break;
        case 6: o.noticed = !o.noticed; break;
        default: break;
      }
    }
    const auto found = examine(lab.terms(circuit), openings).named;
    EXPECT_EQ(std::count(found.begin(), found.end(), honest), 0) << "round " << round << ", party " << honest;
  }
}

TEST_P(Inquest, DamagedEvidenceConvictsNobodyElse) {
  run(wrong_t());
  const Bytes whole = ends[victim()].verdict.evidence.at(0).encode();
  crypto::SeededRandom random(base::view("damage"));
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 50)
    EXPECT_FALSE(Evidence::decode(base::ByteView(whole).first(size)).has_value());
  for (int round = 0; round < 60; ++round) {
    Bytes damaged = whole;
    const std::size_t at = round < 30 ? static_cast<std::size_t>(round) : random.block().lo % whole.size();
    damaged[at] ^= static_cast<std::uint8_t>(1U << random.block().lo % 8);
    const auto evidence = Evidence::decode(damaged);
    if (!evidence) continue;
    EXPECT_EQ(evidence->encode(), damaged);
    EXPECT_TRUE(evidence->accused == cheater() || !judge(lab.terms(circuit), *evidence)) << "byte " << at;
  }
  // Under other terms it says nothing.
  const Evidence evidence = *Evidence::decode(whole);
  auto terms = lab.terms(circuit);
  terms.context[0] ^= 1;
  EXPECT_FALSE(judge(terms, evidence));
}

TEST_P(Inquest, FindsNobodyInAGoodSession) {
  // Everybody's true openings of a session that went well but for one echo that the cheater itself invented.
  run([](Middle& middle) {
    middle.incoming = [](std::size_t peer, std::size_t number, Bytes& m) {
      if (peer == victim() && number == mpc::kHopCross) m.back() ^= 1;
    };
  });
  const Evidence& evidence = ends[victim()].verdict.evidence.at(0);
  std::vector<Opening> openings;
  for (std::size_t p = 0; p < n(); ++p) openings.push_back(Opening::decode(evidence.openings[p], p, n()).value());
  EXPECT_EQ(examine(lab.terms(circuit), openings).named, std::vector<std::size_t>{cheater()});
  openings[cheater()].noticed = false;
  EXPECT_TRUE(examine(lab.terms(circuit), openings).named.empty());
}

TEST(Inquests, AreHeldForWhatProvidersComputeAndNotForWhatTakesTooMuchMemory) {
  for (std::size_t n = 2; n <= 16; ++n) EXPECT_TRUE(holds_inquests(support::mixing_circuit(n, 40), 4)) << n;
  mpc::CircuitBuilder builder(16);
  mpc::Bit bit = builder.input(0);
  const mpc::Bit other = builder.input(1);
  for (std::size_t i = 0; i < 12'000; ++i) bit = (bit & other) ^ builder.input(i % 16);
  builder.output(0, bit);
  EXPECT_FALSE(holds_inquests(std::move(builder).build(), 4));
}

// Where another hop is as long as hop 1 could be, frames cannot be told from each other.
TEST(Inquests, AreNotHeldWhereAnotherHopCouldPassForHop1) {
  mpc::CircuitBuilder builder(2);
  const mpc::Bit a = builder.input(0), b = builder.input(1);
  builder.output(0, a ^ b);  // no AND gates: hop 2 of a first meeting is as long as hop 1
  EXPECT_FALSE(holds_inquests(std::move(builder).build(), 4));
}

INSTANTIATE_TEST_SUITE_P(All, Inquest,
                         testing::Values(Case{2, 0}, Case{2, 1}, Case{3, 0}, Case{3, 1}, Case{3, 2}, Case{4, 0},
                                         Case{4, 1}, Case{4, 2}, Case{4, 3}),
                         name_of);

}  // namespace
