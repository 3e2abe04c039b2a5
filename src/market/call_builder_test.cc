// The pure step from orders to plain numbers.
#include "market/call_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "market/grid.h"

namespace market {
namespace {

using auction::clearing::SlotRange;
using auction::clearing::Trade;

constexpr std::int64_t kHour = kHourMs;

Market hours() {
  Market market;
  market.clearing.mechanism = Mechanism::kCombinatorial;
  return market;
}

Order order(Id id, Side side, std::uint32_t units, std::int64_t from, std::int64_t until, std::int64_t least,
            std::int64_t most) {
  Order order;
  order.id = id;
  order.terms.side = side;
  order.terms.organisation.key = {static_cast<std::uint8_t>(id)};
  order.terms.price = 1'000 * id;
  order.terms.max_units = order.units_left = units;
  order.terms.earliest = from * kHour;
  order.terms.latest = until * kHour;
  order.terms.min_duration_ms = least * kHour;
  order.terms.max_duration_ms = most * kHour;
  return order;
}

class CallBuilderTest : public ::testing::Test {
 protected:
  Market market = hours();
  OpenBook book;

  std::size_t supply(std::uint64_t capacity, const Attributes& attributes = {}) {
    book.supplies.push_back({capacity, {0, 1'000 * kHour}, {}, attributes});
    return book.supplies.size() - 1;
  }
  void want(std::int64_t least) { book.bids.push_back({order(99, Side::kBid, 1, 0, 900, least, 900)}); }
  void promise(std::size_t of, std::int64_t from, std::int64_t until, std::uint64_t units) {
    ASSERT_TRUE(book.supplies[of].promised.add(from, until, units));
  }
};

TEST_F(CallBuilderTest, SlotsCountFromTheFirstThatCanBeHadWhole) {
  const std::size_t lot = supply(8);
  book.bids.push_back({order(1, Side::kBid, 2, 0, 30, 3, 5)});
  book.offers.push_back({order(2, Side::kOffer, 8, 12, 20, 1, 8), lot});
  const BuiltCall built = whole_call(market, book, 10 * kHour + 1);
  EXPECT_EQ(built.first_slot, 11);
  const auto& bid = built.call.bids.at(0);
  EXPECT_EQ(bid.earliest, 0u);
  EXPECT_EQ(bid.latest_end, 19u);
  EXPECT_EQ(bid.min_slots, 3u);
  EXPECT_EQ(bid.max_slots, 5u);
  const auto& ask = built.call.asks.at(0);
  EXPECT_EQ(ask.earliest, 1u);
  EXPECT_EQ(ask.latest_end, 9u);
  EXPECT_EQ(ask.max_units, 8u);
  EXPECT_TRUE(built.call.eligible.empty());
  EXPECT_TRUE(built.call.closed.empty());
  EXPECT_EQ(window_of(market, built, Trade{0, 0, 1, 2, 3, 0, 0}), (Window{13 * kHour, 16 * kHour}));
}

TEST_F(CallBuilderTest, AnAskHasWhatIsFreeForMostOfItsTime) {
  want(1);
  const std::size_t lot = supply(8);
  promise(lot, 4 * kHour, 5 * kHour, 7);            // one left for an hour of twenty
  promise(lot, 10 * kHour + 1, 11 * kHour - 1, 8);  // of another market's grid
  book.offers.push_back({order(2, Side::kOffer, 6, 0, 20, 1, 8), lot});
  book.offers[0].order.terms.closed = {{5 * kHour, 6 * kHour}};
  const BuiltCall built = whole_call(market, book, 0);
  EXPECT_EQ(built.call.asks.at(0).max_units, 6u);
  EXPECT_EQ(built.call.closed.at(0), (std::vector<SlotRange>{{4, 6}, {10, 11}}));
}

// However much is free in between: nobody wants so little time.
TEST_F(CallBuilderTest, AnAskHasItsUnitsWhereABidFits) {
  const std::size_t lot = supply(8);
  promise(lot, 3 * kHour, 4 * kHour, 7);
  promise(lot, 6 * kHour, 7 * kHour, 7);
  book.offers.push_back({order(2, Side::kOffer, 8, 0, 9, 1, 9), lot});
  want(4);
  BuiltCall built = whole_call(market, book, 0);
  EXPECT_EQ(built.call.asks.at(0).max_units, 1u);
  book.bids.clear();
  want(3);
  built = whole_call(market, book, 0);
  EXPECT_EQ(built.call.asks.at(0).max_units, 8u);
  EXPECT_EQ(built.call.closed.at(0), (std::vector<SlotRange>{{3, 4}, {6, 7}}));
}

TEST_F(CallBuilderTest, AsksAreOfTheTimeThatBidsWant) {
  book.offers.push_back({order(2, Side::kOffer, 8, 0, 20, 2, 9), supply(8)});
  EXPECT_TRUE(whole_call(market, book, 0).call.asks.empty());
  book.bids.push_back({order(3, Side::kBid, 1, 4, 6, 1, 1)});
  book.bids.push_back({order(4, Side::kBid, 1, 5, 30, 1, 1)});
  const auto ask = whole_call(market, book, 0).call.asks.at(0);
  EXPECT_EQ(ask.earliest, 4u);
  EXPECT_EQ(ask.latest_end, 20u);
  book.bids.erase(book.bids.begin());
  book.bids[0].order.terms.earliest = 19 * kHour;
  EXPECT_TRUE(whole_call(market, book, 0).call.asks.empty());  // an hour is less than it rents
}

TEST_F(CallBuilderTest, WhatAnEarlierAskWasGivenALaterOneHasNot) {
  want(1);
  const std::size_t lot = supply(8);
  for (const Id id : {2, 3, 4}) book.offers.push_back({order(id, Side::kOffer, 5, 0, 20, 1, 8), lot});
  const BuiltCall built = whole_call(market, book, 0);
  ASSERT_EQ(built.call.asks.size(), 2u);
  EXPECT_EQ(built.call.asks[0].max_units, 5u);
  EXPECT_EQ(built.call.asks[1].max_units, 3u);
  EXPECT_EQ(built.offers, (std::vector<std::size_t>{0, 1}));
}

TEST_F(CallBuilderTest, WhoMayServeWhomIsAList) {
  const std::size_t large = supply(8, {{"cpu", "32"}}), small = supply(8, {{"cpu", "4"}});
  book.offers.push_back({order(2, Side::kOffer, 8, 0, 20, 1, 8), large});
  book.offers.push_back({order(3, Side::kOffer, 8, 0, 20, 1, 8), small});
  book.offers.push_back({order(1, Side::kOffer, 8, 0, 20, 1, 8), large});  // of the first bid's own organisation
  book.offers.push_back({order(4, Side::kOffer, 8, 0, 20, 1, 8), large, {OrganisationId{{9}}}, false});
  book.bids.push_back({order(1, Side::kBid, 1, 0, 20, 1, 1)});
  book.bids.push_back({order(9, Side::kBid, 1, 0, 20, 1, 1)});
  for (OpenBid& bid : book.bids) bid.order.terms.query = "cpu >= 16";
  const BuiltCall built = whole_call(market, book, 0);
  using Eligible = std::vector<std::vector<auction::clearing::Index>>;
  EXPECT_EQ(built.call.eligible, (Eligible{{0}, {0}}));  // the later ones of the same lot have nothing left of it

  book.supplies[large].capacity = 24;
  EXPECT_EQ(whole_call(market, book, 0).call.eligible, (Eligible{{0}, {0, 2, 3}}));
}

TEST_F(CallBuilderTest, LotsThatDoNotSayWhereTheyAreAreNotTogether) {
  want(1);
  for (const Id id : {1, 2, 3, 4}) {
    const bool known = id < 3;
    book.offers.push_back(
        {order(id, Side::kOffer, 1, 0, 20, 1, 8), supply(1, known ? Attributes{{"site", "bos"}} : Attributes{})});
  }
  const auto asks = whole_call(market, book, 0).call.asks;
  EXPECT_EQ(asks[0].site, asks[1].site);
  EXPECT_NE(asks[2].site, asks[3].site);
  EXPECT_NE(asks[0].site, asks[2].site);
}

TEST_F(CallBuilderTest, ProductsAreTheWindowsOfBidsEarliestFirst) {
  const std::size_t lot = supply(2);
  book.bids.push_back({order(1, Side::kBid, 1, 5, 7, 2, 2)});
  book.bids.push_back({order(2, Side::kBid, 1, 3, 6, 3, 3)});
  book.bids.push_back({order(3, Side::kBid, 1, 5, 7, 2, 2)});
  book.offers.push_back({order(4, Side::kOffer, 2, 0, 20, 1, 8), lot});
  EXPECT_EQ(products_of(book, 9, 1), (std::vector<Window>{{3 * kHour, 6 * kHour}, {5 * kHour, 7 * kHour}}));
  const BuiltCall first = product_call(market, book, {3 * kHour, 6 * kHour});
  EXPECT_EQ(first.bids, (std::vector<std::size_t>{1}));
  EXPECT_EQ(first.call.asks.at(0).max_units, 2u);
  take(market, first, Trade{0, 0, 1, 0, 3, 0, 0}, book);
  EXPECT_EQ(book.bids[1].order.units_left, 0u);
  const BuiltCall second = product_call(market, book, {5 * kHour, 7 * kHour});
  EXPECT_EQ(second.call.bids.size(), 2u);
  EXPECT_EQ(second.call.asks.at(0).max_units, 1u);
}

TEST_F(CallBuilderTest, EachProductThatSomebodyOffersHasItsTurn) {
  book.offers.push_back({order(100, Side::kOffer, 2, 10, 20, 1, 8), supply(2)});
  for (Id id = 1; id < 20; ++id) book.bids.push_back({order(id, Side::kBid, 1, id - 1, id, 1, 1)});
  std::set<std::int64_t> seen;
  for (const std::uint64_t clearing : {7U, 8U, 9U}) {
    const std::vector<Window> turn = products_of(book, 3, clearing);
    EXPECT_EQ(turn.size(), 3u);
    EXPECT_TRUE(std::ranges::is_sorted(turn, {}, &Window::from));
    for (const Window& window : turn) seen.insert(window.from / kHour);
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{10, 11, 12, 13, 14, 15, 16, 17, 18}));

  for (OpenBid& bid : book.bids) bid.order.terms.price = bid.order.id == 15 ? 9'000 : 0;
  book.offers[0].order.terms.price = 9'000;
  for (const std::uint64_t clearing : {7U, 8U, 9U})
    EXPECT_EQ(products_of(book, 1, clearing), (std::vector<Window>{{14 * kHour, 15 * kHour}})) << "somebody pays there";
}

TEST_F(CallBuilderTest, AnOfferIsExhaustedWhenNoRentalFitsAnyMore) {
  OpenOffer offer{order(2, Side::kOffer, 4, 0, 10, 3, 8), supply(4)};
  EXPECT_EQ(units_left(market, offer, 0), 4u);
  ASSERT_TRUE(offer.used.add(3 * kHour, 8 * kHour, 2));
  EXPECT_EQ(units_left(market, offer, 0), 4u);  // hours 0 to 3
  EXPECT_EQ(units_left(market, offer, 1), 2u);  // that has begun
  ASSERT_TRUE(offer.used.add(2 * kHour, 8 * kHour, 2));
  EXPECT_EQ(units_left(market, offer, 1), 0u);  // two hours at the end are too short
}

TEST_F(CallBuilderTest, OrdersAreNoLargerThanAMechanismTakes) {
  want(1);
  book.offers.push_back({order(2, Side::kOffer, kMostUnits, 0, 900, 1, 900), supply(100'000)});
  const auto ask = whole_call(market, book, 0).call.asks.at(0);
  EXPECT_EQ(ask.max_units, kMostUnits);
  EXPECT_LE(std::uint64_t{ask.max_units} * ask.max_slots, auction::clearing::kMaxUnits);
}

}  // namespace
}  // namespace market
