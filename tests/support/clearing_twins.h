// The single-product mechanisms as their definitions say, unit by unit, and every sum by trying. Slow and obvious; shares
// nothing with the mechanisms but the draws. Included by tests only.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "auction/clearing/lottery.h"
#include "support/clearing_calls.h"

namespace clearing_twins {

using namespace clearing_calls;
using Shares = std::map<std::uint64_t, Share>;

struct Unit {
  std::int64_t price;
  std::uint64_t id;
};
// Every unit by itself; bids falling, asks rising, equal ones as drawn.
inline std::vector<Unit> units(const Call& call, const std::vector<Order>& orders, bool falling) {
  const Lottery ties(call.seed, Lottery::Purpose::kTie);
  std::vector<Unit> out;
  for (const Order& order : orders)
    for (std::uint32_t i = 0; i < order.max_units; ++i) out.push_back({order.price, order.id});
  std::sort(out.begin(), out.end(), [&](const Unit& a, const Unit& b) {
    if (a.price != b.price) return falling ? a.price > b.price : a.price < b.price;
    return ties.of(a.id) < ties.of(b.id);
  });
  return out;
}

struct Lists {
  std::vector<Unit> bids, asks;
  std::size_t k = 0;
  std::int64_t slots = 1;
  std::optional<std::int64_t> b(std::size_t i) const {  // from 1, as in the definitions
    return i >= 1 && i <= bids.size() ? std::optional(bids[i - 1].price) : std::nullopt;
  }
  std::optional<std::int64_t> s(std::size_t i) const {
    return i >= 1 && i <= asks.size() ? std::optional(asks[i - 1].price) : std::nullopt;
  }
  std::int64_t lo() const { return std::max(*s(k), b(k + 1).value_or(0)); }
  std::int64_t hi() const { return s(k + 1) ? std::min(*b(k), *s(k + 1)) : *b(k); }
  std::int64_t surplus() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < k; ++i) sum += bids[i].price - asks[i].price;
    return sum;
  }
};
inline Lists lists(const Call& call) {
  Lists out{units(call, call.bids, true), units(call, call.asks, false)};
  for (std::size_t i = 1; out.b(i) && out.s(i); ++i)
    if (*out.b(i) >= *out.s(i)) out.k = i;
  if (!call.bids.empty()) out.slots = call.bids[0].latest_end - call.bids[0].earliest;
  return out;
}

inline void trade(Shares& out, const Lists& all, std::uint64_t buyer, std::uint64_t seller, std::int64_t pays,
                  std::int64_t gets) {
  out[buyer].units += 1;
  out[buyer].money += pays * all.slots;
  out[seller].units += 1;
  out[seller].money += gets * all.slots;
}

inline Shares uniform(const Call& call) {
  const Lists all = lists(call);
  Shares out;
  if (all.k == 0) return out;
  const std::int64_t price = all.lo() + (all.hi() - all.lo()) * call.settings.kappa_permille / 1000;
  for (std::size_t i = 0; i < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, price, price);
  return out;
}

inline Shares pay_as_bid(const Call& call) {
  const Lists all = lists(call);
  Shares out;
  for (std::size_t i = 0; i < all.k; ++i) {
    const std::int64_t price = (all.bids[i].price + all.asks[i].price) / 2;
    trade(out, all, all.bids[i].id, all.asks[i].id, price, price);
  }
  return out;
}

inline Shares mcafee(const Call& call) {
  const Lists all = lists(call);
  Shares out;
  if (all.k == 0) return out;
  const std::int64_t b_k = *all.b(all.k), s_k = *all.s(all.k);
  if (all.b(all.k + 1) && all.s(all.k + 1)) {
    const std::int64_t price = (*all.b(all.k + 1) + *all.s(all.k + 1)) / 2;
    if (s_k <= price && price <= b_k) {
      for (std::size_t i = 0; i < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, price, price);
      return out;
    }
  }
  for (std::size_t i = 0; i + 1 < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, b_k, s_k);
  return out;
}

inline Shares sbba(const Call& call) {
  Lists all = lists(call);
  Shares out;
  if (all.k == 0) return out;
  if (const auto next = all.s(all.k + 1); next && *next <= *all.b(all.k)) {
    for (std::size_t i = 0; i < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, *next, *next);
    return out;
  }
  const std::int64_t price = *all.b(all.k);
  const Lottery lot(call.seed, Lottery::Purpose::kLeftOut);
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < all.k; ++i)
    if (lot.of(all.asks[i].id) > lot.of(all.asks[left_out].id)) left_out = i;
  all.asks.erase(all.asks.begin() + static_cast<std::ptrdiff_t>(left_out));
  for (std::size_t i = 0; i + 1 < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, price, price);
  return out;
}

inline Shares muda(const Call& call) {
  const Lottery coin(call.seed, Lottery::Purpose::kHalf), turn(call.seed, Lottery::Purpose::kTurn);
  Call half[2] = {call, call};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto elsewhere = [&](const Order& order) { return (coin.of(order.id) & 1) != i; };
    std::erase_if(half[i].bids, elsewhere);
    std::erase_if(half[i].asks, elsewhere);
  }
  Shares out;
  for (std::size_t i = 0; i < 2; ++i) {
    const Lists other = lists(half[1 - i]);
    std::int64_t price = 0;
    if (other.k > 0)
      price = (other.lo() + other.hi()) / 2;
    else if (other.b(1) && other.s(1))
      price = (*other.b(1) + *other.s(1)) / 2;
    else if (other.b(1) || other.s(1))
      price = other.b(1) ? *other.b(1) : *other.s(1);
    else
      continue;
    Lists here;
    here.slots = lists(call).slots;
    for (const Order& order : half[i].bids) here.slots = order.latest_end - order.earliest;
    here.bids = units(half[i], half[i].bids, true);
    here.asks = units(half[i], half[i].asks, false);
    std::erase_if(here.bids, [&](const Unit& unit) { return unit.price < price; });
    std::erase_if(here.asks, [&](const Unit& unit) { return unit.price > price; });
    const auto by_turn = [&](const Unit& a, const Unit& b) { return turn.of(a.id) < turn.of(b.id); };
    std::sort(here.bids.begin(), here.bids.end(), by_turn);
    std::sort(here.asks.begin(), here.asks.end(), by_turn);
    for (std::size_t t = 0; t < std::min(here.bids.size(), here.asks.size()); ++t)
      trade(out, here, here.bids[t].id, here.asks[t].id, price, price);
  }
  return out;
}

// The optimum of all, and without each one that trades.
inline Shares vcg(const Call& call) {
  const Lists all = lists(call);
  Shares out;
  for (std::size_t i = 0; i < all.k; ++i) trade(out, all, all.bids[i].id, all.asks[i].id, 0, 0);
  const auto settle = [&](const std::vector<Order>& orders, bool buys) {
    for (const Order& order : orders) {
      if (!out.contains(order.id)) continue;
      Call without = call;
      std::erase_if(buys ? without.bids : without.asks, [&](const Order& o) { return o.id == order.id; });
      const auto own = static_cast<std::int64_t>(out[order.id].units) * order.price;
      const std::int64_t others = all.surplus() + (buys ? -own : own);
      const std::int64_t harm = lists(without).surplus() - others;  // what the others lose by it
      out[order.id].money = (buys ? harm : -harm) * all.slots;
    }
  };
  settle(call.bids, true);
  settle(call.asks, false);
  std::int64_t deficit = 0;
  for (const Order& order : call.bids)
    if (out.contains(order.id)) deficit -= out[order.id].money;
  for (const Order& order : call.asks)
    if (out.contains(order.id)) deficit += out[order.id].money;
  if (deficit <= call.settings.deficit_cap) return out;
  const auto single = [](const Order& order) { return order.max_units == 1; };
  if (std::ranges::all_of(call.bids, single) && std::ranges::all_of(call.asks, single)) return mcafee(call);
  return {};
}

// First come, first served, unit by unit: each unit of a bid takes the cheapest unit that is there.
inline Shares by_arrival(const Call& call, bool asks_first) {
  Shares out;
  struct Resting {
    const Order* order;
    std::uint32_t left;
  };
  std::vector<std::pair<const Order*, bool>> arrivals;
  for (const Order& order : call.bids) arrivals.emplace_back(&order, true);
  for (const Order& order : call.asks) arrivals.emplace_back(&order, false);
  const auto earlier = [](const Order& a, const Order& b) {
    return a.arrival != b.arrival ? a.arrival < b.arrival : a.id < b.id;
  };
  std::sort(arrivals.begin(), arrivals.end(), [&](const auto& a, const auto& b) {
    if (asks_first && a.second != b.second) return b.second;
    return earlier(*a.first, *b.first);
  });
  std::vector<Resting> resting[2];  // asks, bids
  const Lists all = lists(call);
  for (const auto& [order, buys] : arrivals) {
    std::uint32_t left = order->max_units;
    for (; left > 0; --left) {
      Resting* best = nullptr;
      for (Resting& there : resting[buys ? 0 : 1]) {
        if (there.left == 0 || (buys ? there.order->price > order->price : there.order->price < order->price)) continue;
        const bool better = best == nullptr ||
                            (buys ? there.order->price < best->order->price : there.order->price > best->order->price);
        const bool same = best != nullptr && there.order->price == best->order->price;
        if (better || (same && earlier(*there.order, *best->order))) best = &there;
      }
      if (best == nullptr) break;
      --best->left;
      const std::int64_t price = best->order->price;
      trade(out, all, buys ? order->id : best->order->id, buys ? best->order->id : order->id, price, price);
    }
    resting[buys ? 1 : 0].push_back({order, left});
  }
  return out;
}

inline Shares twin(const Call& call) {
  switch (call.settings.mechanism) {
    case Mechanism::kClaim: return by_arrival(call, true);
    case Mechanism::kContinuous: return by_arrival(call, false);
    case Mechanism::kUniform: return uniform(call);
    case Mechanism::kPayAsBid: return pay_as_bid(call);
    case Mechanism::kVcg: return vcg(call);
    case Mechanism::kMcafee: return mcafee(call);
    case Mechanism::kSbba: return sbba(call);
    case Mechanism::kMuda: return muda(call);
    case Mechanism::kCombinatorial: break;
  }
  return {};
}

}  // namespace clearing_twins
