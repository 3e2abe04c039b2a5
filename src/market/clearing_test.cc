// Clearing, from signed orders to contracts, on a town in memory: what is matched with what. Named after what holds; most of
// it are defects of earlier systems, which must not come back.
#include "market/clearing.h"

#include <gtest/gtest.h>

#include "auction/clearing/mechanism.h"
#include "market/orders.h"
#include "support/clearing_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs;

class ClearingTest : public support::ClearingTown {};

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

}  // namespace
}  // namespace market
