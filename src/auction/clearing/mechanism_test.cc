// What every mechanism of a single product promises, on random calls against its definition unit by unit.
#include "auction/clearing/mechanism.h"

#include <gtest/gtest.h>

#include "support/clearing_calls.h"
#include "support/clearing_twins.h"

namespace auction::clearing {
namespace {

using namespace clearing_calls;
constexpr int kDraws = 1500;

class SingleProduct : public testing::TestWithParam<Mechanism> {
 protected:
  Chance chance_{static_cast<std::uint64_t>(GetParam()) * 1000};
};
INSTANTIATE_TEST_SUITE_P(Each, SingleProduct, testing::ValuesIn(kSingleProduct), label);

TEST_P(SingleProduct, IsItsDefinition) {
  std::size_t trades = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const Call call = one_product(GetParam(), chance_);
    const Outcome outcome = clear(call).value();
    ASSERT_EQ(shares(call, outcome), clearing_twins::twin(call)) << "draw " << draw;
    trades += outcome.trades.size();
  }
  EXPECT_GT(trades, 500U);
}

TEST_P(SingleProduct, IsLawfulAndItsBudgetIsAsClaimed) {
  for (int draw = 0; draw < kDraws; ++draw) {
    const Call call = one_product(GetParam(), chance_);
    const Outcome outcome = clear(call).value();
    expect_lawful(call, outcome);
    const clearing_twins::Lists all = clearing_twins::lists(call);
    EXPECT_EQ(outcome.upper_bound, all.surplus() * all.slots);
    EXPECT_TRUE(outcome.welfare == outcome.upper_bound || properties(GetParam()).efficient != Efficient::kOnReports);
    switch (properties(GetParam()).budget) {
      case Budget::kBalanced:
        EXPECT_EQ(outcome.budget, 0);
        for (const Trade& trade : outcome.trades) EXPECT_EQ(trade.pays, trade.gets);
        break;
      case Budget::kSurplus: EXPECT_GE(outcome.budget, 0); break;
      case Budget::kDeficit: EXPECT_GE(outcome.budget, -call.settings.deficit_cap); break;
    }
    ASSERT_FALSE(HasFailure()) << "draw " << draw;
  }
}

TEST_P(SingleProduct, DoesNotDependOnTheListsNorWithoutTheRuleOnArrival) {
  const bool arrival_matters = properties(GetParam()).arrival_matters;
  std::size_t changed = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const Call call = one_product(GetParam(), chance_);
    const Call listed = shuffled(call, chance_, false), arrived = shuffled(call, chance_, true);
    const auto expected = shares(call, clear(call).value());
    ASSERT_EQ(shares(listed, clear(listed).value()), expected);
    changed += shares(arrived, clear(arrived).value()) != expected ? 1U : 0U;
  }
  EXPECT_EQ(changed > 0, arrival_matters);
}

TEST_P(SingleProduct, SettlesTiesBySeedAlone) {
  Call call;
  call.settings.mechanism = GetParam();
  call.settings.deficit_cap = 1000;
  for (std::uint32_t i = 1; i <= 8; ++i) {
    Order order;
    order.id = order.organisation = i;
    order.price = i <= 6 ? 9 : 3;
    (i <= 6 ? call.bids : call.asks).push_back(order);
  }
  std::set<std::uint64_t> served;
  for (std::uint8_t seed = 0; seed < 60; ++seed) {
    call.seed[seed % 32] = seed;
    for (const auto& [id, share] : shares(call, clear(call).value())) served.insert(id <= 6 ? id : 0);
  }
  served.erase(0);
  EXPECT_EQ(served.size(), properties(GetParam()).arrival_matters ? 2U : 6U) << "first come, or everybody in turn";
}

TEST_P(SingleProduct, TakesEmptyAndOneSidedCalls) {
  Call call;
  call.settings.mechanism = GetParam();
  EXPECT_TRUE(clear(call).value().trades.empty());
  call.bids.emplace_back().price = 5;
  EXPECT_TRUE(clear(call).value().trades.empty());
  std::swap(call.bids, call.asks);
  EXPECT_TRUE(clear(call).value().trades.empty());
}

TEST_P(SingleProduct, AddsUpTheLargestCallThatIsAdmitted) {
  Call call;
  call.settings.mechanism = GetParam();
  call.settings.deficit_cap = std::numeric_limits<std::int64_t>::max();
  const std::uint32_t units = properties(GetParam()).several_units ? kMaxUnits : 1;
  for (std::uint32_t i = 0; i < 460; ++i) {
    Order order;
    order.id = order.organisation = i;
    order.max_units = units;
    order.price = i % 2 == 0 ? kMaxPrice : 0;
    (i % 2 == 0 ? call.bids : call.asks).push_back(order);
  }
  const Outcome outcome = clear(call).value();
  expect_lawful(call, outcome);
  EXPECT_LE(outcome.upper_bound, 230 * kMaxPrice * std::int64_t{units});
  EXPECT_GT(outcome.welfare, 0);
}

// By hand: bids 10, 8, 4 and asks 2, 5, 9; two trade, lo = 5, hi = 8.
Outcome by_hand(Mechanism mechanism, Settings settings = {}) {
  Call call;
  call.settings = settings;
  call.settings.mechanism = mechanism;
  std::uint32_t id = 0;
  for (const std::int64_t price : {10, 8, 4}) {
    Order& order = call.bids.emplace_back();
    order.id = order.organisation = ++id;
    order.price = price;
  }
  for (const std::int64_t price : {2, 5, 9}) {
    Order& order = call.asks.emplace_back();
    order.id = order.organisation = ++id;
    order.price = price;
  }
  return clear(call).value();
}

TEST(Mechanisms, ByHand) {
  const Outcome uniform = by_hand(Mechanism::kUniform);
  ASSERT_EQ(uniform.trades.size(), 2U);
  EXPECT_EQ(uniform.trades[0], (Trade{0, 0, 1, 0, 1, 6, 6}));
  EXPECT_EQ(uniform.welfare, 11);
  EXPECT_EQ(by_hand(Mechanism::kUniform, {.kappa_permille = 0}).trades[1].pays, 5);
  EXPECT_EQ(by_hand(Mechanism::kUniform, {.kappa_permille = 1000}).trades[1].pays, 8);
  EXPECT_EQ(by_hand(Mechanism::kPayAsBid).trades[1].pays, 6);
  EXPECT_EQ(by_hand(Mechanism::kMcafee).trades[0].pays, 6) << "(4 + 9) / 2, which both pairs can bear";
  EXPECT_EQ(by_hand(Mechanism::kSbba).trades.size(), 1U);
  EXPECT_EQ(by_hand(Mechanism::kSbba).trades[0].pays, 8) << "the next ask is dearer than the last bid";
  EXPECT_EQ(by_hand(Mechanism::kVcg, {.deficit_cap = 6}).budget, -6);
}

TEST(Vcg, BeyondTheCapClearsAsMcafeeAndSaysThatItIsNotTruthful) {
  const Outcome outcome = by_hand(Mechanism::kVcg, {.deficit_cap = 5});
  EXPECT_EQ(outcome.trades, by_hand(Mechanism::kMcafee).trades);
  EXPECT_EQ(outcome.budget, 0);
  EXPECT_FALSE(outcome.truthful);
  EXPECT_EQ(outcome.note, "the deficit would be 6, its cap is 5: cleared as mcafee");
  EXPECT_TRUE(by_hand(Mechanism::kVcg, {.deficit_cap = 6}).truthful);
}

TEST(Vcg, BeyondTheCapSeveralUnitsDoNotTrade) {
  Call call;
  call.settings.mechanism = Mechanism::kVcg;
  Order& bid = call.bids.emplace_back();
  bid.id = bid.organisation = 1;
  bid.price = 10;
  bid.max_units = 2;
  Order& ask = call.asks.emplace_back(bid);
  ask.id = ask.organisation = 2;
  ask.price = 1;
  const Outcome outcome = clear(call).value();
  EXPECT_TRUE(outcome.trades.empty());
  EXPECT_FALSE(outcome.truthful);
  EXPECT_EQ(outcome.upper_bound, 18);
  EXPECT_NE(outcome.note.find("nothing trades"), std::string::npos);
  call.settings.deficit_cap = 18;
  EXPECT_EQ(clear(call).value().budget, -18) << "each gets all that its trade is worth";
}

TEST(McAfee, LosesAtMostTheLeastValuableTrade) {
  Chance chance(6);
  for (int draw = 0; draw < kDraws; ++draw) {
    const Call call = one_product(Mechanism::kMcafee, chance);
    const auto k = static_cast<std::int64_t>(clearing_twins::lists(call).k);
    const Outcome outcome = clear(call).value();
    EXPECT_GE(outcome.welfare * k, outcome.upper_bound * (k - 1));
  }
}

// A lot that falls on the cheapest seller costs more; over the lots it is at most the k-th part.
TEST(Sbba, LosesAtMostTheKthPartOverTheLots) {
  Chance chance(7);
  for (int draw = 0; draw < 30; ++draw) {
    Call call = one_product(Mechanism::kSbba, chance);
    const auto k = static_cast<double>(clearing_twins::lists(call).k);
    if (k == 0) continue;
    double mean = 0, optimum = 0;
    constexpr int kLots = 2000;
    for (int lot = 0; lot < kLots; ++lot) {
      for (std::uint8_t& byte : call.seed) byte = static_cast<std::uint8_t>(chance.upto(255));
      const Outcome outcome = clear(call).value();
      mean += static_cast<double>(outcome.welfare) / kLots;
      optimum = static_cast<double>(outcome.upper_bound);
    }
    EXPECT_GE(mean, optimum * (1 - 1 / k) - 0.05 * optimum);
  }
}

}  // namespace
}  // namespace auction::clearing
