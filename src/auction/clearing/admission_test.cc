// Which orders and calls are refused, each for its reason.
#include <gtest/gtest.h>

#include "auction/clearing/mechanism.h"
#include "support/clearing_calls.h"

namespace auction::clearing {
namespace {

using clearing_calls::kSingleProduct;

Order order(std::uint64_t id, std::int64_t price = 5) {
  Order out;
  out.id = id;
  out.organisation = static_cast<std::uint32_t>(id);
  out.price = price;
  return out;
}
Call call_of(Mechanism mechanism) {
  Call call;
  call.settings.mechanism = mechanism;
  call.bids = {order(1), order(2)};
  call.asks = {order(3), order(4)};
  return call;
}
std::string why(const base::Status& status) {
  if (status.ok()) return "";
  EXPECT_EQ(status.error().code, base::Code::kInvalidInput);
  return status.error().message;
}
testing::AssertionResult says(const base::Status& status, const std::string& part) {
  const std::string message = why(status);
  if (!message.empty() && message.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "says \"" << message << "\"";
}

TEST(Admission, NamesAreThoseOfTheProperties) {
  for (std::uint8_t i = 1; i <= 9; ++i) {
    const auto mechanism = static_cast<Mechanism>(i);
    EXPECT_EQ(mechanism_named(properties(mechanism).name), mechanism);
  }
  EXPECT_EQ(properties(Mechanism::kClaim).name, "claim");
  EXPECT_EQ(properties(Mechanism::kPayAsBid).name, "pay-as-bid");
  EXPECT_EQ(properties(Mechanism::kCombinatorial).name, "combinatorial");
  EXPECT_FALSE(mechanism_named("Uniform"));
  for (const Payments payments : {Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg})
    EXPECT_EQ(payments_named(payments_name(payments)), payments);
  EXPECT_FALSE(payments_named(""));
}

TEST(Admission, WhatIsTruthfulSaysForWhichOrders) {
  for (const Mechanism mechanism : kSingleProduct)
    EXPECT_EQ(properties(mechanism).truthful == Truthful::kNo, properties(mechanism).truthful_for.empty());
}

TEST(Admission, NumbersHaveTheirRange) {
  const auto refused = [](const char* part, auto change, Side side = Side::kBid) {
    Order changed = order(17);
    change(changed);
    const base::Status status = admit_order(Mechanism::kClaim, side, changed);
    EXPECT_TRUE(says(status, part));
    EXPECT_TRUE(says(status, "order 17")) << "names it";
  };
  EXPECT_TRUE(admit_order(Mechanism::kClaim, Side::kBid, order(17)).ok());
  refused("price", [](Order& o) { o.price = -1; });
  refused("price", [](Order& o) { o.price = kMaxPrice + 1; });
  refused("units", [](Order& o) { o.min_units = 0; });
  refused("units", [](Order& o) { o.min_units = 2; });
  refused("units", [](Order& o) { o.max_units = kMaxUnits + 1; });
  refused("units", [](Order& o) { o.max_units = kMaxUnits, o.latest_end = o.max_slots = 2; });
  refused("window", [](Order& o) { o.latest_end = 0; });
  refused("window", [](Order& o) { o.latest_end = kMaxSlots + 1; });
  refused("slots", [](Order& o) { o.min_slots = 0; });
  refused("slots", [](Order& o) { o.max_slots = 2; });
  refused("slots", [](Order& o) { o.latest_end = 3, o.min_slots = 2; });
  refused("min_units", [](Order& o) { o.min_units = o.max_units = 2; }, Side::kAsk);
  refused("same_site", [](Order& o) { o.same_site = true; }, Side::kAsk);
}

TEST(Admission, OrdersOutsideAPromiseAreRefused) {
  Order several = order(1), all = order(1), site = order(1), part = order(1);
  several.max_units = 2;
  all.min_units = all.max_units = 2;
  site.same_site = true;
  part.latest_end = 2;
  for (const Mechanism mechanism : kSingleProduct) {
    const Properties& has = properties(mechanism);
    const auto ok = [&](const Order& o) { return admit_order(mechanism, Side::kBid, o).ok(); };
    EXPECT_EQ(ok(several), has.several_units) << has.name;
    EXPECT_EQ(ok(all), has.all_or_none) << has.name;
    EXPECT_EQ(ok(site), has.windows) << has.name;
    EXPECT_EQ(ok(part), has.windows) << has.name;
  }
  EXPECT_TRUE(says(admit_order(Mechanism::kMcafee, Side::kBid, several), "mcafee takes orders of one unit only"));
}

TEST(Admission, OneOrderAnOrganisationWhereThePromiseNeedsIt) {
  for (const Mechanism mechanism : kSingleProduct) {
    for (const bool both_sides : {false, true}) {
      Call call = call_of(mechanism);
      (both_sides ? call.asks : call.bids).back().organisation = 1;
      const base::Status status = admit(call);
      const bool several = properties(mechanism).several_orders;
      EXPECT_TRUE(several ? testing::AssertionResult(status.ok()) : says(status, "organisation 1"));
    }
  }
}

TEST(Admission, IdsAreUniqueOverBothSides) {
  for (const std::size_t at : {0U, 1U}) {
    Call call = call_of(Mechanism::kUniform);
    call.asks[at].id = 2;
    EXPECT_TRUE(says(admit(call), "order 2"));
  }
  Call call = call_of(Mechanism::kUniform);
  call.bids = {order(9), order(1), order(9)};
  EXPECT_TRUE(says(admit(call), "order 9"));
}

TEST(Admission, SingleProductMeansOneWindowAndNoTables) {
  for (const Mechanism mechanism : kSingleProduct) {
    const bool windows = properties(mechanism).windows;
    Call other = call_of(mechanism), eligible = call_of(mechanism), closed = call_of(mechanism);
    other.asks[1].earliest = 1;
    other.asks[1].latest_end = 2;
    eligible.eligible = {{0}, {0, 1}};
    closed.closed = {{{0, 1}}, {}};
    for (const Call& call : {other, eligible, closed}) EXPECT_EQ(admit(call).ok(), windows);
  }
}

TEST(Admission, TablesHaveTheirShape) {
  const auto refused = [](const char* part, auto change) {
    Call call = call_of(Mechanism::kContinuous);
    change(call);
    EXPECT_TRUE(says(admit(call), part));
  };
  refused("eligible", [](Call& c) { c.eligible = {{0}}; });
  refused("eligible", [](Call& c) { c.eligible = {{0}, {2}}; });
  refused("eligible", [](Call& c) { c.eligible = {{0}, {1, 0}}; });
  refused("eligible", [](Call& c) { c.eligible = {{0}, {1, 1}}; });
  refused("closed", [](Call& c) { c.closed = {{}}; });
  refused("closed", [](Call& c) { c.closed = {{{0, 2}, {1, 3}}, {}}; });
  refused("closed", [](Call& c) { c.closed = {{{1, 1}}, {}}; });
  refused("closed", [](Call& c) { c.closed = {{{0, kMaxSlots + 1}}, {}}; });
  refused("kappa", [](Call& c) { c.settings.kappa_permille = 1001; });
  refused("deficit_cap", [](Call& c) { c.settings.deficit_cap = -1; });
}

TEST(Admission, TheWholeCallFitsIn62Bits) {
  Call call;
  call.settings.mechanism = Mechanism::kUniform;
  for (std::uint64_t id = 0; id < 461; ++id) {
    call.bids.push_back(order(id, kMaxPrice));
    call.bids.back().max_units = kMaxUnits;
  }
  EXPECT_TRUE(admit(call).ok());
  call.bids.push_back(call.bids.back());
  call.bids.back().id = 461;
  EXPECT_TRUE(says(admit(call), "2^62"));
}

}  // namespace
}  // namespace auction::clearing
