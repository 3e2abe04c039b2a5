#include "auction/clearing/merit_order.h"

namespace auction::clearing {
namespace {

// What sorting and crossing need of an order, so that they never go back to it: orders lie far apart in memory. A price has
// 34 bits; the 30 first ones of the draw leave few pairs that have to be looked at again.
struct Ranked {
  std::uint64_t price_and_draw;
  Index order;
  std::uint32_t units;

  std::int64_t price(Side side) const {
    const auto merit = static_cast<std::int64_t>(price_and_draw >> 30);
    return side == Side::kBid ? kMaxPrice - merit : merit;
  }
};
static_assert(kMaxPrice < std::int64_t{1} << 34);

Ranked ranked(const Order& order, Index index, Side side, const Lottery& ties) {
  const auto merit = static_cast<std::uint64_t>(side == Side::kBid ? kMaxPrice - order.price : order.price);
  return {merit << 30 | ties.of(order.id) >> 34, index, order.max_units};
}

void sort(std::vector<Ranked>& list, const std::vector<Order>& orders, const Lottery& ties) {
  std::ranges::sort(list, [&](const Ranked& a, const Ranked& b) {
    if (a.price_and_draw != b.price_and_draw) return a.price_and_draw < b.price_and_draw;
    return ties.of(orders[a.order].id) < ties.of(orders[b.order].id);
  });
}

// All, or those that `of` lists.
std::vector<Ranked> ranks(const std::vector<Order>& orders, Side side, const Seed& seed,
                          std::optional<std::span<const Index>> of) {
  const Lottery ties(seed, Lottery::Purpose::kTie);
  std::vector<Ranked> list;
  list.reserve(of ? of->size() : orders.size());
  if (of) {
    for (const Index i : *of) list.push_back(ranked(orders[i], i, side, ties));
  } else {
    for (Index i = 0; i < orders.size(); ++i) list.push_back(ranked(orders[i], i, side, ties));
  }
  sort(list, orders, ties);
  return list;
}

std::vector<Index> indices(const std::vector<Ranked>& list) {
  std::vector<Index> out;
  out.reserve(list.size());
  for (const Ranked& one : list) out.push_back(one.order);
  return out;
}

Crossing cross(std::span<const Ranked> bids, std::span<const Ranked> asks) {
  Crossing out;
  while (out.bids_done < bids.size() && out.asks_done < asks.size()) {
    const Ranked& bid = bids[out.bids_done];
    const Ranked& ask = asks[out.asks_done];
    const std::int64_t bid_price = bid.price(Side::kBid), ask_price = ask.price(Side::kAsk);
    if (bid_price < ask_price) break;
    const std::uint32_t some = std::min(bid.units - out.bid_units, ask.units - out.ask_units);
    out.units += some;
    out.bid = bid_price;
    out.ask = ask_price;
    out.surplus += (bid_price - ask_price) * some;
    if ((out.bid_units += some) == bid.units) ++out.bids_done, out.bid_units = 0;
    if ((out.ask_units += some) == ask.units) ++out.asks_done, out.ask_units = 0;
  }
  if (out.bids_done < bids.size()) out.next_bid = bids[out.bids_done].price(Side::kBid);
  if (out.asks_done < asks.size()) out.next_ask = asks[out.asks_done].price(Side::kAsk);
  return out;
}

Merit merit(const Call& call, std::optional<std::span<const Index>> of_bids,
            std::optional<std::span<const Index>> of_asks) {
  const std::vector<Ranked> bids = ranks(call.bids, Side::kBid, call.seed, of_bids);
  const std::vector<Ranked> asks = ranks(call.asks, Side::kAsk, call.seed, of_asks);
  return {indices(bids), indices(asks), cross(bids, asks)};
}

}  // namespace

std::vector<Index> merit_order(const std::vector<Order>& orders, Side side, const Seed& seed) {
  return indices(ranks(orders, side, seed, std::nullopt));
}

Merit merit(const Call& call) { return merit(call, std::nullopt, std::nullopt); }

Merit merit(const Call& call, std::span<const Index> bids, std::span<const Index> asks) {
  return merit(call, std::optional(bids), std::optional(asks));
}

SlotRange window_of(const Call& call) {
  const Order& any = call.bids.empty() ? call.asks.at(0) : call.bids.front();
  return {any.earliest, any.latest_end};
}

Outcome finished(const Call& call, std::vector<Trade> trades, std::int64_t optimum) {
  Outcome out;
  out.trades = std::move(trades);
  std::ranges::sort(out.trades, {}, [](const Trade& t) { return std::pair(t.bid, t.ask); });
  for (const Trade& trade : out.trades) {
    out.welfare += (call.bids[trade.bid].price - call.asks[trade.ask].price) * trade.units * trade.slots;
    out.budget += trade.pays - trade.gets;
  }
  out.upper_bound = optimum;
  out.truthful = properties(call.settings.mechanism).truthful != Truthful::kNo;
  return out;
}

Outcome finished(const Call& call, std::vector<Trade> trades, const Crossing& crossing) {
  if (crossing.units == 0) return finished(call, std::move(trades), 0);
  const SlotRange window = window_of(call);
  return finished(call, std::move(trades), crossing.surplus * (window.to - window.from));
}

}  // namespace auction::clearing
