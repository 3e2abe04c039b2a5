// One product: bids from the dearest, asks from the cheapest, equal ones by lot, and where they cross; and the trades that
// a rule makes of that, the i-th unit with the i-th. All of it costs a sort.
// Pure, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "verify/lot.h"
#include "verify/transcript.h"

namespace verify {

using List = std::vector<std::size_t>;

struct Curves {
  List bids, asks;
  std::int64_t units = 0;                          // k: that trade
  std::int64_t bid = 0, ask = 0;                   // b_k, s_k
  std::optional<std::int64_t> next_bid, next_ask;  // b_{k+1}, s_{k+1}
  std::int64_t surplus = 0;                        // for a slot
  std::int64_t lo() const { return std::max(ask, next_bid.value_or(0)); }
  std::int64_t hi() const { return std::min(bid, next_ask.value_or(bid)); }
};

List everybody(const std::vector<Order>& orders);
// Those of `bids` and `asks`, put in order by the lot of ties.
Curves curves_of(const Call& call, const Digest& seed, List bids, List asks);
// Of lists that are in order already.
void cross(const Call& call, Curves& curves);

// Adds the trades of the first `units` units of both lists; `price` gives what a unit and slot costs and brings.
template <class Price>
void pair_off(const Call& call, const List& bids, const List& asks, std::int64_t units, const Price& price,
              std::vector<Trade>& out) {
  std::int64_t bought = 0, sold = 0;  // of the orders at the front
  for (std::size_t b = 0, a = 0; units > 0;) {
    const Order &bid = call.bids[bids[b]], &ask = call.asks[asks[a]];
    Trade trade{bids[b], asks[a], std::min({units, bid.max_units - bought, ask.max_units - sold}), bid.earliest,
                bid.latest_end - bid.earliest};
    const auto [costs, brings] = price(bid, ask);
    trade.pays = costs * trade.area();
    trade.gets = brings * trade.area();
    out.push_back(trade);
    units -= trade.units;
    bought += trade.units;
    sold += trade.units;
    if (bought == bid.max_units) ++b, bought = 0;
    if (sold == ask.max_units) ++a, sold = 0;
  }
}

}  // namespace verify
