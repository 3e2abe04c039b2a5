#include <algorithm>
#include <string>

#include "auction/clearing/mechanism.h"

namespace auction::clearing {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr Wide kMostValue = Wide{1} << 62;

base::Error refused(const std::string& why) { return {base::Code::kInvalidInput, why}; }
std::string order_text(const Order& order) { return "order " + std::to_string(order.id) + ": "; }

base::Status admit_settings(const Call& call) {
  const Settings& settings = call.settings;
  if (settings.kappa_permille > 1000) return refused("kappa_permille: 0 to 1000");
  if (settings.deficit_cap < 0) return refused("deficit_cap: not below 0");
  if (call.bids.size() > kMaxOrders || call.asks.size() > kMaxOrders - call.bids.size())
    return refused("a call has at most " + std::to_string(kMaxOrders) + " orders");
  return {};
}

// All that could be paid if everything were bought, and all that is asked for if everything were sold.
Wide value_of(const Order& order, Side side) {
  const Slot slots = side == Side::kBid ? order.max_slots : order.latest_end - order.earliest;
  return static_cast<Wide>(order.price) * order.max_units * slots;
}

base::Status admit_orders(const Call& call) {
  const Mechanism mechanism = call.settings.mechanism;
  Wide value = 0;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (const Order& order : side == Side::kBid ? call.bids : call.asks) {
      TARN_TRY(admit_order(mechanism, side, order));
      value += value_of(order, side);
    }
  }
  if (value > kMostValue) return refused("the call is worth more than 2^62 micro-credits: make it several");
  return {};
}

base::Status admit_one_window(const Call& call) {
  if (!call.eligible.empty()) return refused("eligible: this mechanism sells one product; any ask serves any bid");
  if (!call.closed.empty()) return refused("closed: this mechanism sells one window, in which every ask is open");
  const Order* first = call.bids.empty() ? call.asks.empty() ? nullptr : &call.asks.front() : &call.bids.front();
  for (const auto* orders : {&call.bids, &call.asks})
    for (const Order& order : *orders)
      if (order.earliest != first->earliest || order.latest_end != first->latest_end)
        return refused(order_text(order) + "window: all orders of a call have the same in this mechanism");
  return {};
}

base::Status admit_eligible(const Call& call) {
  if (call.eligible.empty()) return {};
  if (call.eligible.size() != call.bids.size())
    return refused("eligible: needs a list for each bid, or no list at all");
  for (std::size_t i = 0; i < call.bids.size(); ++i) {
    const auto& asks = call.eligible[i];
    if (std::ranges::adjacent_find(asks, std::ranges::greater_equal()) != asks.end() ||
        (!asks.empty() && asks.back() >= call.asks.size()))
      return refused(order_text(call.bids[i]) + "eligible: indices of asks, ascending");
  }
  return {};
}

base::Status admit_closed(const Call& call) {
  if (call.closed.empty()) return {};
  if (call.closed.size() != call.asks.size()) return refused("closed: needs a list for each ask, or no list at all");
  for (std::size_t i = 0; i < call.asks.size(); ++i) {
    Slot end = 0;
    for (const SlotRange& range : call.closed[i]) {
      if (range.from < end || range.from >= range.to || range.to > kMaxSlots)
        return refused(order_text(call.asks[i]) + "closed: ranges of slots, ascending and disjoint");
      end = range.to;
    }
  }
  return {};
}

// A value that two orders have. Lists are mostly in order of id already.
template <class T>
std::vector<T> sorted_values(const std::vector<Order>& orders, T Order::* field) {
  std::vector<T> values;
  values.reserve(orders.size());
  for (const Order& order : orders) values.push_back(order.*field);
  if (!std::ranges::is_sorted(values)) std::ranges::sort(values);
  return values;
}
template <class T>
std::optional<T> repeated(const Call& call, T Order::* field) {
  const std::vector<T> bids = sorted_values(call.bids, field), asks = sorted_values(call.asks, field);
  for (const auto* values : {&bids, &asks})
    if (const auto found = std::ranges::adjacent_find(*values); found != values->end()) return *found;
  auto bid = bids.begin();
  auto ask = asks.begin();
  while (bid != bids.end() && ask != asks.end()) {
    if (*bid == *ask) return *bid;
    if (*bid < *ask)
      ++bid;
    else
      ++ask;
  }
  return std::nullopt;
}

}  // namespace

base::Status admit(const Call& call) {
  TARN_TRY(admit_settings(call));
  TARN_TRY(admit_orders(call));
  if (const auto id = repeated(call, &Order::id))
    return refused("order " + std::to_string(*id) + ": two orders of the call have this id");
  const Properties& has = properties(call.settings.mechanism);
  if (!has.several_orders)
    if (const auto organisation = repeated(call, &Order::organisation))
      return refused("organisation " + std::to_string(*organisation) + ": " + std::string(has.name) +
                     " takes one order an organisation: its promise is for no others");
  if (!has.windows) return admit_one_window(call);
  TARN_TRY(admit_eligible(call));
  return admit_closed(call);
}

}  // namespace auction::clearing
