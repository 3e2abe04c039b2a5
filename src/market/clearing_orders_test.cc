// Clearing keeps to what an order says: its window, its units, where and from whom, for how long it stands, and what a
// contract leaves to be resold.
#include <gtest/gtest.h>

#include <algorithm>

#include "market/clearing.h"
#include "market/contracts.h"
#include "market/orders.h"
#include "support/clearing_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs;

class ClearingOrders : public support::ClearingTown {};

TEST_F(ClearingOrders, LongOffersServeShortBidsOfAnyWindow) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 1);
  Terms long_offer = MarketTown::in_window(offer(1, 40'000), town.hour(0), town.hour(10));
  const Order asked = town.accepted(north, MarketTown::lasting(long_offer, 2 * kHour, 4 * kHour));
  const auto wants = [&](Party& who, std::int64_t from, std::int64_t until) {
    return town.accepted(who, MarketTown::in_window(bid(1, 50'000), town.hour(from), town.hour(until))).id;
  };
  const std::vector<Id> served{wants(acme, 0, 2), wants(acme, 2, 4), wants(umbra, 6, 10)};
  const Id too_short = wants(umbra, 4, 5), too_long = wants(umbra, 0, 5), taken = wants(acme, 3, 5);
  EXPECT_EQ(town.clear("hours").trades, 3u);
  for (const Id id : served) EXPECT_EQ(town.order(id).state, Order::State::kMatched);
  for (const Id id : {too_short, too_long, taken}) EXPECT_EQ(town.order(id).state, Order::State::kOpen);
  EXPECT_EQ(town.order(asked.id).state, Order::State::kPartlyMatched);  // hours 4 to 6 can still be had
  wants(acme, 4, 6);
  EXPECT_EQ(town.clear("hours").trades, 1u);
  EXPECT_EQ(town.order(asked.id).state, Order::State::kExhausted);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingOrders, ImmediateOrdersDoNotOutliveTheCall) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 2);
  Terms wanted = bid(4, 50'000), unlucky = bid(1, 10'000);
  wanted.in_force = unlucky.in_force = TimeInForce::kImmediateOrCancel;
  const Id some = town.accepted(acme, wanted).id, none = town.accepted(umbra, unlucky).id;
  Terms asked = offer(2, 40'000);
  asked.in_force = TimeInForce::kImmediateOrCancel;
  town.accepted(north, asked);
  EXPECT_EQ(town.clear("hours").units, 2u);
  EXPECT_EQ(town.order(some).state, Order::State::kCancelled);
  EXPECT_EQ(town.order(some).units_left, 2u);
  EXPECT_EQ(town.order(none).state, Order::State::kCancelled);
  EXPECT_EQ(town.set_aside(acme), town.contracts()[0].pays);
  EXPECT_EQ(town.set_aside(umbra), 0);
}

TEST_F(ClearingOrders, ImmediateOrdersMeetTheBookOrNothing) {
  make_book();
  town.lot(north, "small", 2);
  town.accepted(north, offer(2, 40'000));
  Terms wanted = bid(3, 50'000);
  wanted.in_force = TimeInForce::kImmediateOrCancel;
  const Order taken = town.accepted(acme, wanted);
  EXPECT_EQ(taken.state, Order::State::kCancelled);
  EXPECT_EQ(taken.units_left, 1u);
  EXPECT_EQ(town.set_aside(acme), 2 * 2 * 40'000);
  EXPECT_EQ(town.accepted(umbra, wanted).state, Order::State::kCancelled);
}

TEST_F(ClearingOrders, TheRestOfABidComesAtTheSameTimeOrNotAtAll) {
  make_book();
  town.lot(north, "small", 2);
  town.lot(north, "more", 8);
  town.accepted(north, MarketTown::in_window(offer(2, 40'000), town.hour(4), town.hour(6)));
  Terms wanted = MarketTown::in_window(bid(4, 50'000), town.hour(0), town.hour(20));
  const Order some = town.accepted(acme, MarketTown::lasting(wanted, 2 * kHour, 2 * kHour));
  ASSERT_EQ(some.units_left, 2u);
  town.accepted(north, MarketTown::in_window(offer(8, 40'000, "more"), town.hour(8), town.hour(10)));
  EXPECT_EQ(town.order(some.id).units_left, 2u);
  town.accepted(north, MarketTown::in_window(offer(8, 40'000, "more"), town.hour(4), town.hour(6)));
  EXPECT_EQ(town.order(some.id).state, Order::State::kMatched);
  for (const Contract& contract : town.contracts()) EXPECT_EQ(contract.start, town.hour(4));
}

TEST_F(ClearingOrders, TheRestOfABidIsNotLessThanItWantsAtLeastOnceWhatItHadHasEnded) {
  make_book();
  town.lot(north, "small", 8);
  for (const std::uint32_t least : {1u, 3u}) {
    Terms wanted = bid(4, 50'000);
    wanted.min_units = least;
    town.accepted(north, offer(3, 40'000));
    const Order some = town.accepted(acme, wanted);
    ASSERT_EQ(some.units_left, 1u);
    const Id had = town.contracts().back().id;
    ASSERT_TRUE(town.as<Contract>(acme, [&](Rules& rules) { return rules.cancel_contract(had, ""); }).ok());
    const std::size_t contracts = town.contracts().size();
    town.accepted(north, offer(1, 40'000));
    EXPECT_EQ(town.contracts().size(), contracts + (least == 1 ? 1 : 0));
    EXPECT_EQ(town.order(some.id).state, least == 1 ? Order::State::kMatched : Order::State::kExpired);
    ASSERT_TRUE(town.within([&](Transaction& store) { return close_orders(store, town.context(), {}, "over"); }).ok());
  }
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingOrders, TheRestOfABidDoesNotComeOnceWhatItHadIsOver) {
  make_book();
  town.lot(north, "small", 8);
  town.accepted(north, MarketTown::in_window(offer(2, 40'000), town.hour(0), town.hour(2)));
  const Terms wanted = MarketTown::in_window(bid(4, 50'000), town.hour(0), town.hour(20));
  const Order some = town.accepted(acme, MarketTown::lasting(wanted, 2 * kHour, 2 * kHour));
  ASSERT_EQ(some.units_left, 2u);
  const Contract had = town.contracts().at(0);
  town.now = town.hour(2);
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    TARN_TRY(advance(store, town.context(), had));
                    return {};
                  })
                  .ok());
  ASSERT_EQ(town.contracts().at(0).state, Contract::State::kCompleted);
  town.accepted(north, MarketTown::in_window(offer(8, 40'000), town.hour(8), town.hour(10)));
  EXPECT_EQ(town.contracts().size(), 1u);
  EXPECT_EQ(town.order(some.id).state, Order::State::kExpired);
}

TEST_F(ClearingOrders, AllUnitsOfABidAreAtOneSiteIfItSaysSo) {
  make_book();
  const Window long_time{MarketTown::kStart, town.hour(100)};
  town.lot(north, "bos", 2, long_time, {{"site", "bos"}});
  town.lot(north, "ams", 4, long_time, {{"site", "ams"}});
  town.lot(north, "nowhere", 4, long_time);
  Terms wanted = bid(4, 50'000);
  wanted.same_site = true;
  town.accepted(north, offer(2, 30'000, "bos"));
  const Order some = town.accepted(acme, wanted);
  ASSERT_EQ(some.units_left, 2u);
  town.accepted(north, offer(1, 30'000, "ams"));
  town.accepted(north, offer(1, 30'000, "nowhere"));
  EXPECT_EQ(town.order(some.id).units_left, 2u) << "the rest is where the first of it is";
  Terms all = wanted;
  all.min_units = 2;
  EXPECT_EQ(town.accepted(umbra, all).state, Order::State::kOpen) << "a unit at one site and a unit at another";
}

TEST_F(ClearingOrders, OffersGoOnlyToWhomTheyAreMade) {
  make_book();
  town.lot(north, "small", 8);
  ASSERT_TRUE(
      town.tell(MarketTown::administrator(north), [&](Rules& rules) { return rules.put_group("friends", {umbra.id}); })
          .ok());
  Terms asked = offer(8, 40'000);
  asked.groups = {"friends"};
  town.accepted(north, asked);
  EXPECT_EQ(town.accepted(acme, bid(1, 50'000)).state, Order::State::kOpen);
  EXPECT_EQ(town.accepted(umbra, bid(1, 50'000)).state, Order::State::kMatched);
  asked.buyers = {acme.id};
  town.accepted(north, asked);
  EXPECT_EQ(town.contracts().size(), 2u) << "to those of both lists: what acme had bid for is there now";
}

TEST_F(ClearingOrders, AttributesAndNoticeAreAsTheBidWants) {
  make_book();
  town.lot(north, "small", 8, {MarketTown::kStart, town.hour(100)}, {{"memory", "64Gi"}, {"site", "bos"}});
  Terms asked = offer(8, 40'000);
  asked.notice_ms = kHour;
  town.accepted(north, asked);
  Terms wanted = bid(1, 50'000);
  wanted.query = "memory >= 64Gi and site = bos";
  EXPECT_EQ(town.accepted(acme, wanted).state, Order::State::kOpen);  // may be called back
  wanted.least_notice_ms = 2 * kHour;
  EXPECT_EQ(town.accepted(acme, wanted).state, Order::State::kOpen);  // with too little notice
  wanted.least_notice_ms = kHour;
  EXPECT_EQ(town.accepted(acme, wanted).state, Order::State::kMatched);
  wanted.query = "memory > 64Gi";
  EXPECT_EQ(town.accepted(acme, wanted).state, Order::State::kOpen);
}

TEST_F(ClearingOrders, NobodyTradesWithItself) {
  make_book();
  town.grant(north, 100 * MarketTown::kCredit);
  town.lot(north, "small", 8);
  town.accepted(north, offer(8, 40'000));
  EXPECT_EQ(town.accepted(north, bid(1, 50'000)).state, Order::State::kOpen);
}

TEST_F(ClearingOrders, BlackoutsAreKept) {
  make_book();
  town.lot(north, "small", 8);
  Terms asked = MarketTown::in_window(offer(8, 40'000), town.hour(0), town.hour(10));
  asked = MarketTown::lasting(asked, kHour, 10 * kHour);
  asked.closed = {{town.hour(2), town.hour(5)}};
  town.accepted(north, asked);
  EXPECT_EQ(town.accepted(acme, MarketTown::in_window(bid(1, 50'000), town.hour(1), town.hour(3))).state,
            Order::State::kOpen);
  const Terms sliding =
      MarketTown::lasting(MarketTown::in_window(bid(1, 50'000), town.hour(0), town.hour(10)), 3 * kHour, 3 * kHour);
  EXPECT_EQ(town.accepted(acme, sliding).state, Order::State::kMatched);
  EXPECT_EQ(town.contracts()[0].start, town.hour(5));
}

// What is busy for a while in the middle does not make the rest of it small.
TEST_F(ClearingOrders, ALotThatIsBusyForAnHourIsThereForTheRest) {
  make_book();
  town.lot(north, "small", 8);
  Terms asked = MarketTown::in_window(offer(8, 40'000), town.hour(0), town.hour(10));
  town.accepted(north, MarketTown::lasting(asked, kHour, 10 * kHour));
  town.accepted(acme, MarketTown::in_window(bid(7, 50'000), town.hour(4), town.hour(5)));
  Terms wanted = MarketTown::in_window(bid(8, 50'000), town.hour(0), town.hour(10));
  wanted.min_units = 8;
  EXPECT_EQ(town.accepted(umbra, MarketTown::lasting(wanted, 5 * kHour, 5 * kHour)).state, Order::State::kMatched);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingOrders, PartOfAContractIsResoldAndNoMoreThanThat) {
  make_book();
  town.lot(north, "small", 8);
  town.accepted(north, MarketTown::in_window(offer(8, 40'000), town.hour(0), town.hour(10)));
  town.accepted(acme, MarketTown::in_window(bid(4, 50'000), town.hour(0), town.hour(10)));
  const Contract first = town.contracts().at(0);
  Terms resale = MarketTown::in_window(offer(4, 60'000), town.hour(2), town.hour(8));
  resale.lot.clear();
  resale.contract = first.id;
  EXPECT_FALSE(town.submit(umbra, resale).ok());  // is not its buyer
  Terms too_many = resale;
  too_many.max_units = 5;
  EXPECT_FALSE(town.submit(acme, too_many).ok());
  EXPECT_FALSE(town.submit(acme, MarketTown::in_window(resale, town.hour(2), town.hour(11))).ok());
  town.accepted(acme, MarketTown::lasting(resale, kHour, 6 * kHour));
  Party& third = town.join("third");
  EXPECT_EQ(town.accepted(umbra, MarketTown::in_window(bid(3, 70'000), town.hour(2), town.hour(4))).state,
            Order::State::kMatched);
  const Order late = town.accepted(third, MarketTown::in_window(bid(3, 70'000), town.hour(3), town.hour(5)));
  EXPECT_EQ(late.units_left, 2u);
  const std::vector<Contract> all = town.contracts();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_TRUE(std::ranges::all_of(all, [&](const Contract& c) { return c.id == first.id || c.resale_of == first.id; }));
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

}  // namespace
}  // namespace market
