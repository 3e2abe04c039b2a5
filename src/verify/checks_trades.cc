#include <algorithm>
#include <map>

#include "verify/checks.h"

namespace verify {
namespace {

std::string of(const Call& call, const Trade& trade) {
  return "the trade of " + order_name(call.bids[trade.bid]) + " with " + order_name(call.asks[trade.ask]);
}

bool is_closed(const Call& call, const Trade& trade) {
  if (!call.closed) return false;
  const Ranges& ranges = (*call.closed)[trade.ask];
  const auto next = std::ranges::upper_bound(ranges, trade.start, {}, [](const auto& range) { return range.second; });
  return next != ranges.end() && next->first < trade.start + trade.slots;
}

Fault trade_fault(const Call& call, const Trade& trade) {
  const Order &bid = call.bids[trade.bid], &ask = call.asks[trade.ask];
  const std::int64_t end = trade.start + trade.slots;
  if (!call.may_serve(trade.bid, trade.ask)) return of(call, trade) + " is not one that may be";
  if (ask.price > bid.price) return of(call, trade) + " is with an ask above the bid's limit";
  if (trade.start < bid.earliest || end > bid.latest_end) return of(call, trade) + " is outside the bid's window";
  if (trade.start < ask.earliest || end > ask.latest_end) return of(call, trade) + " is outside the ask's window";
  if (trade.slots < bid.min_slots || trade.slots > bid.max_slots)
    return of(call, trade) + " is not as long as the bid wants";
  if (trade.slots < ask.min_slots || trade.slots > ask.max_slots)
    return of(call, trade) + " is not as long as the ask allows";
  if (is_closed(call, trade)) return of(call, trade) + " is at a time when the ask is closed";
  return std::nullopt;
}

struct Served {
  std::int64_t units = 0;
  const Trade* first = nullptr;
};

}  // namespace

Fault trades_fault(const Call& call) {
  std::map<std::size_t, Served> served;
  const Trade* before = nullptr;
  for (const Trade& trade : call.trades) {
    if (before != nullptr && std::pair(before->bid, before->ask) >= std::pair(trade.bid, trade.ask))
      return of(call, trade) + " is there twice or out of order";
    before = &trade;
    if (auto fault = trade_fault(call, trade)) return fault;
    Served& bid = served[trade.bid];
    if (bid.first == nullptr) bid.first = &trade;
    bid.units += trade.units;
    if (bid.first->start != trade.start || bid.first->slots != trade.slots)
      return order_name(call.bids[trade.bid]) + " is served in pieces";
    if (call.bids[trade.bid].same_site && call.asks[bid.first->ask].site != call.asks[trade.ask].site)
      return order_name(call.bids[trade.bid]) + " is served at several sites";
  }
  for (const auto& [i, bid] : served)
    if (bid.units < call.bids[i].min_units || bid.units > call.bids[i].max_units)
      return order_name(call.bids[i]) + " gets more or fewer units than it wants";
  return std::nullopt;
}

Fault capacity_fault(const Call& call) {
  std::map<std::size_t, std::map<std::int64_t, std::int64_t>> changes;  // by ask, by slot
  for (const Trade& trade : call.trades) {
    changes[trade.ask][trade.start] += trade.units;
    changes[trade.ask][trade.start + trade.slots] -= trade.units;
  }
  for (const auto& [ask, at] : changes) {
    std::int64_t units = 0;
    for (const auto& [slot, change] : at)
      if ((units += change) > call.asks[ask].max_units)
        return order_name(call.asks[ask]) + " sells more units than it has, in slot " + std::to_string(slot);
  }
  return std::nullopt;
}

}  // namespace verify
