#include "market/open_book.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "auction/clearing/mechanism.h"
#include "auction/clearing/winners.h"
#include "base/check.h"
#include "ledger/rules.h"
#include "market/admission.h"
#include "market/lookup.h"
#include "market/lot_calendar.h"
#include "market/orders.h"
#include "market/rules.h"
#include "market/terms.h"

namespace market {
namespace {

class BookReader {
 public:
  BookReader(Transaction& store, const Context& context, const Market& market)
      : store_(store), context_(context), market_(market) {}

  base::Status add(Order order) {
    const Side side = order.terms.side;
    if (order.terms.expires <= context_.now) return close(std::move(order), Order::State::kExpired, "its time is over");
    if (const base::Status form = check_form(order); !form.ok())
      return close(std::move(order), taken_back(side), "it cannot be served: " + form.error().message);
    return side == Side::kBid ? add_bid(std::move(order)) : add_offer(std::move(order));
  }
  ReadBook take() { return std::move(out_); }

 private:
  base::Status close(Order order, Order::State state, std::string reason) {
    out_.closing.push_back({std::move(order), state, std::move(reason)});
    return {};
  }

  // Of what was admitted everything holds; whatever else is in the table stands in nobody's way.
  base::Status check_form(const Order& order) const {
    TARN_TRY(check_terms(order.terms));
    if (order.units_left < 1 || order.units_left > order.terms.max_units)
      return invalid("units_left", "is 1 to max_units");
    return market::check_form(market_, order.terms);
  }

  base::Status add_bid(Order order) {
    // What is set aside for a bid becomes what is set aside for a contract, if nothing else is wrong with the account.
    TARN_ASSIGN(const ledger::Account account, account_of(order.terms.organisation));
    if (account.frozen || ledger::available(account) < 0)
      return close(std::move(order), Order::State::kCancelled, "its account is frozen, or below its limit");
    OpenBid bid{std::move(order)};
    if (bid.order.state == Order::State::kPartlyMatched) TARN_TRY(add_beginning(bid));
    const bool begins_anew = bid.order.state == Order::State::kPartlyMatched && !bid.begun;
    if (begins_anew && bid.order.units_left < bid.order.terms.min_units)
      return close(std::move(bid.order), Order::State::kExpired,
                   "what it had has ended, and the rest is less than it wants at least");
    if (!is_servable(market_, bid, context_.now)) {
      const bool some = bid.begun.has_value();
      return close(std::move(bid.order), Order::State::kExpired,
                   some ? "the rest of it can no longer come in time" : "what is left of its window is too short");
    }
    out_.book.bids.push_back(std::move(bid));
    return {};
  }

  // The first of a bid's contracts, unless that has ended early; most have one that goes on, and those are few.
  Found<Contract> first_contract(const Order& bid) {
    const Terms& terms = bid.terms;
    for (const ContractFilter& own :
         {ContractFilter{.market = market_.id, .buyer = terms.organisation, .live = true},
          {.market = market_.id, .buyer = terms.organisation, .within = Window{terms.earliest, terms.latest}}}) {
      TARN_ASSIGN(const std::vector<Contract> contracts,
                  all_rows<Contract>(kAllRows, [&](const Page& page) { return store_.contracts(own, page); }));
      const auto first = std::ranges::find_if(contracts, [&](const Contract& contract) {
        return contract.bid == bid.id && (is_live(contract) || contract.state == Contract::State::kCompleted);
      });
      if (first != contracts.end()) return std::optional(*first);
    }
    return std::optional<Contract>();
  }

  // The rest of a bid comes when that does, and where.
  base::Status add_beginning(OpenBid& bid) {
    TARN_ASSIGN(const std::optional<Contract> first, first_contract(bid.order));
    if (!first) return {};
    bid.begun = {first->start, first->end};
    if (!bid.order.terms.same_site) return {};
    TARN_ASSIGN(const Lot lot, need_row(store_.find_lot(first->lot)));
    const auto site = lot.attributes.find("site");
    bid.site = site == lot.attributes.end() ? "" : site->second;
    return {};
  }

  base::Status add_offer(Order order) {
    TARN_ASSIGN(const ledger::Account account, account_of(order.terms.organisation));
    if (account.frozen) return close(std::move(order), Order::State::kWithdrawn, "its account is frozen");
    const std::pair<Id, Id> of{order.lot, order.terms.contract.value_or(0)};
    auto known = supplies_.find(of);
    if (known == supplies_.end()) {
      TARN_ASSIGN(const std::optional<std::size_t> place, read_supply(order));
      known = supplies_.emplace(of, place).first;
    }
    if (!known->second)
      return close(std::move(order), Order::State::kWithdrawn, "the contract that it is of is over, or called back");
    OpenOffer offer{std::move(order), *known->second};
    TARN_TRY(add_buyers(offer));
    if (offer.order.state == Order::State::kPartlyMatched) TARN_TRY(add_used(offer));
    if (!is_servable(market_, offer, context_.now))
      return close(std::move(offer.order), Order::State::kExpired, "what is left of its window is too short");
    out_.book.offers.push_back(std::move(offer));
    return {};
  }

  base::Result<std::optional<std::size_t>> read_supply(const Order& offer) {
    TARN_ASSIGN(const Lot lot, need_row(store_.find_lot(offer.lot)));
    Supply supply{lot.capacity, {lot.from, lot.until}, {}, lot.attributes};
    if (offer.terms.contract) {
      TARN_ASSIGN(const Contract contract, need_row(store_.find_contract(*offer.terms.contract)));
      if (!is_live(contract) || contract.reclaim_at != 0) return std::optional<std::size_t>();
      supply.capacity = contract.units;
      supply.window = {contract.start, contract.end};
      TARN_ASSIGN(supply.promised, resale_calendar(store_, contract.id));
    } else {
      TARN_ASSIGN(supply.promised, lot_calendar(store_, lot.id, context_.now));
    }
    out_.book.supplies.push_back(std::move(supply));
    return std::optional(out_.book.supplies.size() - 1);
  }

  base::Status add_buyers(OpenOffer& offer) {
    const Terms& terms = offer.order.terms;
    offer.everybody = terms.buyers.empty() && terms.groups.empty();
    offer.buyers = terms.buyers;
    for (const std::string& name : terms.groups) {
      const std::pair<OrganisationId, std::string> of{terms.organisation, name};
      auto known = groups_.find(of);
      if (known == groups_.end()) {
        TARN_ASSIGN(const std::optional<Group> group, store_.find_group(of.first, of.second));
        auto members = std::make_shared<std::vector<OrganisationId>>();
        if (group) *members = group->members;
        std::ranges::sort(*members);
        known = groups_.emplace(of, std::move(members)).first;
      }
      offer.groups.push_back(known->second);
    }
    std::ranges::sort(offer.buyers);
    return {};
  }

  base::Status add_used(OpenOffer& offer) {
    ContractFilter filter{.market = market_.id, .lot = offer.order.lot, .live = true};
    filter.resale_of = offer.order.terms.contract;
    TARN_ASSIGN(const std::vector<Contract> contracts,
                all_rows<Contract>(kAllRows, [&](const Page& page) { return store_.contracts(filter, page); }));
    for (const Contract& contract : contracts)
      if (contract.offer == offer.order.id) CHECK(offer.used.add(contract.start, contract.end, contract.units));
    return {};
  }

  base::Result<ledger::Account> account_of(const OrganisationId& organisation) {
    const auto known = accounts_.find(organisation);
    if (known != accounts_.end()) return known->second;
    TARN_ASSIGN(ledger::Account account,
                ledger::Rules(store_, context_.now).member_account(market_.currency, organisation));
    return accounts_.emplace(organisation, std::move(account)).first->second;
  }

  Transaction& store_;
  const Context& context_;
  const Market& market_;
  ReadBook out_;
  std::map<std::pair<Id, Id>, std::optional<std::size_t>> supplies_;  // by lot and contract
  std::map<std::pair<OrganisationId, std::string>, std::shared_ptr<const std::vector<OrganisationId>>> groups_;
  std::map<OrganisationId, ledger::Account> accounts_;
};

}  // namespace

// With windows and calls, who may serve whom is a table of all bids by all asks, and for the best of all schedules there is
// one of all asks by all slots, as far as a bid may reach.
std::size_t most_orders(const Market& market, const Limits& limits, Side side) {
  const bool windows = auction::clearing::properties(market.clearing.mechanism).windows;
  if (!windows || market.call_period_ms == 0) return limits.orders_in_call;
  if (side == Side::kBid || market.clearing.mechanism != Mechanism::kCombinatorial) return limits.combinatorial_orders;
  const auto slots = static_cast<std::size_t>(market.horizon_ms / market.slot_ms);
  return std::min(limits.combinatorial_orders, auction::clearing::kMostWinnerCells / slots);
}

base::Result<ReadBook> read_book(Transaction& store, const Context& context, const Market& market, const Order* alone) {
  BookReader reader(store, context, market);
  for (const Side side : {Side::kBid, Side::kOffer}) {
    if (alone != nullptr && alone->terms.side == side) {
      TARN_TRY(reader.add(*alone));
      continue;
    }
    const OrderFilter filter{.market = market.id, .side = side, .open = true};
    TARN_ASSIGN(std::vector<Order> orders,
                all_rows<Order>(most_orders(market, *context.limits, side),
                                [&](const Page& page) { return store.orders(filter, page); }));
    for (Order& order : orders) TARN_TRY(reader.add(std::move(order)));
  }
  return reader.take();
}

}  // namespace market
