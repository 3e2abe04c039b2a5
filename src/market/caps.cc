#include "market/caps.h"

#include "inventory/calendar.h"
#include "market/lookup.h"
#include "market/orders.h"

namespace market {
namespace {

struct Sum {
  inventory::Calendar units;
  std::uint64_t unit_slots = 0;

  bool add(const Holding& holding) {
    unit_slots += holding.units * holding.slots;
    return units.add(holding.window.from, holding.window.until, holding.units);
  }
};

std::uint64_t slots_of(const Market& market, std::int64_t duration_ms) {
  return static_cast<std::uint64_t>(duration_ms / market.slot_ms);
}

base::Result<Sum> held(Transaction& store, const Market& market, const OrganisationId& member) {
  Sum sum;
  bool good = true;
  TARN_ASSIGN(const std::vector<Contract> contracts, all_rows<Contract>(kAllRows, [&](const Page& page) {
                return store.contracts({.market = market.id, .buyer = member, .live = true}, page);
              }));
  for (const Contract& contract : contracts)
    good &= sum.add({contract.units, {contract.start, contract.end}, slots_of(market, contract.end - contract.start)});
  TARN_ASSIGN(const std::vector<Order> bids,
              open_orders(store, {.market = market.id, .organisation = member, .side = Side::kBid}));
  for (const Order& bid : bids)
    good &=
        sum.add({bid.units_left, {bid.terms.earliest, bid.terms.latest}, slots_of(market, bid.terms.max_duration_ms)});
  if (!good) return base::Error{base::Code::kStorage, "an open order has no window: restore the database"};
  return sum;
}

}  // namespace

base::Status check_caps(Transaction& store, const Market& market, const OrganisationId& member, const Holding& more) {
  if (market.max_units_at_once == 0 && market.max_unit_slots == 0) return {};
  TARN_ASSIGN(Sum sum, held(store, market, member));
  if (!sum.add(more)) return invalid("latest", "is after earliest");
  const bool too_many = sum.units.peak(more.window.from, more.window.until) > market.max_units_at_once;
  if (market.max_units_at_once != 0 && too_many)
    return conflict("a member may have " + std::to_string(market.max_units_at_once) +
                    " units of this market at once, with open bids");
  if (market.max_unit_slots != 0 && sum.unit_slots > market.max_unit_slots)
    return conflict("a member may have " + std::to_string(market.max_unit_slots) +
                    " units times slots of this market, with open bids");
  return {};
}

}  // namespace market
