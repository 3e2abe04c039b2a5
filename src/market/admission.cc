#include "market/admission.h"

#include <algorithm>

#include "auction/clearing/mechanism.h"
#include "market/caps.h"
#include "market/contracts.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/open_book.h"
#include "market/orders.h"
#include "market/query.h"
#include "market/rules.h"
#include "model/duration.h"

namespace market {
namespace {

using auction::clearing::Properties;
using auction::clearing::Slot;

__extension__ using Wide = __int128;

base::Status check_member(Transaction& store, const OrganisationId& id) {
  TARN_ASSIGN(const Member member, need(store.find_member(id), "member", id.text()));
  return member.suspended ? base::Status(conflict("this organisation is suspended: ask the operator")) : base::Status();
}

base::Status check_grid(const Market& market, const Terms& terms) {
  TARN_TRY(check_window("earliest", market.slot_ms, terms.earliest, terms.latest));
  if (!on_grid(market.slot_ms, terms.min_duration_ms)) return invalid("min_duration", "is a whole number of slots");
  if (!on_grid(market.slot_ms, terms.max_duration_ms)) return invalid("max_duration", "is a whole number of slots");
  for (const Window& window : terms.closed) TARN_TRY(check_window("closed", market.slot_ms, window.from, window.until));
  return {};
}

base::Status check_horizon(const Market& market, const Terms& terms, std::int64_t now) {
  if (terms.latest <= now + market.horizon_ms) return {};
  return invalid("latest", "is at most " + model::duration_text(market.horizon_ms) + " from now in this market");
}

base::Status check_times(const Market& market, const Terms& terms, std::int64_t now) {
  const std::int64_t first = first_whole_slot(market.slot_ms, now) * market.slot_ms;
  if (terms.latest - std::max(terms.earliest, first) < terms.min_duration_ms)
    return invalid("latest", "is too early: what begins with the next whole slot does not fit");
  if (terms.expires <= now) return invalid("expires", "has to be later than now");
  const bool bid = terms.side == Side::kBid;
  if ((bid ? terms.max_duration_ms : terms.min_duration_ms) > market.max_duration_ms)
    return invalid(bid ? "max_duration" : "min_duration",
                   "is at most " + model::duration_text(market.max_duration_ms) + " in this market");
  return {};
}

base::Status check_worth(const Market& market, const Terms& terms) {
  TARN_ASSIGN(const std::int64_t price, price_a_slot(market.slot_ms, terms.price));
  const std::int64_t time = terms.side == Side::kBid ? terms.max_duration_ms : terms.latest - terms.earliest;
  if (Wide{price} * terms.max_units * (time / market.slot_ms) <= kMostWorth) return {};
  return invalid("price", "makes the order worth more than 20,000,000 credits: make it several");
}

// What is whole windows of one thing, to everybody.
base::Status check_single_product(const Properties& mechanism, const Terms& terms) {
  const std::string name(mechanism.name);
  const bool whole =
      terms.min_duration_ms == terms.max_duration_ms && terms.max_duration_ms == terms.latest - terms.earliest;
  const bool bid = terms.side == Side::kBid;
  if (!whole && (bid || !mechanism.several_orders))
    return invalid("min_duration", "has to be all of the window, as max_duration: " + name + " sells whole windows");
  if (!terms.query.empty())
    return invalid("query", name + " sells one product: use a market of it, or claim, continuous or combinatorial");
  if (terms.same_site) return invalid("same_site", name + " does not know sites");
  if (terms.least_notice_ms != 0 || terms.notice_ms != 0)
    return invalid(bid ? "least_notice" : "notice", name + " sells what cannot be called back");
  if (!terms.buyers.empty() || !terms.groups.empty()) return invalid("buyers", name + " sells to every member");
  if (!terms.closed.empty() && !mechanism.several_orders) return invalid("closed", name + " sells whole windows");
  return {};
}

// As plain numbers: an offer with the shortest rental that it makes, since a call shows it no longer than is wanted.
auction::clearing::Order plain_order(const Market& market, const Terms& terms) {
  const bool bid = terms.side == Side::kBid;
  const auto slots = [&](std::int64_t time) { return static_cast<Slot>(time / market.slot_ms); };
  auction::clearing::Order order;
  order.price = *price_a_slot(market.slot_ms, terms.price);
  order.min_units = bid ? terms.min_units : 1;
  order.max_units = terms.max_units;
  order.min_slots = slots(terms.min_duration_ms);
  order.max_slots = bid ? slots(terms.max_duration_ms) : order.min_slots;
  order.latest_end = bid ? slots(terms.latest - terms.earliest) : order.min_slots;
  order.same_site = terms.same_site;
  return order;
}

base::Status check_mechanism(const Market& market, const Terms& terms) {
  const Mechanism mechanism = market.clearing.mechanism;
  const Properties& properties = auction::clearing::properties(mechanism);
  if (terms.side == Side::kOffer && terms.min_units != 1)
    return invalid("min_units", "of an offer is 1: it gives as few as are wanted");
  if (!properties.windows) TARN_TRY(check_single_product(properties, terms));
  const auto side = terms.side == Side::kBid ? auction::clearing::Side::kBid : auction::clearing::Side::kAsk;
  const base::Status admitted = auction::clearing::admit_order(mechanism, side, plain_order(market, terms));
  if (admitted.ok()) return {};
  const std::string& message = admitted.error().message;  // "order 0: field: why"
  return base::Error{base::Code::kInvalidInput, message.substr(std::min(message.find(": ") + 2, message.size()))};
}

bool overlap(const Terms& a, const Terms& b) { return a.earliest < b.latest && b.earliest < a.latest; }
bool same_window(const Terms& a, const Terms& b) { return a.earliest == b.earliest && a.latest == b.latest; }

// Every order that is taken is in the next call: more than a call takes would wait behind those that came before.
bool needs_room(const Market& market, const Terms& terms) {
  return market.call_period_ms != 0 || terms.in_force != TimeInForce::kImmediateOrCancel;  // that one never rests
}
base::Status check_room(Transaction& store, const Context& context, const Market& market, const Terms& terms) {
  if (!needs_room(market, terms)) return {};
  const std::size_t most = most_orders(market, *context.limits, terms.side);
  TARN_ASSIGN(const bool room, store.fewer_open(market.id, terms.side, most));
  if (room) return {};
  return conflict("the market is full: it takes further " + std::string(terms.side == Side::kBid ? "bids" : "offers") +
                  " when others have closed");
}

// What of the member's own must not be open together with an order, at worst; nothing, where anything may.
std::optional<OrderFilter> rivals(const Market& market, const Terms& terms) {
  const Properties& properties = auction::clearing::properties(market.clearing.mechanism);
  if (properties.windows) return std::nullopt;
  OrderFilter out{.market = market.id, .organisation = terms.organisation};
  if (properties.several_orders) out.side = terms.side == Side::kBid ? Side::kOffer : Side::kBid;
  return out;
}

// What else the member has open here.
base::Status check_company(Transaction& store, const Market& market, const Terms& terms) {
  TARN_ASSIGN(const std::size_t open, store.count_open_orders(market.id, terms.organisation));
  if (open >= market.max_open_orders)
    return conflict("a member has at most " + std::to_string(market.max_open_orders) + " orders open in this market");
  const std::optional<OrderFilter> which = rivals(market, terms);
  if (!which || open == 0) return {};
  const Properties& properties = auction::clearing::properties(market.clearing.mechanism);
  TARN_ASSIGN(const std::vector<Order> orders, open_orders(store, *which));
  for (const Order& other : orders) {
    if (!properties.several_orders && same_window(other.terms, terms))
      return conflict(std::string(properties.name) + " takes one order an organisation and window: cancel " +
                      order_text(other) + " first");
    if (other.terms.side != terms.side && overlap(other.terms, terms))
      return conflict("nobody trades with itself: cancel " + order_text(other) + " first");
  }
  return {};
}

base::Status check_attributes_for(const Market& market, const Lot& lot) {
  TARN_ASSIGN(const Query product, Query::parse(market.product));
  if (product.matches(lot.attributes)) return {};
  return invalid("lot", "is not what this market sells: " + product.text());
}

base::Result<Lot> lot_offered(Transaction& store, const Market& market, const Terms& terms) {
  TARN_ASSIGN(Lot lot, need(store.find_lot_named(terms.organisation, terms.lot), "lot", terms.lot));
  if (lot.state != Lot::State::kOpen) return conflict(named("lot", lot.name) + " was withdrawn");
  TARN_TRY(check_attributes_for(market, lot));
  if (terms.earliest < lot.from || terms.latest > lot.until)
    return invalid("earliest", "and latest have to be within the time of the lot");
  if (terms.max_units > lot.capacity)
    return invalid("max_units", "is at most the lot's " + std::to_string(lot.capacity));
  return lot;
}

base::Status check_chain(Transaction& store, const Contract& contract) {
  std::size_t chain = 1;
  for (std::optional<Id> of = contract.resale_of; of; ++chain) {
    if (chain >= kMostResales) return conflict("this was resold too often to be resold once more");
    TARN_ASSIGN(const Contract further, need_row(store.find_contract(*of)));
    of = further.resale_of;
  }
  return {};
}

base::Result<Lot> lot_resold(Transaction& store, const Market& market, const Terms& terms) {
  const std::string name = id_text(IdKind::kContract, *terms.contract);
  TARN_ASSIGN(std::optional<Contract> found, store.find_contract(*terms.contract));
  if (found && found->buyer != terms.organisation) found.reset();
  TARN_ASSIGN(const Contract contract, need(Found<Contract>(found), "contract", name));
  if (!is_live(contract) || contract.reclaim_at != 0) return conflict(name + " is over, or was called back");
  if (terms.earliest < contract.start || terms.latest > contract.end)
    return invalid("earliest", "and latest have to be within the time of the contract");
  if (terms.max_units > contract.units)
    return invalid("max_units", "is at most the contract's " + std::to_string(contract.units));
  if (contract.notice_ms != 0 && (terms.notice_ms == 0 || terms.notice_ms > contract.notice_ms))
    return invalid("notice", "has to be said, and be at most the contract's " +
                                 model::duration_text(contract.notice_ms) + ": it can itself be called back");
  if (terms.renewable) return invalid("renewable", "is not for a resale to promise");
  TARN_TRY(check_chain(store, contract));
  TARN_ASSIGN(Lot lot, need_row(store.find_lot(contract.lot)));
  TARN_TRY(check_attributes_for(market, lot));
  return lot;
}

base::Result<Lot> check_offer(Transaction& store, const Market& market, const Terms& terms) {
  for (const std::string& group : terms.groups)
    TARN_TRY(need(store.find_group(terms.organisation, group), "group", group));
  return terms.contract ? lot_resold(store, market, terms) : lot_offered(store, market, terms);
}

}  // namespace

base::Status check_form(const Market& market, const Terms& terms) {
  TARN_TRY(check_grid(market, terms));
  TARN_TRY(check_worth(market, terms));
  return check_mechanism(market, terms);
}

void foresee_admission(Transaction& soon, const Context& context, const Market& market, const Terms& terms) {
  if (market.state != Market::State::kOpen || terms.market_revision != market.revision ||
      !check_form(market, terms).ok())
    return;  // it is refused before more is asked
  (void)soon.find_member(terms.organisation);
  if (needs_room(market, terms))
    (void)soon.fewer_open(market.id, terms.side, most_orders(market, *context.limits, terms.side));
  (void)soon.count_open_orders(market.id, terms.organisation);
  if (const auto which = rivals(market, terms)) (void)open_orders(soon, *which);
  if (terms.side == Side::kOffer && !terms.contract) (void)soon.find_lot_named(terms.organisation, terms.lot);
}

base::Result<Order> admitted(Transaction& store, const Context& context, const Market& market, const Terms& terms) {
  TARN_TRY(check_member(store, terms.organisation));
  if (market.state != Market::State::kOpen) return conflict(named("market", market.name) + " is closed");
  if (terms.market_revision != market.revision)
    return conflict("the market's rules are revision " + std::to_string(market.revision) +
                    ": look at them, and sign the order anew");
  TARN_TRY(check_horizon(market, terms, context.now));  // first: a mechanism's own limit of slots says less
  TARN_TRY(check_form(market, terms));
  TARN_TRY(check_times(market, terms, context.now));
  TARN_TRY(check_room(store, context, market, terms));
  TARN_TRY(check_company(store, market, terms));
  Order order;
  order.market = market.id;
  order.terms = terms;
  order.units_left = terms.max_units;
  order.accepted = context.now;
  if (terms.side == Side::kBid) {
    const auto slots = static_cast<std::uint64_t>(terms.max_duration_ms / market.slot_ms);
    TARN_TRY(check_caps(store, market, terms.organisation, {terms.max_units, {terms.earliest, terms.latest}, slots}));
    return order;
  }
  TARN_ASSIGN(const Lot lot, check_offer(store, market, terms));
  order.lot = lot.id;
  return order;
}

}  // namespace market
