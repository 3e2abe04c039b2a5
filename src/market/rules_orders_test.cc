// How an order comes into the book and out again: who may, what is refused and why, and where its money is meanwhile.
#include <gtest/gtest.h>

#include "market/admission.h"
#include "market/ids.h"
#include "support/market_town.h"

namespace market {
namespace {

using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs, kCredit = MarketTown::kCredit;

class OrdersTest : public ::testing::Test {
 protected:
  MarketTown town;
  Party& north = town.join("north", 0);
  Party& acme = town.join("acme", 1);  // a credit
  Party& umbra = town.join("umbra");

  void make_market(const std::function<void(Market&)>& change = [](Market&) {}) {
    town.make_market("hours", change);
    town.lot(north, "small", 8, {MarketTown::kStart, town.hour(1'000)}, {{"cpu", "4"}});
  }
  Terms bid(std::uint32_t units, std::int64_t price) { return town.bid("hours", units, price); }
  Terms offer(std::uint32_t units, std::int64_t price) { return town.offer("hours", "small", units, price); }
  base::Result<Order> cancel(const Caller& caller, Id id) {
    return town.as<Order>(caller, [&](Rules& rules) { return rules.cancel(id); });
  }
  void expect_refused(const Party& party, const Terms& terms, base::Code code, std::string_view start) {
    const auto result = town.submit(party, terms);
    ASSERT_FALSE(result.ok()) << start;
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_TRUE(result.error().message.starts_with(start)) << result.error().message;
  }
};

// Nothing is bought on air: what a bid may cost at most is set aside before it counts.
TEST_F(OrdersTest, ABidIsAsGoodAsTheMoneyBehindIt) {
  make_market();
  const Order first = town.accepted(acme, bid(4, 100'000));  // four units, two hours
  EXPECT_EQ(town.set_aside(acme), 800'000);
  const auto second = town.submit(acme, bid(2, 100'000));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::Code::kConflict);
  EXPECT_EQ(town.memory.tables().orders.size(), 1u);
  ASSERT_TRUE(cancel(MarketTown::trader(acme), first.id).ok());
  EXPECT_TRUE(town.submit(acme, bid(2, 100'000)).ok());
}

TEST_F(OrdersTest, EscrowIsReleasedHoweverABidEnds) {
  make_market();
  const Order cancelled = town.accepted(acme, bid(1, 100'000));
  ASSERT_TRUE(cancel(MarketTown::trader(acme), cancelled.id).ok());
  EXPECT_EQ(town.set_aside(acme), 0);
  Terms immediate = bid(1, 100'000);
  immediate.in_force = TimeInForce::kImmediateOrCancel;
  town.accepted(acme, immediate);
  town.clear("hours");
  EXPECT_EQ(town.set_aside(acme), 0);
  town.accepted(acme, bid(1, 100'000));
  town.now = town.hour(0);  // it could not begin in time any more
  town.clear("hours");
  EXPECT_EQ(town.set_aside(acme), 0);
  EXPECT_EQ(town.balance(acme), kCredit);
}

TEST_F(OrdersTest, TheSameDocumentGivesTheSameOrder) {
  make_market();
  const SignedTerms order = town.signed_by(acme, bid(1, 100'000));
  const auto submit = [&](const SignedTerms& what) {
    return town.as<Order>(acme, [&](Rules& rules) { return rules.submit(what); });
  };
  const Order first = MarketTown::value(submit(order));
  EXPECT_EQ(MarketTown::value(submit(order)), first);
  EXPECT_EQ(town.set_aside(acme), 200'000);
  ASSERT_TRUE(cancel(MarketTown::trader(acme), first.id).ok());
  EXPECT_EQ(MarketTown::value(submit(order)).state, Order::State::kCancelled);  // it does not come back
  Terms other = first.terms;
  other.price += 1;
  EXPECT_EQ(submit(town.signed_by(acme, other)).error().code, base::Code::kConflict);
}

TEST_F(OrdersTest, AnOrderForAnotherServiceIsRefusedWhateverItsMarketIsCalled) {
  make_market();
  Terms elsewhere = bid(1, 100'000);
  elsewhere.service = {7};
  expect_refused(umbra, elsewhere, base::Code::kInvalidInput, "service: ");
  EXPECT_TRUE(town.submit(umbra, bid(1, 100'000)).ok());
}

TEST_F(OrdersTest, OnlyItsOrganisationPlacesAndCancelsAnOrder) {
  make_market();
  const SignedTerms order = town.signed_by(acme, bid(1, 100'000));
  const auto submit = [&](const Caller& caller, const SignedTerms& what) {
    return town.as<Order>(caller, [&](Rules& rules) { return rules.submit(what); });
  };
  EXPECT_EQ(submit(MarketTown::administrator(umbra), order).error().code, base::Code::kForbidden);
  EXPECT_EQ(submit(MarketTown::operators(), order).error().code, base::Code::kForbidden);
  Caller auditor = MarketTown::trader(acme);
  auditor.role = Role::kAuditor;
  EXPECT_EQ(submit(auditor, order).error().code, base::Code::kForbidden);
  Terms forged = bid(1, 100'000);
  forged.organisation = acme.id;
  EXPECT_EQ(submit(MarketTown::administrator(acme), town.signed_by(umbra, forged)).error().code,
            base::Code::kInvalidInput);

  const Id id = MarketTown::value(submit(MarketTown::trader(acme), order)).id;
  EXPECT_EQ(cancel(MarketTown::administrator(umbra), id).error().code, base::Code::kNotFound);
  EXPECT_EQ(cancel(auditor, id).error().code, base::Code::kForbidden);
  EXPECT_EQ(cancel(MarketTown::operators(), id).error().code, base::Code::kForbidden);
  EXPECT_TRUE(is_open(town.order(id)));
}

// Owners change states by what they may do alone, and what has ended has ended.
TEST_F(OrdersTest, AStateCannotBeSetByItsOwner) {
  make_market();
  const Order asked = town.accepted(north, offer(1, 40'000));
  const Order wanted = town.accepted(acme, bid(1, 50'000));
  town.clear("hours");
  ASSERT_EQ(town.order(asked.id).state, Order::State::kExhausted);
  ASSERT_EQ(town.order(wanted.id).state, Order::State::kMatched);
  for (const auto& [party, id] : {std::pair(&north, asked.id), std::pair(&acme, wanted.id)}) {
    const Order before = town.order(id);
    EXPECT_EQ(cancel(MarketTown::administrator(*party), id).error().code, base::Code::kConflict);
    EXPECT_EQ(town.order(id), before);
  }
}

TEST_F(OrdersTest, OthersOrdersAreAsIfTheyWereNotThere) {
  make_market();
  const Id mine = town.accepted(acme, bid(1, 100'000)).id, others = town.accepted(umbra, bid(1, 100'000)).id;
  const auto see = [&](const Caller& caller, Id id) {
    return town.as<Order>(caller, [&](Rules& rules) { return rules.order(id); }).ok();
  };
  EXPECT_TRUE(see(MarketTown::trader(acme), mine));
  EXPECT_FALSE(see(MarketTown::trader(acme), others));
  EXPECT_TRUE(see(MarketTown::auditors(), others));
  const auto list = [&](const Caller& caller, const OrderFilter& filter) {
    return town.as<std::vector<Order>>(caller, [&](Rules& rules) { return rules.orders(filter, {}); });
  };
  EXPECT_EQ(list(MarketTown::trader(acme), {})->size(), 1u);
  EXPECT_EQ(list(MarketTown::operators(), {})->size(), 2u);
  EXPECT_EQ(list(MarketTown::trader(acme), {.organisation = umbra.id}).error().code, base::Code::kForbidden);
}

TEST_F(OrdersTest, TimesAreOnTheGridInUtcAndCanStillBeMet) {
  make_market([](Market& m) { m.horizon_ms = 48 * kHour, m.max_duration_ms = 10 * kHour; });
  using base::Code::kInvalidInput;
  expect_refused(umbra, MarketTown::in_window(bid(1, 1'000), town.hour(0) + 1, town.hour(2) + 1), kInvalidInput,
                 "earliest: ");
  expect_refused(umbra, MarketTown::in_window(bid(1, 1'000), town.hour(0), town.hour(49)), kInvalidInput, "latest: ");
  expect_refused(umbra, MarketTown::in_window(bid(1, 1'000), town.hour(0), town.hour(11)), kInvalidInput,
                 "max_duration: ");
  // the hour that has begun cannot be had whole
  expect_refused(umbra, MarketTown::in_window(bid(1, 1'000), town.hour(-1), town.hour(1)), kInvalidInput, "latest: ");
  Terms late = bid(1, 1'000);
  late.expires = town.now;
  expect_refused(umbra, late, kInvalidInput, "expires: ");
  EXPECT_TRUE(town.submit(umbra, MarketTown::in_window(bid(1, 1'000), town.hour(38), town.hour(46))).ok());
}

TEST_F(OrdersTest, PricesAreWholeASlotAndOrdersOfBoundedWorth) {
  make_market([](Market& m) { m.slot_ms = 900'000, m.horizon_ms = 30 * kDayMs, m.max_duration_ms = 7 * kDayMs; });
  expect_refused(umbra, bid(1, 41'001), base::Code::kInvalidInput, "price: is no whole number");
  Terms dear = bid(4'096, 39'999'999'996);
  expect_refused(umbra, dear, base::Code::kInvalidInput, "price: makes the order worth");
  EXPECT_TRUE(town.submit(umbra, bid(1, 41'000)).ok());
}

TEST_F(OrdersTest, AMechanismGetsOnlyOrdersThatItsPromisesAreFor) {
  make_market();
  using base::Code::kInvalidInput;
  const auto with = [](Terms terms, void (*change)(Terms&)) {
    change(terms);
    return terms;
  };
  expect_refused(umbra, with(bid(2, 50'000), [](Terms& t) { t.query = "cpu = 4"; }), kInvalidInput, "query: ");
  expect_refused(umbra, with(bid(2, 50'000), [](Terms& t) { t.same_site = true; }), kInvalidInput, "same_site: ");
  expect_refused(umbra, with(bid(2, 50'000), [](Terms& t) { t.min_units = 2; }), kInvalidInput,
                 "uniform cannot do all or none");
  expect_refused(umbra, with(bid(2, 50'000), [](Terms& t) { t.least_notice_ms = 1; }), kInvalidInput, "least_notice: ");
  expect_refused(umbra, with(bid(2, 50'000), [](Terms& t) { t.min_duration_ms = kHour; }), kInvalidInput,
                 "min_duration: ");
  expect_refused(north, with(offer(2, 50'000), [](Terms& t) { t.notice_ms = kHour; }), kInvalidInput, "notice: ");
  expect_refused(north, with(offer(2, 50'000), [](Terms& t) { t.buyers = {OrganisationId{{1}}}; }), kInvalidInput,
                 "buyers: ");
  expect_refused(north, with(offer(2, 50'000), [](Terms& t) { t.min_units = 2; }), kInvalidInput, "min_units: ");
}

TEST_F(OrdersTest, TruthfulMechanismsTakeOneUnitAndOneOrderAnOrganisation) {
  make_market([](Market& m) { m.clearing.mechanism = Mechanism::kMcafee; });
  expect_refused(umbra, bid(2, 50'000), base::Code::kInvalidInput, "mcafee takes orders of one unit only");
  Terms loose = MarketTown::in_window(offer(1, 40'000), town.hour(0), town.hour(10));
  expect_refused(north, MarketTown::lasting(loose, kHour, 10 * kHour), base::Code::kInvalidInput, "min_duration: ");
  const Order first = town.accepted(umbra, bid(1, 50'000));
  expect_refused(umbra, bid(1, 60'000), base::Code::kConflict, "mcafee takes one order an organisation and window");
  EXPECT_TRUE(town.submit(umbra, MarketTown::in_window(bid(1, 60'000), town.hour(2), town.hour(3))).ok());
  ASSERT_TRUE(cancel(MarketTown::trader(umbra), first.id).ok());
  EXPECT_TRUE(town.submit(umbra, bid(1, 60'000)).ok());
}

TEST_F(OrdersTest, NobodyIsOnBothSidesOfAProduct) {
  make_market();
  town.grant(north, kCredit);
  town.accepted(north, offer(1, 40'000));
  expect_refused(north, bid(1, 50'000), base::Code::kConflict, "nobody trades with itself");
  EXPECT_TRUE(town.submit(north, MarketTown::in_window(bid(1, 50'000), town.hour(2), town.hour(3))).ok());
}

TEST_F(OrdersTest, OffersAreOfWhatIsThere) {
  make_market([](Market& m) { m.product = "cpu >= 4"; });
  town.lot(north, "tiny", 8, {MarketTown::kStart, town.hour(10)}, {{"cpu", "2"}});
  Terms of = offer(1, 40'000);
  of.lot = "none";
  expect_refused(north, of, base::Code::kNotFound, "There is no lot");
  of.lot = "tiny";
  expect_refused(north, of, base::Code::kInvalidInput, "lot: is not what this market sells");
  expect_refused(umbra, offer(1, 40'000), base::Code::kNotFound, "There is no lot");  // is another's
  expect_refused(north, offer(9, 40'000), base::Code::kInvalidInput, "max_units: ");
  expect_refused(north, MarketTown::in_window(offer(1, 40'000), town.hour(999), town.hour(1'001)),
                 base::Code::kInvalidInput, "earliest: ");
  EXPECT_TRUE(town.submit(north, offer(8, 40'000)).ok());
}

TEST_F(OrdersTest, CapsOnStackingAreEnforced) {
  make_market([](Market& m) { m.max_units_at_once = 4, m.max_unit_slots = 12, m.max_open_orders = 3; });
  town.accepted(umbra, bid(2, 50'000));
  town.accepted(north, offer(2, 40'000));
  town.clear("hours");  // two units of two hours are a contract now
  expect_refused(umbra, bid(3, 50'000), base::Code::kConflict, "a member may have 4 units");
  const Order open = town.accepted(umbra, bid(2, 50'000));
  expect_refused(umbra, bid(1, 50'000), base::Code::kConflict, "a member may have 4 units");
  expect_refused(umbra, MarketTown::in_window(bid(3, 50'000), town.hour(2), town.hour(4)), base::Code::kConflict,
                 "a member may have 12 units times slots");
  ASSERT_TRUE(cancel(MarketTown::trader(umbra), open.id).ok());
  EXPECT_TRUE(town.submit(umbra, MarketTown::in_window(bid(4, 50'000), town.hour(2), town.hour(4))).ok());
  for (int i = 0; i < 3; ++i) town.accepted(acme, MarketTown::in_window(bid(1, 1'000), town.hour(i), town.hour(i + 1)));
  expect_refused(acme, MarketTown::in_window(bid(1, 1'000), town.hour(9), town.hour(10)), base::Code::kConflict,
                 "a member has at most 3 orders");
}

}  // namespace
}  // namespace market
