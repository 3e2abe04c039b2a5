// Minimum-cost flow by successive shortest paths with potentials (Ahuja, Magnanti, Orlin 1993, 9.7), for networks without
// directed cycles whose nodes are numbered so that arcs lead upwards: costs may be negative. Exact in integers, and its
// distances are the prices that prove it.
// Cost: O(augmentations × arcs × log nodes), at most one augmentation a saturated arc or so in our networks; work is
// counted in arcs looked at. Threads: one an object.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace auction::clearing {

class MinCostFlow {
 public:
  using Node = std::uint32_t;
  explicit MinCostFlow(std::size_t nodes);
  std::size_t add_arc(Node from, Node to, std::int64_t capacity, std::int64_t cost);  // from < to; its number
  // Sends `amount` from the first node to the last, at least cost; false: `work` reached the limit, or it does not fit.
  bool send(std::int64_t amount, std::uint64_t& work, std::uint64_t work_limit);
  std::int64_t flow(std::size_t arc) const { return arcs_[2 * arc + 1].left; }
  // How far a node is from the first in what capacity is left, after send(); none: out of reach.
  std::optional<std::int64_t> distance(Node node) const;

 private:
  struct Arc {
    Node to = 0;
    std::int64_t left = 0, cost = 0;
  };
  void first_potentials();
  bool measure(bool everything, std::uint64_t& work);
  std::int64_t augment(std::int64_t most);

  std::vector<Arc> arcs_;  // each followed by its reverse
  std::vector<std::vector<std::uint32_t>> out_;
  std::vector<std::int64_t> potential_, distance_;
  std::vector<std::uint32_t> via_;
};

}  // namespace auction::clearing
