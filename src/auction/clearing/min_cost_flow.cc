#include "auction/clearing/min_cost_flow.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/check.h"

namespace auction::clearing {
namespace {
constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
}

MinCostFlow::MinCostFlow(std::size_t nodes)
    : out_(nodes), potential_(nodes, 0), distance_(nodes, kFar), via_(nodes, 0) {
  CHECK(nodes > 0);
}

std::size_t MinCostFlow::add_arc(Node from, Node to, std::int64_t capacity, std::int64_t cost) {
  CHECK(from < to && to < out_.size());
  out_[from].push_back(static_cast<std::uint32_t>(arcs_.size()));
  arcs_.push_back({to, capacity, cost});
  out_[to].push_back(static_cast<std::uint32_t>(arcs_.size()));
  arcs_.push_back({from, 0, -cost});
  return arcs_.size() / 2 - 1;
}

// With arcs upwards alone, one pass in order of the nodes.
void MinCostFlow::first_potentials() {
  std::ranges::fill(potential_, kFar);
  potential_[0] = 0;
  for (Node node = 0; node < out_.size(); ++node) {
    if (potential_[node] == kFar) continue;
    for (const std::uint32_t number : out_[node]) {
      const Arc& arc = arcs_[number];
      if (arc.left > 0) potential_[arc.to] = std::min(potential_[arc.to], potential_[node] + arc.cost);
    }
  }
  // Out of reach now and, since no path ever leads there, for ever.
  for (std::int64_t& potential : potential_)
    if (potential == kFar) potential = 0;
}

// Dijkstra over reduced costs, as far as the last node, or as far as there is anything; then the potentials are the
// distances of all that is nearer.
bool MinCostFlow::measure(bool everything, std::uint64_t& work) {
  std::ranges::fill(distance_, kFar);
  distance_[0] = 0;
  using Entry = std::pair<std::int64_t, Node>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> next;
  next.emplace(0, 0);
  std::int64_t farthest = 0;
  while (!next.empty()) {
    const auto [far, node] = next.top();
    next.pop();
    if (far > distance_[node]) continue;
    farthest = far;
    if (!everything && node + 1 == out_.size()) break;
    work += out_[node].size();
    for (const std::uint32_t number : out_[node]) {
      const Arc& arc = arcs_[number];
      if (arc.left == 0) continue;
      const std::int64_t reached = far + arc.cost + potential_[node] - potential_[arc.to];
      if (reached >= distance_[arc.to]) continue;
      distance_[arc.to] = reached;
      via_[arc.to] = number;
      next.emplace(reached, arc.to);
    }
  }
  for (Node node = 0; node < out_.size(); ++node) potential_[node] += std::min(distance_[node], farthest);
  return distance_.back() != kFar;
}

std::int64_t MinCostFlow::augment(std::int64_t most) {
  const auto last = static_cast<Node>(out_.size() - 1);
  for (Node node = last; node != 0; node = arcs_[via_[node] ^ 1U].to) most = std::min(most, arcs_[via_[node]].left);
  for (Node node = last; node != 0; node = arcs_[via_[node] ^ 1U].to) {
    arcs_[via_[node]].left -= most;
    arcs_[via_[node] ^ 1U].left += most;
  }
  return most;
}

bool MinCostFlow::send(std::int64_t amount, std::uint64_t& work, std::uint64_t work_limit) {
  first_potentials();
  work += arcs_.size();
  while (work < work_limit) {
    const bool reachable = measure(amount == 0, work);
    if (amount == 0) return true;
    if (!reachable) return false;
    amount -= augment(amount);
  }
  return false;
}

std::optional<std::int64_t> MinCostFlow::distance(Node node) const {
  if (distance_[node] == kFar) return std::nullopt;
  return potential_[node] - potential_[0];
}

}  // namespace auction::clearing
