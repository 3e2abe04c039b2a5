// The mechanisms in the open: a worked example, the edges, and a property against a brute-force twin.
#include "auction/placement/mechanism.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace auction {
namespace {

constexpr Mechanism kBoth[] = {Mechanism::kFirstPrice, Mechanism::kSecondPrice};

// The rule as one would say it: sort the eligible by price, then by index.
Outcome by_sorting(Mechanism mechanism, const RequesterInput& requester, const std::vector<ProviderInput>& providers) {
  Outcome outcome{{}, std::vector<ProviderOutcome>(providers.size())};
  std::vector<std::pair<std::uint64_t, std::size_t>> eligible;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    if (providers[i].capacity >= requester.quantity) eligible.push_back({providers[i].price, i});
  }
  std::sort(eligible.begin(), eligible.end());
  if (eligible.empty() || eligible[0].first > requester.max_price) return outcome;
  if (eligible.size() == 1) eligible.push_back({requester.max_price, 0});
  const std::uint64_t second = std::min(eligible[1].first, requester.max_price);
  const std::uint64_t payment = mechanism == Mechanism::kFirstPrice ? eligible[0].first : second;
  outcome.requester.awards = {{eligible[0].second, requester.quantity, {payment}}};
  outcome.providers[eligible[0].second] = {true, requester.quantity, {payment}};
  return outcome;
}

RequesterOutcome one(std::size_t provider, std::uint64_t quantity, std::uint64_t unit_payment) {
  return {{{provider, quantity, {unit_payment}}}};
}

TEST(Placement, AnExample) {
  const RequesterInput requester{10, 70};
  const std::vector<ProviderInput> providers{{50, 61}, {9, 20}, {10, 55}, {100, 55}};  // the second is too small
  const Outcome first = place_plain(Mechanism::kFirstPrice, 32, requester, providers);
  EXPECT_EQ(first.requester, one(2, 10, 55));  // an exact fit, and the lower index of equal prices
  EXPECT_EQ(first.providers[2], (ProviderOutcome{true, 10, {55}}));
  EXPECT_EQ(first.providers[3], ProviderOutcome{});

  const std::vector<ProviderInput> apart{{50, 61}, {9, 20}, {10, 55}, {100, 80}};
  const Outcome second = place_plain(Mechanism::kSecondPrice, 32, requester, apart);
  EXPECT_EQ(second.requester, one(2, 10, 61));
  EXPECT_EQ(second.providers[2], (ProviderOutcome{true, 10, {61}}));
}

TEST(Placement, NobodyAndTheOnlyOne) {
  for (const Mechanism mechanism : kBoth) {
    const Outcome nobody{{}, {{}, {}}};
    EXPECT_EQ(place_plain(mechanism, 8, {5, 10}, {{4, 1}, {5, 11}}), nobody);
    EXPECT_EQ(place_plain(mechanism, 8, {255, 255}, {{0, 0}, {254, 0}}), nobody);
  }
  EXPECT_EQ(place_plain(Mechanism::kFirstPrice, 8, {5, 10}, {{5, 7}}).requester, one(0, 5, 7));
  EXPECT_EQ(place_plain(Mechanism::kSecondPrice, 8, {5, 10}, {{5, 7}}).requester, one(0, 5, 10));
  EXPECT_EQ(place_plain(Mechanism::kSecondPrice, 8, {5, 10}, {{5, 7}, {5, 11}}).requester, one(0, 5, 10));
}

TEST(Placement, ZeroAndFullWidth) {
  for (const std::size_t width : {std::size_t{1}, kDefaultWidth, kMaxWidth}) {
    const std::uint64_t top = (std::uint64_t{1} << width) - 1;
    for (const Mechanism mechanism : kBoth) {
      EXPECT_EQ(place_plain(mechanism, width, {1, 0}, {{1, 1}, {1, 0}}).requester, one(1, 1, 0));
      const Outcome highest = place_plain(mechanism, width, {top, top}, {{top - 1, 0}, {top, top}});
      EXPECT_EQ(highest.requester, one(1, top, top));
    }
  }
}

// Every input at two bits and two providers, so that no corner is left to chance.
TEST(Placement, IsTheRuleExhaustively) {
  for (unsigned code = 0; code < 1u << 12; ++code) {
    const auto field = [code](unsigned i) { return std::uint64_t{code >> (2 * i) & 3}; };
    const RequesterInput requester{field(0), field(1)};
    const std::vector<ProviderInput> providers{{field(2), field(3)}, {field(4), field(5)}};
    for (const Mechanism mechanism : kBoth) {
      ASSERT_EQ(place_plain(mechanism, 2, requester, providers), by_sorting(mechanism, requester, providers)) << code;
    }
  }
}

void is_the_rule_at(std::size_t width) {
  const auto amount = rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << width));
  for (int auction = 0; auction < 20; ++auction) {
    const RequesterInput requester{*amount, *amount};
    std::vector<ProviderInput> providers(*rc::gen::inRange<std::size_t>(1, 16));
    for (ProviderInput& p : providers) p = {*amount, *amount};
    for (const Mechanism mechanism : kBoth) {
      RC_ASSERT(place_plain(mechanism, width, requester, providers) == by_sorting(mechanism, requester, providers));
    }
  }
}
RC_GTEST_PROP(Placement, IsTheRuleWithManyTies, ()) { is_the_rule_at(*rc::gen::inRange<std::size_t>(1, 5)); }
RC_GTEST_PROP(Placement, IsTheRuleAtFullWidth, ()) { is_the_rule_at(kDefaultWidth); }

TEST(Mechanism, Names) {
  EXPECT_EQ(mechanism_names(),
            "first-price, second-price, split, split-partial, split-pay-as-bid, split-pay-as-bid-partial, vcg");
  EXPECT_EQ(parse_mechanism("split-pay-as-bid").value(), Mechanism::kSplitPayAsBid);
  for (int i = 0; i <= static_cast<int>(Mechanism::kVcg); ++i)
    EXPECT_EQ(parse_mechanism(name(Mechanism{i})).value(), Mechanism{i});
  const auto unknown = parse_mechanism("third-price");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, base::Code::kInvalidInput);
  EXPECT_EQ(unknown.error().message, "no such mechanism; there are: " + mechanism_names());
}

}  // namespace
}  // namespace auction
