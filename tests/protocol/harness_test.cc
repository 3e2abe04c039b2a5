// A man in one party's middle does to every message of the protocol, in turn, all that a cheater could do to it. The
// honest then end with the right result or with an error as the table of blame allows (docs/protocols/mpc.md); never
// with a wrong output, a wrong name, a crash or a wait without end; and honest pairs stay acquainted.
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "support/cheating_lab.h"

namespace {

using base::Bytes;
using mpc::Bits;
using support::Field;
using support::Middle;
using support::PartyEnd;
using support::Placement;
using support::SessionLab;
using support::Verdict;

struct Case {
  std::size_t parties, cheater;
  bool first_meeting;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.parties << " parties, cheater " << c.cheater; }
std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::to_string(info.param.parties) + "PartiesCheater" + std::to_string(info.param.cheater) +
         (info.param.first_meeting ? "FirstMeeting" : "Acquainted");
}

class ManInTheMiddle : public testing::TestWithParam<Case> {
 protected:
  ManInTheMiddle()
      : circuit(support::mixing_circuit(GetParam().parties)),
        inputs(support::some_inputs(circuit)),
        right(evaluate_plain(circuit, inputs)) {}

  std::size_t n() const { return GetParam().parties; }
  std::size_t cheater() const { return GetParam().cheater; }
  Placement towards(std::size_t victim) const { return {circuit, 4, cheater(), victim, GetParam().first_meeting}; }

  using Deed = std::function<std::vector<Bytes>(Middle&, Bytes message)>;
  using Everything = std::function<void(Middle&)>;

  // At a first meeting the cheater is new to all; the others know each other.
  SessionLab prepared_lab() const {
    SessionLab lab = support::acquainted_lab(n());
    if (!GetParam().first_meeting) return lab;
    for (std::size_t p = 0; p < n(); ++p) lab.stores[p].kept.erase(lab.keys[cheater()]);
    lab.stores[cheater()].kept.clear();
    return lab;
  }
  // One session in which `set_up` arms the man in the middle; then what must hold whatever he does.
  std::vector<PartyEnd> run(const Everything& set_up) {
    SessionLab lab = prepared_lab();
    lab.cheater = cheater();
    lab.wrapper = [&](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      set_up(*middle);
      return middle;
    };
    auto ends = lab.run(circuit, inputs);
    after = lab.stores;
    support::expect_safe(ends, right, cheater());
    for (std::size_t p = 0; p < n(); ++p)
      for (std::size_t q = 0; q < n(); ++q) {
        if (p == q || p == cheater()) continue;
        if (remembers(p, q)) {
          EXPECT_FALSE(support::memory_of(lab, p, q).marked) << p << " about " << q;
        } else if (q != cheater()) {
          ADD_FAILURE() << "party " << p << " forgot " << q << ", both honest";
        }
      }
    return ends;
  }
  bool remembers(std::size_t party, std::size_t peer) const {
    return after[party].kept.contains(SessionLab(n()).keys[peer]);
  }
  // The deed is done to one message.
  std::vector<PartyEnd> run_with(std::size_t victim, std::size_t number, const Deed& deed) {
    return run([&](Middle& middle) {
      middle.outgoing = [&, victim, number](std::size_t peer, std::size_t at, Bytes message) -> std::vector<Bytes> {
        if (peer != victim || at != number) return {std::move(message)};
        return deed(middle, std::move(message));
      };
    });
  }

  template <class F>  // f(placement, victim, number of the message)
  void each_message(F&& f) {
    for (std::size_t victim = 0; victim < n(); ++victim) {
      if (victim == cheater() || (n() > 3 && victim % 3 == 1)) continue;  // of many, two will do
      const Placement placement = towards(victim);
      // The later hops of a first meeting are those of any session.
      const std::size_t messages = !GetParam().first_meeting ? placement.messages() : n() == 2 ? 4 : 3;
      for (std::size_t number = 0; number < messages; ++number) {
        SCOPED_TRACE("to " + std::to_string(victim) + ", hop " + std::to_string(placement.hop(number)));
        f(placement, victim, number);
        if (HasFailure()) return;
      }
    }
  }

  const mpc::Circuit circuit;
  const std::vector<Bits> inputs, right;
  std::vector<support::MemoryStore> after;
};

TEST_P(ManInTheMiddle, WhoChangesNothingIsNotNoticed) {
  std::vector<std::vector<std::size_t>> sizes(n());
  const auto ends = run([&](Middle& middle) {
    middle.outgoing = [&](std::size_t peer, std::size_t, Bytes message) -> std::vector<Bytes> {
      sizes[peer].push_back(message.size());
      return {std::move(message)};
    };
  });
  for (std::size_t p = 0; p < n(); ++p) EXPECT_TRUE(ends[p].result.ok()) << support::told(ends[p]);
  // And the harness knows every message of the protocol, byte for byte.
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    ASSERT_EQ(sizes[victim].size(), placement.messages());
    const auto fields = placement.fields(number);
    EXPECT_EQ(sizes[victim][number], fields.back().from + fields.back().size);
  });
}

TEST_P(ManInTheMiddle, AFlippedBitOfAnyFieldIsNoticedAndBlamedAsTheTableSays) {
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    for (const Field& field : placement.fields(number)) {
      std::set<std::size_t> places{field.from, field.from + field.size - 1};
      if (GetParam().first_meeting && placement.hop(number) <= mpc::kHopBits) places = {field.from + field.size - 1};
      for (const std::size_t place : places) {
        SCOPED_TRACE(field.name + ", byte " + std::to_string(place - field.from));
        const auto ends = run_with(victim, number, [&](Middle&, Bytes message) -> std::vector<Bytes> {
          EXPECT_LT(place, message.size());
          message[place] ^= 1;
          return {std::move(message)};
        });
        support::expect_verdict(ends, right, cheater(), victim, field.verdict);
        // A failed proof ends the acquaintance; nothing else does.
        const unsigned hop = placement.hop(number);
        if (field.proof) {
          EXPECT_FALSE(remembers(victim, cheater()));
        } else if (hop != support::kIntroductionHop) {
          EXPECT_TRUE(GetParam().first_meeting || remembers(victim, cheater()));
        }
        if (HasFailure()) return;
      }
    }
  });
}

TEST_P(ManInTheMiddle, AMessageOfAnyOtherLengthNamesItsSender) {
  const std::vector<std::function<void(Bytes&)>> deeds{[](Bytes& m) { m.pop_back(); }, [](Bytes& m) { m.clear(); },
                                                       [](Bytes& m) { m.push_back(0); }};
  each_message([&](const Placement&, std::size_t victim, std::size_t number) {
    for (std::size_t d = 0; d < deeds.size(); ++d) {
      SCOPED_TRACE("deed " + std::to_string(d));
      const auto ends = run_with(victim, number, [&](Middle&, Bytes message) -> std::vector<Bytes> {
        deeds[d](message);
        return {std::move(message)};
      });
      support::expect_verdict(ends, right, cheater(), victim, Verdict::kNamed);
      EXPECT_TRUE(GetParam().first_meeting || remembers(victim, cheater()));
    }
  });
}

TEST_P(ManInTheMiddle, WhoRepeatsAMessageIsNamed) {
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    const auto ends =
        run_with(victim, number, [](Middle&, const Bytes& message) { return std::vector<Bytes>{message, message}; });
    const bool last = number + 1 == placement.messages();  // nobody reads on
    support::expect_verdict(ends, right, cheater(), victim, last ? Verdict::kHarmless : Verdict::kNamed);
  });
}

TEST_P(ManInTheMiddle, WhoSwapsTwoMessagesIsNoticed) {
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    if (number + 1 == placement.messages()) return;
    Bytes held;
    const auto ends = run([&](Middle& middle) {
      middle.outgoing = [&, victim, number](std::size_t peer, std::size_t at, Bytes message) -> std::vector<Bytes> {
        if (peer != victim || (at != number && at != number + 1)) return {std::move(message)};
        if (at == number + 1) return {std::move(message), std::move(held)};
        held = std::move(message);
        return {};
      };
    });
    // In a first meeting a message may have to wait for the answer to the one before: then both wait, in vain.
    const unsigned hop = placement.hop(number);
    const bool answered = hop == mpc::kHopChoose || (GetParam().first_meeting && hop == support::kIntroductionHop);
    support::expect_verdict(ends, right, cheater(), victim, answered ? Verdict::kNoticed : Verdict::kNamed);
  });
}

TEST_P(ManInTheMiddle, SilenceEndsTheSessionAndNamesNobody) {
  each_message([&](const Placement&, std::size_t victim, std::size_t number) {
    const auto ends = run([&](Middle& middle) {
      middle.silent = true;
      middle.outgoing = [&, victim, number](std::size_t peer, std::size_t at, Bytes message) -> std::vector<Bytes> {
        if (peer == victim && at >= number) return {};
        return {std::move(message)};
      };
    });
    EXPECT_FALSE(ends[victim].result.ok());
    for (std::size_t p = 0; p < n(); ++p)
      EXPECT_TRUE(p == cheater() || !support::names_somebody(ends[p])) << support::told(ends[p]);
    EXPECT_TRUE(GetParam().first_meeting || remembers(victim, cheater()));
  });
}

TEST_P(ManInTheMiddle, WhoDiesBeforeAMessageEndsTheSessionAndIsNotNamed) {
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    bool dead = false;
    const auto ends = run([&](Middle& middle) {
      middle.outgoing = [&, victim, number](std::size_t peer, std::size_t at, Bytes message) -> std::vector<Bytes> {
        dead = dead || (peer == victim && at == number);
        if (dead) middle.leaves = true;
        if (dead) return {};
        return {std::move(message)};
      };
    });
    EXPECT_FALSE(ends[victim].result.ok());
    for (std::size_t p = 0; p < n(); ++p)
      EXPECT_TRUE(p == cheater() || !support::names_somebody(ends[p])) << support::told(ends[p]);
    EXPECT_TRUE(n() > 2 || ends[victim].result.error().code == base::Code::kUnreachable) << placement.hop(number);
    EXPECT_TRUE(GetParam().first_meeting || remembers(victim, cheater()));
  });
}

TEST_P(ManInTheMiddle, WhoEndsTheSessionWithoutAReasonIsNotNamed) {
  each_message([&](const Placement&, std::size_t victim, std::size_t number) {
    const auto ends = run_with(victim, number, [](Middle& middle, const Bytes&) {
      middle.abort(7);
      return std::vector<Bytes>{};
    });
    EXPECT_FALSE(ends[victim].result.ok());
    for (std::size_t p = 0; p < n(); ++p)
      EXPECT_TRUE(p == cheater() || !support::names_somebody(ends[p])) << support::told(ends[p]);
  });
}

TEST_P(ManInTheMiddle, RandomBytesInPlaceOfAMessageAreNoticed) {
  crypto::SeededRandom random(base::view("random bytes"));
  each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
    const auto ends = run_with(victim, number, [&](Middle&, Bytes message) -> std::vector<Bytes> {
      random.fill(message);
      return {std::move(message)};
    });
    Verdict wanted = Verdict::kNoticed;
    if (placement.hop(number) == mpc::kHopCross || placement.hop(number) == mpc::kHopAnnounce)
      wanted = Verdict::kNamedByAll;
    support::expect_verdict(ends, right, cheater(), victim, wanted);
  });
}

// What is wrong below the signatures is the link's or the sender's fault: the receiver alone knows, and names.
TEST_P(ManInTheMiddle, WhatIsNotSignedInItsPlaceNamesItsSender) {
  using Wire = std::function<std::vector<Bytes>(const std::vector<Bytes>& before, Bytes frame)>;
  struct Fault {
    std::string name;
    Wire wire;
  };
  constexpr std::size_t kTail = mpc::SignedChannel::kOverhead;  // kind, depth, sequence, signature
  const auto flip = [](std::size_t from_end) -> Wire {
    return [from_end](const std::vector<Bytes>&, Bytes frame) -> std::vector<Bytes> {
      frame[frame.size() - from_end] ^= 1;
      return {std::move(frame)};
    };
  };
  const std::vector<Fault> faults{
      {"kind", flip(kTail)},
      {"depth", flip(kTail - 1)},
      {"online depth", flip(kTail - 3)},
      {"sequence", flip(kTail - 5)},
      {"signature", flip(64)},
      {"signature's end", flip(1)},
      {"body",
       [](const std::vector<Bytes>&, Bytes frame) -> std::vector<Bytes> {
         frame[0] ^= 1;
         return {std::move(frame)};
       }},
      {"garbage", [](const std::vector<Bytes>&, const Bytes&) { return std::vector<Bytes>{Bytes(kTail + 3, 0x5a)}; }},
      {"nothing", [](const std::vector<Bytes>&, const Bytes&) { return std::vector<Bytes>{Bytes{}}; }},
      {"an earlier frame",
       [](const std::vector<Bytes>& before, Bytes frame) -> std::vector<Bytes> {
         if (before.empty()) return {frame, std::move(frame)};
         return {before.back(), std::move(frame)};
       }},
  };
  for (const Fault& fault : faults)
    each_message([&](const Placement& placement, std::size_t victim, std::size_t number) {
      if (GetParam().first_meeting && placement.hop(number) <= mpc::kHopBits) return;  // as acquainted
      if (fault.name == "an earlier frame" && number == 0) return;
      if (n() > 3 && number % 4 != 1) return;  // as with fewer
      SCOPED_TRACE(fault.name);
      SessionLab lab = prepared_lab();
      std::vector<Bytes> before;
      lab.wire = [&](std::size_t from, std::size_t to, Bytes frame) -> std::vector<Bytes> {
        if (from != cheater() || to != victim) return {std::move(frame)};
        before.push_back(frame);
        if (before.size() != number + 1) return {std::move(frame)};
        before.pop_back();
        return fault.wire(before, std::move(frame));
      };
      support::expect_verdict(lab.run(circuit, inputs), right, cheater(), victim, Verdict::kNamed);
    });
}

INSTANTIATE_TEST_SUITE_P(All, ManInTheMiddle,
                         testing::Values(Case{2, 0, false}, Case{2, 1, false}, Case{3, 0, false}, Case{3, 1, false},
                                         Case{4, 2, false}, Case{2, 0, true}, Case{2, 1, true}, Case{3, 0, true},
                                         Case{3, 1, true}),
                         name_of);

// ---- different things to different peers, each of them consistent in itself

class Equivocation : public testing::Test {
 protected:
  static constexpr std::size_t kCheater = 1, kVictim = 2;  // the third, 0, is told the truth
  Equivocation()
      : circuit(support::mixing_circuit(3)),
        inputs(support::some_inputs(circuit)),
        right(evaluate_plain(circuit, inputs)),
        lab(support::acquainted_lab(3)),
        said(lab) {
    lab.cheater = kCheater;
  }
  using Change = std::function<void(std::size_t peer, unsigned hop, Bytes& message)>;
  void run(const std::function<Change()>& prepare) {
    lab.wrapper = [&, prepare](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->incoming = [this](std::size_t peer, std::size_t number, Bytes& m) {
        heard[{peer, number}] = m;
        if (on_hearing) on_hearing(static_cast<unsigned>(number), m);
      };
      middle->outgoing = [change = prepare()](std::size_t peer, std::size_t number,
                                              Bytes message) -> std::vector<Bytes> {
        change(peer, static_cast<unsigned>(number), message);
        return {std::move(message)};
      };
      return middle;
    };
    ends = lab.run(circuit, inputs);
  }
  // Both honest parties notice before they say the message of `hop`.
  void expect_noticed_before(unsigned hop, Verdict verdict = Verdict::kNamedByAll) {
    support::expect_verdict(ends, right, kCheater, kVictim, verdict);
    for (const std::size_t p : {std::size_t{0}, kVictim}) {
      EXPECT_FALSE(ends[p].result.ok());
      EXPECT_LE(said.by(p), hop) << p;  // and the introduction
    }
  }
  // What hop 9 shows, if the cheater's own masked inputs are `mine`.
  crypto::Digest digest(std::uint8_t mine) const {
    Bits masked(circuit.inputs());
    std::size_t next[3] = {};
    for (std::size_t w = 0; w < masked.size(); ++w) {
      const std::size_t owner = circuit.input_owners()[w];
      const std::uint8_t all = owner == kCheater ? mine : heard.at({owner, mpc::kHopInput})[0];
      masked[w] = all >> next[owner]++ & 1;
    }
    const Bytes seen = mpc::pack(masked);
    return mpc::Tagger(lab.sid()).digest(mpc::kHopGarble, mpc::kEverybody, mpc::kEverybody, "masked inputs", seen);
  }
  static void overwrite(Bytes& message, std::size_t at, base::ByteView with) {
    ASSERT_LE(at + with.size(), message.size());
    std::copy(with.begin(), with.end(), message.begin() + static_cast<std::ptrdiff_t>(at));
  }

  const mpc::Circuit circuit;
  const std::vector<Bits> inputs, right;
  SessionLab lab;
  support::Said said;
  std::map<std::pair<std::size_t, std::size_t>, Bytes> heard;
  std::function<void(unsigned hop, Bytes& message)> on_hearing;
  std::vector<PartyEnd> ends;
};

TEST_F(Equivocation, TwoCoinsAreNoticedBeforeAnythingIsTossed) {
  const Bytes other(64, 0x77);
  run([&]() -> Change {
    return [&](std::size_t peer, unsigned hop, Bytes& m) {
      const auto commitment = mpc::Tagger(lab.sid()).digest(mpc::kHopBase, kCheater, mpc::kEverybody, "coin", other);
      if (peer == kVictim && hop == mpc::kHopBase) overwrite(m, m.size() - 32, commitment);
      if (peer == kVictim && hop == mpc::kHopCoin) m = other;
    };
  });
  expect_noticed_before(mpc::kHopCross);
}

TEST_F(Equivocation, TwoGlobalKeysAreNoticedBeforeAnyTriple) {
  run([&]() -> Change {
    const crypto::Blocks u = support::base_bits(support::own_randomness(lab, kCheater));
    const crypto::Blocks other{u[0] ^ crypto::Block{2, 0}, u[1]};
    const auto truth = support::base_messages(lab, kCheater, u), lie = support::base_messages(lab, kCheater, other);
    return [truth, lie](std::size_t peer, unsigned hop, Bytes& m) {
      if (hop != mpc::kHopBase) return;
      EXPECT_EQ(Bytes(m.begin(), m.end() - 32), truth[peer]);  // by hand as by the engine
      if (peer == kVictim) overwrite(m, 0, lie[peer]);
    };
  });
  expect_noticed_before(mpc::kHopCross);
  // Each proof was good in itself: nothing about anybody's lasting choice was at stake.
  EXPECT_TRUE(support::remembers(lab, kVictim, kCheater));
}

TEST_F(Equivocation, TwoSumsAreNoticedBeforeAnyInput) {
  Bytes other(40, 0x33);
  run([&]() -> Change {
    return [&](std::size_t peer, unsigned hop, Bytes& m) {
      const auto commitment = mpc::Tagger(lab.sid()).digest(mpc::kHopBucket, kCheater, mpc::kEverybody, "sum", other);
      if (peer == kVictim && hop == mpc::kHopBucket) overwrite(m, 0, commitment);
      if (peer == kVictim && hop == mpc::kHopSum) overwrite(m, 0, other);
    };
  });
  expect_noticed_before(mpc::kHopInput);
}

TEST_F(Equivocation, ErrorsAnnouncedToOneOnlyAreNoticedBeforeAnyInput) {
  run([&]() -> Change {
    return [](std::size_t peer, unsigned hop, Bytes& m) {
      if (peer == kVictim && hop == mpc::kHopAnnounce) m[0] ^= 0x10;
    };
  });
  expect_noticed_before(mpc::kHopInput);
}

TEST_F(Equivocation, TwoMaskedInputsAreNoticedBeforeAnyOutput) {
  std::uint8_t truth = 0;  // the cheater's own masked inputs
  run([&]() -> Change {
    return [&](std::size_t peer, unsigned hop, Bytes& m) {
      if (hop == mpc::kHopInput) truth = m[0];
      if (peer == kVictim && hop == mpc::kHopInput) m[0] ^= 1;
      if (peer != kVictim || hop != mpc::kHopGarble) return;
      EXPECT_TRUE(crypto::equal(base::ByteView(m).last(32), digest(truth)));
      overwrite(m, m.size() - 32, digest(truth ^ 1));  // as the victim saw it
    };
  });
  expect_noticed_before(mpc::kHopOutput, Verdict::kUnnamed);
}

TEST_F(Equivocation, TheOneLieThatPassesIsAnotherInputOfOnesOwn) {
  const auto other = [&] {
    auto changed = inputs;
    changed[kCheater][0] ^= 1;
    return evaluate_plain(circuit, changed);
  }();
  EXPECT_NE(other[0], right[0]);
  EXPECT_NE(other[kVictim], right[kVictim]);
  std::size_t wire = 0;  // the cheater's first input
  while (circuit.input_owners()[wire] != kCheater) ++wire;
  std::uint8_t told = 0;
  on_hearing = [&](unsigned hop, Bytes& m) {  // the cheater's own session does not know of it
    if (hop == mpc::kHopGarble) overwrite(m, m.size() - 32, digest(told ^ 1));
  };
  run([&]() -> Change {
    const crypto::Block delta = support::base_bits(support::own_randomness(lab, kCheater))[0];
    return [&, delta](std::size_t peer, unsigned hop, Bytes& m) {
      if (hop == mpc::kHopInput) told = m[0] ^= 1;  // the same to all
      if (hop != mpc::kHopGarble) return;
      overwrite(m, m.size() - 32, digest(told));
      if (peer != 0) return;
      const std::size_t label = m.size() - 32 - 16 * (circuit.inputs() - wire);
      const crypto::Block active = crypto::block_from(base::ByteView(m).subspan(label, 16)) ^ delta;
      overwrite(m, label, crypto::bytes_of({&active, 1}));
    };
  });
  for (const std::size_t p : {std::size_t{0}, kVictim}) {
    ASSERT_TRUE(ends[p].result.ok()) << support::told(ends[p]);
    EXPECT_EQ(*ends[p].result, other[p]);
  }
}

// ---- what only the cheater's own frames can carry

class Frames : public testing::Test {
 protected:
  // Party 0's frame number `at` to party 1 gets these depths, everything else is as it was.
  std::vector<PartyEnd> with_depth(std::size_t at, std::uint16_t depth, std::uint16_t online) {
    SessionLab lab = support::acquainted_lab(3);
    support::Signer signer(lab, 0);
    std::map<std::size_t, std::size_t> count;
    lab.wire = [&](std::size_t from, std::size_t to, Bytes frame) -> std::vector<Bytes> {
      if (from != 0) return {std::move(frame)};
      constexpr std::size_t kTail = mpc::SignedChannel::kOverhead;
      base::Reader header(base::ByteView(frame).last(kTail));
      const std::uint8_t kind = header.u8();
      const std::uint16_t honest = header.u16(), honest_online = header.u16();
      const bool here = to == 1 && count[to]++ == at;
      return {signer.frame(to, kind, here ? depth : honest, here ? online : honest_online,
                           base::ByteView(frame).first(frame.size() - kTail))};
    };
    return lab.run(circuit, inputs);
  }
  const mpc::Circuit circuit = support::mixing_circuit(3);
  const std::vector<Bits> inputs = support::some_inputs(circuit);
  const std::vector<Bits> right = evaluate_plain(circuit, inputs);
};

TEST_F(Frames, TheSignatureIsWhatTheHeaderSaysItIs) {
  support::expect_verdict(with_depth(SIZE_MAX, 0, 0), right, 0, 1, Verdict::kHarmless);
}

// The clock only counts hops: whoever lies about it is refused or believed, and nobody else is named for having believed.
TEST_F(Frames, ALiarAboutTheClockHarmsNobodyElse) {
  constexpr std::uint16_t depths[] = {100, 9'990, 9'996, 9'999, 10'000, 10'001, 32'767, 65'534, 65'535};
  for (const std::uint16_t depth : depths)
    for (const std::uint16_t online : {std::uint16_t{0}, depth})
      for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{9}, std::size_t{10}}) {
        SCOPED_TRACE(std::to_string(depth) + ", " + std::to_string(online) + " in frame " + std::to_string(at));
        support::expect_safe(with_depth(at, depth, online), right, 0);
      }
  support::expect_verdict(with_depth(3, 0, 0), right, 0, 1, Verdict::kNamed);
  support::expect_verdict(with_depth(3, UINT16_MAX, 0), right, 0, 1, Verdict::kNamed);
  support::expect_verdict(with_depth(3, 20, 21), right, 0, 1, Verdict::kNamed);
}

// Where nothing is expected (announcements of no triples), an honest abort is still an abort.
TEST(Aborts, AreUnderstoodEvenInPlaceOfAnEmptyMessage) {
  const mpc::Circuit circuit = support::mixing_circuit(3, 0);
  const auto inputs = support::some_inputs(circuit);
  for (std::size_t number = 0; number < 11; ++number) {
    SCOPED_TRACE(number);
    SessionLab lab = support::acquainted_lab(3);
    lab.cheater = 0;
    lab.wrapper = [&](mpc::Conversation& inner) {
      auto middle = std::make_unique<Middle>(inner);
      middle->outgoing = [number](std::size_t peer, std::size_t at, Bytes message) -> std::vector<Bytes> {
        if (peer == 1 && at == number && !message.empty()) message.back() ^= 1;
        return {std::move(message)};
      };
      return middle;
    };
    support::expect_safe(lab.run(circuit, inputs), evaluate_plain(circuit, inputs), 0);
  }
}

}  // namespace
