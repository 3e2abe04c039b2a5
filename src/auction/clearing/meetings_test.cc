// First come, first served with windows: against a twin that knows slots one by one and tries every start and duration.
#include "auction/clearing/meetings.h"

#include <gtest/gtest.h>

#include "support/clearing_calls.h"

namespace auction::clearing {
namespace {

using namespace clearing_calls;

class SlowMeeting {
 public:
  SlowMeeting(const Call& call, Meeting meeting) : call_(call), meeting_(meeting) {
    for (Index ask = 0; ask < call.asks.size(); ++ask) {
      const Order& order = call.asks[ask];
      auto& free = free_.emplace_back(16, 0);
      for (Slot slot = order.earliest; slot < order.latest_end; ++slot) free[slot] = order.max_units;
      if (call.closed.empty()) continue;
      for (const SlotRange& range : call.closed[ask])
        for (Slot slot = range.from; slot < range.to; ++slot) free[slot] = 0;
    }
    there_.resize(call.asks.size());
    got_.resize(call.bids.size());
  }
  std::vector<Trade> run() {
    std::vector<std::tuple<bool, std::uint64_t, std::uint64_t, bool, Index>> arrivals;
    const bool claim = meeting_ == Meeting::kClaim;
    for (Index i = 0; i < call_.bids.size(); ++i)
      arrivals.emplace_back(claim, call_.bids[i].arrival, call_.bids[i].id, true, i);
    for (Index i = 0; i < call_.asks.size(); ++i)
      arrivals.emplace_back(false, call_.asks[i].arrival, call_.asks[i].id, false, i);
    std::sort(arrivals.begin(), arrivals.end());
    std::vector<Index> waiting;
    for (const auto& [later, at, id, buys, index] : arrivals) {
      if (buys) {
        serve(index);
        if (!claim) waiting.push_back(index);
        continue;
      }
      there_[index] = true;
      std::sort(waiting.begin(), waiting.end(), [&](Index a, Index b) {
        const Order &x = call_.bids[a], &y = call_.bids[b];
        return std::tuple(-x.price, x.arrival, x.id) < std::tuple(-y.price, y.arrival, y.id);
      });
      for (const Index bid : waiting)
        if (may(index, bid)) serve(bid);
    }
    std::sort(trades_.begin(), trades_.end(),
              [](const Trade& a, const Trade& b) { return std::pair(a.bid, a.ask) < std::pair(b.bid, b.ask); });
    return trades_;
  }

 private:
  struct Got {
    std::uint32_t units = 0;
    Slot start = 0, slots = 0;
    std::uint32_t site = 0;
  };
  using Picks = std::vector<std::pair<Index, std::uint32_t>>;

  bool may(Index ask, Index bid) const {
    return there_[ask] && call_.asks[ask].price <= call_.bids[bid].price &&
           (call_.eligible.empty() || std::ranges::count(call_.eligible[bid], ask) > 0);
  }
  Picks picks(Index bid, Slot start, Slot slots, std::uint32_t site) const {
    std::vector<Index> asks;
    for (Index ask = 0; ask < call_.asks.size(); ++ask) {
      const Order& order = call_.asks[ask];
      if (may(ask, bid) && slots >= order.min_slots && slots <= order.max_slots && (site == 0 || order.site == site))
        asks.push_back(ask);
    }
    std::sort(asks.begin(), asks.end(), [&](Index a, Index b) {
      const Order &x = call_.asks[a], &y = call_.asks[b];
      return std::tuple(x.price, x.arrival, x.id) < std::tuple(y.price, y.arrival, y.id);
    });
    std::uint32_t units = got_[bid].units;
    Picks out;
    for (const Index ask : asks) {
      std::uint32_t least = call_.bids[bid].max_units - units;
      for (Slot slot = start; slot < start + slots; ++slot) least = std::min(least, free_[ask][slot]);
      if (least > 0) out.emplace_back(ask, least);
      units += least;
    }
    return units >= call_.bids[bid].min_units ? out : Picks();
  }
  Picks best_picks(Index bid, Slot start, Slot slots) const {
    if (!call_.bids[bid].same_site) return picks(bid, start, slots, 0);
    if (got_[bid].units > 0) return picks(bid, start, slots, got_[bid].site);
    Picks best;
    std::pair<std::int64_t, std::int64_t> best_merit{0, 0};
    for (const std::uint32_t site : {1U, 2U}) {
      const Picks here = picks(bid, start, slots, site);
      std::int64_t units = 0, cost = 0;
      for (const auto& [ask, some] : here) units += some, cost += some * call_.asks[ask].price;
      if (units > 0 && (best.empty() || std::pair(units, -cost) > best_merit)) {
        best = here;
        best_merit = {units, -cost};
      }
    }
    return best;
  }
  void serve(Index bid) {
    const Order& order = call_.bids[bid];
    Got& got = got_[bid];
    if (got.units == order.max_units) return;
    if (got.units > 0) return take(bid, best_picks(bid, got.start, got.slots), got.start, got.slots);
    for (Slot start = order.earliest; start < order.latest_end; ++start) {
      for (Slot slots = std::min(order.max_slots, order.latest_end - start); slots >= order.min_slots; --slots) {
        const Picks found = best_picks(bid, start, slots);
        if (!found.empty()) return take(bid, found, start, slots);
      }
    }
  }
  void take(Index bid, const Picks& found, Slot start, Slot slots) {
    for (const auto& [ask, units] : found) {
      for (Slot slot = start; slot < start + slots; ++slot) free_[ask][slot] -= units;
      const Order &buyer = call_.bids[bid], &seller = call_.asks[ask];
      const bool at_ask =
          meeting_ == Meeting::kClaim || std::pair(seller.arrival, seller.id) < std::pair(buyer.arrival, buyer.id);
      const std::int64_t amount = (at_ask ? seller.price : buyer.price) * units * slots;
      trades_.push_back({bid, ask, units, start, slots, amount, amount});
      got_[bid] = {got_[bid].units + units, start, slots, seller.site};
    }
  }

  const Call& call_;
  const Meeting meeting_;
  std::vector<std::vector<std::uint32_t>> free_;
  std::vector<bool> there_;
  std::vector<Got> got_;
  std::vector<Trade> trades_;
};

class Meetings : public testing::TestWithParam<Mechanism> {
 protected:
  Meeting meeting() const { return GetParam() == Mechanism::kClaim ? Meeting::kClaim : Meeting::kContinuous; }
};
INSTANTIATE_TEST_SUITE_P(Each, Meetings, testing::Values(Mechanism::kClaim, Mechanism::kContinuous), label);

TEST_P(Meetings, WithWindowsAreTheSlowOnes) {
  Chance chance(11);
  std::size_t trades = 0, several = 0;
  for (int draw = 0; draw < 6000; ++draw) {
    const Call call = with_windows(GetParam(), chance);
    const Outcome outcome = clear(call).value();
    ASSERT_EQ(outcome.trades, SlowMeeting(call, meeting()).run()) << "draw " << draw;
    expect_lawful(call, outcome);
    ASSERT_EQ(outcome.budget, 0);
    trades += outcome.trades.size();
    for (std::size_t i = 1; i < outcome.trades.size(); ++i)
      several += outcome.trades[i].bid == outcome.trades[i - 1].bid ? 1U : 0U;
  }
  EXPECT_GT(trades, 3000U);
  EXPECT_GT(several, 200U);
}

TEST_P(Meetings, OfOneProductAreTheBook) {
  Chance chance(12);
  for (int draw = 0; draw < 2000; ++draw) {
    const Call call = one_product(GetParam(), chance);
    if (!is_one_product(call)) continue;
    const auto sorted = [](std::vector<Trade> trades) {
      std::sort(trades.begin(), trades.end(),
                [](const Trade& a, const Trade& b) { return std::pair(a.bid, a.ask) < std::pair(b.bid, b.ask); });
      return trades;
    };
    ASSERT_EQ(sorted(meet_in_book(call, meeting())), sorted(meet_by_calendar(call, meeting()).trades));
  }
}

TEST_P(Meetings, WithWindowsDoNotDependOnTheLists) {
  Chance chance(13);
  for (int draw = 0; draw < 2000; ++draw) {
    Call call = with_windows(GetParam(), chance);
    call.eligible.clear();
    call.closed.clear();
    const Call listed = shuffled(call, chance, false);
    ASSERT_EQ(shares(call, clear(call).value()), shares(listed, clear(listed).value()));
  }
}

Order order(std::uint64_t id, std::int64_t price, Slot from, Slot to, Slot slots) {
  Order out;
  out.id = out.arrival = id;
  out.price = price;
  out.earliest = from;
  out.latest_end = to;
  out.min_slots = out.max_slots = slots;
  return out;
}

TEST_P(Meetings, UseTheGapBetweenTwoRentals) {
  Call call;
  call.settings.mechanism = GetParam();
  Order ask = order(1, 5, 0, 6, 6);
  ask.min_slots = 1;
  call.asks = {ask};
  call.bids = {order(2, 9, 0, 2, 2), order(3, 9, 4, 6, 2), order(4, 9, 0, 6, 2), order(5, 9, 0, 6, 1)};
  const Outcome outcome = clear(call).value();
  ASSERT_EQ(outcome.trades.size(), 3U);
  EXPECT_EQ(outcome.trades[2], (Trade{2, 0, 1, 2, 2, 10, 10}));
}

// Asks that are closed now and then, none when another is, and a bid for all of them at once.
Call never_all_at_once(Mechanism mechanism, Index asks, std::uint32_t wanted) {
  constexpr Slot kSlots = 8'000;
  Call call;
  call.settings.mechanism = mechanism;
  for (Index i = 0; i < asks; ++i) {
    Order ask = order(i + 1, 0, 0, kSlots, kSlots);
    ask.min_slots = 1;
    call.asks.push_back(ask);
    auto& closed = call.closed.emplace_back();
    for (Slot at = i; at < kSlots; at += asks) closed.push_back({at, at + 1});
  }
  Order bid = order(1'000, 0, 0, kSlots, 1);
  bid.max_slots = 700;
  bid.min_units = bid.max_units = wanted;
  call.bids = {bid};
  return call;
}

TEST_P(Meetings, ABidThatNothingServesTakesBoundedWork) {
  const Met more_than_there_is = meet_by_calendar(never_all_at_once(GetParam(), 100, 101), meeting());
  EXPECT_LT(more_than_there_is.steps, 20'000U) << "no start is looked at";
  EXPECT_EQ(more_than_there_is.gave_up, 0U);

  const Met never_there = meet_by_calendar(never_all_at_once(GetParam(), 100, 100), meeting());
  EXPECT_TRUE(never_there.trades.empty());
  EXPECT_LE(never_there.steps, Effort().of_a_bid + 1'000) << "but for the calendar that it ended in";
}

TEST_P(Meetings, ABidThatTakesTooManyStepsTakesNobodyElses) {
  Call call = never_all_at_once(GetParam(), 100, 100);
  for (std::uint64_t id = 1'001; id < 1'020; ++id) {
    call.bids.push_back(call.bids[0]);
    call.bids.back().id = call.bids.back().arrival = id;
  }
  Order modest = order(1'020, 0, 5, 6, 1);
  call.bids.push_back(modest);
  const Met met = meet_by_calendar(call, meeting(), {.of_a_bid = 1'000'000, .of_a_call = 420'000});
  EXPECT_EQ(met.gave_up, 20U);
  EXPECT_LE(met.steps, 420'000U + 21U * 1'000U);
  ASSERT_EQ(met.trades.size(), 1U);
  EXPECT_EQ(met.trades[0].bid, 20U);
}

TEST(Continuous, AnAllOrNoneBidWaitsUntilEnoughIsThere) {
  Call call;
  call.settings.mechanism = Mechanism::kContinuous;
  call.asks = {order(1, 5, 0, 1, 1), order(3, 6, 0, 1, 1)};
  call.bids = {order(2, 9, 0, 1, 1)};
  call.bids[0].min_units = call.bids[0].max_units = 2;
  const Outcome outcome = clear(call).value();
  ASSERT_EQ(outcome.trades.size(), 2U);
  EXPECT_EQ(outcome.trades[0].pays, 5) << "the ask was there first";
  EXPECT_EQ(outcome.trades[1].pays, 9) << "the bid was";
  call.settings.mechanism = Mechanism::kClaim;
  EXPECT_EQ(clear(call).value().trades[1].pays, 6) << "always the ask's";
}

}  // namespace
}  // namespace auction::clearing
