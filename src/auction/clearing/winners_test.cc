// Winner determination against trying everything, on small calls of every kind that there is; and what has to hold for
// any call, at any work limit.
#include "auction/clearing/winners.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "auction/clearing/certificate.h"
#include "auction/clearing/generator.h"
#include "auction/clearing/mix.h"
#include "auction/clearing/winner_payments.h"
#include "auction/clearing/winner_problem.h"
#include "auction/clearing/winner_search.h"
#include "support/combinatorial_calls.h"

namespace auction::clearing {
namespace {

Outcome cleared(const Call& call) {
  auto outcome = clear_combinatorial(call);
  CHECK(outcome.ok());
  return std::move(*outcome);
}

Call any_call_with_payments() {
  calls::Shape shape{5, 4, 3, 4, 6, 1'000};
  Call call = calls::any_call(shape);
  call.settings.payments = *rc::gen::element(Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg);
  call.settings.deficit_cap = calls::draw<std::int64_t>(0, 3'000);
  call.settings.work_limit = *rc::gen::element<std::uint64_t>(1, 300, 5'000, 2'000'000);
  return call;
}

RC_GTEST_PROP(Winners, are_the_best_of_all_outcomes, ()) {
  const Call call = calls::any_call();
  const Outcome outcome = cleared(call);
  const std::int64_t optimum = calls::Everything(call).optimum();
  RC_ASSERT(outcome.welfare == optimum);
  RC_ASSERT(outcome.upper_bound == optimum);
  RC_ASSERT(outcome.note.empty());
}

RC_GTEST_PROP(Winners, are_served_as_their_orders_say_at_any_work_limit, ()) {
  const Call call = any_call_with_payments();
  const Outcome outcome = cleared(call);
  RC_ASSERT(calls::mistake(call, outcome) == "");
  RC_ASSERT(calls::welfare(call, outcome) == outcome.welfare);
}

RC_GTEST_PROP(Winners, never_have_more_welfare_than_the_bound_and_the_prices_say, ()) {
  Call call = calls::any_call();
  call.settings.work_limit = *rc::gen::element<std::uint64_t>(1, 100, 1'000, 10'000);
  const Outcome outcome = cleared(call);
  const std::int64_t optimum = calls::Everything(call).optimum();
  RC_ASSERT(outcome.welfare <= optimum);
  RC_ASSERT(outcome.upper_bound >= optimum);
  const std::int64_t shown = bound_of_prices(call, outcome.dual);
  RC_ASSERT(shown >= optimum);
  RC_ASSERT(outcome.upper_bound == shown || outcome.upper_bound == outcome.welfare);
}

RC_GTEST_PROP(Bound, holds_for_any_prices, ()) {
  const Call call = calls::any_call();
  std::vector<std::int64_t> prices;
  for (std::size_t i = 0; i < call.asks.size() * slots_of(call); ++i)
    prices.push_back(calls::draw<std::int64_t>(0, 12));
  RC_ASSERT(bound_of_prices(call, prices) >= calls::Everything(call).optimum());
}

// The same call listed in another order: the same trades between the same orders at the same amounts.
RC_GTEST_PROP(Winners, do_not_depend_on_how_orders_are_listed, ()) {
  Call call = any_call_with_payments();
  Call other = call;
  std::vector<Index> bids(call.bids.size()), asks(call.asks.size());
  std::iota(bids.begin(), bids.end(), Index{0});
  std::iota(asks.begin(), asks.end(), Index{0});
  Dice dice(*rc::gen::arbitrary<std::uint64_t>());
  for (auto* order : {&bids, &asks})
    for (std::size_t i = order->size(); i > 1; --i) std::swap((*order)[i - 1], (*order)[dice.below(i)]);
  for (std::size_t i = 0; i < bids.size(); ++i) other.bids[i] = call.bids[bids[i]];
  for (std::size_t i = 0; i < asks.size(); ++i) other.asks[i] = call.asks[asks[i]];
  for (std::size_t i = 0; i < call.closed.size(); ++i) other.closed[i] = call.closed[asks[i]];
  for (std::size_t i = 0; i < call.eligible.size(); ++i) {
    other.eligible[i].clear();
    for (Index j = 0; j < asks.size(); ++j)
      if (calls::is_eligible(call, bids[i], asks[j])) other.eligible[i].push_back(j);
  }
  const auto by_id = [](const Call& one) {
    using Row = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t, Slot, Slot, std::int64_t, std::int64_t>;
    std::vector<Row> rows;
    for (const Trade& t : cleared(one).trades)
      rows.emplace_back(one.bids[t.bid].id, one.asks[t.ask].id, t.units, t.start, t.slots, t.pays, t.gets);
    std::ranges::sort(rows);
    return rows;
  };
  RC_ASSERT(by_id(call) == by_id(other));
}

RC_GTEST_PROP(Payments, leave_nobody_worse_off_and_a_budget_as_claimed, ()) {
  const Call call = any_call_with_payments();
  const Outcome outcome = cleared(call);
  std::int64_t budget = 0;
  for (const Trade& trade : outcome.trades) {
    const std::int64_t area = static_cast<std::int64_t>(trade.units) * trade.slots;
    RC_ASSERT(trade.pays >= 0);
    RC_ASSERT(trade.pays <= call.bids[trade.bid].price * area);
    RC_ASSERT(trade.gets >= call.asks[trade.ask].price * area);
    budget += trade.pays - trade.gets;
  }
  RC_ASSERT(budget == outcome.budget);
  if (call.settings.payments == Payments::kVcg) {
    RC_ASSERT(budget >= -call.settings.deficit_cap);
  } else {
    RC_ASSERT(budget == 0);
    RC_ASSERT(!outcome.truthful);
  }
}

// Clarke: what is left to an organisation is what the others, tried in every way, lose by its being there.
RC_GTEST_PROP(Payments, are_clarkes_where_they_are_said_to_be_truthful, ()) {
  Call call = calls::any_call();
  call.settings.payments = Payments::kVcg;
  call.settings.deficit_cap = 1'000'000;
  const Outcome outcome = cleared(call);
  RC_ASSERT(outcome.truthful);
  const std::int64_t all = calls::Everything(call).optimum();
  for (std::uint32_t organisation = 0; organisation < 4; ++organisation) {
    Call others = call;  // its orders stay, but can do nothing: the indices stay, too
    for (Order& bid : others.bids)
      if (bid.organisation == organisation) bid.price = 0;
    others.closed.resize(others.asks.size());
    for (Index j = 0; j < others.asks.size(); ++j)
      if (others.asks[j].organisation == organisation) others.closed[j] = {{0, 1'000}};
    std::int64_t left = 0;
    for (const Trade& t : outcome.trades) {
      const std::int64_t area = static_cast<std::int64_t>(t.units) * t.slots;
      if (call.bids[t.bid].organisation == organisation) left += call.bids[t.bid].price * area - t.pays;
      if (call.asks[t.ask].organisation == organisation) left += t.gets - call.asks[t.ask].price * area;
    }
    RC_ASSERT(left == all - calls::Everything(others).optimum());
  }
}

RC_GTEST_PROP(Spread, gives_out_all_and_to_nobody_less_than_its_floor, ()) {
  const auto weights = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40)));
  const auto amount = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
  const auto parts = spread(amount, weights);
  RC_ASSERT(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == amount);
  const std::int64_t whole = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (whole > 0) RC_ASSERT(parts[i] >= static_cast<std::int64_t>(static_cast<Wide>(amount) * weights[i] / whole));
  }
}

// One slot each, or whole windows on asks that are alike: proven by flow, without a search, whatever the size.
TEST(Winners, of_jobs_and_of_divisible_intervals_are_proven_by_flow_alone) {
  for (const bool job : {true, false}) {
    Call call = windowed_call({300, 40, 48, 4, 12, 6}, job ? 1 : 2);
    for (Order& bid : call.bids) {
      bid.min_units = 1;
      if (job) bid.max_units = bid.min_slots = bid.max_slots = 1;
      if (!job) bid.min_slots = bid.max_slots = bid.latest_end - bid.earliest;
    }
    if (!job)
      for (Order& ask : call.asks) ask.price = 300'000;
    const Outcome outcome = cleared(call);
    EXPECT_EQ(outcome.upper_bound, outcome.welfare);
    EXPECT_EQ(bound_of_prices(call, outcome.dual), outcome.welfare);
    EXPECT_GT(outcome.trades.size(), 20U);
    EXPECT_EQ(calls::mistake(call, outcome), "");
  }
}

TEST(Winners, include_a_bid_whose_limit_is_just_reached) {
  Call call = windowed_call({1, 1, 2, 1, 1, 0}, 0);
  call.bids[0].price = call.asks[0].price;
  const Outcome outcome = cleared(call);
  ASSERT_EQ(outcome.trades.size(), 1U);
  EXPECT_EQ(outcome.trades[0].pays, call.asks[0].price);
  EXPECT_EQ(outcome.trades[0].gets, call.asks[0].price);
}

TEST(Winners, stop_at_the_work_limit_at_the_same_place_each_time) {
  const Call call = windowed_call(kWindowedLarge, 3);
  std::uint64_t before = 0;
  for (const std::uint64_t limit : {1'000'000U, 5'000'000U, 20'000'000U}) {
    Call limited = call;
    limited.settings.work_limit = limit;
    const Outcome once = cleared(limited), again = cleared(limited);
    EXPECT_EQ(once.work, again.work);
    EXPECT_EQ(once.trades, again.trades);
    EXPECT_EQ(once.dual, again.dual);
    EXPECT_GT(once.work, before);
    EXPECT_LT(once.work, limit + 1'500'000);  // a step more: one look at every bid
    before = once.work;
  }
}

TEST(Winners, have_at_least_99_per_cent_of_the_optimum_in_a_third_of_the_work) {
  double found = 0, best = 0;
  for (std::uint64_t number = 0; number < 60; ++number) {
    Call call = windowed_call(kWindowedTable, number);
    best += static_cast<double>(cleared(call).welfare);
    call.settings.work_limit = 250'000;
    found += static_cast<double>(cleared(call).welfare);
  }
  EXPECT_GE(found / best, 0.99);
}

TEST(Winners, that_tie_are_settled_by_the_seed) {
  Call call = windowed_call({2, 1, 1, 1, 1, 0}, 0);
  call.bids[0].price = call.bids[1].price = 2'000'000;
  bool won[2] = {false, false};
  for (std::uint8_t s = 0; s < 20; ++s) {
    call.seed[5] = s;
    const Outcome outcome = cleared(call);
    ASSERT_EQ(outcome.trades.size(), 1U);
    won[outcome.trades[0].bid] = true;
  }
  EXPECT_TRUE(won[0] && won[1]);
}

TEST(Payments, fall_back_to_the_threshold_rule_when_the_market_would_add_more_than_its_cap) {
  Call call = windowed_call({1, 1, 1, 1, 1, 0}, 0);
  call.bids[0].price = 100;
  call.asks[0].price = 40;
  call.settings.payments = Payments::kVcg;
  call.settings.deficit_cap = 60;
  Outcome outcome = cleared(call);
  EXPECT_TRUE(outcome.truthful);
  EXPECT_EQ(outcome.trades[0].pays, 40);
  EXPECT_EQ(outcome.trades[0].gets, 100);
  call.settings.deficit_cap = 20;
  outcome = cleared(call);
  EXPECT_FALSE(outcome.truthful);
  EXPECT_EQ(outcome.budget, -20);
  EXPECT_EQ(outcome.trades[0].pays, 60);
  EXPECT_EQ(outcome.trades[0].gets, 80);
  EXPECT_NE(outcome.note, "");
}

TEST(Winners, refuse_what_the_table_of_prices_has_no_room_for) {
  Call call = windowed_call({1, 1, 1, 1, 1, 0}, 0);
  call.asks.assign(1'000, call.asks[0]);
  for (Order& ask : call.asks) ask.latest_end = 5'000;
  EXPECT_EQ(clear_combinatorial(call).error().code, base::Code::kInvalidInput);
}

}  // namespace
}  // namespace auction::clearing
