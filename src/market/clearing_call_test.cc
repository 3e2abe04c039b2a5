// A call as a whole: its seed and time, how many orders it has room for, what one deal or payment that fails leaves of it,
// and that it is one transaction.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

#include "auction/clearing/mechanism.h"
#include "base/encoding.h"
#include "market/clearing.h"
#include "market/ids.h"
#include "market/market_account.h"
#include "market/orders.h"
#include "support/clearing_town.h"
#include "support/failing_market_store.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs;

class ClearingCall : public support::ClearingTown {};

TEST_F(ClearingCall, TheSeedIsTheOneCommittedToAndEachOnlyOnce) {
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

TEST_F(ClearingCall, TheNextCallIsAtAWholePeriod) {
  make_market(Mechanism::kUniform);
  EXPECT_EQ(town.market_named("hours").next_call, (town.now / 300'000 + 1) * 300'000);
  town.now = town.market_named("hours").next_call + 1'234'567;  // nobody was there for a while
  town.clear("hours");
  const std::int64_t next = town.market_named("hours").next_call;
  EXPECT_GT(next, town.now);
  EXPECT_EQ(next % 300'000, 0);
}

// What would wait behind those that came before is not taken, and neither side fills the other's places.
TEST_F(ClearingCall, AFullMarketTakesNothingThatItWouldNotConsider) {
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
TEST_F(ClearingCall, AMarketTakesNoMoreOffersThanOneCallHasRoomFor) {
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

TEST_F(ClearingCall, AFullBookTakesWhatDoesNotRest) {
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

TEST_F(ClearingCall, BidsThatNobodyCanServeTakeNobodysTurn) {
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
TEST_F(ClearingCall, ADealThatCannotBeCarriedOutStopsNoOther) {
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
TEST_F(ClearingCall, AMarketThatCannotPayItsPartStopsNoClearing) {
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

TEST_F(ClearingCall, WhoeverWatchesHasTheNextCommitmentBeforeTheCall) {
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
TEST_F(ClearingCall, CombinatorialPaymentsNeedNoDeficitCap) {
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

TEST_F(ClearingCall, AMarketThatIsChangedToSuchPaymentsCarriesThemToo) {
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
TEST_F(ClearingCall, ADeficitIsTheMarketsToPay) {
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
