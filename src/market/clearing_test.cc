// Clearing, from signed orders to contracts, on a town in memory. Named after what holds; the first half are defects of
// earlier systems, which must not come back.
#include "market/clearing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "auction/clearing/mechanism.h"
#include "base/encoding.h"
#include "market/contracts.h"
#include "market/ids.h"
#include "market/market_account.h"
#include "market/orders.h"
#include "support/failing_market_store.h"
#include "support/market_auditor.h"
#include "support/market_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs;

class ClearingTest : public ::testing::Test {
 protected:
  MarketTown town;
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme");
  Party& umbra = town.join("umbra");

  void make_market(Mechanism mechanism, std::int64_t period = 300'000) {
    town.make_market("hours", [&](Market& market) {
      market.clearing.mechanism = mechanism;
      market.call_period_ms = period;
    });
  }
  void make_book() { make_market(Mechanism::kContinuous, 0); }  // orders meet at once
  Terms offer(std::uint32_t units, std::int64_t price, const std::string& lot = "small") {
    return town.offer("hours", lot, units, price);
  }
  Terms bid(std::uint32_t units, std::int64_t price) { return town.bid("hours", units, price); }
  std::vector<std::string> unsound() {
    support::MarketAuditor auditor;
    return auditor.look(town.memory.tables(), town.now, false);
  }
};

TEST_F(ClearingTest, MakesContractsOfWhatMatches) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 8);
  const Order asked = town.accepted(north, offer(8, 40'000));
  const Order wanted = town.accepted(acme, bid(4, 60'000));
  EXPECT_EQ(town.set_aside(acme), 4 * 2 * 60'000);

  const Clearing clearing = town.clear("hours");
  EXPECT_EQ(clearing.trades, 1u);
  EXPECT_EQ(clearing.units, 4u);
  EXPECT_EQ(clearing.budget, 0);
  ASSERT_EQ(town.contracts().size(), 1u);
  const Contract contract = town.contracts()[0];
  EXPECT_EQ(contract.buyer, acme.id);
  EXPECT_EQ(contract.seller, north.id);
  EXPECT_EQ(contract.units, 4u);
  EXPECT_EQ(contract.start, town.hour(0));
  EXPECT_EQ(contract.end, town.hour(2));
  EXPECT_EQ(contract.pays, contract.gets);
  EXPECT_EQ(town.order(wanted.id).state, Order::State::kMatched);
  EXPECT_EQ(town.order(asked.id).state, Order::State::kPartlyMatched);
  EXPECT_EQ(town.order(asked.id).units_left, 4u);
  EXPECT_EQ(town.set_aside(acme), contract.pays);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

// Earlier systems never compared it.
TEST_F(ClearingTest, PriceIsCompared) {
  for (const Mechanism mechanism :
       {Mechanism::kClaim, Mechanism::kContinuous, Mechanism::kUniform, Mechanism::kPayAsBid, Mechanism::kVcg,
        Mechanism::kMcafee, Mechanism::kSbba, Mechanism::kMuda}) {
    MarketTown other;
    Party& seller = other.join("seller", 0);
    Party& buyer = other.join("buyer");
    other.make_market("hours", [&](Market& market) { market.clearing.mechanism = mechanism; });
    other.lot(seller, "small", 1);
    other.accepted(seller, other.offer("hours", "small", 1, 40'000));
    other.accepted(buyer, other.bid("hours", 1, 39'999));
    EXPECT_EQ(other.clear("hours").trades, 0u) << auction::clearing::properties(mechanism).name;
  }
  make_book();
  town.lot(north, "small", 1);
  town.accepted(north, offer(1, 40'000));
  EXPECT_EQ(town.accepted(acme, bid(1, 39'999)).state, Order::State::kOpen);
  EXPECT_EQ(town.accepted(umbra, bid(1, 40'000)).state, Order::State::kMatched);
}

TEST_F(ClearingTest, DurationIsRespected) {
  make_book();
  town.lot(north, "small", 4);
  Terms shop = MarketTown::in_window(offer(4, 40'000), town.hour(0), town.hour(100));
  town.accepted(north, MarketTown::lasting(shop, kHour, 3 * kHour));
  Terms wanted = MarketTown::in_window(bid(1, 50'000), town.hour(0), town.hour(50));
  EXPECT_EQ(town.accepted(acme, MarketTown::lasting(wanted, 4 * kHour, 4 * kHour)).state, Order::State::kOpen);
  EXPECT_EQ(town.accepted(acme, MarketTown::lasting(wanted, 3 * kHour, 3 * kHour)).state, Order::State::kMatched);
  ASSERT_EQ(town.contracts().size(), 1u);
  EXPECT_EQ(town.contracts()[0].end - town.contracts()[0].start, 3 * kHour);
  EXPECT_EQ(town.contracts()[0].pays, 3 * 40'000);
}

TEST_F(ClearingTest, NeverOneUnitTooMany) {
  make_book();
  town.lot(north, "small", 3);
  town.accepted(north, offer(3, 40'000));
  Terms all = bid(4, 50'000);
  all.min_units = 4;
  EXPECT_EQ(town.accepted(acme, all).state, Order::State::kOpen);
  const Order some = town.accepted(umbra, bid(4, 50'000));
  EXPECT_EQ(some.state, Order::State::kPartlyMatched);
  EXPECT_EQ(some.units_left, 1u);
  ASSERT_EQ(town.contracts().size(), 1u);
  EXPECT_EQ(town.contracts()[0].units, 3u);
  EXPECT_EQ(town.memory.tables().leases.size(), 3u);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingTest, WindowsThatAreExactlyEqualMatch) {
  make_market(Mechanism::kUniform);
  town.lot(north, "exact", 1, {town.hour(3), town.hour(5)});
  town.accepted(north, MarketTown::in_window(offer(1, 40'000, "exact"), town.hour(3), town.hour(5)));
  town.accepted(acme, MarketTown::in_window(bid(1, 40'000), town.hour(3), town.hour(5)));
  EXPECT_EQ(town.clear("hours").trades, 1u);
}

TEST_F(ClearingTest, WindowsThatOnlyTouchDoNot) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 1);
  town.accepted(north, MarketTown::in_window(offer(1, 40'000), town.hour(3), town.hour(5)));
  town.accepted(acme, MarketTown::in_window(bid(1, 50'000), town.hour(5), town.hour(7)));
  EXPECT_EQ(town.clear("hours").trades, 0u);
}

TEST_F(ClearingTest, AnExpiredOrderBlocksNothing) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 1);
  Terms early = bid(1, 90'000);
  early.expires = town.now + 1'000;
  const Order gone = town.accepted(acme, early);
  Terms old = offer(1, 10'000);
  old.expires = town.now + 1'000;
  const Order old_offer = town.accepted(north, old);
  town.accepted(north, offer(1, 40'000));
  const Order good = town.accepted(umbra, bid(1, 50'000));
  town.now += 1'000;  // and nobody has swept them away
  const Clearing clearing = town.clear("hours");
  EXPECT_EQ(clearing.trades, 1u);
  EXPECT_EQ(town.order(good.id).state, Order::State::kMatched);
  EXPECT_EQ(town.contracts()[0].gets, 90'000);  // two hours at 45,000: the expired offer's price is not in it
  for (const Id id : {gone.id, old_offer.id}) EXPECT_EQ(town.order(id).state, Order::State::kExpired);
  EXPECT_EQ(town.set_aside(acme), 0);
}

TEST_F(ClearingTest, OneMalformedOrderDoesNotStopTheOthers) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 2);
  const Order asked = town.accepted(north, offer(2, 40'000));
  const Order wanted = town.accepted(acme, bid(1, 50'000));
  using Change = void (*)(Order&);
  const std::vector<Change> damages{
      [](Order& o) { o.terms.price = -1; },
      [](Order& o) { o.terms.latest = o.terms.earliest; },
      [](Order& o) { o.terms.earliest += 1; },
      [](Order& o) { o.units_left = 0; },
      [](Order& o) { o.units_left = o.terms.max_units + 1; },
      [](Order& o) { o.terms.min_duration_ms = 0; },
      [](Order& o) { o.terms.max_units = o.terms.min_units = 0; },
      [](Order& o) { o.terms.query = "cpu >"; },
      [](Order& o) { o.terms.price = INT64_MAX; },
  };
  std::vector<Id> damaged;
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    for (const Order& original : {asked, wanted})
                      for (const Change change : damages) {
                        Order order = original;
                        order.escrow.reset();
                        order.terms.nonce[0] = static_cast<std::uint8_t>(damaged.size() + 1);
                        order.terms.nonce[1] ^= 1;
                        change(order);
                        TARN_ASSIGN(const Id id, store.insert_order(order));
                        damaged.push_back(id);
                      }
                    return {};
                  })
                  .ok());
  EXPECT_EQ(town.clear("hours").trades, 1u);
  EXPECT_EQ(town.order(wanted.id).state, Order::State::kMatched);
  for (const Id id : damaged) {
    const Order order = town.order(id);
    EXPECT_FALSE(is_open(order)) << id;
    EXPECT_FALSE(order.reason.empty()) << id;
  }
}

TEST_F(ClearingTest, AFrozenAccountStopsOnlyItsOwnOrders) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 2);
  town.accepted(north, offer(2, 40'000));
  const Order frozen = town.accepted(acme, bid(1, 90'000));
  const Order good = town.accepted(umbra, bid(1, 50'000));
  const ledger::Id account = town.account(acme).id;
  ASSERT_TRUE(
      town.within([&](Transaction& store) { return ledger::Rules(store, town.now).set_frozen(account, true); }).ok());
  EXPECT_EQ(town.clear("hours").trades, 1u);
  EXPECT_EQ(town.order(good.id).state, Order::State::kMatched);
  EXPECT_EQ(town.order(frozen.id).state, Order::State::kCancelled);
  EXPECT_EQ(town.set_aside(acme), 0);
}

TEST_F(ClearingTest, AFrozenAccountSellsNothing) {
  for (const std::int64_t period : {0, 300'000}) {
    MarketTown other;
    Party& seller = other.join("seller");
    Party& buyer = other.join("buyer");
    other.make_market("hours", [&](Market& market) {
      market.clearing.mechanism = Mechanism::kClaim;
      market.call_period_ms = period;
    });
    other.lot(seller, "small", 4);
    const Order rests = other.accepted(seller, other.offer("hours", "small", 2, 40'000));
    const ledger::Id account = other.account(seller).id;
    other.operate<ledger::Account>([&](Rules& rules) { return rules.set_frozen(account, true); });
    const Order wanted = other.accepted(buyer, other.bid("hours", 1, 50'000));
    const Order fresh = other.accepted(seller, other.offer("hours", "small", 2, 40'000));
    if (period != 0) other.clear("hours");
    EXPECT_TRUE(other.contracts().empty());
    EXPECT_EQ(other.order(wanted.id).state, Order::State::kOpen);
    EXPECT_EQ(other.order(rests.id).state, Order::State::kWithdrawn);
    EXPECT_EQ(other.order(fresh.id).state, Order::State::kWithdrawn);
  }
}

// A lease in a waiting state occupies its server like one that runs.
TEST_F(ClearingTest, ConflictsConsiderWaitingLeases) {
  make_book();
  town.lot(north, "server", 1);
  Terms all_day = MarketTown::in_window(offer(1, 40'000, "server"), town.hour(0), town.hour(24));
  town.accepted(north, MarketTown::lasting(all_day, kHour, 24 * kHour));
  town.accepted(north, MarketTown::lasting(all_day, kHour, 24 * kHour));  // the same server in a second offer
  EXPECT_EQ(town.accepted(acme, MarketTown::in_window(bid(1, 50'000), town.hour(10), town.hour(14))).state,
            Order::State::kMatched);
  EXPECT_EQ(town.memory.tables().leases.begin()->second.state, Lease::State::kScheduled);
  EXPECT_EQ(town.accepted(umbra, MarketTown::in_window(bid(1, 50'000), town.hour(13), town.hour(15))).state,
            Order::State::kOpen);
  EXPECT_EQ(town.accepted(umbra, MarketTown::in_window(bid(1, 50'000), town.hour(14), town.hour(15))).state,
            Order::State::kMatched);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingTest, OneLotInSeveralMarketsIsSoldOnce) {
  make_market(Mechanism::kUniform);
  town.make_market("other",
                   [](Market& market) { market.call_period_ms = 0, market.clearing.mechanism = Mechanism::kClaim; });
  town.lot(north, "server", 1);
  town.accepted(north, offer(1, 40'000, "server"));
  town.accepted(north, town.offer("other", "server", 1, 40'000));
  town.accepted(acme, bid(1, 50'000));
  EXPECT_EQ(town.accepted(umbra, town.bid("other", 1, 50'000)).state, Order::State::kMatched);
  EXPECT_EQ(town.clear("hours").trades, 0u);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingTest, TwoOffersOfOneLotGiveWhatTheLotHas) {
  for (const Mechanism mechanism : {Mechanism::kUniform, Mechanism::kContinuous}) {
    MarketTown other;
    Party& seller = other.join("seller", 0);
    Party& buyer = other.join("buyer");
    other.make_market("hours", [&](Market& market) { market.clearing.mechanism = mechanism; });
    other.lot(seller, "small", 5);
    other.accepted(seller, other.offer("hours", "small", 4, 40'000));
    other.accepted(seller, other.offer("hours", "small", 4, 30'000));
    other.accepted(buyer, other.bid("hours", 8, 50'000));
    EXPECT_EQ(other.clear("hours").units, 5u);
  }
}

TEST_F(ClearingTest, TheDistantFutureIsReservedToday) {
  town.make_market("hours", [](Market& market) { market.clearing.mechanism = Mechanism::kUniform; });
  const std::int64_t year = 365 * kDayMs;
  const Window then{town.hour(0) + year, town.hour(2) + year};
  town.lot(north, "small", 1, {MarketTown::kStart, then.until + kDayMs});
  const auto at = [&](Terms terms) { return MarketTown::in_window(terms, then.from, then.until); };
  town.accepted(north, at(offer(1, 40'000)));
  town.accepted(acme, at(bid(1, 50'000)));
  EXPECT_EQ(town.clear("hours").trades, 1u);
  EXPECT_EQ(town.contracts().at(0).start, then.from);
  EXPECT_EQ(town.set_aside(acme), town.contracts().at(0).pays) << "paid for as one of today";
  town.accepted(north, at(offer(1, 40'000)));
  town.accepted(umbra, at(bid(1, 50'000)));
  EXPECT_EQ(town.clear("hours").trades, 0u) << "it is taken";
  const auto beyond =
      town.submit(umbra, MarketTown::in_window(bid(1, 50'000), then.from + 2 * kDayMs, then.until + 2 * kDayMs));
  ASSERT_FALSE(beyond.ok());
  EXPECT_TRUE(beyond.error().message.starts_with("latest: "));
}

TEST_F(ClearingTest, LongOffersServeShortBidsOfAnyWindow) {
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

TEST_F(ClearingTest, ImmediateOrdersDoNotOutliveTheCall) {
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

TEST_F(ClearingTest, ImmediateOrdersMeetTheBookOrNothing) {
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

TEST_F(ClearingTest, TheRestOfABidComesAtTheSameTimeOrNotAtAll) {
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

TEST_F(ClearingTest, TheRestOfABidIsNotLessThanItWantsAtLeastOnceWhatItHadHasEnded) {
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

TEST_F(ClearingTest, TheRestOfABidDoesNotComeOnceWhatItHadIsOver) {
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

TEST_F(ClearingTest, AllUnitsOfABidAreAtOneSiteIfItSaysSo) {
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

TEST_F(ClearingTest, OffersGoOnlyToWhomTheyAreMade) {
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

TEST_F(ClearingTest, AttributesAndNoticeAreAsTheBidWants) {
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

TEST_F(ClearingTest, NobodyTradesWithItself) {
  make_book();
  town.grant(north, 100 * MarketTown::kCredit);
  town.lot(north, "small", 8);
  town.accepted(north, offer(8, 40'000));
  EXPECT_EQ(town.accepted(north, bid(1, 50'000)).state, Order::State::kOpen);
}

TEST_F(ClearingTest, BlackoutsAreKept) {
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
TEST_F(ClearingTest, ALotThatIsBusyForAnHourIsThereForTheRest) {
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

TEST_F(ClearingTest, PartOfAContractIsResoldAndNoMoreThanThat) {
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

TEST_F(ClearingTest, TheSeedIsTheOneCommittedToAndEachOnlyOnce) {
  make_market(Mechanism::kSbba);
  std::set<std::array<std::uint8_t, 32>> commitments;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const Market before = town.market_named("hours");
    EXPECT_TRUE(commitments.insert(before.seed_commitment).second);
    EXPECT_EQ(before.next_number, number);
    const Clearing clearing = town.clear("hours");
    EXPECT_EQ(clearing.number, number);
    EXPECT_NE(clearing.transcript.find(base::to_hex(before.seed_commitment)), std::string::npos);
  }
}

TEST_F(ClearingTest, TheNextCallIsAtAWholePeriod) {
  make_market(Mechanism::kUniform);
  EXPECT_EQ(town.market_named("hours").next_call, (town.now / 300'000 + 1) * 300'000);
  town.now = town.market_named("hours").next_call + 1'234'567;  // nobody was there for a while
  town.clear("hours");
  const std::int64_t next = town.market_named("hours").next_call;
  EXPECT_GT(next, town.now);
  EXPECT_EQ(next % 300'000, 0);
}

// What would wait behind those that came before is not taken, and neither side fills the other's places.
TEST_F(ClearingTest, AFullMarketTakesNothingThatItWouldNotConsider) {
  for (const Mechanism mechanism : {Mechanism::kUniform, Mechanism::kClaim}) {
    MarketTown other;
    other.limits.orders_in_call = other.limits.combinatorial_orders = 2;
    Party& seller = other.join("seller", 0);
    Party& buyer = other.join("buyer");
    other.make_market("hours", [&](Market& market) { market.clearing.mechanism = mechanism; });
    other.lot(seller, "small", 8);
    for (int i = 0; i < 2; ++i) other.accepted(seller, other.offer("hours", "small", 4, 40'000));
    for (int i = 0; i < 2; ++i) other.accepted(buyer, other.bid("hours", 1, 50'000));
    const auto third = other.submit(buyer, other.bid("hours", 1, 60'000));
    ASSERT_FALSE(third.ok());
    EXPECT_EQ(third.error().code, base::Code::kConflict);
    EXPECT_EQ(third.error().message, "the market is full: it takes further bids when others have closed");
    EXPECT_FALSE(other.submit(seller, other.offer("hours", "small", 1, 40'000)).ok());
    EXPECT_EQ(other.clear("hours").trades, 2u);
    EXPECT_TRUE(other.submit(buyer, other.bid("hours", 1, 60'000)).ok());
  }
}

// With windows a call is a table of asks by slots, up to the last that a bid may want.
TEST_F(ClearingTest, AMarketTakesNoMoreOffersThanOneCallHasRoomFor) {
  const std::int64_t minute = 60'000, horizon = 99'360 * minute;
  town.make_market("hours", [&](Market& market) {
    market.clearing.mechanism = Mechanism::kCombinatorial;
    market.slot_ms = minute;
    market.horizon_ms = horizon;
  });
  town.lot(north, "small", 100, {MarketTown::kStart, MarketTown::kStart + 2 * horizon});
  const Terms asked = MarketTown::lasting(offer(1, 60'000), kHour, 2 * kHour);
  for (int i = 0; i < 40; ++i) town.accepted(north, asked);
  const auto beyond = town.submit(north, asked);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, base::Code::kConflict);
  const Terms far = MarketTown::in_window(bid(1, 120'000), town.hour(0), town.now + horizon);
  town.accepted(acme, MarketTown::lasting(far, kHour, kHour));
  EXPECT_EQ(town.clear("hours").trades, 1u);
}

TEST_F(ClearingTest, AFullBookTakesWhatDoesNotRest) {
  town.limits.orders_in_call = 1;
  make_book();
  town.lot(north, "small", 8);
  town.accepted(north, offer(8, 40'000));
  town.accepted(acme, bid(1, 10'000));
  Terms wanted = bid(1, 50'000);
  EXPECT_FALSE(town.submit(umbra, wanted).ok());
  wanted.in_force = TimeInForce::kImmediateOrCancel;
  EXPECT_EQ(town.accepted(umbra, wanted).state, Order::State::kMatched);
}

TEST_F(ClearingTest, BidsThatNobodyCanServeTakeNobodysTurn) {
  town.limits.products_in_call = 2;
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 8);
  for (std::int64_t h = 0; h < 6; ++h)
    town.accepted(umbra, MarketTown::in_window(bid(1, 0), town.hour(h), town.hour(h + 1)));
  town.accepted(north, MarketTown::in_window(offer(8, 40'000), town.hour(20), town.hour(22)));
  const Order wanted = town.accepted(acme, MarketTown::in_window(bid(1, 50'000), town.hour(20), town.hour(22)));
  EXPECT_EQ(town.clear("hours").trades, 1u);
  EXPECT_EQ(town.order(wanted.id).state, Order::State::kMatched);
}

// A row that cannot be: a bid without what was set aside for it, and its money spent.
TEST_F(ClearingTest, ADealThatCannotBeCarriedOutStopsNoOther) {
  make_market(Mechanism::kUniform);
  town.lot(north, "small", 2);
  Party& poor = town.join("poor", 0);
  town.grant(poor, 2 * 60'000);
  const Order asked = town.accepted(north, offer(2, 40'000));
  const Order broken = town.accepted(poor, bid(1, 60'000));
  const Order good = town.accepted(acme, bid(1, 60'000));
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    Order row = **store.find_order(broken.id);
                    TARN_TRY(release_escrow(store, town.context(), row));
                    return store.update_order(row);
                  })
                  .ok());
  town.accepted(poor, MarketTown::in_window(bid(1, 60'000), town.hour(10), town.hour(12)));

  const Clearing clearing = town.clear("hours");
  EXPECT_EQ(clearing.trades, 1u);
  EXPECT_EQ(clearing.units, 1u);
  EXPECT_EQ(clearing.budget, 0);
  EXPECT_EQ(clearing.welfare, 2 * 20'000);
  ASSERT_EQ(town.contracts().size(), 1u);
  EXPECT_EQ(town.contracts()[0].bid, good.id);
  EXPECT_EQ(town.order(broken.id).state, Order::State::kCancelled);
  EXPECT_EQ(town.order(broken.id).reason, "what it may cost is not set aside for it");
  EXPECT_EQ(town.order(broken.id).units_left, 1u);
  EXPECT_EQ(town.order(asked.id).state, Order::State::kPartlyMatched);
  EXPECT_EQ(town.order(asked.id).units_left, 1u);
  std::size_t told = 0;
  for (const auto& [id, event] : town.memory.tables().events) {
    if (event.kind == "market.trade-left-out") {
      EXPECT_EQ(event.detail, "1 units of " + order_text(asked) +
                                  ": the account of the buyer is frozen, or has too little money for it");
      EXPECT_TRUE(event.visible_to.empty() && !event.everybody) << "for the operator";
      ++told;
    } else if (event.kind == "order.trade-left-out") {
      EXPECT_EQ(event.subject, order_text(broken));
      EXPECT_EQ(event.visible_to, (std::vector<OrganisationId>{poor.id, north.id}));
      ++told;
    }
  }
  EXPECT_EQ(told, 2u);
}

// Its own account is a row like any other.
TEST_F(ClearingTest, AMarketThatCannotPayItsPartStopsNoClearing) {
  make_market(Mechanism::kVcg);
  town.lot(north, "small", 2);
  town.accepted(north, offer(1, 40'000));
  const Order wanted = town.accepted(acme, bid(1, 60'000));
  Market market = town.market_named("hours");
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    TARN_ASSIGN(const ledger::Account own, market_account(store, market));
                    return ledger::Rules(store, town.now).set_frozen(own.id, true);
                  })
                  .ok());
  const std::int64_t aside = town.set_aside(acme);
  EXPECT_EQ(town.clear("hours").trades, 0u);
  EXPECT_EQ(town.order(wanted.id).state, Order::State::kOpen);
  EXPECT_EQ(town.set_aside(acme), aside);
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

TEST_F(ClearingTest, WhoeverWatchesHasTheNextCommitmentBeforeTheCall) {
  make_market(Mechanism::kUniform);
  const auto told = [&](std::string_view kind) {
    std::string detail;
    for (const auto& [id, event] : town.memory.tables().events)
      if (event.kind == kind && event.everybody) detail = event.detail;
    return detail;
  };
  const auto expected = [&](int number) {
    return "clearing " + std::to_string(number) + " is committed to " +
           base::to_hex(town.market_named("hours").seed_commitment);
  };
  EXPECT_EQ(told("market.created"), "hours, " + expected(1));
  town.clear("hours");
  EXPECT_EQ(told("market.cleared"), "0 trades, 0 units; " + expected(2));
}

// Such payments balance over the call, so one trade may bring what another lacks.
TEST_F(ClearingTest, CombinatorialPaymentsNeedNoDeficitCap) {
  for (const auto payments : {auction::clearing::Payments::kThreshold, auction::clearing::Payments::kVcg}) {
    std::uint32_t trades = 0;
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
      std::mt19937 draw(seed);
      const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(draw() % n); };
      MarketTown other;
      other.make_market("hours", [&](Market& market) {
        market.clearing.mechanism = Mechanism::kCombinatorial;
        market.clearing.payments = payments;
      });
      const auto window = [&](Terms terms, std::int64_t least, std::int64_t most) {
        return MarketTown::lasting(MarketTown::in_window(terms, other.hour(0), other.hour(6)), least * kHour,
                                   most * kHour);
      };
      for (int i = 0; i < 3; ++i) {
        Party& seller = other.join("seller" + std::to_string(i), 0);
        other.lot(seller, "lot", 1 + static_cast<std::uint32_t>(below(3)));
        other.accepted(seller, window(other.offer("hours", "lot", 1, 10'000 + 1'000 * below(40)), 1, 6));
      }
      for (int i = 0; i < 4; ++i)
        other.accepted(
            other.join("buyer" + std::to_string(i)),
            window(other.bid("hours", 1 + static_cast<std::uint32_t>(below(2)), 20'000 + 1'000 * below(60)), 2, 2));
      const Clearing clearing = other.clear("hours");
      EXPECT_EQ(clearing.trades, other.contracts().size());
      EXPECT_GE(clearing.budget, 0);
      trades += clearing.trades;
      support::MarketAuditor auditor;
      EXPECT_EQ(auditor.look(other.memory.tables(), other.now, false), std::vector<std::string>{});
    }
    EXPECT_GT(trades, 12u);
  }
}

TEST_F(ClearingTest, AMarketThatIsChangedToSuchPaymentsCarriesThemToo) {
  make_market(Mechanism::kUniform);
  const auto limit = [&] {
    std::int64_t found = -1;
    const Market now = town.market_named("hours");
    EXPECT_TRUE(town.within([&](Transaction& store) -> base::Status {
                      TARN_ASSIGN(const ledger::Account own, market_account(store, now));
                      found = own.credit_limit;
                      return {};
                    })
                    .ok());
    return found;
  };
  EXPECT_EQ(limit(), 0);
  Market market = town.market_named("hours");
  market.clearing.mechanism = Mechanism::kCombinatorial;
  market.clearing.payments = auction::clearing::Payments::kThreshold;
  town.operate<Market>([&](Rules& rules) { return rules.change_market("hours", market); });
  EXPECT_EQ(limit(), ledger::kUnlimited);
}

// A market whose mechanism has a deficit adds it, and no other does.
TEST_F(ClearingTest, ADeficitIsTheMarketsToPay) {
  town.make_market("hours", [](Market& market) {
    market.clearing.mechanism = Mechanism::kVcg;
    market.clearing.deficit_cap = 10 * MarketTown::kCredit;
  });
  town.lot(north, "small", 1);
  town.accepted(north, offer(1, 40'000));
  town.accepted(acme, bid(1, 60'000));
  const Clearing clearing = town.clear("hours");
  EXPECT_EQ(clearing.budget, -2 * 20'000);
  const Contract contract = town.contracts().at(0);
  EXPECT_EQ(contract.pays, 2 * 40'000);
  EXPECT_EQ(contract.gets, 2 * 60'000);
  EXPECT_TRUE(contract.margin.has_value());
  EXPECT_EQ(unsound(), std::vector<std::string>{});
}

// Nothing of a clearing stays if any of its steps fails, and the next one is as if it had never been tried.
TEST(ClearingFailure, MatchingIsOneTransaction) {
  support::MemoryMarketStore memory;
  support::FailingMarketStore store(memory);
  MarketTown town(&store);
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme");
  town.make_market("hours");
  town.lot(north, "small", 3);
  Terms immediate = town.bid("hours", 1, 10'000);
  immediate.in_force = TimeInForce::kImmediateOrCancel;
  town.accepted(north, town.offer("hours", "small", 3, 40'000));
  town.accepted(acme, town.bid("hours", 2, 50'000));
  town.accepted(acme, town.bid("hours", 2, 60'000));
  town.accepted(acme, immediate);
  const auto row_counts = [&] {
    const support::MarketTables t = memory.tables();
    return std::vector<std::size_t>{t.transfers.size(), t.contracts.size(), t.leases.size(),
                                    t.clearings.size(), t.ticks.size(),     t.events.size()};
  };
  const support::MarketTables before = memory.tables();
  const std::vector<std::size_t> counts = row_counts();
  std::size_t steps = 0;
  for (;; ++steps) {
    store.fail_at(steps + 1);
    if (town.try_clear("hours").ok()) break;
    ASSERT_EQ(row_counts(), counts) << "at step " << steps + 1;
    const support::MarketTables after = memory.tables();
    ASSERT_TRUE(after.orders == before.orders && after.markets == before.markets && after.seeds == before.seeds &&
                after.accounts == before.accounts && after.pendings == before.pendings)
        << "at step " << steps + 1;
    ASSERT_LT(steps, 1'000u);
  }
  EXPECT_GT(steps, 30u);
  EXPECT_EQ(memory.tables().contracts.size(), 2u);
}

TEST(ClearingFailure, ACrashAtTheCommitLeavesAllOrNothing) {
  for (const auto death :
       {support::MemoryMarketStore::Death::kBeforeCommit, support::MemoryMarketStore::Death::kAfterCommit}) {
    MarketTown town;
    Party& north = town.join("north", 0);
    Party& acme = town.join("acme");
    town.make_market("hours");
    town.lot(north, "small", 1);
    town.accepted(north, town.offer("hours", "small", 1, 40'000));
    town.accepted(acme, town.bid("hours", 1, 50'000));
    town.memory.die_at(1, death);
    EXPECT_FALSE(town.try_clear("hours").ok());
    town.memory.revive();
    const bool kept = death == support::MemoryMarketStore::Death::kAfterCommit;
    EXPECT_EQ(town.contracts().size(), kept ? 1u : 0u);
    EXPECT_EQ(town.clear("hours").trades, kept ? 0u : 1u);
    EXPECT_EQ(town.contracts().size(), 1u);
  }
}

}  // namespace
}  // namespace market
