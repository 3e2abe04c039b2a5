// What the mechanisms of a single product share: orders in the order of their merit, where bids and asks cross, and pairing
// off what trades. An order is max_units units of one price; lists are runs of them, never single units, so the cost is
// that of sorting, and memory beside the Call's is 16 bytes an order while it is sorted and 4 afterwards.
// Threads: any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "auction/clearing/lottery.h"
#include "auction/clearing/mechanism.h"

namespace auction::clearing {

// Bids from the dearest, asks from the cheapest; equal prices as drawn.
std::vector<Index> merit_order(const std::vector<Order>& orders, Side side, const Seed& seed);

struct Crossing {
  std::uint64_t units = 0;               // k
  std::int64_t bid = 0, ask = 0;         // b_k, s_k
  std::optional<std::int64_t> next_bid;  // b_{k+1}
  std::optional<std::int64_t> next_ask;  // s_{k+1}
  std::int64_t surplus = 0;              // Σ b_i − s_i, for a slot
  // Where the first unit that does not trade is: the list's position, and how many units before it trade of that order.
  std::size_t bids_done = 0, asks_done = 0;
  std::uint32_t bid_units = 0, ask_units = 0;

  std::int64_t lo() const { return std::max(ask, next_bid.value_or(0)); }        // k > 0
  std::int64_t hi() const { return next_ask ? std::min(bid, *next_ask) : bid; }  // k > 0
};
struct Merit {
  std::vector<Index> bids, asks;
  Crossing crossing;
};
Merit merit(const Call& call);
Merit merit(const Call& call, std::span<const Index> bids, std::span<const Index> asks);  // of these alone

inline std::int64_t midpoint(std::int64_t a, std::int64_t b) { return (a + b) / 2; }  // both at least 0: the floor

// The window that all orders of the call have.
SlotRange window_of(const Call& call);

// Trades of the first `units` units of both lists, which have as many: the i-th with the i-th. `price`: of a bid and an ask,
// what a unit and slot costs the one and brings the other.
template <class Price>
void pair_off(const Call& call, std::span<const Index> bids, std::span<const Index> asks, std::uint64_t units,
              const Price& price, std::vector<Trade>& trades) {
  if (units == 0) return;
  const SlotRange window = window_of(call);
  const Slot slots = window.to - window.from;
  std::size_t bid = 0, ask = 0;
  std::uint32_t bid_used = 0, ask_used = 0;
  while (units > 0) {
    const Order& buyer = call.bids[bids[bid]];
    const Order& seller = call.asks[asks[ask]];
    const auto some = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(units, std::min(buyer.max_units - bid_used, seller.max_units - ask_used)));
    const std::pair<std::int64_t, std::int64_t> each = price(buyer, seller);
    const std::int64_t amount = std::int64_t{some} * slots;
    trades.push_back({bids[bid], asks[ask], some, window.from, slots, amount * each.first, amount * each.second});
    units -= some;
    if ((bid_used += some) == buyer.max_units) ++bid, bid_used = 0;
    if ((ask_used += some) == seller.max_units) ++ask, ask_used = 0;
  }
}

// Puts the trades in order and adds up; `optimum` is the welfare of the best outcome.
Outcome finished(const Call& call, std::vector<Trade> trades, std::int64_t optimum);
// The same where the optimum is where the lists cross.
Outcome finished(const Call& call, std::vector<Trade> trades, const Crossing& crossing);

}  // namespace auction::clearing
