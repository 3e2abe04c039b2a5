#include "auction/clearing/winner_problem.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "auction/clearing/certificate.h"
#include "auction/clearing/mix.h"

namespace auction::clearing {
namespace {

constexpr Index kNowhere = std::numeric_limits<Index>::max();

std::vector<Index> by_rank(const std::vector<Order>& orders, const Seed& seed, const std::uint32_t* without) {
  std::vector<Index> places;
  for (Index i = 0; i < orders.size(); ++i)
    if (without == nullptr || orders[i].organisation != *without) places.push_back(i);
  const auto key = [&](Index i) { return std::tuple(mix(seed, orders[i].id), orders[i].arrival, orders[i].id); };
  std::ranges::sort(places, {}, key);
  return places;
}

}  // namespace

WinnerProblem::WinnerProblem(const Call& call, const std::uint32_t* without) : slots(slots_of(call)) {
  sort_orders(call, without);
  fill_capacity(call);
  map_eligible(call);
  find_kinds(call);
}

void WinnerProblem::sort_orders(const Call& call, const std::uint32_t* without) {
  bid_in_call = by_rank(call.bids, call.seed, without);
  ask_in_call = by_rank(call.asks, call.seed, without);
  for (const Index i : bid_in_call) bids.push_back(call.bids[i]);
  for (const Index i : ask_in_call) asks.push_back(call.asks[i]);
}

void WinnerProblem::fill_capacity(const Call& call) {
  capacity.assign(asks.size() * slots, 0);
  for (Index ask = 0; ask < asks.size(); ++ask) {
    for (Slot t = asks[ask].earliest; t < asks[ask].latest_end; ++t) capacity[cell(ask, t)] = asks[ask].max_units;
    if (call.closed.empty()) continue;
    for (const SlotRange& range : call.closed[ask_in_call[ask]])
      for (Slot t = range.from; t < std::min(range.to, slots); ++t) capacity[cell(ask, t)] = 0;
  }
}

void WinnerProblem::map_eligible(const Call& call) {
  anyone_ = call.eligible.empty();
  everyone_.resize(asks.size());
  std::iota(everyone_.begin(), everyone_.end(), Index{0});
  if (anyone_) return;
  std::vector<Index> place(call.asks.size(), kNowhere);
  for (Index ask = 0; ask < asks.size(); ++ask) place[ask_in_call[ask]] = ask;
  for (const Index bid : bid_in_call) {
    std::vector<Index>& mine = eligible_.emplace_back();
    for (const Index ask : call.eligible[bid])
      if (place[ask] != kNowhere) mine.push_back(place[ask]);
    std::ranges::sort(mine);
  }
}

void WinnerProblem::find_kinds(const Call& call) {
  std::vector<std::vector<Index>> serves(asks.size());
  if (!anyone_)
    for (Index bid = 0; bid < bids.size(); ++bid)
      for (const Index ask : eligible_[bid]) serves[ask].push_back(bid);
  using Span = std::pair<Slot, Slot>;
  std::map<std::tuple<std::int64_t, Span, Span, std::uint32_t, std::vector<Span>, std::vector<Index>>, std::uint32_t>
      seen;
  for (Index ask = 0; ask < asks.size(); ++ask) {
    const Order& order = asks[ask];
    std::vector<Span> closed;
    if (!call.closed.empty())
      for (const SlotRange& range : call.closed[ask_in_call[ask]]) closed.emplace_back(range.from, range.to);
    const auto [found, fresh] =
        seen.try_emplace({order.price, Span{order.earliest, order.latest_end}, Span{order.min_slots, order.max_slots},
                          order.site, std::move(closed), std::move(serves[ask])},
                         kinds);
    if (fresh) ++kinds;
    kind.push_back(found->second);
  }
}

std::vector<std::int64_t> WinnerProblem::in_call(const Call& call, std::span<const std::int64_t> by_cell) const {
  std::vector<std::int64_t> table(call.asks.size() * slots, 0);
  for (Index ask = 0; ask < asks.size(); ++ask)
    for (Slot t = 0; t < slots; ++t)
      table[static_cast<std::size_t>(ask_in_call[ask]) * slots + t] = by_cell[cell(ask, t)];
  return table;
}

std::int64_t WinnerProblem::surplus(Index bid, const Choice& choice) const {
  std::int64_t sum = 0;
  for (const Part& part : choice.parts)
    sum += (bids[bid].price - asks[part.ask].price) * static_cast<std::int64_t>(part.units) *
           static_cast<std::int64_t>(choice.slots);
  return sum;
}

}  // namespace auction::clearing
