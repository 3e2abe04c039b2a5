#include "auction/clearing/winner_relaxation.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/check.h"

namespace auction::clearing {
namespace {

constexpr std::int64_t kMostBound = std::int64_t{1} << 62;

// Every comparison that decides between equals is written down, so that all libraries sort the same.
constexpr auto kMostGainFirst = [](const auto& a, const auto& b) {
  return a.gain != b.gain ? a.gain > b.gain : a.ask < b.ask;
};

}  // namespace

struct Relaxation::Enumeration {
  const Order& bid;
  std::int64_t least;
  std::size_t most;
  std::vector<Option>& out;
  std::span<const Candidate> candidates;
  Slot start = 0, length = 0;
  std::vector<std::uint32_t> units;  // by candidate
  bool full = false;
};

Relaxation::Relaxation(const WinnerProblem& problem, std::uint64_t& work)
    : problem_(problem),
      work_(work),
      prices_(problem.capacity.size(), 0),
      free_(problem.capacity),
      all_(problem.bids.size()) {
  std::iota(all_.begin(), all_.end(), Index{0});
  for (const Order& bid : problem.bids) highest_price_ = std::max(highest_price_, bid.price);
}

void Relaxation::set_prices(const Call& call, std::span<const std::int64_t> prices) {
  CHECK(prices.size() == call.asks.size() * problem_.slots);
  for (Index ask = 0; ask < problem_.asks.size(); ++ask)
    for (Slot t = 0; t < problem_.slots; ++t)
      prices_[problem_.cell(ask, t)] = std::clamp<std::int64_t>(
          prices[static_cast<std::size_t>(problem_.ask_in_call[ask]) * problem_.slots + t], 0, kMaxPrice);
}

void Relaxation::take(const Choice& choice) {
  for (const Part& part : choice.parts)
    for (Slot t = choice.start; t < choice.start + choice.slots; ++t) {
      std::uint32_t& left = free_[problem_.cell(part.ask, t)];
      CHECK(left >= part.units);
      left -= part.units;
    }
}

void Relaxation::give_back(const Choice& choice) {
  for (const Part& part : choice.parts)
    for (Slot t = choice.start; t < choice.start + choice.slots; ++t) free_[problem_.cell(part.ask, t)] += part.units;
}

void Relaxation::collect_from(Index bid, Index ask, Slot length, Pricing pricing) {
  const Order& wants = problem_.bids[bid];
  const Order& gives = problem_.asks[ask];
  const Slot from = std::max(wants.earliest, gives.earliest), to = std::min(wants.latest_end, gives.latest_end);
  if (gives.price > wants.price || to < from || to - from < length || length < gives.min_slots ||
      length > gives.max_slots)
    return;
  const std::uint32_t* free = &free_[problem_.cell(ask, 0)];
  const std::int64_t* prices = &prices_[problem_.cell(ask, 0)];
  const std::int64_t plain = (wants.price - gives.price) * static_cast<std::int64_t>(length);
  std::int64_t sum = 0;
  Slot open_since = from;
  work_ += to - from;
  for (Slot t = from; t < to; ++t) {
    sum += prices[t];
    if (t >= from + length) sum -= prices[t - length];
    if (free[t] == 0) open_since = t + 1;
    if (t + 1 < open_since + length) continue;
    const Slot start = t + 1 - length;
    std::uint32_t units = wants.max_units;
    if (units > 1) {
      for (Slot u = start; u <= t; ++u) units = std::min(units, free[u]);
    }
    at_[start - wants.earliest].push_back({pricing == Pricing::kAll ? plain - sum : plain, ask, units});
  }
}

void Relaxation::collect(Index bid, Slot length, Pricing pricing) {
  const Order& wants = problem_.bids[bid];
  const std::size_t starts = wants.latest_end - wants.earliest - length + 1;
  if (at_.size() < starts) at_.resize(starts);
  for (std::size_t i = 0; i < starts; ++i) at_[i].clear();
  for (const Index ask : problem_.eligible(bid)) collect_from(bid, ask, length, pricing);
}

bool Relaxation::fill(Index bid, std::span<const Candidate> sorted, std::int64_t above, Best& out, Slot start,
                      Slot length) const {
  const Order& wants = problem_.bids[bid];
  std::uint32_t units = 0;
  std::int64_t gain = 0;
  const auto taken = [&](const Candidate& candidate) {
    const std::uint32_t most = candidate.gain > 0 ? wants.max_units : std::max(wants.min_units, units);
    return std::min(candidate.units, most - units);
  };
  for (const Candidate& candidate : sorted) {
    const std::uint32_t more = taken(candidate);
    if (more == 0) break;
    units += more;
    gain += static_cast<std::int64_t>(more) * candidate.gain;
  }
  if (units < wants.min_units || gain <= above) return false;
  out.gain = gain;
  out.choice.start = start;
  out.choice.slots = length;
  out.choice.parts.clear();
  units = 0;
  for (const Candidate& candidate : sorted) {
    const std::uint32_t more = taken(candidate);
    if (more == 0) break;
    units += more;
    out.choice.parts.push_back({candidate.ask, more});
  }
  std::ranges::sort(out.choice.parts, {}, &Part::ask);
  return true;
}

void Relaxation::best_at(Index bid, Candidates& here, Slot start, Slot length, Best& out) {
  const Order& wants = problem_.bids[bid];
  std::int64_t top = 0;  // of one unit
  bool any = false;
  for (const Candidate& candidate : here) {
    if (!any || candidate.gain > top) top = candidate.gain;
    any = true;
  }
  const std::int64_t units = top > 0 ? wants.max_units : wants.min_units;
  if (!any || units * top <= out.gain) return;
  const auto try_some = [&](Candidates& some) {
    const auto enough = static_cast<std::ptrdiff_t>(std::min<std::size_t>(some.size(), wants.max_units));
    std::partial_sort(some.begin(), some.begin() + enough, some.end(), kMostGainFirst);
    fill(bid, {some.data(), static_cast<std::size_t>(enough)}, out.gain, out, start, length);
  };
  if (!wants.same_site) return try_some(here);
  const auto site_of = [&](const Candidate& candidate) { return problem_.asks[candidate.ask].site; };
  std::ranges::sort(here, {}, [&](const Candidate& c) { return std::pair(site_of(c), c.ask); });
  for (std::size_t i = 0; i < here.size();) {
    site_.clear();
    const std::uint32_t site = site_of(here[i]);
    while (i < here.size() && site_of(here[i]) == site) site_.push_back(here[i++]);
    try_some(site_);
  }
}

void Relaxation::best(Index bid, Pricing pricing, std::int64_t above, Best& out) {
  const Order& wants = problem_.bids[bid];
  out.gain = above;
  out.choice.parts.clear();
  for (Slot length = wants.min_slots; length <= wants.max_slots; ++length) {
    if (length > wants.latest_end - wants.earliest) break;
    collect(bid, length, pricing);
    for (Slot start = wants.earliest; start + length <= wants.latest_end; ++start)
      best_at(bid, at_[start - wants.earliest], start, length, out);
  }
}

bool Relaxation::alike(Index a, Index b) const {
  if (problem_.kind[a] != problem_.kind[b]) return false;
  const auto row = [&](Index ask) { return std::span(free_).subspan(problem_.cell(ask, 0), problem_.slots); };
  return std::ranges::equal(row(a), row(b));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the bid has units
void Relaxation::options_at(Enumeration& e, std::size_t next, std::uint32_t units, std::int64_t gain) {
  ++work_;
  if (units >= e.bid.min_units && gain >= e.least) {
    if (e.out.size() == e.most) {
      e.full = true;
      return;
    }
    Option& option = e.out.emplace_back(Option{gain, {e.start, e.length, {}}});
    for (std::size_t i = 0; i < next; ++i)
      if (e.units[i] > 0) option.choice.parts.push_back({e.candidates[i].ask, e.units[i]});
  }
  for (std::size_t i = next; i < e.candidates.size() && !e.full && units < e.bid.max_units; ++i) {
    const Candidate& candidate = e.candidates[i];
    const std::uint32_t still = candidate.gain > 0        ? e.bid.max_units - units
                                : units < e.bid.min_units ? e.bid.min_units - units
                                                          : 1;
    if (gain + static_cast<std::int64_t>(still) * candidate.gain < e.least) break;
    std::uint32_t most = std::min(candidate.units, e.bid.max_units - units);
    for (std::size_t j = 0; j < i; ++j)
      if (e.units[j] < most && alike(e.candidates[j].ask, candidate.ask)) most = e.units[j];
    for (std::uint32_t more = 1; more <= most && !e.full; ++more) {
      e.units[i] = more;
      options_at(e, i + 1, units + more, gain + static_cast<std::int64_t>(more) * candidate.gain);
    }
    e.units[i] = 0;
  }
}

bool Relaxation::options(Index bid, std::int64_t least, std::size_t most, std::vector<Option>& out) {
  const Order& wants = problem_.bids[bid];
  out.clear();
  Enumeration e{wants, least, most, out, {}, 0, 0, {}, false};
  const auto list = [&](std::span<const Candidate> candidates) {
    e.candidates = candidates;
    e.units.assign(candidates.size(), 0);
    options_at(e, 0, 0, 0);
  };
  const auto site_of = [&](const Candidate& candidate) { return problem_.asks[candidate.ask].site; };
  for (e.length = wants.min_slots; e.length <= wants.max_slots; ++e.length) {
    if (e.length > wants.latest_end - wants.earliest) break;
    collect(bid, e.length, Pricing::kAll);
    for (e.start = wants.earliest; e.start + e.length <= wants.latest_end; ++e.start) {
      Candidates& here = at_[e.start - wants.earliest];
      if (!wants.same_site) {
        std::ranges::sort(here, kMostGainFirst);
        list(here);
        continue;
      }
      std::ranges::sort(here, {}, [&](const Candidate& c) { return std::tuple(site_of(c), -c.gain, c.ask); });
      for (std::size_t i = 0, j = 0; i < here.size(); i = j) {
        while (j < here.size() && site_of(here[j]) == site_of(here[i])) ++j;
        list(std::span(here).subspan(i, j - i));
      }
    }
  }
  std::ranges::sort(out, [](const Option& a, const Option& b) {
    if (a.gain != b.gain) return a.gain > b.gain;
    return std::tie(a.choice.start, a.choice.slots, a.choice.parts) <
           std::tie(b.choice.start, b.choice.slots, b.choice.parts);
  });
  return !e.full;
}

std::int64_t Relaxation::bound() { return evaluate(all_); }
std::int64_t Relaxation::bound(std::span<const Index> there) { return evaluate(there); }

std::int64_t Relaxation::evaluate(std::span<const Index> there) {
  Wide sum = 0;
  excess_.assign(static_cast<std::size_t>(problem_.kinds) * problem_.slots, 0);
  for (const Index bid : there) {
    best(bid, Pricing::kAll, 0, best_);
    sum += best_.gain;
    for (const Part& part : best_.choice.parts)
      for (Slot t = best_.choice.start; t < best_.choice.start + best_.choice.slots; ++t)
        excess_[static_cast<std::size_t>(problem_.kind[part.ask]) * problem_.slots + t] += part.units;
  }
  for (Index ask = 0; ask < problem_.asks.size(); ++ask)
    for (Slot t = 0; t < problem_.slots; ++t) {
      const std::size_t cell = problem_.cell(ask, t);
      sum += static_cast<Wide>(prices_[cell]) * free_[cell];
      excess_[static_cast<std::size_t>(problem_.kind[ask]) * problem_.slots + t] -= free_[cell];
    }
  work_ += free_.size();
  return static_cast<std::int64_t>(std::min<Wide>(sum, kMostBound));
}

// The squared length of the subgradient, without the prices that are 0 and would fall.
Wide Relaxation::slope() const {
  std::vector<bool> seen(problem_.kinds, false);
  Wide sum = 0;
  for (Index ask = 0; ask < problem_.asks.size(); ++ask) {
    const std::uint32_t kind = problem_.kind[ask];
    if (seen[kind]) continue;
    seen[kind] = true;
    for (Slot t = 0; t < problem_.slots; ++t) {
      const std::int64_t excess = excess_[static_cast<std::size_t>(kind) * problem_.slots + t];
      if (excess > 0 || prices_[problem_.cell(ask, t)] > 0) sum += static_cast<Wide>(excess) * excess;
    }
  }
  return sum;
}

void Relaxation::step(Wide distance, int halvings, Wide slope) {
  for (Index ask = 0; ask < problem_.asks.size(); ++ask)
    for (Slot t = 0; t < problem_.slots; ++t) {
      std::int64_t& price = prices_[problem_.cell(ask, t)];
      const Wide excess = excess_[static_cast<std::size_t>(problem_.kind[ask]) * problem_.slots + t];
      if (excess == 0) continue;
      price = static_cast<std::int64_t>(
          std::clamp<Wide>(price + distance * excess / (slope << halvings), 0, highest_price_));
    }
}

std::int64_t Relaxation::descend(std::span<const Index> there, std::int64_t target, int steps,
                                 std::uint64_t work_limit) {
  constexpr int kMostHalvings = 14;
  const int patience = std::max(2, steps / 40);
  std::int64_t here = evaluate(there), lowest = here;
  std::vector<std::int64_t> lowest_prices = prices_;
  int halvings = 0, without_progress = 0;
  for (int i = 0; i < steps && lowest > target && work_ < work_limit && halvings <= kMostHalvings; ++i) {
    const Wide squared = slope();
    if (squared == 0) break;
    step(static_cast<Wide>(here) - target, halvings, squared);
    here = evaluate(there);
    if (here < lowest) {
      lowest = here;
      lowest_prices = prices_;
      without_progress = 0;
    } else if (++without_progress >= patience) {
      ++halvings;
      without_progress = 0;
      prices_ = lowest_prices;
      here = evaluate(there);
    }
  }
  prices_ = std::move(lowest_prices);
  return lowest;
}

}  // namespace auction::clearing
