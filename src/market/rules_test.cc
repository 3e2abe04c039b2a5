// The rules but for orders: members, tokens, groups, money, markets, lots, and what a market shows.
#include "market/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "market/ids.h"
#include "market/lookup.h"
#include "support/market_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kCredit = MarketTown::kCredit;

class RulesTest : public ::testing::Test {
 protected:
  MarketTown town;
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme", 100);

  template <class T>
  base::Code code(const base::Result<T>& result) {
    return result.ok() ? base::Code::kStorage : result.error().code;
  }
};

TEST_F(RulesTest, MembersHaveOneNameAndOneKey) {
  using M = Member;
  const auto add = [&](const OrganisationId& id, std::string_view name) {
    return town.as<M>(MarketTown::operators(), [&](Rules& rules) { return rules.add_member(id, name); });
  };
  EXPECT_EQ(code(add(acme.id, "acme-again")), base::Code::kConflict);
  EXPECT_EQ(code(add(OrganisationId{{9}}, "acme")), base::Code::kConflict);
  EXPECT_EQ(code(add(OrganisationId{{9}}, "a b")), base::Code::kInvalidInput);
  town.limits.members = 2;
  EXPECT_EQ(code(add(OrganisationId{{9}}, "third")), base::Code::kConflict);
  EXPECT_EQ(code(town.as<M>(acme, [&](Rules& rules) { return rules.add_member(OrganisationId{{9}}, "third"); })),
            base::Code::kForbidden);
}

TEST_F(RulesTest, ASuspendedMemberHasNoOrdersAndMakesNone) {
  town.make_market("hours");
  town.lot(north, "small", 8);
  const Order bid = town.accepted(acme, town.bid("hours", 1, 50'000));
  const Order offer = town.accepted(north, town.offer("hours", "small", 1, 40'000));
  for (const Party* party : {&acme, &north})
    ASSERT_TRUE(
        town.tell(MarketTown::operators(), [&](Rules& rules) { return rules.set_suspended(party->id, true); }).ok());
  EXPECT_EQ(town.order(bid.id).state, Order::State::kCancelled);
  EXPECT_EQ(town.order(offer.id).state, Order::State::kWithdrawn);
  EXPECT_EQ(town.set_aside(acme), 0);
  EXPECT_EQ(code(town.submit(acme, town.bid("hours", 1, 50'000))), base::Code::kConflict);
  ASSERT_TRUE(
      town.tell(MarketTown::operators(), [&](Rules& rules) { return rules.set_suspended(acme.id, false); }).ok());
  EXPECT_TRUE(town.submit(acme, town.bid("hours", 1, 50'000)).ok());
}

TEST_F(RulesTest, TokensStayWithinTheirOrganisation) {
  ApiToken token;
  token.label = "laptop";
  token.hash = base::Bytes(32, 1);
  const auto add = [&](const Caller& caller) {
    token.hash[0] ^= 1;
    return town.as<Id>(caller, [&](Rules& rules) { return rules.add_token(token); });
  };
  const auto mine = add(MarketTown::administrator(acme));
  ASSERT_TRUE(mine.ok());
  const auto tokens = town.as<std::vector<ApiToken>>(acme, [](Rules& rules) { return rules.tokens(); });
  ASSERT_EQ(tokens->size(), 1u);
  EXPECT_EQ((*tokens)[0].organisation, acme.id);
  EXPECT_EQ(code(add(MarketTown::trader(acme))), base::Code::kForbidden);
  token.role = Role::kOperator;
  EXPECT_EQ(code(add(MarketTown::administrator(acme))), base::Code::kInvalidInput);
  EXPECT_TRUE(add(MarketTown::operators()).ok());
  token.organisation = north.id;
  EXPECT_EQ(code(add(MarketTown::administrator(acme))), base::Code::kForbidden);
  EXPECT_EQ(code(add(MarketTown::operators())), base::Code::kInvalidInput);  // nobody of an organisation operates
  const auto drop = [&](const Caller& caller) {
    return town.tell(caller, [&](Rules& rules) { return rules.drop_token(*mine); });
  };
  EXPECT_EQ(drop(MarketTown::administrator(north)).error().code, base::Code::kNotFound);
  EXPECT_TRUE(drop(MarketTown::administrator(acme)).ok());
  EXPECT_EQ(drop(MarketTown::administrator(acme)).error().code, base::Code::kNotFound);
}

TEST_F(RulesTest, MoneyComesAsThePolicySays) {
  const auto create = [&](std::string_view name, const CreditPolicy& policy) {
    return town.as<ledger::Id>(MarketTown::operators(),
                               [&](Rules& rules) { return rules.create_currency(name, policy); });
  };
  using Kind = CreditPolicy::Kind;
  ASSERT_TRUE(create("endowed", {Kind::kFixedEndowment, 7 * kCredit, 0, 3 * kCredit}).ok());
  ASSERT_TRUE(create("weekly", {Kind::kRecharging, 5 * kCredit, 7 * kDayMs, 0}).ok());
  EXPECT_FALSE(create("weekly", {}).ok());
  for (const CreditPolicy& wrong :
       {CreditPolicy{Kind::kEarnOnly, 1, 0, 0}, CreditPolicy{Kind::kFixedEndowment, 0, 0, 0},
        CreditPolicy{Kind::kFixedEndowment, 1, 60'000, 0}, CreditPolicy{Kind::kRecharging, 1, 0, 0},
        CreditPolicy{Kind::kEarnOnly, 0, 0, -1}, CreditPolicy{Kind{9}, 0, 0, 0}})
    EXPECT_EQ(code(create("wrong", wrong)), base::Code::kInvalidInput);
  Party& late = town.join("late", 0);
  for (const Party* party : {&acme, &late}) {
    const auto accounts = *town.as<std::vector<ledger::Account>>(*party, [](Rules& rules) { return rules.accounts(); });
    ASSERT_EQ(accounts.size(), 3u);
    EXPECT_EQ(ledger::balance(accounts[1]), 7 * kCredit);
    EXPECT_EQ(ledger::available(accounts[1]), 10 * kCredit);
    EXPECT_EQ(ledger::balance(accounts[2]), 5 * kCredit);
  }
}

TEST_F(RulesTest, ALowerCreditLimitHoldsForEachAsFarAsItHasNotUsedMore) {
  const auto limit = [&](std::int64_t credits) {
    CreditPolicy policy;
    policy.credit_limit = credits * kCredit;
    return town.tell(MarketTown::operators(), [&](Rules& rules) { return rules.set_policy("credits", policy); });
  };
  ASSERT_TRUE(limit(50).ok());
  const ledger::Id from = town.account(north).id, to = town.account(acme).id;
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    ledger::NewTransfer gift;
                    gift.key = "gift";
                    gift.debit = from, gift.credit = to;
                    gift.amount = 30 * kCredit;
                    TARN_TRY(ledger::Rules(store, town.now).make(gift));
                    return {};
                  })
                  .ok());
  ASSERT_TRUE(limit(10).ok());
  EXPECT_EQ(town.account(north).credit_limit, 30 * kCredit) << "owes that much, and may owe no more";
  EXPECT_EQ(town.account(acme).credit_limit, 10 * kCredit);
  const Event said = town.memory.tables().events.rbegin()->second;
  EXPECT_EQ(said.kind, "currency.changed");
  EXPECT_NE(said.detail.find("have used more: 1,"), std::string::npos) << said.detail;
  EXPECT_TRUE(said.visible_to.empty() && !said.everybody) << "who owes what is the operator's to know";
  town.grant(north, 25 * kCredit);
  ASSERT_TRUE(limit(10).ok());
  EXPECT_EQ(town.account(north).credit_limit, 10 * kCredit) << "it has paid";
}

TEST_F(RulesTest, ACorrectionTurnsATransferBackOnce) {
  const auto correct = [&](ledger::Id id, std::string_view why = "a slip") {
    return town.as<ledger::Id>(MarketTown::operators(), [&](Rules& rules) { return rules.correct(id, why); });
  };
  const auto grant =
      town.operate<ledger::Id>([&](Rules& rules) { return rules.grant("credits", acme.id, 5 * kCredit, ""); });
  EXPECT_EQ(town.balance(acme), 105 * kCredit);
  const auto first = correct(grant);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(town.balance(acme), 100 * kCredit);
  EXPECT_EQ(*correct(grant), *first);
  EXPECT_EQ(code(correct(grant, "once more")), base::Code::kConflict);
  EXPECT_EQ(town.balance(acme), 100 * kCredit);
  EXPECT_EQ(code(correct(999'999)), base::Code::kNotFound);
}

TEST_F(RulesTest, AStatementAddsUpAndIsOnesOwn) {
  const ledger::Id account = town.account(acme).id;
  const std::int64_t first = town.now;
  town.now += kDayMs;
  town.grant(acme, 3 * kCredit);
  town.now += kDayMs;
  town.grant(acme, 4 * kCredit);
  const auto statement = [&](const Caller& caller, std::int64_t from, std::int64_t until) {
    return town.as<Statement>(caller, [&](Rules& rules) { return rules.statement(account, from, until); });
  };
  const auto second_day = statement(MarketTown::administrator(acme), first + 1, town.now);
  ASSERT_TRUE(second_day.ok());
  EXPECT_EQ(second_day->opening, 100 * kCredit);
  EXPECT_EQ(second_day->closing, 103 * kCredit);
  ASSERT_EQ(second_day->lines.size(), 1u);
  EXPECT_EQ(second_day->lines[0].balance_after, 103 * kCredit);
  EXPECT_EQ(second_day->by_reason.at(static_cast<std::uint8_t>(ledger::Reason::kGrant)), 3 * kCredit);
  EXPECT_EQ(statement(MarketTown::auditors(), 0, town.now + 1)->closing, 107 * kCredit);
  EXPECT_EQ(code(statement(MarketTown::administrator(north), 0, town.now)), base::Code::kNotFound);
  EXPECT_EQ(code(statement(MarketTown::administrator(acme), 6, 5)), base::Code::kInvalidInput);
}

TEST_F(RulesTest, AMarketThatCannotWorkIsRefusedByField) {
  using Change = void (*)(Market&);
  const std::vector<std::pair<std::string, Change>> changes{
      {"name", [](Market& m) { m.name = "Hours"; }},
      {"slot", [](Market& m) { m.slot_ms = 7'000; }},
      {"mechanism", [](Market& m) { m.clearing.mechanism = Mechanism{0}; }},
      {"kappa", [](Market& m) { m.clearing.kappa_permille = 1'001; }},
      {"payments", [](Market& m) { m.clearing.payments = auction::clearing::Payments{0}; }},
      {"deficit_cap", [](Market& m) { m.clearing.deficit_cap = -1; }},
      {"work_limit", [](Market& m) { m.clearing.work_limit = 0; }},
      {"work_limit", [](Market& m) { m.clearing.work_limit = 1'000'000'001; }},
      {"call_period", [](Market& m) { m.call_period_ms = 0; }},
      {"call_period", [](Market& m) { m.call_period_ms = 999; }},
      {"horizon", [](Market& m) { m.horizon_ms = 0; }},
      {"horizon", [](Market& m) { m.slot_ms = 60'000; }},
      {"max_duration", [](Market& m) { m.max_duration_ms = m.horizon_ms + 1; }},
      {"max_open_orders", [](Market& m) { m.max_open_orders = 0; }},
      {"fee", [](Market& m) { m.fee_bp = 10'001; }},
      {"penalties", [](Market& m) { m.penalties.cancel_bp = 10'001; }},
      {"product", [](Market& m) { m.product = "cpu >"; }},
  };
  for (const auto& [field, change] : changes) {
    Market market;
    market.name = "hours";
    market.currency = town.currency();
    change(market);
    const auto made =
        town.as<Market>(MarketTown::operators(), [&](Rules& rules) { return rules.create_market(market); });
    ASSERT_EQ(code(made), base::Code::kInvalidInput) << field;
    EXPECT_TRUE(made.error().message.starts_with(field + ": ")) << made.error().message;
  }
}

TEST_F(RulesTest, OtherRulesCloseWhatWasSignedForTheOldOnes) {
  Market market = town.make_market("hours");
  const Order bid = town.accepted(acme, town.bid("hours", 1, 50'000));
  market.fee_bp = 100;
  const Market changed = town.operate<Market>([&](Rules& rules) { return rules.change_market("hours", market); });
  EXPECT_EQ(changed.revision, 2u);
  EXPECT_EQ(changed.seed_commitment, market.seed_commitment);
  EXPECT_EQ(town.order(bid.id).state, Order::State::kCancelled);
  EXPECT_NE(town.order(bid.id).reason.find("revision 2"), std::string::npos);
  EXPECT_EQ(town.set_aside(acme), 0);
  Terms old = town.bid("hours", 1, 50'000);
  old.market_revision = 1;
  EXPECT_EQ(code(town.submit(acme, old)), base::Code::kConflict);
  EXPECT_TRUE(town.submit(acme, town.bid("hours", 1, 50'000)).ok());
  market.slot_ms = 1'800'000;
  EXPECT_EQ(code(town.as<Market>(MarketTown::operators(),
                                 [&](Rules& rules) { return rules.change_market("hours", market); })),
            base::Code::kInvalidInput);
}

TEST_F(RulesTest, AClosedMarketTakesNothing) {
  town.make_market("hours");
  const Order bid = town.accepted(acme, town.bid("hours", 1, 50'000));
  ASSERT_TRUE(town.tell(MarketTown::operators(), [](Rules& rules) { return rules.close_market("hours"); }).ok());
  EXPECT_EQ(town.order(bid.id).state, Order::State::kCancelled);
  EXPECT_EQ(code(town.submit(acme, town.bid("hours", 1, 50'000))), base::Code::kConflict);
  EXPECT_EQ(code(town.try_clear("hours")), base::Code::kConflict);
}

TEST_F(RulesTest, LotsAreTheirOwnersAndWithdrawingEndsTheirOffers) {
  town.make_market("hours");
  town.lot(north, "small", 8);
  const Order offer = town.accepted(north, town.offer("hours", "small", 8, 40'000));
  EXPECT_EQ(code(town.as<Lot>(acme, [](Rules& rules) { return rules.lot("small"); })), base::Code::kNotFound);
  EXPECT_EQ(town.tell(MarketTown::trader(north), [](Rules& rules) { return rules.withdraw_lot("small"); }).error().code,
            base::Code::kForbidden);
  ASSERT_TRUE(
      town.tell(MarketTown::administrator(north), [](Rules& rules) { return rules.withdraw_lot("small"); }).ok());
  EXPECT_EQ(town.order(offer.id).state, Order::State::kWithdrawn);
  EXPECT_EQ(code(town.submit(north, town.offer("hours", "small", 8, 40'000))), base::Code::kConflict);
  Lot server;
  server.name = "r630";
  server.kind = Lot::Kind::kServer;
  server.capacity = 2;
  server.until = town.hour(10);
  const auto made = town.as<Lot>(north, [&](Rules& rules) { return rules.create_lot(server); });
  EXPECT_EQ(code(made), base::Code::kInvalidInput);
}

TEST_F(RulesTest, WhatIsOfferedToSomeIsNotInTheDepthOfAll) {
  town.make_market("wide", [](Market& m) { m.clearing.mechanism = Mechanism::kCombinatorial; });
  town.lot(north, "wide", 8);
  town.accepted(north, town.offer("wide", "wide", 4, 40'000));
  Terms to_acme = town.offer("wide", "wide", 1, 70'000);
  to_acme.buyers = {acme.id};
  town.accepted(north, to_acme);
  const auto offers = [&](const Caller& caller) {
    return town.as<Depth>(caller, [](Rules& rules) { return rules.depth("wide", 10); })->offers;
  };
  EXPECT_EQ(offers(MarketTown::trader(acme)).size(), 1u) << "a market shows the same to each member";
  EXPECT_EQ(offers(MarketTown::trader(north)).size(), 1u);
  EXPECT_EQ(offers(MarketTown::auditors()).size(), 2u);
}

TEST_F(RulesTest, AMarketShowsWhatItsRulesAllow) {
  town.make_market("open");
  town.make_market("dark", [](Market& m) { m.depth_public = m.trades_public = m.transcripts_public = false; });
  for (const std::string market : {"open", "dark"}) {
    town.lot(north, market, 8);
    town.accepted(north, town.offer(market, market, 4, 40'000));
    town.accepted(acme, town.bid(market, 1, 50'000));
    town.accepted(acme, town.bid(market, 2, 50'000));
    town.accepted(acme, town.bid(market, 2, 30'000));
  }
  const auto depth = [&](const Caller& caller, std::string_view market) {
    return town.as<Depth>(caller, [&](Rules& rules) { return rules.depth(market, 10); });
  };
  const auto seen = depth(MarketTown::trader(acme), "open");
  ASSERT_TRUE(seen.ok());
  ASSERT_EQ(seen->bids.size(), 2u);
  EXPECT_EQ(seen->bids[0].price, 50'000);
  EXPECT_EQ(seen->bids[0].units, 3u);
  EXPECT_EQ(seen->bids[0].orders, 2u);
  ASSERT_EQ(seen->offers.size(), 1u);
  EXPECT_EQ(code(depth(MarketTown::trader(acme), "dark")), base::Code::kForbidden);
  EXPECT_TRUE(depth(MarketTown::auditors(), "dark").ok());

  for (const std::string market : {"open", "dark"}) town.clear(market);
  const auto candles = town.as<std::vector<Candle>>(acme, [&](Rules& rules) {
    return rules.candles("open", MarketTown::kStart, MarketTown::kStart + kDayMs, kHourMs);
  });
  ASSERT_TRUE(candles.ok());
  ASSERT_EQ(candles->size(), 1u);
  EXPECT_EQ((*candles)[0].units, 3u);
  EXPECT_EQ((*candles)[0].trades, 2u);
  EXPECT_EQ((*candles)[0].open, 40'000);
  EXPECT_EQ((*candles)[0].from, MarketTown::kStart);
  const auto clearing = [&](const Caller& caller, std::string_view market) {
    return town.as<Clearing>(caller, [&](Rules& rules) { return rules.clearing(market, 1); });
  };
  EXPECT_FALSE(clearing(MarketTown::trader(acme), "open")->transcript.empty());
  EXPECT_EQ(code(clearing(MarketTown::trader(acme), "dark")), base::Code::kForbidden);
  EXPECT_EQ(code(clearing(MarketTown::trader(acme), "none")), base::Code::kNotFound);
  const auto used =
      town.as<Utilisation>(acme, [&](Rules& rules) { return rules.utilisation("open", town.hour(0), town.hour(4)); });
  EXPECT_EQ(used->offered, 8u * 4 * kHourMs);
  EXPECT_EQ(used->leased, 3u * 2 * kHourMs);

  town.limits.rows_in_answer = 1;  // of two trades
  EXPECT_EQ(code(town.as<std::vector<Candle>>(acme,
                                              [&](Rules& rules) {
                                                return rules.candles("open", MarketTown::kStart,
                                                                     MarketTown::kStart + kDayMs, kHourMs);
                                              })),
            base::Code::kInvalidInput);
  EXPECT_EQ(code(town.as<Utilisation>(
                acme, [&](Rules& rules) { return rules.utilisation("open", town.hour(0), town.hour(4)); })),
            base::Code::kInvalidInput);
}

TEST_F(RulesTest, NobodyHasMoreLotsThanAMemberMay) {
  town.limits.lots_a_member = 2;
  for (const std::string name : {"a", "b"}) town.lot(north, name, 8);
  Lot third;
  third.name = "c";
  third.until = town.hour(9);
  const auto create = [&](const Party& owner) {
    return town.as<Lot>(owner, [&](Rules& rules) { return rules.create_lot(third); });
  };
  EXPECT_EQ(code(create(north)), base::Code::kConflict);
  EXPECT_TRUE(create(acme).ok());
}

TEST_F(RulesTest, EventsOfOneMarketAreThoseOfItThatOneMaySee) {
  const Id hours = town.make_market("hours").id, days = town.make_market("days").id;
  const Order mine = town.accepted(acme, town.bid("hours", 1, 50'000));
  const Order elsewhere = town.accepted(acme, town.bid("days", 1, 50'000));
  town.grant(north, kCredit);
  const Order others = town.accepted(north, town.bid("hours", 1, 50'000));
  const auto subjects = [&](const Caller& caller, Id market) {
    std::set<std::string> out;
    const auto events = town.as<std::vector<Event>>(caller, [&](Rules& rules) { return rules.events(0, 100, market); });
    for (const Event& event : *events) out.insert(event.subject);
    return out;
  };
  using Subjects = std::set<std::string>;
  const std::string created = id_text(IdKind::kMarket, hours);
  EXPECT_EQ(subjects(MarketTown::trader(acme), hours), (Subjects{created, order_text(mine)}));
  EXPECT_EQ(subjects(MarketTown::trader(north), hours), (Subjects{created, order_text(others)}));
  EXPECT_EQ(subjects(MarketTown::operators(), hours), (Subjects{created, order_text(mine), order_text(others)}));
  EXPECT_EQ(subjects(MarketTown::trader(acme), days),
            (Subjects{id_text(IdKind::kMarket, days), order_text(elsewhere)}));
}

TEST_F(RulesTest, EventsGoToWhomTheyConcern) {
  town.make_market("hours");
  town.accepted(acme, town.bid("hours", 1, 50'000));
  const auto kinds = [&](const Caller& caller) {
    std::vector<std::string> out;
    const auto events = town.as<std::vector<Event>>(caller, [](Rules& rules) { return rules.events(0, 100); });
    for (const Event& event : *events) out.push_back(event.kind);
    return out;
  };
  const auto contains = [](const std::vector<std::string>& all, const char* one) {
    return std::ranges::find(all, one) != all.end();
  };
  EXPECT_TRUE(contains(kinds(MarketTown::trader(acme)), "order.accepted"));
  EXPECT_FALSE(contains(kinds(MarketTown::trader(north)), "order.accepted"));
  EXPECT_TRUE(contains(kinds(MarketTown::trader(north)), "market.created"));
  EXPECT_TRUE(contains(kinds(MarketTown::operators()), "order.accepted"));
}

}  // namespace
}  // namespace market
