// What two organisations remember of each other: what a session does to it, whatever happens in the session.
#include <gtest/gtest.h>

#include "support/cheating_lab.h"

namespace {

using base::Bytes;
using crypto::Block;
using mpc::Bits;
using support::memory_of;
using support::Middle;
using support::PartyEnd;
using support::remembers;
using support::SessionLab;

constexpr std::uint32_t kAcquaintedDepth = 11, kFirstMeetingDepth = 13;  // hops and the introductions

class Acquaintances : public testing::Test {
 protected:
  static std::uint32_t depth(const std::vector<PartyEnd>& ends) {
    std::uint32_t longest = 0;
    for (const PartyEnd& end : ends) longest = std::max(longest, end.depth);
    return longest;
  }
  // An honest session that succeeds; its depth.
  std::uint32_t works(SessionLab& lab) const {
    lab.wrapper = nullptr;
    lab.on_send = nullptr;
    const auto ends = lab.run(circuit, inputs);
    for (std::size_t p = 0; p < ends.size(); ++p) {
      EXPECT_TRUE(ends[p].result.ok()) << p << ": " << support::told(ends[p]);
      EXPECT_TRUE(!ends[p].result.ok() || *ends[p].result == right[p]);
    }
    for (std::size_t p = 0; p < lab.keys.size(); ++p)
      for (std::size_t q = 0; q < p; ++q) expect_in_step(lab, p, q);
    return depth(ends);
  }
  static void expect_in_step(const SessionLab& lab, std::size_t p, std::size_t q) {
    const auto a = memory_of(lab, p, q), b = memory_of(lab, q, p);
    EXPECT_FALSE(a.marked || b.marked);
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.counter, b.counter);
    expect_same_trees(a.prover, b.verifier);
    expect_same_trees(b.prover, a.verifier);
  }
  static void expect_same_trees(const mpc::Trees& all, const mpc::PuncturedTrees& punctured) {
    const std::size_t leaves = std::size_t{1} << all.k;
    std::size_t same = 0;
    for (std::size_t i = 0; i < all.leaves.size(); ++i) {
      const bool equal = all.leaves[i].lo == punctured.leaves[i].lo && all.leaves[i].hi == punctured.leaves[i].hi;
      const bool hole = i % leaves == mpc::digit(punctured.choice, all.k, static_cast<unsigned>(i / leaves));
      EXPECT_NE(equal, hole) << i;
      same += equal;
    }
    EXPECT_EQ(same, all.leaves.size() - 128 / all.k);
  }
  void change(SessionLab& lab, std::size_t party, std::size_t peer,
              const std::function<void(mpc::Acquaintance&)>& f) const {
    auto acquaintance = memory_of(lab, party, peer);
    f(acquaintance);
    lab.stores[party].kept[lab.keys[peer]] = acquaintance.encode();
  }
  template <class F>  // f(peer, number, message): what is sent instead
  void cheat(SessionLab& lab, std::size_t cheater, F f) const {
    lab.cheater = cheater;
    lab.wrapper = [f](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->outgoing = [f, &m = *middle](std::size_t peer, std::size_t number, Bytes message) {
        return f(m, peer, number, std::move(message));
      };
      return middle;
    };
  }

  const mpc::Circuit circuit = support::mixing_circuit(3, 1);
  const std::vector<Bits> inputs = support::some_inputs(circuit);
  const std::vector<Bits> right = evaluate_plain(circuit, inputs);
};

TEST_F(Acquaintances, MoveOnByOneEverySession) {
  SessionLab lab = support::acquainted_lab(3);
  const std::uint64_t before = memory_of(lab, 0, 1).counter;
  const auto leaves = memory_of(lab, 0, 1).prover.leaves;
  EXPECT_EQ(works(lab), kAcquaintedDepth);
  EXPECT_EQ(works(lab), kAcquaintedDepth);
  EXPECT_EQ(memory_of(lab, 0, 1).counter, before + 2);
  const auto after = memory_of(lab, 0, 1).prover.leaves;
  for (std::size_t i = 0; i < leaves.size(); ++i)
    EXPECT_FALSE(leaves[i].lo == after[i].lo && leaves[i].hi == after[i].hi);
}

// A prover who errs in one tree's correction passes only if it guesses the victim's digit for that tree; the wrong
// guess costs it the acquaintance, and is named, before anything can be seen. (The right one is found out by an inquest:
// the rest of the cheater's session does not know of the lie, so its echo is wrong.)
TEST_F(Acquaintances, AWrongGuessOfTheLastingChoiceEndsTheAcquaintanceDurablyFirst) {
  constexpr std::size_t kCheater = 0, kVictim = 2;
  for (const unsigned tree : {0U, 31U}) {
    std::size_t passed = 0;
    for (unsigned guess = 0; guess < 16; ++guess) {
      SessionLab lab = support::acquainted_lab(3);
      const unsigned truth = mpc::digit(memory_of(lab, kVictim, kCheater).verifier.choice, 4, tree);
      lab.cheater = kCheater;
      lab.wrapper = [&](mpc::Conversation& inner) {
        const auto u = support::base_bits(support::own_randomness(lab, kCheater));
        const auto lies = support::base_messages(lab, kCheater, u, {kVictim, tree, guess, Block{0x100, 7}});
        auto middle = std::make_unique<Middle>(inner);
        middle->outgoing = [lies](std::size_t peer, std::size_t number, Bytes message) -> std::vector<Bytes> {
          if (number == mpc::kHopBase) std::copy(lies[peer].begin(), lies[peer].end(), message.begin());
          return {std::move(message)};
        };
        return middle;
      };
      bool gone_when_told = true;
      lab.on_send = [&](std::size_t from, std::size_t, const Bytes& frame) {
        if (from == kVictim && !support::Said::is_data(frame)) gone_when_told = !remembers(lab, kVictim, kCheater);
      };
      const auto ends = lab.run(circuit, inputs);
      support::expect_safe(ends, right, kCheater);
      EXPECT_TRUE(support::names(ends[kVictim], kCheater)) << support::told(ends[kVictim]);
      EXPECT_EQ(ends[kVictim].verdict.named.empty(), guess != truth);
      EXPECT_EQ(remembers(lab, kVictim, kCheater), guess == truth);
      EXPECT_TRUE(guess == truth || gone_when_told);
      EXPECT_TRUE(remembers(lab, 1, kCheater));  // was told the truth
      EXPECT_TRUE(remembers(lab, kVictim, 1) && remembers(lab, 1, kVictim));
      EXPECT_EQ(lab.stores[kVictim].destroyed, guess == truth ? 0 : 1);
      passed += guess == truth;
      if (guess > 0) continue;
      EXPECT_EQ(works(lab), guess == truth ? kAcquaintedDepth : kFirstMeetingDepth);
    }
    EXPECT_EQ(passed, 1U);
  }
}

TEST_F(Acquaintances, SurviveAMessageThatNeverCame) {
  for (const std::size_t cheater : {0U, 2U}) {
    SessionLab lab = support::acquainted_lab(3);
    const std::uint64_t before = memory_of(lab, 1, cheater).counter;
    cheat(lab, cheater, [](Middle& middle, std::size_t, std::size_t number, Bytes message) -> std::vector<Bytes> {
      middle.leaves = number >= mpc::kHopBase;
      if (middle.leaves) return {};
      return {std::move(message)};
    });
    for (const PartyEnd& end : lab.run(circuit, inputs)) EXPECT_FALSE(end.result.ok());
    const auto memory = memory_of(lab, 1, cheater);
    EXPECT_EQ(memory.counter, before + 1);
    EXPECT_FALSE(memory.marked);
    EXPECT_EQ(works(lab), kAcquaintedDepth);
  }
}

TEST_F(Acquaintances, AreMarkedAndMovedOnBeforeAnythingOfTheSessionIsSent) {
  SessionLab lab = support::acquainted_lab(3);
  const SessionLab before = support::acquainted_lab(3);
  std::vector<std::size_t> frames(3), checked(3);
  lab.on_send = [&](std::size_t from, std::size_t, const Bytes&) {
    if (++frames[from] != 3) return;  // two introductions, then the first of hop 1
    for (std::size_t q = 0; q < 3; ++q) {
      if (q == from) continue;
      const auto old = memory_of(before, from, q), now = memory_of(lab, from, q);
      EXPECT_TRUE(now.marked);
      EXPECT_EQ(now.counter, old.counter + 1);
      EXPECT_NE(now.prover.leaves[0].lo, old.prover.leaves[0].lo);
      EXPECT_NE(now.verifier.leaves[0].lo ^ now.verifier.leaves[1].lo,
                old.verifier.leaves[0].lo ^ old.verifier.leaves[1].lo);
      ++checked[from];
    }
  };
  lab.run(circuit, inputs);
  EXPECT_EQ(checked, (std::vector<std::size_t>{2, 2, 2}));
}

TEST_F(Acquaintances, NothingIsSentIfTheyCannotBeMarked) {
  SessionLab lab = support::acquainted_lab(3);
  lab.stores[1].broken = true;
  support::Said said(lab);
  const auto ends = lab.run(circuit, inputs);
  EXPECT_EQ(ends[1].result.error().code, base::Code::kStorage);
  EXPECT_EQ(said.by(1), 1U);  // its introduction
  for (const PartyEnd& end : ends) EXPECT_TRUE(!end.result.ok() && !support::names_somebody(end)) << support::told(end);
}

TEST_F(Acquaintances, OfAProcessThatDiedWhileAProofWasOpenAreMadeAnew) {
  SessionLab lab = support::acquainted_lab(3);
  lab.stores[1].saves_left = 1;  // the mark is the last thing that reaches the disk
  lab.run(circuit, inputs);
  lab.stores[1].saves_left.reset();
  EXPECT_TRUE(memory_of(lab, 1, 0).marked && memory_of(lab, 1, 2).marked);
  const auto old = memory_of(lab, 0, 1).id;
  const auto untouched = memory_of(lab, 0, 2);
  EXPECT_EQ(works(lab), kFirstMeetingDepth);
  EXPECT_NE(memory_of(lab, 0, 1).id, old);
  EXPECT_EQ(memory_of(lab, 0, 1).counter, 1U);
  EXPECT_EQ(memory_of(lab, 0, 2).id, untouched.id);  // those two had no reason to
  EXPECT_EQ(memory_of(lab, 0, 2).counter, untouched.counter + 1);
  EXPECT_EQ(works(lab), kAcquaintedDepth);
}

TEST_F(Acquaintances, OutOfStepMeetAtTheHigherCounter) {
  for (const std::uint64_t lead : {1U, 5U, 1024U})
    for (const bool lower_leads : {true, false}) {
      SCOPED_TRACE(lead);
      SessionLab lab = support::acquainted_lab(3);
      const std::uint64_t before = memory_of(lab, 0, 1).counter;
      const auto ahead = [&](mpc::Acquaintance& a) { a.advance_to(a.counter + lead); };
      change(lab, lower_leads ? 0 : 1, lower_leads ? 1 : 0, ahead);
      EXPECT_EQ(works(lab), kAcquaintedDepth);
      EXPECT_EQ(memory_of(lab, 0, 1).counter, before + lead + 1);
    }
}

TEST_F(Acquaintances, TooFarOutOfStepOrOfDifferentMeetingsAreMadeAnew) {
  const std::vector<std::function<void(SessionLab&)>> faults{
      [&](SessionLab& lab) { change(lab, 0, 1, [](mpc::Acquaintance& a) { a.advance_to(a.counter + 1025); }); },
      [&](SessionLab& lab) { change(lab, 1, 0, [](mpc::Acquaintance& a) { a.id[15] ^= 1; }); },
      [&](SessionLab& lab) { change(lab, 1, 0, [](mpc::Acquaintance& a) { a.marked = true; }); },
      [&](SessionLab& lab) { lab.stores[0].kept.erase(lab.keys[1]); },
      [&](SessionLab& lab) { lab.stores[1].kept.at(lab.keys[0]).pop_back(); },  // damaged
  };
  for (std::size_t f = 0; f < faults.size(); ++f) {
    SCOPED_TRACE(f);
    SessionLab lab = support::acquainted_lab(3);
    faults[f](lab);
    EXPECT_EQ(works(lab), kFirstMeetingDepth);
    EXPECT_EQ(memory_of(lab, 0, 1).counter, 1U);
    EXPECT_EQ(memory_of(lab, 1, 0).counter, 1U);
    EXPECT_EQ(works(lab), kAcquaintedDepth);
  }
}

TEST_F(Acquaintances, AreNotMadeMoreOftenThanTheStoreAllows) {
  SessionLab lab(3);
  lab.stores[2].no_meetings = true;
  const auto ends = lab.run(circuit, inputs);
  EXPECT_EQ(ends[2].result.error().code, base::Code::kCancelled);
  for (const PartyEnd& end : ends) EXPECT_TRUE(!end.result.ok() && !support::names_somebody(end)) << support::told(end);
}

TEST_F(Acquaintances, AMalformedIntroductionNamesItsSender) {
  for (const std::uint8_t known : {std::uint8_t{2}, std::uint8_t{0x80}, std::uint8_t{0xff}}) {
    SessionLab lab = support::acquainted_lab(3);
    cheat(lab, 0, [known](Middle&, std::size_t peer, std::size_t number, Bytes message) -> std::vector<Bytes> {
      if (number == 0 && peer == 1) message[0] = known;
      return {std::move(message)};
    });
    support::expect_verdict(lab.run(circuit, inputs), right, 0, 1, support::Verdict::kNamed);
    EXPECT_TRUE(remembers(lab, 1, 0));
  }
}

TEST_F(Acquaintances, WhoClaimsToHaveForgottenCostsNobodyAnAcquaintanceButItsOwn) {
  SessionLab lab = support::acquainted_lab(3);
  const auto old = memory_of(lab, 1, 2).id;
  lab.stores[0].kept.clear();
  EXPECT_EQ(works(lab), kFirstMeetingDepth);
  EXPECT_EQ(memory_of(lab, 1, 2).id, old);
}

}  // namespace
