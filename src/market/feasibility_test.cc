#include "market/feasibility.h"

#include <gtest/gtest.h>

#include "support/market_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

// What a bid cannot have all of it has nothing of, and leaves for the next.
TEST(Feasibility, TakesAllDealsOfABidOrNone) {
  MarketTown town;
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme");
  const Market market = town.make_market("hours");
  town.lot(north, "small", 3);
  const Order offers[] = {town.accepted(north, town.offer("hours", "small", 2, 40'000)),
                          town.accepted(north, town.offer("hours", "small", 2, 40'000))};
  Order bid = town.accepted(acme, town.bid("hours", 4, 50'000));
  const auto deal = [&](const Order& offer, std::uint32_t units) {
    const std::int64_t amount = 2 * 40'000 * std::int64_t{units};
    return Match{bid, offer, units, town.hour(0), town.hour(2), amount, amount};
  };
  const base::Status done = town.within([&](Transaction& store) -> base::Status {
    const Context context = town.context();
    Feasibility feasibility(store, context, market);
    const Match four[] = {deal(offers[0], 2), deal(offers[1], 2)}, three[] = {four[0], deal(offers[1], 1)};
    bid.units_left = 0;
    const base::Status too_many = feasibility.take(bid, four);
    EXPECT_EQ(too_many.error().code, base::Code::kConflict);
    bid.units_left = 1;
    EXPECT_TRUE(feasibility.take(bid, three).ok());
    const Match last[] = {deal(offers[0], 1)};
    EXPECT_FALSE(feasibility.take(bid, last).ok()) << "it remembers what was taken before";
    return {};
  });
  EXPECT_TRUE(done.ok());
}

}  // namespace
}  // namespace market
