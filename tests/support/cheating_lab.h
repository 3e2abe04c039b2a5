// What tests of cheating share: a small circuit on which every output depends on everybody's input, parties that have
// met before, and the judgement of a run: every honest party ended, with the right outputs or with an error, and
// nobody honest was named.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "mpc/circuit_builder.h"
#include "support/man_in_the_middle.h"
#include "support/session_lab.h"

namespace support {

// Three inputs and three outputs a party, `rounds` layers of one AND a wire.
inline mpc::Circuit mixing_circuit(std::size_t parties, std::size_t rounds = 3) {
  mpc::CircuitBuilder builder(parties);
  std::vector<mpc::Bit> wires;
  for (std::size_t i = 0; i < 3 * parties; ++i) wires.push_back(builder.input(i % parties));
  for (std::size_t r = 0; r < rounds; ++r) {
    std::vector<mpc::Bit> next;
    for (std::size_t i = 0; i < wires.size(); ++i) {
      const mpc::Bit product = wires[(i + 1) % wires.size()] & ~wires[(i + r + 2) % wires.size()];
      next.push_back(wires[i] ^ product);
    }
    wires = next;
  }
  for (std::size_t i = 0; i < wires.size(); ++i) builder.output(i / 3, wires[i] ^ wires[(i + 4) % wires.size()]);
  return std::move(builder).build();
}

inline std::vector<mpc::Bits> some_inputs(const mpc::Circuit& circuit, const std::string& seed = "inputs") {
  crypto::SeededRandom random(base::view(seed));
  std::vector<mpc::Bits> inputs(circuit.parties());
  for (std::size_t p = 0; p < circuit.parties(); ++p)
    for (std::size_t i = 0; i < circuit.inputs_of(p); ++i) inputs[p].push_back(random.block().bit(0) ? 1 : 0);
  return inputs;
}

// Stores of n parties after two sessions, made once: base transfers are most of a first meeting's work.
inline const std::vector<MemoryStore>& stores_after_meeting(std::size_t parties) {
  static std::map<std::size_t, std::vector<MemoryStore>> made;
  auto& stores = made[parties];
  if (stores.empty()) {
    const mpc::Circuit circuit = mixing_circuit(parties, 0);
    SessionLab lab(parties, "meeting");
    for (int session = 0; session < 2; ++session)
      for (const PartyEnd& end : lab.run(circuit, some_inputs(circuit))) CHECK(end.result.ok());
    stores = lab.stores;
  }
  return stores;
}

inline SessionLab acquainted_lab(std::size_t parties, const std::string& seed = "lab") {
  SessionLab lab(parties, seed);
  lab.stores = stores_after_meeting(parties);
  return lab;
}

inline bool remembers(const SessionLab& lab, std::size_t party, std::size_t peer) {
  return lab.stores[party].kept.contains(lab.keys[peer]);
}
inline mpc::Acquaintance memory_of(const SessionLab& lab, std::size_t party, std::size_t peer) {
  const auto found = lab.stores[party].kept.find(lab.keys[peer]);
  CHECK(found != lab.stores[party].kept.end());
  auto acquaintance = mpc::Acquaintance::decode(found->second);
  CHECK(acquaintance.has_value());
  return *acquaintance;
}

inline bool names(const PartyEnd& end, std::size_t party) {
  return !end.result.ok() && end.result.error().code == base::Code::kPeerMisbehaved &&
         end.result.error().party == party;
}
inline bool names_somebody(const PartyEnd& end) {
  return !end.result.ok() && end.result.error().code == base::Code::kPeerMisbehaved;
}
inline std::string told(const PartyEnd& end) {
  if (end.result.ok()) return "has a result";
  const base::Error& e = end.result.error();
  return e.message + (e.party ? " [" + std::to_string(*e.party) + "]" : "") + " code " +
         std::to_string(static_cast<int>(e.code));
}

// What holds whatever one cheater does.
inline void expect_safe(const std::vector<PartyEnd>& ends, const std::vector<mpc::Bits>& right, std::size_t cheater) {
  for (std::size_t p = 0; p < ends.size(); ++p) {
    if (p == cheater) continue;
    if (ends[p].result.ok()) {
      EXPECT_EQ(*ends[p].result, right[p]) << "wrong output of party " << p;
    } else if (names_somebody(ends[p])) {
      EXPECT_TRUE(names(ends[p], cheater)) << "party " << p << ": " << told(ends[p]);
    }
  }
}

inline void expect_verdict(const std::vector<PartyEnd>& ends, const std::vector<mpc::Bits>& right, std::size_t cheater,
                           std::size_t victim, Verdict verdict) {
  expect_safe(ends, right, cheater);
  std::size_t errors = 0, naming = 0;
  std::string all;
  for (std::size_t p = 0; p < ends.size(); ++p) {
    all += "\n  party " + std::to_string(p) + (p == cheater ? " (cheater): " : ": ") + told(ends[p]);
    if (p == cheater) continue;
    errors += !ends[p].result.ok();
    naming += names_somebody(ends[p]);
  }
  const bool right_or_named = verdict == Verdict::kRightOrNamedByAll;
  const bool right_will_do = right_or_named || verdict == Verdict::kRightOrUnattributed;
  const bool nobody_named =
      verdict == Verdict::kUnnamed || verdict == Verdict::kUnattributed || verdict == Verdict::kRightOrUnattributed;
  const bool named_by_all = verdict == Verdict::kNamedByAll || (right_or_named && errors > 0);
  const bool named_of_two = verdict == Verdict::kUnattributed || verdict == Verdict::kRightOrUnattributed;
  if (verdict == Verdict::kHarmless) {
    EXPECT_EQ(errors, 0U) << all;
  } else if (!right_will_do) {
    EXPECT_GT(errors, 0U) << all;
  }
  EXPECT_TRUE(verdict != Verdict::kNamed || names(ends[victim], cheater)) << all;
  EXPECT_TRUE(!named_by_all || naming == ends.size() - 1) << all;
  EXPECT_TRUE(!nobody_named || ends.size() == 2 || naming == 0) << all;
  EXPECT_TRUE(!named_of_two || ends.size() > 2 || naming == errors) << all;
}

// Data messages (not aborts) that each party put on the wire, by sender and receiver; attach before the run.
class Said {
 public:
  explicit Said(SessionLab& lab) : counts_(lab.stores.size(), std::vector<std::size_t>(lab.stores.size())) {
    lab.on_send = [this](std::size_t from, std::size_t to, const base::Bytes& frame) {
      if (is_data(frame)) ++counts_[from][to];
    };
  }
  static bool is_data(const base::Bytes& frame) { return frame[frame.size() - mpc::SignedChannel::kOverhead] == 0; }
  // The most that `party` told anybody.
  std::size_t by(std::size_t party) const { return *std::max_element(counts_[party].begin(), counts_[party].end()); }

 private:
  std::vector<std::vector<std::size_t>> counts_;
};

// What a cheater knows of itself: the randomness of its own session's preprocessing. To be asked for before its session
// opens its store, from a wrapper.
inline crypto::SeededRandom own_randomness(const SessionLab& lab, std::size_t party) {
  crypto::SeededRandom random = lab.randomness(party);
  MemoryStore store = lab.stores[party];
  CHECK(mpc::Meetings::open(store, lab.keys, party, random).ok());
  base::Secret<32> seed;
  random.fill(seed.expose());
  crypto::SeededRandom(seed.expose()).fork("pool").fill(seed.expose());
  return crypto::SeededRandom(seed.expose());
}

// Frames of SignedChannel, made by hand with the cheater's own key: what only its signature can vouch for.
class Signer {
 public:
  Signer(const SessionLab& lab, std::size_t self)
      : lab_(lab), self_(self), chains_(lab.keys.size()), sent_(lab.keys.size()) {}
  base::Bytes frame(std::size_t peer, std::uint8_t kind, std::uint16_t depth, std::uint16_t online,
                    base::ByteView body) {
    const base::Bytes header = base::Writer().u8(kind).u16(depth).u16(online).u32(sent_[peer]++).take();
    const crypto::Digest body_digest = crypto::sha256(body);
    crypto::Sha256 hash;
    hash.update(base::view("tarn message v1"))
        .update(crypto::Digest{})
        .update(lab_.keys[self_])
        .update(lab_.keys[peer]);
    chains_[peer] = hash.update(header).update(chains_[peer]).update(body_digest).finish();
    return base::Writer().raw(body).raw(header).raw(lab_.identities[self_].sign(chains_[peer])).take();
  }

 private:
  const SessionLab& lab_;
  std::size_t self_;
  std::vector<crypto::Digest> chains_;
  std::vector<std::uint32_t> sent_;
};

// Hop 1 made by hand by a prover with bits u (all acquainted, counters in step), for every peer, without the coin's
// commitment. An error in one tree's correction towards one victim passes if the guess is the tree's digit of its δ.
struct BaseLie {
  std::size_t victim = SIZE_MAX;
  unsigned tree = 0, guess = 0;
  crypto::Block error;
};
inline std::vector<base::Bytes> base_messages(const SessionLab& lab, std::size_t self, const crypto::Blocks& u,
                                              const BaseLie& lie = {}) {
  const std::size_t n = lab.keys.size();
  const mpc::Tagger tags(lab.sid());
  std::vector<base::Bytes> bodies(n);
  std::vector<crypto::Blocks> columns(n);
  base::Bytes digests;
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const mpc::Acquaintance with = memory_of(lab, self, j);
    const base::Bytes place = base::Writer().raw(with.id).u64(with.counter).take();
    const auto start = mpc::stream_start(tags.digest(mpc::kHopBase, self, j, "stream", place));
    auto [made, correction] = mpc::extend(with.prover, start, u);
    if (j == lie.victim) {
      const base::ByteView error = crypto::bytes_of({&lie.error, 1});
      for (std::size_t i = 0; i < 16; ++i) correction[lie.tree * u.size() * 16 + i] ^= error[i];
      for (unsigned t = 0; t < 4; ++t) made[4 * lie.tree + t] ^= crypto::masked(lie.error, lie.guess >> t);
    }
    columns[j] = std::move(made);
    bodies[j] = std::move(correction);
    const auto digest =
        crypto::Sha256().update(tags.prefix(mpc::kHopBase, self, j, "sent")).update(place).update(bodies[j]).finish();
    digests.insert(digests.end(), digest.begin(), digest.end());
  }
  const base::Bytes content = base::Writer().u32(mpc::kAcquaintanceK).u64(u.size()).raw(digests).take();
  const auto chi = mpc::weights(tags.digest(mpc::kHopBase, self, mpc::kEverybody, "chi", content), u.size());
  const crypto::Block residue_u = mpc::residue(u, chi);
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    crypto::Sha256 hash;
    hash.update(tags.prefix(mpc::kHopBase, self, j, "columns"));
    const auto proof = mpc::prover_digest(hash, columns[j], chi);
    bodies[j] = base::Writer().raw(bodies[j]).raw(digests).raw(crypto::bytes_of({&residue_u, 1})).raw(proof).take();
  }
  return bodies;
}
// The bits that `self`'s session proves in hop 1: its global key and the mask.
inline crypto::Blocks base_bits(const crypto::SeededRandom& own) {
  crypto::SeededRandom draws = own.fork("delta");
  const crypto::Block delta = draws.block();
  return {delta, draws.block()};
}

}  // namespace support
