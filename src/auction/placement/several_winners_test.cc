// The mechanisms with several winners in the open: worked examples, the edges, and properties against the twins.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "auction/placement/mechanism.h"
#include "support/placement_twins.h"

namespace auction {
namespace {

using enum Mechanism;
constexpr Mechanism kSeveral[] = {kSplit, kSplitPartial, kSplitPayAsBid, kSplitPayAsBidPartial, kVcg};
constexpr auto kAward = Payment::Per::kAward;

RequesterOutcome bought(Mechanism mechanism, const RequesterInput& request,
                        const std::vector<ProviderInput>& providers) {
  const Outcome outcome = place_plain(mechanism, 32, request, providers);
  std::vector<ProviderOutcome> told(providers.size());  // a provider learns its own award and nothing else
  for (const Award& a : outcome.requester.awards) told[a.provider] = {true, a.quantity, a.payment};
  EXPECT_EQ(outcome.providers, told) << name(mechanism);
  return outcome.requester;
}

using Awards = std::vector<Award>;

// Merit order: #2 (20 at 30), #1 (15 at 41), #0 (64 at 50); #3 is above the limit.
const std::vector<ProviderInput> kFour{{64, 50}, {15, 41}, {20, 30}, {99, 81}};

TEST(Split, AnExample) {
  EXPECT_EQ(bought(kSplit, {30, 80}, kFour).awards, (Awards{{1, 10, {41}}, {2, 20, {41}}}));
  EXPECT_EQ(bought(kSplitPayAsBid, {30, 80}, kFour).awards, (Awards{{1, 10, {41}}, {2, 20, {30}}}));
  EXPECT_EQ(bought(kSplit, {35, 80}, kFour).awards, (Awards{{1, 15, {41}}, {2, 20, {41}}}));  // #0 sets no price
  EXPECT_EQ(bought(kSplit, {99, 80}, kFour).awards, (Awards{{0, 64, {50}}, {1, 15, {50}}, {2, 20, {50}}}));
}

TEST(Split, AllOrNoneAndPartial) {
  for (const Mechanism mechanism : {kSplit, kSplitPayAsBid, kVcg})
    EXPECT_EQ(bought(mechanism, {100, 80}, kFour).awards, Awards{}) << name(mechanism);
  EXPECT_EQ(bought(kSplitPartial, {100, 49}, kFour).awards, (Awards{{1, 15, {41}}, {2, 20, {41}}}));
  EXPECT_EQ(bought(kSplitPayAsBidPartial, {100, 49}, kFour).awards, (Awards{{1, 15, {41}}, {2, 20, {30}}}));
}

TEST(Vcg, AnExample) {
  // Without #2, its 20 units: 5 left of #1 at 41 and 15 of #0 at 50. Without #1, its 10: of #0.
  EXPECT_EQ(bought(kVcg, {30, 80}, kFour).awards,
            (Awards{{1, 10, {500, kAward}}, {2, 20, {5 * 41 + 15 * 50, kAward}}}));
  // 50 units: #0 has 49 left, which are no substitute for its own 15 units: those would cost the limit.
  EXPECT_EQ(bought(kVcg, {50, 80}, kFour).awards,
            (Awards{{0, 15, {15 * 80, kAward}}, {1, 15, {15 * 50, kAward}}, {2, 20, {20 * 50, kAward}}}));
}

TEST(SeveralWinners, ACapacityOfNothingIsToldNothing) {
  for (const Mechanism mechanism : kSeveral) {
    const Outcome outcome = place_plain(mechanism, 8, {5, 90}, {{0, 1}, {5, 10}, {0, 10}, {0, 20}});
    ASSERT_EQ(outcome.requester.awards.size(), 1U) << name(mechanism);
    for (const std::size_t i : {0U, 2U, 3U}) EXPECT_EQ(outcome.providers[i], ProviderOutcome{});
  }
}

TEST(SeveralWinners, ForNothingNobodyIsToldAnything) {
  for (const Mechanism mechanism : kSeveral) {
    EXPECT_EQ(bought(mechanism, {0, 90}, kFour).awards, Awards{}) << name(mechanism);
  }
}

TEST(SeveralWinners, FullWidth) {
  const std::uint64_t top = (std::uint64_t{1} << kMaxWidth) - 1;
  for (const Mechanism mechanism : {kSplit, kSplitPartial, kSplitPayAsBid, kSplitPayAsBidPartial}) {
    const Outcome outcome = place_plain(mechanism, kMaxWidth, {top, top}, {{top, top}, {top - 1, top}});
    EXPECT_EQ(outcome.requester.awards, (Awards{{0, top, {top}}}));
  }
  const std::size_t width = max_width(kVcg);
  const std::uint64_t most = (std::uint64_t{1} << quantity_width(kVcg, width)) - 1;
  const std::uint64_t price = (std::uint64_t{1} << width) - 1;
  EXPECT_EQ(place_plain(kVcg, width, {most, price}, {{price, 0}}).requester.awards,
            (Awards{{0, most, {most * price, kAward}}}));
}

// Every input at two bits and two providers, so that no corner is left to chance.
TEST(SeveralWinners, AreTheRuleExhaustively) {
  for (unsigned code = 0; code < 1u << 12; ++code) {
    const auto field = [code](unsigned i) { return std::uint64_t{code >> (2 * i) & 3}; };
    const RequesterInput request{field(0), field(1)};
    const std::vector<ProviderInput> offers{{field(2), field(3)}, {field(4), field(5)}};
    for (const Mechanism mechanism : kSeveral)
      ASSERT_EQ(place_plain(mechanism, 2, request, offers), twins::outcome(mechanism, request, offers)) << code;
  }
}

void are_the_rule(std::size_t width, std::uint64_t most_units) {
  const auto upto = [](std::uint64_t most) {
    return rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(0, most + 1));
  };
  const auto price = upto((std::uint64_t{1} << width) - 1), units = upto(most_units);
  for (int auction = 0; auction < 5; ++auction) {
    std::vector<ProviderInput> offers(*rc::gen::inRange<std::size_t>(1, 16));
    for (ProviderInput& o : offers) o = {*units, *price};
    const RequesterInput request{*units, *price};
    for (const Mechanism mechanism : kSeveral)
      RC_ASSERT(place_plain(mechanism, width, request, offers) == twins::outcome(mechanism, request, offers));
  }
}
RC_GTEST_PROP(SeveralWinners, AreTheRuleWithManyTies, ()) {
  const auto width = *rc::gen::inRange<std::size_t>(1, 5);
  are_the_rule(width, (std::uint64_t{1} << width) - 1);
}
RC_GTEST_PROP(SeveralWinners, AreTheRuleAtFullWidth, ()) { are_the_rule(kDefaultWidth, 0xffff); }

// The twin fills in merit order. That nothing else is cheaper is checked by trying everything else.
std::uint64_t cheapest(std::uint64_t quantity, std::uint64_t limit, const std::vector<ProviderInput>& offers,
                       std::size_t first = 0) {
  if (first == offers.size()) return quantity * limit;
  std::uint64_t best = UINT64_MAX;
  for (std::uint64_t units = 0; units <= std::min(quantity, offers[first].capacity); ++units)
    best = std::min(best, units * offers[first].price + cheapest(quantity - units, limit, offers, first + 1));
  return best;
}
RC_GTEST_PROP(Twins, CostIsTheLeastOfAllWaysToBuy, ()) {
  const auto amount = rc::gen::resize(1000, rc::gen::inRange<std::uint64_t>(0, 6));
  std::vector<ProviderInput> offers(*rc::gen::inRange<std::size_t>(1, 5));
  for (ProviderInput& o : offers) o = {*amount, *amount};
  const RequesterInput request{*amount + *amount, *amount};
  RC_ASSERT(twins::cost(request, offers) == cheapest(request.quantity, request.max_price, offers));
}

}  // namespace
}  // namespace auction
