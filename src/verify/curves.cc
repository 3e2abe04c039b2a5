#include "verify/curves.h"

#include <numeric>

namespace verify {

List everybody(const std::vector<Order>& orders) {
  List all(orders.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

Curves curves_of(const Call& call, const Digest& seed, List bids, List asks) {
  const Lot ties(seed, Lot::kTie);
  std::ranges::sort(bids, {}, [&](std::size_t i) { return std::pair(-call.bids[i].price, ties.of(call.bids[i].id)); });
  std::ranges::sort(asks, {}, [&](std::size_t i) { return std::pair(call.asks[i].price, ties.of(call.asks[i].id)); });
  Curves curves;
  curves.bids = std::move(bids);
  curves.asks = std::move(asks);
  cross(call, curves);
  return curves;
}

void cross(const Call& call, Curves& c) {
  c.units = c.surplus = 0;
  c.next_bid = c.next_ask = std::nullopt;
  std::size_t b = 0, a = 0;
  std::int64_t bought = 0, sold = 0;
  while (b < c.bids.size() && a < c.asks.size()) {
    const Order &bid = call.bids[c.bids[b]], &ask = call.asks[c.asks[a]];
    if (bid.price < ask.price) break;
    const std::int64_t some = std::min(bid.max_units - bought, ask.max_units - sold);
    c.units += some;
    c.bid = bid.price;
    c.ask = ask.price;
    c.surplus += (bid.price - ask.price) * some;
    bought += some;
    sold += some;
    if (bought == bid.max_units) ++b, bought = 0;
    if (sold == ask.max_units) ++a, sold = 0;
  }
  if (b < c.bids.size()) c.next_bid = call.bids[c.bids[b]].price;
  if (a < c.asks.size()) c.next_ask = call.asks[c.asks[a]].price;
}

}  // namespace verify
