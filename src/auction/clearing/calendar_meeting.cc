#include "auction/clearing/calendar_meeting.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace auction::clearing {
namespace {

std::vector<Index> by_merit_and_arrival(const std::vector<Order>& orders, Side side) {
  std::vector<Index> out(orders.size());
  std::iota(out.begin(), out.end(), Index{0});
  std::ranges::sort(out, {}, [&](Index i) {
    const Order& order = orders[i];
    return std::tuple(side == Side::kBid ? -order.price : order.price, order.arrival, order.id);
  });
  return out;
}
std::vector<std::uint32_t> ranks(const std::vector<Index>& by_rank) {
  std::vector<std::uint32_t> out(by_rank.size());
  for (std::uint32_t rank = 0; rank < by_rank.size(); ++rank) out[by_rank[rank]] = rank;
  return out;
}

bool first(const Order& a, const Order& b) { return std::tie(a.arrival, a.id) < std::tie(b.arrival, b.id); }

void sort_unique(std::vector<Slot>& slots) {
  std::ranges::sort(slots);
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
}

}  // namespace

CalendarMeeting::CalendarMeeting(const Call& call, Meeting meeting, const Effort& effort)
    : call_(call),
      meeting_(meeting),
      most_steps_(std::min(effort.of_a_bid, effort.of_a_call / std::max<std::size_t>(call.bids.size(), 1))),
      progress_(call.bids.size()),
      bids_by_rank_(by_merit_and_arrival(call.bids, Side::kBid)),
      asks_by_rank_(by_merit_and_arrival(call.asks, Side::kAsk)) {
  ask_ranks_ = ranks(asks_by_rank_);
  bid_ranks_ = ranks(bids_by_rank_);
  calendars_.reserve(call.asks.size());
  for (Index ask = 0; ask < call.asks.size(); ++ask)
    calendars_.emplace_back(call.asks[ask],
                            call.closed.empty() ? std::span<const SlotRange>() : std::span(call.closed[ask]));
}

void CalendarMeeting::ask_comes(Index ask) {
  asks_there_.insert(ask_ranks_[ask]);
  for (auto rank = bids_there_.begin(); rank != bids_there_.end();) {
    const Index bid = bids_by_rank_[*rank];
    if (call_.bids[bid].price < call_.asks[ask].price) break;
    // What it waits for is something of this ask: what there was before has only become less.
    rank = may_serve(ask, bid) && may_give(ask, bid) && serve(bid) ? bids_there_.erase(rank) : std::next(rank);
  }
}

void CalendarMeeting::bid_comes(Index bid) {
  if (!serve(bid) && meeting_ == Meeting::kContinuous) bids_there_.insert(bid_ranks_[bid]);
}

bool CalendarMeeting::may_serve(Index ask, Index bid) const {
  return call_.eligible.empty() || std::ranges::binary_search(call_.eligible[bid], ask);
}

bool CalendarMeeting::may_give(Index ask, Index bid) {
  const Order& buyer = call_.bids[bid];
  const Order& seller = call_.asks[ask];
  if (is_spent(bid) || seller.min_slots > buyer.max_slots || seller.max_slots < buyer.min_slots) return false;
  return calendars_[ask].most(buyer.earliest, buyer.latest_end, progress_[bid].steps) > 0;
}

std::vector<Index> CalendarMeeting::candidates(Index bid) {
  std::vector<Index> out;
  const std::int64_t limit = call_.bids[bid].price;
  if (call_.eligible.empty()) {
    for (const std::uint32_t rank : asks_there_) {
      const Index ask = asks_by_rank_[rank];
      if (call_.asks[ask].price > limit) break;
      if (may_give(ask, bid)) out.push_back(ask);
    }
    return out;
  }
  for (const Index ask : call_.eligible[bid])
    if (call_.asks[ask].price <= limit && asks_there_.contains(ask_ranks_[ask]) && may_give(ask, bid))
      out.push_back(ask);
  std::ranges::sort(out, {}, [&](Index ask) { return ask_ranks_[ask]; });
  return out;
}

template <class UnitsOf>
bool CalendarMeeting::is_enough(Index bid, const std::vector<Index>& asks, UnitsOf units_of) const {
  const Order& order = call_.bids[bid];
  std::map<std::uint32_t, std::uint64_t> at_site;  // one for all, if it does not matter
  return std::ranges::any_of(asks, [&](Index ask) {
    return (at_site[order.same_site ? call_.asks[ask].site : 0] += units_of(ask)) >= order.min_units;
  });
}

// Where the units free in a rental of one length can become more: it may begin where the window does or where a step does.
std::vector<Slot> CalendarMeeting::starts(Index bid, const std::vector<Index>& asks) {
  const Order& order = call_.bids[bid];
  std::vector<Slot> out{order.earliest};
  if (order.earliest + order.min_slots == order.latest_end) return out;
  for (const Index ask : asks) {
    if (is_spent(bid)) return {};
    progress_[bid].steps += calendars_[ask].steps().size();
    for (const AskCalendar::Step& step : calendars_[ask].steps())
      if (step.from > order.earliest && step.from + order.min_slots <= order.latest_end) out.push_back(step.from);
  }
  sort_unique(out);
  return out;
}

// The longest that can do is the bid's longest, or ends where a step begins, or is an ask's longest. The longest first.
std::vector<Slot> CalendarMeeting::durations(Index bid, const std::vector<Index>& asks, Slot start) {
  const Order& order = call_.bids[bid];
  const Slot longest = std::min(order.max_slots, order.latest_end - start);
  std::vector<Slot> out{longest};
  const auto add = [&](Slot slots) {
    if (slots >= order.min_slots && slots < longest) out.push_back(slots);
  };
  if (order.min_slots == longest) return out;
  for (const Index ask : asks) {
    if (is_spent(bid)) return {};
    progress_[bid].steps += calendars_[ask].steps().size();
    add(call_.asks[ask].max_slots);
    for (const AskCalendar::Step& step : calendars_[ask].steps())
      if (step.from > start) add(step.from - start);
  }
  sort_unique(out);
  std::ranges::reverse(out);
  return out;
}

std::vector<CalendarMeeting::Pick> CalendarMeeting::picks_of_site(Index bid, const std::vector<Index>& asks, Slot start,
                                                                  Slot slots, std::optional<std::uint32_t> site) {
  const Order& order = call_.bids[bid];
  const std::uint32_t had = progress_[bid].units;
  std::uint32_t units = had;
  std::vector<Pick> out;
  for (const Index ask : asks) {
    const Order& seller = call_.asks[ask];
    if (units == order.max_units) break;
    if (is_spent(bid)) return {};
    ++progress_[bid].steps;
    if ((site && seller.site != *site) || slots < seller.min_slots || slots > seller.max_slots) continue;
    const std::uint32_t some =
        std::min(calendars_[ask].free(start, start + slots, progress_[bid].steps), order.max_units - units);
    if (some > 0) out.push_back({ask, some});
    units += some;
  }
  return units > had && units >= order.min_units ? out : std::vector<Pick>();
}

std::vector<CalendarMeeting::Pick> CalendarMeeting::picks(Index bid, const std::vector<Index>& asks, Slot start,
                                                          Slot slots) {
  if (!call_.bids[bid].same_site) return picks_of_site(bid, asks, start, slots, std::nullopt);
  if (progress_[bid].units > 0) return picks_of_site(bid, asks, start, slots, progress_[bid].site);
  std::set<std::uint32_t> sites;
  for (const Index ask : asks) sites.insert(call_.asks[ask].site);
  std::vector<Pick> best;
  std::pair<std::int64_t, std::int64_t> best_merit{0, 0};  // units, less cost
  for (const std::uint32_t site : sites) {
    std::vector<Pick> here = picks_of_site(bid, asks, start, slots, site);
    std::pair<std::int64_t, std::int64_t> merit{0, 0};
    for (const Pick& pick : here) {
      merit.first += pick.units;
      merit.second -= pick.units * call_.asks[pick.ask].price;
    }
    if (merit.first == 0 || (!best.empty() && merit <= best_merit)) continue;
    best = std::move(here);
    best_merit = merit;
  }
  return best;
}

// What is free in the shortest rental is more than in any other that begins then: without enough of that, none will do.
std::optional<CalendarMeeting::Place> CalendarMeeting::place_at(Index bid, const std::vector<Index>& asks, Slot start) {
  const Slot shortest = call_.bids[bid].min_slots;
  const auto free = [&](Index ask) { return calendars_[ask].free(start, start + shortest, progress_[bid].steps); };
  if (!is_enough(bid, asks, free)) return std::nullopt;
  for (const Slot slots : durations(bid, asks, start))
    if (auto found = picks(bid, asks, start, slots); !found.empty()) return Place{start, slots, std::move(found)};
  return std::nullopt;
}

std::optional<CalendarMeeting::Place> CalendarMeeting::place(Index bid, const std::vector<Index>& asks) {
  if (const Progress& has = progress_[bid]; has.units > 0) {
    auto more = picks(bid, asks, has.start, has.slots);
    return more.empty() ? std::nullopt : std::optional(Place{has.start, has.slots, std::move(more)});
  }
  const Order& order = call_.bids[bid];
  const auto most = [&](Index ask) {
    return calendars_[ask].most(order.earliest, order.latest_end, progress_[bid].steps);
  };
  if (!is_enough(bid, asks, most)) return std::nullopt;
  for (const Slot start : starts(bid, asks)) {
    if (is_spent(bid)) break;
    if (auto found = place_at(bid, asks, start)) return found;
  }
  return std::nullopt;
}

Met CalendarMeeting::result() && {
  Met out{std::move(trades_)};
  for (Index bid = 0; bid < progress_.size(); ++bid) {
    out.steps += progress_[bid].steps;
    out.gave_up += is_spent(bid) ? 1U : 0U;
  }
  return out;
}

std::int64_t CalendarMeeting::price(const Order& bid, const Order& ask) const {
  return meeting_ == Meeting::kClaim || first(ask, bid) ? ask.price : bid.price;
}

bool CalendarMeeting::serve(Index bid) {
  const Order& order = call_.bids[bid];
  Progress& progress = progress_[bid];
  if (const auto found = place(bid, candidates(bid))) {
    for (const Pick& pick : found->picks) {
      const Order& ask = call_.asks[pick.ask];
      calendars_[pick.ask].take(found->start, found->start + found->slots, pick.units);
      const std::int64_t amount = price(order, ask) * pick.units * found->slots;
      trades_.push_back({bid, pick.ask, pick.units, found->start, found->slots, amount, amount});
      progress = {progress.units + pick.units, found->start, found->slots, ask.site, progress.steps};
    }
  }
  return progress.units == order.max_units;
}

}  // namespace auction::clearing
