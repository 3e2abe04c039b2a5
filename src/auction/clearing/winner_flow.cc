#include "auction/clearing/winner_flow.h"

#include <algorithm>
#include <numeric>

#include "auction/clearing/min_cost_flow.h"

namespace auction::clearing {
namespace {

using Node = MinCostFlow::Node;

constexpr std::size_t kMostArcs = 4'000'000;

bool are_intervals(const WinnerProblem& problem) {
  return problem.kinds == 1 && std::ranges::all_of(problem.bids, [](const Order& bid) {
           return bid.min_units == 1 && bid.min_slots == bid.latest_end - bid.earliest;
         });
}

bool are_jobs(const WinnerProblem& problem) {
  return std::ranges::all_of(problem.bids, [](const Order& bid) {
    const bool at_once = bid.max_units == 1 || (bid.latest_end - bid.earliest == 1 && !bid.same_site);
    return bid.min_units == 1 && bid.max_slots == 1 && at_once;
  });
}

std::int64_t unit_surplus(const Order& bid, const Order& ask, Slot slots) {
  return (bid.price - ask.price) * static_cast<std::int64_t>(slots);
}

// Whether an ask could serve the whole window of a bid that nobody else wants anything of.
bool can_serve(const WinnerProblem& problem, const Order& bid, Index ask) {
  const Order& order = problem.asks[ask];
  const Slot length = bid.latest_end - bid.earliest;
  if (order.price > bid.price) return false;
  if (bid.earliest < order.earliest || bid.latest_end > order.latest_end) return false;
  if (length < order.min_slots || length > order.max_slots) return false;
  for (Slot t = bid.earliest; t < bid.latest_end; ++t)
    if (problem.capacity[problem.cell(ask, t)] == 0) return false;
  return true;
}

// Any unit that is free when an interval starts stays free if intervals are dealt in order of their starts.
void deal(const WinnerProblem& problem, const std::vector<std::int64_t>& units, std::vector<Choice>& choices) {
  std::vector<Index> order(problem.bids.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::sort(order, {}, [&](Index bid) { return std::pair(problem.bids[bid].earliest, bid); });
  std::vector<std::uint32_t> free = problem.capacity;
  for (const Index i : order) {
    const Order& bid = problem.bids[i];
    auto left = static_cast<std::uint32_t>(units[i]);
    if (left == 0) continue;
    choices[i] = {bid.earliest, bid.min_slots, {}};
    for (Index ask = 0; ask < problem.asks.size() && left > 0; ++ask) {
      const std::uint32_t some = std::min(left, free[problem.cell(ask, bid.earliest)]);
      if (some == 0) continue;
      choices[i].parts.push_back({ask, some});
      for (Slot t = bid.earliest; t < bid.latest_end; ++t) free[problem.cell(ask, t)] -= some;
      left -= some;
    }
  }
}

std::optional<FlowWinners> intervals(const WinnerProblem& problem, std::uint64_t& work, std::uint64_t work_limit) {
  MinCostFlow network(static_cast<std::size_t>(problem.slots) + 1);
  std::int64_t capacity = 0;
  for (const Order& ask : problem.asks) capacity += ask.max_units;
  for (Slot t = 0; t < problem.slots; ++t)
    network.add_arc(t, t + 1, capacity + 1, 0);  // never full: all nodes stay in reach
  std::vector<std::optional<std::size_t>> arc(problem.bids.size());
  for (Index i = 0; i < problem.bids.size(); ++i) {
    const Order& bid = problem.bids[i];
    if (problem.eligible(i).empty() || !can_serve(problem, bid, 0)) continue;
    arc[i] = network.add_arc(bid.earliest, bid.latest_end, bid.max_units,
                             -unit_surplus(bid, problem.asks[0], bid.min_slots));
  }
  if (!network.send(capacity, work, work_limit)) return std::nullopt;
  FlowWinners winners{std::vector<Choice>(problem.bids.size()), std::vector<std::int64_t>(problem.capacity.size(), 0)};
  std::vector<std::int64_t> units(problem.bids.size(), 0);
  for (Index i = 0; i < problem.bids.size(); ++i)
    if (arc[i]) units[i] = network.flow(*arc[i]);
  deal(problem, units, winners.choices);
  for (Slot t = 0; t < problem.slots; ++t)
    for (Index ask = 0; ask < problem.asks.size(); ++ask)
      winners.prices[problem.cell(ask, t)] = network.distance(t).value_or(0) - network.distance(t + 1).value_or(0);
  return winners;
}

struct Job {
  Index bid = 0, ask = 0;
  Slot slot = 0;
  std::size_t arc = 0;
};

std::optional<FlowWinners> jobs(const WinnerProblem& problem, std::uint64_t& work, std::uint64_t work_limit) {
  const std::size_t bids = problem.bids.size(), cells = problem.capacity.size();
  const auto cell_node = [&](std::size_t cell) { return static_cast<Node>(1 + bids + cell); };
  const auto sink = static_cast<Node>(1 + bids + cells);
  MinCostFlow network(static_cast<std::size_t>(sink) + 1);
  std::int64_t wanted = 0;
  std::vector<Job> made;
  for (Index i = 0; i < bids; ++i) {
    const Order& bid = problem.bids[i];
    wanted += bid.max_units;
    network.add_arc(0, 1 + i, bid.max_units, 0);
    for (const Index ask : problem.eligible(i)) {
      const Order& order = problem.asks[ask];
      if (order.min_slots > 1 || order.price > bid.price) continue;
      for (Slot t = std::max(bid.earliest, order.earliest); t < std::min(bid.latest_end, order.latest_end); ++t) {
        if (problem.capacity[problem.cell(ask, t)] == 0) continue;
        if (made.size() == kMostArcs) return std::nullopt;
        const std::size_t arc =
            network.add_arc(1 + i, cell_node(problem.cell(ask, t)), bid.max_units, -unit_surplus(bid, order, 1));
        made.push_back({i, ask, t, arc});
      }
    }
  }
  for (std::size_t cell = 0; cell < cells; ++cell) network.add_arc(cell_node(cell), sink, problem.capacity[cell], 0);
  network.add_arc(0, sink, wanted + 1, 0);  // what is not served; never full
  if (!network.send(wanted, work, work_limit)) return std::nullopt;
  FlowWinners winners{std::vector<Choice>(bids), std::vector<std::int64_t>(cells, 0)};
  for (const Job& job : made) {
    const auto units = static_cast<std::uint32_t>(network.flow(job.arc));
    if (units == 0) continue;
    winners.choices[job.bid].start = job.slot;
    winners.choices[job.bid].slots = 1;
    winners.choices[job.bid].parts.push_back({job.ask, units});
  }
  const std::int64_t end = network.distance(sink).value_or(0);
  for (std::size_t cell = 0; cell < cells; ++cell)
    winners.prices[cell] = std::max<std::int64_t>(0, end - network.distance(cell_node(cell)).value_or(end));
  return winners;
}

}  // namespace

std::optional<FlowWinners> winners_by_flow(const WinnerProblem& problem, std::uint64_t& work,
                                           std::uint64_t work_limit) {
  if (problem.bids.empty() || problem.asks.empty()) return std::nullopt;
  if (are_jobs(problem)) return jobs(problem, work, work_limit);
  if (are_intervals(problem)) return intervals(problem, work, work_limit);
  return std::nullopt;
}

}  // namespace auction::clearing
