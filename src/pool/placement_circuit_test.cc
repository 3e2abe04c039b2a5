// The placement circuit against the open evaluation, and its size.
#include "pool/placement_circuit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "base/bytes.h"

namespace pool {
namespace {

using auction::Mechanism;
constexpr Mechanism kBoth[] = {Mechanism::kFirstPrice, Mechanism::kSecondPrice};

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

// The rule once more, by looking for the best and for the second best.
auction::Outcome by_search(Mechanism mechanism, const auction::RequesterInput& requester,
                           const std::vector<auction::ProviderInput>& providers) {
  auction::Outcome outcome{{}, std::vector<auction::ProviderOutcome>(providers.size())};
  const auto best_but = [&](std::size_t without) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < providers.size(); ++i) {
      const auto& p = providers[i];
      const bool eligible = i != without && p.capacity >= requester.quantity && p.price <= requester.max_price;
      if (eligible && (!best || p.price < providers[*best].price)) best = i;
    }
    return best;
  };
  const auto winner = best_but(providers.size());
  if (!winner) return outcome;
  const auto second = best_but(*winner);
  const std::uint64_t reserve = second ? providers[*second].price : requester.max_price;
  const std::uint64_t payment = mechanism == Mechanism::kFirstPrice ? providers[*winner].price : reserve;
  outcome.requester.awards = {{*winner, requester.quantity, {payment}}};
  outcome.providers[*winner] = {true, requester.quantity, {payment}};
  return outcome;
}

TEST(PlacementCircuit, AnExample) {
  const auction::Outcome outcome = by_circuit(Mechanism::kSecondPrice, 32, {10, 70}, {{50, 61}, {9, 20}, {10, 55}});
  EXPECT_EQ(outcome.requester, (auction::RequesterOutcome{{{2, 10, {61}}}}));
  EXPECT_EQ(outcome.providers[2], (auction::ProviderOutcome{true, 10, {61}}));
  EXPECT_EQ(outcome.providers[0], auction::ProviderOutcome{});
}

void circuit_is_the_rule_at(std::size_t width) {
  const auto amount = rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << width));
  const auto quantity = rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << width));
  const auction::RequesterInput requester{*quantity, *amount};
  std::vector<auction::ProviderInput> providers(*rc::gen::inRange<std::size_t>(kMinProviders, kMaxProviders + 1));
  for (auto& p : providers) p = {*amount, *amount};
  for (const Mechanism mechanism : kBoth) {
    const auction::Outcome outcome = by_circuit(mechanism, width, requester, providers);
    RC_ASSERT(outcome == auction::place_plain(mechanism, width, requester, providers));
    RC_ASSERT(outcome == by_search(mechanism, requester, providers));
  }
}
RC_GTEST_PROP(PlacementCircuit, IsTheRuleWithManyTies, ()) {
  circuit_is_the_rule_at(*rc::gen::inRange<std::size_t>(1, 5));
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

// Parties compare hashes before a run: another compiler or release that numbers gates otherwise cannot talk to this one.
TEST(PlacementCircuit, IsTheSameEverywhere) {
  const auto hash = [](Mechanism mechanism) { return base::to_hex(placement_circuit(mechanism, 4, 32).hash()); };
  EXPECT_EQ(hash(Mechanism::kFirstPrice), "d83601a328b6e1d7a9f7b0c6fded9467b2271bf1cfb91205b0d5aa50107dd29f");
  EXPECT_EQ(hash(Mechanism::kSecondPrice), "c391bf2d2f32b9dbae0cab6348384c42e2475c92f954d7a0a88052780205604a");
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
}

}  // namespace
}  // namespace pool
