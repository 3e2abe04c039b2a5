// Small combinatorial calls drawn by rapidcheck, with everything that an order can say, and their optimum by trying all
// outcomes: what the search is compared with, sharing nothing with it but the types of the call.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "auction/clearing/mechanism.h"
#include "auction/clearing/order.h"

namespace calls {

using auction::clearing::Call;
using auction::clearing::Index;
using auction::clearing::Order;
using auction::clearing::Outcome;
using auction::clearing::Slot;
using auction::clearing::Trade;

template <class Integer>
Integer draw(Integer least, Integer most) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Integer>(least, static_cast<Integer>(most + 1)));
}

struct Shape {
  std::uint32_t bids = 4, asks = 3, units = 2, organisations = 4;
  Slot slots = 4;
  std::int64_t price = 12;
};

inline Order any_bid(const Shape& shape) {
  Order bid;
  bid.price = draw<std::int64_t>(0, shape.price);
  bid.max_units = draw(1u, shape.units);
  bid.min_units = draw(1u, bid.max_units);
  bid.earliest = draw<Slot>(0, shape.slots - 1);
  bid.latest_end = draw<Slot>(bid.earliest + 1, shape.slots);
  bid.max_slots = draw<Slot>(1, bid.latest_end - bid.earliest);
  bid.min_slots = draw<Slot>(1, bid.max_slots);
  bid.same_site = draw(0, 3) == 0;
  return bid;
}

inline Order any_ask(const Shape& shape) {
  Order ask;
  ask.price = draw<std::int64_t>(0, shape.price * 3 / 4);
  ask.max_units = draw(1u, shape.units);
  ask.earliest = draw<Slot>(0, shape.slots - 1);
  ask.latest_end = draw<Slot>(ask.earliest + 1, shape.slots);
  const Slot window = ask.latest_end - ask.earliest;
  ask.min_slots = draw(0, 3) == 0 ? draw<Slot>(1, window) : 1;
  ask.max_slots = draw<Slot>(ask.min_slots, window);
  ask.site = draw(0u, 1u);
  return ask;
}

inline void any_tables(Call& call, const Shape& shape) {
  if (draw(0, 1) == 0) {
    for (std::size_t i = 0; i < call.bids.size(); ++i) {
      std::vector<Index>& mine = call.eligible.emplace_back();
      for (Index ask = 0; ask < call.asks.size(); ++ask)
        if (draw(0, 3) > 0) mine.push_back(ask);
    }
  }
  if (draw(0, 1) == 0) {
    for (std::size_t i = 0; i < call.asks.size(); ++i) {
      auto& ranges = call.closed.emplace_back();
      if (draw(0, 2) > 0) continue;
      const Slot from = draw<Slot>(0, shape.slots - 1);
      ranges.push_back({from, draw<Slot>(from + 1, shape.slots)});
    }
  }
}

inline Call any_call(const Shape& shape = {}) {
  Call call;
  call.settings.mechanism = auction::clearing::Mechanism::kCombinatorial;
  call.settings.work_limit = 20'000'000;
  for (std::uint8_t& byte : call.seed) byte = draw<std::uint8_t>(0, 254);
  const std::uint32_t bids = draw(0u, shape.bids), asks = draw(0u, shape.asks);
  for (std::uint32_t i = 0; i < bids; ++i) call.bids.push_back(any_bid(shape));
  for (std::uint32_t i = 0; i < asks; ++i) call.asks.push_back(any_ask(shape));
  std::uint64_t id = 10;
  for (auto* orders : {&call.bids, &call.asks})
    for (Order& order : *orders) {
      order.id = ++id;
      order.arrival = draw<std::uint64_t>(0, 3);
      order.organisation = draw(0u, shape.organisations - 1);
    }
  any_tables(call, shape);
  return call;
}

inline bool is_eligible(const Call& call, Index bid, Index ask) {
  return call.eligible.empty() || std::ranges::find(call.eligible[bid], ask) != call.eligible[bid].end();
}

inline bool is_open(const Call& call, Index ask, Slot t) {
  if (t < call.asks[ask].earliest || t >= call.asks[ask].latest_end) return false;
  if (call.closed.empty()) return true;
  return std::ranges::none_of(call.closed[ask], [t](const auto& range) { return t >= range.from && t < range.to; });
}

// Every outcome there is, one bid after the other.
class Everything {
 public:
  explicit Everything(const Call& call) : call_(call) {
    for (const Order& ask : call.asks) slots_ = std::max(slots_, ask.latest_end);
    used_.assign(call.asks.size() * std::max<Slot>(slots_, 1), 0);
  }
  std::int64_t optimum() { return from_bid(0); }

 private:
  std::int64_t from_bid(Index i) {
    if (i == call_.bids.size()) return 0;
    std::int64_t best = from_bid(i + 1);
    const Order& bid = call_.bids[i];
    for (Slot length = bid.min_slots; length <= bid.max_slots; ++length)
      for (Slot start = bid.earliest; start + length <= bid.latest_end; ++start)
        best = std::max(best, from_ask(i, start, length, 0, 0, -1));
    return best;
  }
  // How this bid's units may be taken from asks `j` on; `units` are already, at `site`, if it has to be one.
  std::int64_t from_ask(Index i, Slot start, Slot length, Index j, std::uint32_t units, int site) {
    const Order& bid = call_.bids[i];
    constexpr std::int64_t kNever = -1'000'000'000;
    if (j == call_.asks.size()) return units >= bid.min_units ? from_bid(i + 1) : kNever;
    std::int64_t best = from_ask(i, start, length, j + 1, units, site);
    const Order& ask = call_.asks[j];
    if (ask.price > bid.price || !is_eligible(call_, i, j) || length < ask.min_slots || length > ask.max_slots)
      return best;
    const int here = static_cast<int>(ask.site);
    if (bid.same_site && site >= 0 && site != here) return best;
    for (std::uint32_t more = 1; units + more <= bid.max_units && fits(j, start, length, more); ++more) {
      use(j, start, length, static_cast<int>(more));
      const std::int64_t gain = (bid.price - ask.price) * more * length;
      best = std::max(best, gain + from_ask(i, start, length, j + 1, units + more, here));
      use(j, start, length, -static_cast<int>(more));
    }
    return best;
  }
  bool fits(Index ask, Slot start, Slot length, std::uint32_t units) const {
    for (Slot t = start; t < start + length; ++t)
      if (!is_open(call_, ask, t) ||
          used_[ask * slots_ + t] + static_cast<int>(units) > static_cast<int>(call_.asks[ask].max_units))
        return false;
    return true;
  }
  void use(Index ask, Slot start, Slot length, int units) {
    for (Slot t = start; t < start + length; ++t) used_[ask * slots_ + t] += units;
  }

  const Call& call_;
  Slot slots_ = 0;
  std::vector<int> used_;
};

// What is wrong with an outcome as far as who gets what is concerned; empty: nothing.
inline std::string mistake(const Call& call, const Outcome& outcome) {
  std::vector<std::uint32_t> units(call.bids.size(), 0);
  std::vector<const Trade*> first(call.bids.size(), nullptr);
  std::vector<std::vector<std::uint32_t>> used(call.asks.size());
  for (const Trade& trade : outcome.trades) {
    const Order &bid = call.bids.at(trade.bid), &ask = call.asks.at(trade.ask);
    if (!is_eligible(call, trade.bid, trade.ask)) return "an ask that is not eligible";
    if (trade.start < bid.earliest || trade.start + trade.slots > bid.latest_end) return "outside the bid's window";
    if (trade.slots < bid.min_slots || trade.slots > bid.max_slots) return "not a length that the bid wants";
    if (trade.slots < ask.min_slots || trade.slots > ask.max_slots) return "not a length that the ask gives";
    if (ask.price > bid.price) return "an ask above the limit";
    if (trade.units == 0) return "a trade of nothing";
    units[trade.bid] += trade.units;
    const Trade*& other = first[trade.bid];
    if (other == nullptr) other = &trade;
    if (other->start != trade.start || other->slots != trade.slots) return "a bid in two pieces";
    if (bid.same_site && call.asks[other->ask].site != ask.site) return "a bid at two sites";
    used[trade.ask].resize(1'000, 0);
    for (Slot t = trade.start; t < trade.start + trade.slots; ++t) {
      if (!is_open(call, trade.ask, t)) return "an ask that is closed";
      if ((used[trade.ask][t] += trade.units) > ask.max_units) return "a unit twice";
    }
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] == 0) continue;
    if (units[i] < call.bids[i].min_units || units[i] > call.bids[i].max_units) return "not as many as the bid wants";
  }
  return {};
}

inline std::int64_t welfare(const Call& call, const Outcome& outcome) {
  std::int64_t sum = 0;
  for (const Trade& trade : outcome.trades)
    sum += (call.bids[trade.bid].price - call.asks[trade.ask].price) * trade.units * trade.slots;
  return sum;
}

}  // namespace calls
