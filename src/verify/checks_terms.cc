#include <algorithm>
#include <array>
#include <set>

#include "verify/checks.h"

namespace verify {
namespace {

struct Takes {
  const char* mechanism;
  bool windows, several_units, several_orders;
};
constexpr std::array kTakes = {
    Takes{"claim", true, true, true},         Takes{"continuous", true, true, true},
    Takes{"uniform", false, true, true},      Takes{"pay-as-bid", false, true, true},
    Takes{"vcg", false, true, false},         Takes{"mcafee", false, false, false},
    Takes{"sbba", false, false, false},       Takes{"muda", false, true, false},
    Takes{"combinatorial", true, true, true},
};

Fault order_fault(const Takes& takes, const Order& order, const Order& any) {
  if (!takes.several_units && order.max_units != 1) return order_name(order) + " is of several units";
  if (takes.windows) return std::nullopt;
  if (order.earliest != any.earliest || order.latest_end != any.latest_end)
    return order_name(order) + " has another window than the others";
  if (order.max_slots != order.latest_end - order.earliest || order.same_site || order.min_units != 1)
    return order_name(order) + " asks for what this mechanism does not know";
  return std::nullopt;
}

}  // namespace

std::string order_name(const Order& order) { return "order " + std::to_string(order.id); }

std::int64_t slots_of(const Call& call) {
  std::int64_t end = 0;
  for (const Order& ask : call.asks) end = std::max(end, ask.latest_end);
  return end;
}

Fault terms_fault(const Call& call) {
  const auto takes = std::ranges::find_if(kTakes, [&](const Takes& t) { return call.mechanism == t.mechanism; });
  if (takes == kTakes.end()) return "there is no such mechanism";
  if (call.payments != "pay-as-bid" && call.payments != "threshold" && call.payments != "vcg")
    return "there is no such rule of payments";
  if (!takes->windows && (call.eligible || call.closed)) return "this mechanism knows no tables";
  std::set<std::uint64_t> ids;
  std::set<std::int64_t> organisations;
  const Order* any = nullptr;
  for (const auto* orders : {&call.bids, &call.asks})
    for (const Order& order : *orders) {
      if (any == nullptr) any = &order;
      if (!ids.insert(order.id).second) return order_name(order) + " is there twice";
      if (!organisations.insert(order.organisation).second && !takes->several_orders)
        return order_name(order) + " is of an organisation that has another order";
      if (auto fault = order_fault(*takes, order, *any)) return fault;
    }
  for (const Order& ask : call.asks)
    if (ask.min_units != 1) return order_name(ask) + " is all or none, and an ask";
  return std::nullopt;
}

}  // namespace verify
