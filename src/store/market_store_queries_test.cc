// Every question to a store of the market against looking at all rows: what is in, in which order, and page by page.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "ledger/statement.h"
#include "support/market_samples.h"
#include "support/market_stores.h"

namespace store {
namespace {

using namespace market;
using base::Status;
using support::Engine;
using support::full_contract;
using support::full_lot;
using support::full_market;
using support::full_order;
using support::MarketRows;
using support::organisation;

class MarketQueries : public support::MarketStores {};
INSTANTIATE_TEST_SUITE_P(All, MarketQueries, testing::Values(Engine::kMemory, Engine::kSqlite, Engine::kPostgres),
                         support::name_of);

const Page kAll{0, 100'000};

class Town {
 public:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool coin() { return below(2) == 0; }
  OrganisationId somebody() { return organisation(static_cast<std::uint8_t>(1 + below(4))); }
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  std::int64_t time() { return static_cast<std::int64_t>(below(100)); }

  Status build(Transaction& t) {
    TARN_ASSIGN(const MarketRows rows, support::full_rows(t));
    markets = {rows.market};
    lots = {rows.lot};
    contracts = {rows.contract};
    Market market = full_market(rows.currency);
    market.name = "a-second";
    TARN_ASSIGN(Id id, t.insert_market(market));
    markets.push_back(id);
    for (int i = 0; i < 3; ++i) {
      Lot lot = full_lot();
      lot.owner = somebody(), lot.name = "lot" + std::to_string(i);
      TARN_ASSIGN(id, t.insert_lot(lot));
      lots.push_back(id);
    }
    for (int i = 0; i < 80; ++i) TARN_TRY(add_order(t, rows, i));
    for (int i = 0; i < 80; ++i) TARN_TRY(add_contract(t, rows));
    for (int i = 0; i < 120; ++i) {
      TARN_TRY(t.insert_lease({0, one_of(contracts), coin() ? one_of(lots) : 0, 0, time(), time(),
                               static_cast<Lease::State>(1 + below(7)), "", 0, 0, coin() ? 0 : time()}));
      TARN_TRY(t.insert_tick({0, one_of(markets), time(), 1, 1, 0, 1}));
      Event event{0, time(), "k", {}, below(5) == 0, "s", "d", coin() ? one_of(markets) : 0};
      for (std::size_t readers = below(3); readers > 0; --readers) event.visible_to.push_back(somebody());
      TARN_TRY(t.insert_event(event));
    }
    for (std::uint64_t number = 2; number < 20; ++number) {
      Clearing clearing;
      clearing.market = one_of(markets), clearing.number = number, clearing.transcript = "long";
      TARN_TRY(t.insert_clearing(clearing));
    }
    return {};
  }

  std::vector<Id> markets, lots, contracts;

 private:
  Status add_order(Transaction& t, const MarketRows& rows, int number) {
    Order order = full_order(rows);
    order.market = one_of(markets);
    order.lot = coin() ? one_of(lots) : 0;
    order.terms.organisation = somebody();
    order.terms.nonce.fill(static_cast<std::uint8_t>(number));
    order.terms.side = coin() ? Side::kBid : Side::kOffer;
    order.terms.contract = coin() ? std::optional(contracts.front()) : std::nullopt;
    order.terms.expires = time();
    order.terms.price = 1 + number % 7;
    order.units_left = static_cast<std::uint32_t>(number % 4);
    if (number % 3 != 0) order.terms.buyers.clear();
    if (number % 5 != 0) order.terms.groups.clear();
    order.state = static_cast<Order::State>(1 + below(7));
    TARN_TRY(t.insert_order(order));
    return {};
  }
  Status add_contract(Transaction& t, const MarketRows& rows) {
    Contract contract = full_contract(rows);
    contract.market = one_of(markets), contract.lot = one_of(lots);
    contract.resale_of = coin() ? std::optional(one_of(contracts)) : std::nullopt;
    contract.clearing = coin() ? rows.clearing : 0;
    contract.buyer = somebody(), contract.seller = somebody();
    contract.state = static_cast<Contract::State>(1 + below(6));
    contract.due_at = time() - 10;
    contract.start = time(), contract.end = contract.start + time();
    TARN_ASSIGN(const Id id, t.insert_contract(contract));
    contracts.push_back(id);
    return {};
  }

  std::mt19937_64 random_{42};
};

// The rows of `all` that are wanted, in its order; asked for at once and in pages of three.
template <class T>
void expect_rows(const std::vector<T>& all, const std::function<bool(const T&)>& wanted,
                 const std::function<Rows<T>(const Page&)>& ask, const char* what, bool some = true) {
  std::vector<T> expected, paged;
  std::ranges::copy_if(all, std::back_inserter(expected), wanted);
  const Rows<T> at_once = ask(kAll);
  ASSERT_TRUE(at_once.ok()) << what << (at_once.ok() ? "" : ": " + at_once.error().message);
  EXPECT_EQ(at_once->size(), expected.size()) << what;
  EXPECT_TRUE(*at_once == expected) << what;
  if (some) {
    EXPECT_FALSE(expected.empty()) << what << ": nothing to find";
  }
  for (Page page{0, 3};;) {
    const Rows<T> part = ask(page);
    ASSERT_TRUE(part.ok() && part->size() <= 3) << what;
    paged.insert(paged.end(), part->begin(), part->end());
    if (part->size() < 3 || paged.size() > expected.size()) break;
    page.after = part->back().id;
  }
  EXPECT_TRUE(paged == expected) << what << " in pages";
}

TEST_P(MarketQueries, AnswerAboutOrders) {
  Town town;
  EXPECT_TRUE(store_->write([&](Transaction& t) { return town.build(t); }).ok());
  const Status done = store_->read([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Order> all, t.orders({}, kAll));
    EXPECT_EQ(all.size(), 81U);
    const auto open = [](const Order& o) { return o.state <= Order::State::kPartlyMatched; };
    for (int i = 0; i < 60; ++i) {
      OrderFilter filter;
      if (town.coin()) filter.market = town.one_of(town.markets);
      if (town.below(4) == 0) filter.lot = town.one_of(town.lots);
      if (town.below(4) == 0) filter.contract = town.contracts.front();
      if (town.below(3) == 0) filter.organisation = town.somebody();
      if (town.below(4) == 0) filter.side = Side::kBid;
      filter.open = town.coin();
      expect_rows<Order>(
          all,
          [&](const Order& o) {
            return (!filter.market || o.market == *filter.market) && (!filter.lot || o.lot == *filter.lot) &&
                   (!filter.contract || o.terms.contract == filter.contract) &&
                   (!filter.organisation || o.terms.organisation == *filter.organisation) &&
                   (!filter.side || o.terms.side == *filter.side) && (!filter.open || open(o));
          },
          [&](const Page& page) { return t.orders(filter, page); }, "orders", false);
    }
    expect_rows<Order>(
        all, [&](const Order& o) { return open(o) && o.terms.expires <= 50; },
        [&](const Page& page) { return t.orders_expired(50, page); }, "expired orders");
    for (const Id market : town.markets) {
      const OrganisationId whose = town.somebody();
      EXPECT_EQ(static_cast<std::ptrdiff_t>(*t.count_open_orders(market, whose)),
                std::ranges::count_if(all, [&](const Order& o) {
                  return open(o) && o.market == market && o.terms.organisation == whose;
                }));
      for (const Side side : {Side::kBid, Side::kOffer}) {
        const auto count = static_cast<std::size_t>(std::ranges::count_if(
            all, [&](const Order& o) { return open(o) && o.market == market && o.terms.side == side; }));
        for (std::size_t than = 0; than < 2 * all.size(); ++than)
          EXPECT_EQ(*t.fewer_open(market, side, than), count < than) << than;
      }
    }
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
}

TEST_P(MarketQueries, AnswerAboutThePricesThatAreOpen) {
  Town town;
  EXPECT_TRUE(store_->write([&](Transaction& t) { return town.build(t); }).ok());
  const Status done = store_->read([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Order> all, t.orders({}, kAll));
    std::size_t seen = 0;
    for (const Id market : town.markets)
      for (const Side side : {Side::kBid, Side::kOffer})
        for (const bool private_too : {false, true}) {
          std::map<std::int64_t, PriceLevel> expected;
          for (const Order& o : all) {
            const bool shown = private_too || (o.terms.buyers.empty() && o.terms.groups.empty());
            if (o.market != market || o.terms.side != side || !shown || o.units_left == 0) continue;
            if (o.state > Order::State::kPartlyMatched) continue;
            PriceLevel& level = expected[side == Side::kBid ? -o.terms.price : o.terms.price];
            level = {o.terms.price, level.units + o.units_left, level.orders + 1};
          }
          std::vector<PriceLevel> best;
          for (const auto& [key, level] : expected) best.push_back(level);
          EXPECT_EQ(*t.levels(market, side, private_too, 100), best);
          best.resize(std::min<std::size_t>(best.size(), 2));
          EXPECT_EQ(*t.levels(market, side, private_too, 2), best);
          seen += best.size();
        }
    EXPECT_GT(seen, 8U) << "nothing to find";
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
}

TEST_P(MarketQueries, AnswerAboutContractsAndLeases) {
  Town town;
  EXPECT_TRUE(store_->write([&](Transaction& t) { return town.build(t); }).ok());
  const Status done = store_->read([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Contract> all, t.contracts({}, kAll));
    EXPECT_EQ(all.size(), 81U);
    const auto live = [](const Contract& c) { return c.state <= Contract::State::kActive; };
    for (int i = 0; i < 60; ++i) {
      ContractFilter filter;
      if (town.coin()) filter.market = town.one_of(town.markets);
      if (town.below(4) == 0) filter.lot = town.one_of(town.lots);
      if (town.below(4) == 0) filter.resale_of = town.one_of(town.contracts);
      if (town.below(4) == 0) filter.clearing = all.front().clearing;
      if (town.below(4) == 0) filter.buyer = town.somebody();
      if (town.below(4) == 0) filter.seller = town.somebody();
      if (town.below(3) == 0) filter.party = town.somebody();
      if (town.below(3) == 0) filter.within = Window{30, 50};
      filter.live = town.coin();
      expect_rows<Contract>(
          all,
          [&](const Contract& c) {
            return (!filter.market || c.market == *filter.market) && (!filter.lot || c.lot == *filter.lot) &&
                   (!filter.resale_of || c.resale_of == filter.resale_of) &&
                   (!filter.clearing || c.clearing == *filter.clearing) &&
                   (!filter.buyer || c.buyer == *filter.buyer) && (!filter.seller || c.seller == *filter.seller) &&
                   (!filter.party || c.buyer == *filter.party || c.seller == *filter.party) &&
                   (!filter.live || live(c)) && (!filter.within || (c.end > 30 && c.start < 50));
          },
          [&](const Page& page) { return t.contracts(filter, page); }, "contracts", false);
    }
    expect_rows<Contract>(
        all, [&](const Contract& c) { return live(c) && c.due_at > 0 && c.due_at <= 40; },
        [&](const Page& page) { return t.contracts_due(40, page); }, "contracts that are due");

    TARN_ASSIGN(const std::vector<Lease> leases, t.leases({}, kAll));
    EXPECT_EQ(leases.size(), 120U);
    const auto occupying = [](const Lease& l) {
      return l.state < Lease::State::kEnded || (l.state == Lease::State::kFailed && l.freed == 0);
    };
    for (int i = 0; i < 30; ++i) {
      LeaseFilter filter;
      if (town.coin()) filter.contract = town.one_of(town.contracts);
      if (town.coin()) filter.lot = town.one_of(town.lots);
      filter.occupying = town.coin();
      expect_rows<Lease>(
          leases,
          [&](const Lease& l) {
            return (!filter.contract || l.contract == *filter.contract) && (!filter.lot || l.lot == *filter.lot) &&
                   (!filter.occupying || occupying(l));
          },
          [&](const Page& page) { return t.leases(filter, page); }, "leases", false);
    }
    expect_rows<Lease>(
        leases,
        [](const Lease& l) {
          return (l.state == Lease::State::kScheduled && l.start <= 50) ||
                 (l.state > Lease::State::kScheduled && l.state < Lease::State::kEnding && l.end <= 50) ||
                 l.state == Lease::State::kEnding;
        },
        [&](const Page& page) { return t.leases_due(50, page); }, "leases that are due");
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
}

TEST_P(MarketQueries, AnswerAboutEventsTicksClearingsAndLots) {
  Town town;
  EXPECT_TRUE(store_->write([&](Transaction& t) { return town.build(t); }).ok());
  const auto events = [](Transaction& t, const EventFilter& which) {
    return [&t, which](const Page& page) { return t.events(page.after, which, page.limit); };
  };
  Status done = store_->read([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Event> all, t.events(0, {}, 10'000));
    expect_rows<Event>(all, [](const Event&) { return true; }, events(t, {}), "all events");
    EXPECT_EQ(*t.last_event(), all.back().id);
    for (std::uint8_t reader = 1; reader <= 4; ++reader) {
      const auto visible = [&](const Event& e) {
        return e.everybody || std::ranges::count(e.visible_to, organisation(reader)) > 0;
      };
      expect_rows<Event>(all, visible, events(t, {organisation(reader)}), "events of one");
      for (const Id market : town.markets)
        expect_rows<Event>(
            all, [&](const Event& e) { return visible(e) && e.market == market; },
            events(t, {organisation(reader), market}), "events of one in a market");
    }
    for (const Id market : town.markets) {
      expect_rows<Event>(
          all, [&](const Event& e) { return e.market == market; }, events(t, {{}, market}), "events of a market");
      TARN_ASSIGN(const std::vector<TradeTick> ticks, t.ticks(market, 0, 1'000, kAll));
      expect_rows<TradeTick>(
          ticks, [](const TradeTick& tick) { return tick.at >= 20 && tick.at < 60; },
          [&](const Page& page) { return t.ticks(market, 20, 60, page); }, "ticks");
      std::vector<TradeTick> newest = ticks;
      std::ranges::sort(newest, std::ranges::greater(),
                        [](const TradeTick& tick) { return std::pair(tick.at, tick.id); });
      newest.resize(5);
      EXPECT_TRUE(*t.latest_ticks(market, 5) == newest);
      TARN_ASSIGN(std::vector<Clearing> clearings, t.clearings(market, kAll));
      EXPECT_TRUE(std::ranges::is_sorted(clearings, std::ranges::greater(), &Clearing::id));
      expect_rows<Clearing>(
          clearings, [&](const Clearing& c) { return c.market == market && c.transcript.empty(); },
          [&](const Page& page) { return t.clearings(market, page); }, "clearings");
    }
    TARN_ASSIGN(const std::vector<Lot> lots, t.lots({}, kAll));
    for (const Lot& one : lots) {
      expect_rows<Lot>(
          lots, [&](const Lot& lot) { return lot.owner == one.owner; },
          [&](const Page& page) { return t.lots(one.owner, page); }, "lots");
      EXPECT_EQ(static_cast<std::ptrdiff_t>(*t.count_lots(one.owner)),
                std::ranges::count(lots, one.owner, &Lot::owner));
    }
    TARN_ASSIGN(const std::vector<Market> markets, t.markets());
    EXPECT_EQ(markets.size(), 2U);
    EXPECT_EQ(markets.front().name, "a-second");
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  done = store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Event> all, t.events(0, {}, 10'000));
    TARN_TRY(t.erase_events_before(50));
    expect_rows<Event>(
        std::vector<Event>(all), [](const Event& e) { return e.at >= 50; },
        [&](const Page& page) { return t.events(page.after, {}, page.limit); }, "events that are left");
    TARN_TRY(t.keep_reply("a", "old", {{}, 200, "", 1}));
    TARN_TRY(t.keep_reply("a", "new", {{}, 200, "", 2}));
    TARN_TRY(t.erase_replies_before(2));
    EXPECT_FALSE(t.find_reply("a", "old")->has_value());
    EXPECT_TRUE(t.find_reply("a", "new")->has_value());
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
}

TEST_P(MarketQueries, AnswerAboutTheLedgerAndWhoTakesPart) {
  const Status done = store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, support::full_rows(t));
    for (std::int64_t i = 0; i < 40; ++i) {
      const bool there = i % 3 == 0;
      TARN_TRY(t.insert_transfer({.key = "k" + std::to_string(i),
                                  .kind = i % 4 == 0 ? ledger::TransferKind::kPending : ledger::TransferKind::kPosted,
                                  .debit = there ? rows.account : rows.other_account,
                                  .credit = there ? rows.other_account : rows.account,
                                  .amount = 1,
                                  .at = i % 7}));
    }
    ledger::Account third{.currency = rows.currency, .name = "third", .organisation = organisation(1)};
    TARN_ASSIGN(third.id, t.insert_account(third));
    TARN_TRY(t.insert_transfer({.key = "k", .debit = third.id, .credit = rows.account, .amount = 1, .at = 3}));
    TARN_ASSIGN(const std::vector<ledger::Transfer> all, t.transfers(0, 1'000));
    EXPECT_EQ(all.size(), 42U);
    expect_rows<ledger::Transfer>(
        all, [](const auto&) { return true; }, [&](const Page& page) { return t.transfers(page.after, page.limit); },
        "the journal");
    for (const Id of : {rows.account, rows.other_account, third.id}) {
      for (std::int64_t from = 0; from <= 8; ++from) {
        std::int64_t changed = 0;
        for (const ledger::Transfer& one : all)
          if (one.at >= from) changed += ledger::change_of(one, of);
        EXPECT_EQ(*t.changed_since(of, from), changed) << from;
      }
      expect_rows<ledger::Transfer>(
          all,
          [&](const ledger::Transfer& one) {
            return (one.debit == of || one.credit == of) && one.at >= 2 && one.at < 5;
          },
          [&](const Page& page) { return t.transfers_of(of, 2, 5, page.after, page.limit); }, "an account's transfers");
    }
    TARN_ASSIGN(const std::vector<ledger::Account> accounts, t.accounts(0, 10));
    expect_rows<ledger::Account>(
        accounts, [](const auto&) { return true; },
        [&](const Page& page) { return t.accounts(page.after, page.limit); }, "accounts");
    EXPECT_TRUE(*t.accounts_of(organisation(1)) == std::vector{third});
    EXPECT_EQ(t.currencies()->size(), 1U);
    for (const char* const name : {"b", "a", "c"})
      TARN_TRY(t.insert_member({organisation(static_cast<std::uint8_t>(name[0])), name, false, 0}));
    TARN_ASSIGN(const std::vector<Member> behind, t.members("a", 1));
    EXPECT_EQ(behind.size(), 1U);
    EXPECT_EQ(behind.front().name, "b");
    TARN_TRY(t.put_group({0, organisation(1), "z", {}}));
    TARN_TRY(t.put_group({0, organisation(1), "y", {}}));
    TARN_TRY(t.put_group({0, organisation(2), "x", {}}));
    TARN_ASSIGN(const std::vector<Group> groups, t.groups(organisation(1)));
    EXPECT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups.front().name, "y");
    TARN_TRY(t.erase_group(groups.front().id));
    EXPECT_EQ(t.groups(organisation(1))->size(), 1U);
    TARN_TRY(t.insert_token({0, organisation(1), Role::kTrader, "", {1}, 0, {}}));
    TARN_ASSIGN(const Id operators, t.insert_token({0, {}, Role::kOperator, "", {2}, 0, {}}));
    EXPECT_EQ(t.tokens(organisation(1))->size(), 1U);
    TARN_ASSIGN(const std::vector<ApiToken> of_none, t.tokens({}));
    EXPECT_EQ(of_none.size(), 1U);
    EXPECT_EQ(of_none.front().id, operators);
    EXPECT_TRUE(*t.erase_token(operators));
    EXPECT_TRUE(t.tokens({})->empty());
    return {};
  });
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
}

}  // namespace
}  // namespace store
