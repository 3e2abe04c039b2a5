// Whatever is ordered, in whatever order, under whichever mechanism: the auditor finds nothing wrong, prices are within
// limits, the budget is as claimed, caps hold, and a call does not care who came first where its mechanism says so.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "auction/clearing/mechanism.h"
#include "inventory/calendar.h"
#include "market/clearing.h"
#include "support/market_auditor.h"
#include "support/market_town.h"

namespace market {
namespace {

using auction::clearing::Budget;
using auction::clearing::Payments;
using auction::clearing::properties;
using support::MarketTown;
using support::Party;

constexpr std::int64_t kHour = kHourMs;
constexpr std::int64_t kCapAtOnce = 6;

// Four members, three lots, one market; everybody may do anything.
class Fair {
 public:
  Fair(Mechanism mechanism, Payments payments, bool calls) : mechanism_(mechanism) {
    for (const char* name : {"ash", "birch", "cedar", "elm"}) members_.push_back(&town.join(name, 2));
    town.make_market("hours", [&](Market& market) {
      market.clearing.mechanism = mechanism;
      market.clearing.payments = payments;
      market.clearing.deficit_cap = *rc::gen::element<std::int64_t>(0, MarketTown::kCredit);
      market.call_period_ms = calls ? 300'000 : 0;
      market.max_units_at_once = kCapAtOnce;
      market.fee_bp = 100;
    });
    for (std::size_t i = 0; i < 3; ++i) town.lot(*members_[i], "lot", static_cast<std::uint32_t>(i + 1));
  }

  MarketTown town;

  void step() {
    const int what = *rc::gen::inRange(0, 12);
    if (what < 4)
      offer();
    else if (what < 9)
      bid();
    else if (what == 9)
      cancel();
    else if (calls())
      static_cast<void>(town.try_clear("hours"));
    else if (what == 10)
      town.now += 60'000;
  }
  void clear() {
    if (calls()) town.clear("hours");
  }

  void expect_sound() {
    const support::MarketTables tables = town.memory.tables();
    for (const std::string& finding : auditor_.look(tables, town.now, false)) RC_FAIL(finding);
    for (const auto& [id, contract] : tables.contracts) expect_rational(tables, contract);
    for (const Party* member : members_) expect_within_caps(tables, *member);
    for (const auto& [id, clearing] : tables.clearings) expect_budget(tables, clearing);
  }

 private:
  bool calls() { return town.market_named("hours").call_period_ms != 0; }
  Party& somebody() { return *members_[*rc::gen::inRange<std::size_t>(0, members_.size())]; }

  Terms shaped(Terms terms, bool may_slide) {
    const auto from = *rc::gen::inRange(0, 6), length = *rc::gen::inRange(1, 4);
    terms = MarketTown::in_window(terms, town.hour(from), town.hour(from + length));
    if (may_slide && *rc::gen::arbitrary<bool>())
      terms = MarketTown::lasting(terms, kHour * *rc::gen::inRange(1, length + 1), kHour * length);
    if (*rc::gen::inRange(0, 5) == 0) terms.in_force = TimeInForce::kImmediateOrCancel;
    return terms;
  }
  void offer() {
    const auto& has = properties(mechanism_);
    const auto units = has.several_units ? *rc::gen::inRange<std::uint32_t>(1, 4) : 1u;
    const std::int64_t price = 10'000 * *rc::gen::inRange(0, 10);
    static_cast<void>(town.submit(somebody(), shaped(town.offer("hours", "lot", units, price), has.several_orders)));
  }
  void bid() {
    const auto& has = properties(mechanism_);
    const auto units = has.several_units ? *rc::gen::inRange<std::uint32_t>(1, 5) : 1u;
    Terms terms = shaped(town.bid("hours", units, 10'000 * *rc::gen::inRange(0, 10)), has.windows);
    if (has.all_or_none) terms.min_units = *rc::gen::inRange<std::uint32_t>(1, units + 1);
    static_cast<void>(town.submit(somebody(), terms));
  }
  void cancel() {
    const auto orders = town.memory.tables().orders;
    if (orders.empty()) return;
    const auto& [id, order] = *std::next(orders.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(orders)));
    const auto owner = std::ranges::find(members_, order.terms.organisation, &Party::id);
    static_cast<void>(town.as<Order>(**owner, [&](Rules& rules) { return rules.cancel(order.id); }));
  }

  static void expect_rational(const support::MarketTables& tables, const Contract& contract) {
    const Terms& bid = tables.orders.at(contract.bid).terms;
    const Terms& offer = tables.orders.at(contract.offer).terms;
    const std::int64_t unit_slots = std::int64_t{contract.units} * ((contract.end - contract.start) / kHour);
    RC_ASSERT(contract.pays <= bid.price * unit_slots);
    RC_ASSERT(contract.gets >= offer.price * unit_slots);
    for (const Terms* terms : {&bid, &offer}) {
      RC_ASSERT(terms->earliest <= contract.start && contract.end <= terms->latest);
      RC_ASSERT(contract.end - contract.start >= terms->min_duration_ms);
      RC_ASSERT(contract.end - contract.start <= terms->max_duration_ms);
      RC_ASSERT(contract.units <= terms->max_units);
    }
  }
  static void expect_within_caps(const support::MarketTables& tables, const Party& member) {
    inventory::Calendar held;
    for (const auto& [id, contract] : tables.contracts)
      if (contract.buyer == member.id) RC_ASSERT(held.add(contract.start, contract.end, contract.units));
    for (const auto& [id, order] : tables.orders)
      if (order.terms.organisation == member.id && order.terms.side == Side::kBid && is_open(order))
        RC_ASSERT(held.add(order.terms.earliest, order.terms.latest, order.units_left));
    RC_ASSERT(held.peak(0, kMostTime) <= static_cast<std::uint64_t>(kCapAtOnce));
  }
  void expect_budget(const support::MarketTables& tables, const Clearing& clearing) {
    std::int64_t budget = 0;
    for (const auto& [id, contract] : tables.contracts)
      if (contract.clearing == clearing.id) budget += contract.pays - contract.gets;
    RC_ASSERT(budget == clearing.budget);
    const Budget claimed = properties(mechanism_).budget;
    if (claimed == Budget::kBalanced) RC_ASSERT(budget == 0);
    if (claimed == Budget::kSurplus) RC_ASSERT(budget >= 0);
  }

  Mechanism mechanism_;
  std::vector<Party*> members_;
  support::MarketAuditor auditor_;
};

void trade_somehow(Mechanism mechanism, bool calls) {
  Fair fair(mechanism, *rc::gen::element(Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg), calls);
  const int steps = *rc::gen::inRange(5, 30);
  for (int i = 0; i < steps; ++i) {
    fair.step();
    fair.expect_sound();
  }
  fair.clear();
  fair.expect_sound();
}

RC_GTEST_PROP(ClearingProperty, NothingIsSoldTwiceOverdrawnOrLostInACall, ()) {
  trade_somehow(*rc::gen::element(Mechanism::kClaim, Mechanism::kContinuous, Mechanism::kUniform, Mechanism::kPayAsBid,
                                  Mechanism::kVcg, Mechanism::kMcafee, Mechanism::kSbba, Mechanism::kMuda,
                                  Mechanism::kCombinatorial),
                true);
}

RC_GTEST_PROP(ClearingProperty, NothingIsSoldTwiceOverdrawnOrLostAtOnce, ()) {
  trade_somehow(*rc::gen::element(Mechanism::kClaim, Mechanism::kContinuous), false);
}

// Who gets how much for how much, by names: what a call decides.
using Deals = std::vector<std::tuple<OrganisationId, OrganisationId, std::uint32_t, std::int64_t, std::int64_t>>;

struct Wish {
  std::size_t member = 0;
  Side side = Side::kBid;
  std::uint32_t units = 1;
  std::int64_t price = 0;
};

Deals cleared(Mechanism mechanism, const std::vector<Wish>& wishes) {
  MarketTown town;
  town.make_market("hours", [&](Market& market) {
    market.clearing.mechanism = mechanism;
    market.clearing.deficit_cap = 1'000 * MarketTown::kCredit;
  });
  std::vector<Party*> parties;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    parties.push_back(&town.join("member" + std::to_string(i)));
    town.lot(*parties.back(), "lot", 10);
  }
  for (const Wish& wish : wishes) {
    const bool bids = wish.side == Side::kBid;
    town.accepted(*parties[wish.member], bids ? town.bid("hours", wish.units, wish.price)
                                              : town.offer("hours", "lot", wish.units, wish.price));
  }
  town.clear("hours");
  Deals deals;
  for (const Contract& c : town.contracts()) deals.emplace_back(c.buyer, c.seller, c.units, c.pays, c.gets);
  std::ranges::sort(deals);
  return deals;
}

RC_GTEST_PROP(ClearingProperty, ACallDoesNotCareWhoCameFirst, ()) {
  const auto mechanism =
      *rc::gen::element(Mechanism::kUniform, Mechanism::kPayAsBid, Mechanism::kVcg, Mechanism::kMcafee);
  RC_ASSERT(!properties(mechanism).arrival_matters);
  const bool several = properties(mechanism).several_units;
  std::vector<Wish> wishes;
  const auto count = *rc::gen::inRange<std::size_t>(2, 9);
  for (std::size_t i = 0; i < count; ++i)  // no two prices are the same: equal ones are drawn for
    wishes.push_back({i, *rc::gen::element(Side::kBid, Side::kOffer),
                      several ? *rc::gen::inRange<std::uint32_t>(1, 5) : 1u,
                      1'000 * *rc::gen::inRange(1, 50) + static_cast<std::int64_t>(i)});
  const Deals deals = cleared(mechanism, wishes);
  for (std::size_t i = wishes.size(); i > 1; --i)
    std::swap(wishes[i - 1], wishes[*rc::gen::inRange<std::size_t>(0, i)]);
  RC_ASSERT(cleared(mechanism, wishes) == deals);
}

}  // namespace
}  // namespace market
