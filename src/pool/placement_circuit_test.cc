// The placement circuit against the open evaluation, and its size.
#include "pool/placement_circuit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "support/placement_twins.h"

namespace pool {
namespace {

using auction::Mechanism;
constexpr Mechanism kAll[] = {Mechanism::kFirstPrice,   Mechanism::kSecondPrice,   Mechanism::kSplit,
                              Mechanism::kSplitPartial, Mechanism::kSplitPayAsBid, Mechanism::kSplitPayAsBidPartial,
                              Mechanism::kVcg};

// Encode, evaluate the circuit in the open, decode: what a session does, less the secrecy.
auction::Outcome by_circuit(Mechanism mechanism, std::size_t width, const auction::RequesterInput& requester,
                            const std::vector<auction::ProviderInput>& providers) {
  std::vector<mpc::Bits> inputs{encode(mechanism, width, requester).value()};
  for (const auto& p : providers) inputs.push_back(encode(mechanism, width, p).value());
  const auto outputs = mpc::evaluate_plain(placement_circuit(mechanism, providers.size(), width), inputs);
  auction::Outcome outcome{decode_requester(mechanism, width, providers.size(), requester, outputs[0]), {}};
  for (std::size_t i = 0; i < providers.size(); ++i) {
    outcome.providers.push_back(decode_provider(mechanism, width, providers[i], outputs[i + 1]));
  }
  return outcome;
}

TEST(PlacementCircuit, AnExample) {
  const auction::Outcome outcome = by_circuit(Mechanism::kSecondPrice, 32, {10, 70}, {{50, 61}, {9, 20}, {10, 55}});
  EXPECT_EQ(outcome.requester, (auction::RequesterOutcome{{{2, 10, {61}}}}));
  EXPECT_EQ(outcome.providers[2], (auction::ProviderOutcome{true, 10, {61}}));
  EXPECT_EQ(outcome.providers[0], auction::ProviderOutcome{});
}

// Units as many as may be asked for, all alike or a few each: single winners and several both have to happen.
void circuit_is_the_rule_at(std::size_t wanted_width) {
  for (const Mechanism mechanism : kAll) {
    const std::size_t width = std::min(wanted_width, auction::max_width(mechanism));
    const std::uint64_t units = std::uint64_t{1} << auction::quantity_width(mechanism, width);
    const auto below = [](std::uint64_t top) {
      return *rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(0, top));
    };
    const std::uint64_t top = std::uint64_t{1} << width, few = 1 + below(units);
    const auction::RequesterInput requester{1 + below(units - 1), below(top)};
    std::vector<auction::ProviderInput> providers(*rc::gen::inRange<std::size_t>(kMinProviders, kMaxProviders + 1));
    for (auto& p : providers) p = {below(few), below(top)};
    const auction::Outcome outcome = by_circuit(mechanism, width, requester, providers);
    RC_ASSERT(outcome == auction::place_plain(mechanism, width, requester, providers));
    RC_ASSERT(outcome == twins::outcome(mechanism, requester, providers));
  }
}
RC_GTEST_PROP(PlacementCircuit, IsTheRuleWithManyTies, ()) {
  circuit_is_the_rule_at(*rc::gen::inRange<std::size_t>(2, 5));
}
RC_GTEST_PROP(PlacementCircuit, IsTheRuleAtFullWidth, ()) { circuit_is_the_rule_at(auction::kDefaultWidth); }
RC_GTEST_PROP(PlacementCircuit, IsTheRuleAtTheWidest, ()) { circuit_is_the_rule_at(auction::kMaxWidth); }

TEST(PlacementCircuit, WhoGivesAndGetsWhat) {
  const mpc::Circuit first = placement_circuit(Mechanism::kFirstPrice, 4, 32);
  EXPECT_EQ(first.parties(), 5u);
  EXPECT_EQ(first.outputs_of(0), 1u + 2u + 32u);
  const mpc::Circuit second = placement_circuit(Mechanism::kSecondPrice, 4, 32);
  EXPECT_EQ(second.outputs_of(0), 1u + 2u + 32u);
  EXPECT_EQ(first.inputs_of(0), 64u);
  for (std::size_t party = 1; party < 5; ++party) {
    EXPECT_EQ(first.inputs_of(party), 64u);
    EXPECT_EQ(first.outputs_of(party), 1u + 32u);
    EXPECT_EQ(second.outputs_of(party), 1u + 32u + 32u);
  }
}

TEST(PlacementCircuit, WhoGivesAndGetsWhatOfSeveralWinners) {
  struct Row {
    Mechanism mechanism;
    std::size_t requester, provider;
  };
  const Row rows[] = {{Mechanism::kSplit, 32 + 4 * 32, 32 + 32},
                      {Mechanism::kSplitPartial, 32 + 4 * 32, 32 + 32},
                      {Mechanism::kSplitPayAsBid, 4 * (32 + 32), 32},
                      {Mechanism::kSplitPayAsBidPartial, 4 * (32 + 32), 32},
                      {Mechanism::kVcg, 4 * (16 + 48), 16 + 48}};
  for (const Row& row : rows) {
    const mpc::Circuit circuit = placement_circuit(row.mechanism, 4, 32);
    EXPECT_EQ(circuit.outputs_of(0), row.requester) << name(row.mechanism);
    for (std::size_t party = 1; party < 5; ++party) {
      EXPECT_EQ(circuit.outputs_of(party), row.provider) << name(row.mechanism);
      EXPECT_EQ(circuit.inputs_of(party), row.mechanism == Mechanism::kVcg ? 48U : 64U);
    }
  }
}

// Nobody can use more than 65,535 units where quantities have 16 bits, so a larger capacity changes nothing.
TEST(PlacementCircuit, VcgTakesLargerCapacitiesForWhatTheyAreWorth) {
  const auction::RequesterInput requester{65535, 100};
  const std::vector<auction::ProviderInput> providers{{40000, 1}, {4294967295, 7}, {4294967295, 9}};
  const auction::Outcome outcome = by_circuit(Mechanism::kVcg, 32, requester, providers);
  EXPECT_EQ(outcome, twins::outcome(Mechanism::kVcg, requester, providers));
  EXPECT_EQ(outcome.providers[0].payment, (auction::Payment{40000 * 7, auction::Payment::Per::kAward}));
  EXPECT_FALSE(encode(Mechanism::kVcg, 32, auction::RequesterInput{65536, 100}).ok());
  EXPECT_FALSE(encode(Mechanism::kVcg, 32, auction::ProviderInput{4294967296, 100}).ok());
}

// Parties compare hashes before a run: another compiler or release that numbers gates otherwise cannot talk to this one.
TEST(PlacementCircuit, IsTheSameEverywhere) {
  const auto hash = [](Mechanism mechanism) { return base::to_hex(placement_circuit(mechanism, 4, 32).hash()); };
  EXPECT_EQ(hash(Mechanism::kFirstPrice), "d83601a328b6e1d7a9f7b0c6fded9467b2271bf1cfb91205b0d5aa50107dd29f");
  EXPECT_EQ(hash(Mechanism::kSecondPrice), "c391bf2d2f32b9dbae0cab6348384c42e2475c92f954d7a0a88052780205604a");
  EXPECT_EQ(hash(Mechanism::kSplit), "822196822248a2ffcea7e85c64f32c02110befc7d1aaef5035dc7818f149fc3d");
  EXPECT_EQ(hash(Mechanism::kSplitPartial), "203b14bf7b4a5a53c629d992d7bc37f7761d3ee54dab64cb1cc3a44402a2a31b");
  EXPECT_EQ(hash(Mechanism::kSplitPayAsBid), "c239bcf6032c80b2db55166bc05633149d57659839f58d8e99a6c453bd4a2134");
  EXPECT_EQ(hash(Mechanism::kSplitPayAsBidPartial), "527fb0646ebad77d5633dc5239211cd7b2bba7cf5ba77210d2f5082cc61d65fe");
  EXPECT_EQ(hash(Mechanism::kVcg), "a6388f7adc3f2d07fbe1324c28a6df65560852158610bbda6322c121d9285f28");
}

// AND gates are what a placement costs, so a change of these figures is a change to look at.
TEST(PlacementCircuit, Sizes) {
  const std::size_t second_price[] = {129,  357,  586,  781,  1011, 1206, 1402, 1597,
                                      1828, 2023, 2219, 2414, 2611, 2806, 3002};
  for (std::size_t providers = kMinProviders; providers <= kMaxProviders; ++providers) {
    EXPECT_EQ(placement_circuit(Mechanism::kFirstPrice, providers, 32).and_gates(), 130 * providers - 1);
    EXPECT_EQ(placement_circuit(Mechanism::kSecondPrice, providers, 32).and_gates(), second_price[providers - 1]);
  }
}

// The same at 32 bits among 2, 3, 5, 8, 16 parties.
TEST(PlacementCircuit, SizesOfSeveralWinners) {
  const auto sizes = [](Mechanism mechanism) {
    std::vector<std::size_t> out;
    for (const std::size_t parties : {2U, 3U, 5U, 8U, 16U})
      out.push_back(placement_circuit(mechanism, parties - 1, 32).and_gates());
    return out;
  };
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(sizes(Mechanism::kSplit), (Sizes{323, 679, 1536, 3339, 9619}));
  EXPECT_EQ(sizes(Mechanism::kSplitPartial), (Sizes{290, 678, 1599, 3498, 10034}));
  EXPECT_EQ(sizes(Mechanism::kSplitPayAsBid), (Sizes{291, 647, 1504, 3307, 9587}));
  EXPECT_EQ(sizes(Mechanism::kSplitPayAsBidPartial), (Sizes{258, 614, 1471, 3274, 9554}));
  EXPECT_EQ(sizes(Mechanism::kVcg), (Sizes{3663, 5491, 9691, 17417, 44434}));
}

TEST(PlacementEncoding, RefusesWhatCannotBe) {
  const auto message = [](const base::Result<mpc::Bits>& result) {
    if (result.ok()) return std::string("accepted");
    EXPECT_EQ(result.error().code, base::Code::kInvalidInput);
    return result.error().message;
  };
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 32, auction::RequesterInput{0, 1})),
            "quantity is 0: ask for at least one unit");
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 4, auction::RequesterInput{16, 1})),
            "quantity is too large: this pool computes with 4 bits, at most 15");
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 4, auction::RequesterInput{15, 16})).substr(0, 9), "max_price");
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 4, auction::ProviderInput{16, 1})).substr(0, 8), "capacity");
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 63, auction::ProviderInput{1, UINT64_MAX})).substr(0, 5), "price");
  EXPECT_EQ(message(encode(Mechanism::kSecondPrice, 4, auction::ProviderInput{0, 15})), "accepted");
  EXPECT_EQ(encode(Mechanism::kSecondPrice, 2, auction::ProviderInput{1, 2}).value(), (mpc::Bits{1, 0, 0, 1}));
}

TEST(PlacementEncodingDeath, ForeignBitsAreABug) {
  EXPECT_DEATH(decode_requester(Mechanism::kFirstPrice, 32, 4, {1, 1}, mpc::Bits(34)), "bug");
  EXPECT_DEATH(decode_provider(Mechanism::kFirstPrice, 32, {1, 1}, mpc::Bits(34)), "bug");
  for (const Mechanism mechanism : {Mechanism::kSplit, Mechanism::kSplitPayAsBid, Mechanism::kVcg})
    EXPECT_DEATH(decode_requester(mechanism, 32, 4, {1, 1}, mpc::Bits(4 * 64 + 1)), "bug");
}

}  // namespace
}  // namespace pool
