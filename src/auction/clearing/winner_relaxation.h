// The Lagrangian relaxation of winner determination (certificate.h has the formula): prices on the asks' units and slots
// instead of their capacity, and each bid's best choice at these prices, found by itself. The search asks the same two
// questions all the time, of the whole call or of what is left of it: what is the best that this bid can do, and how much
// can all of them do at most?
// Work is counted in slots of asks looked at. Threads: one an object.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "auction/clearing/winner_problem.h"

namespace auction::clearing {

class Relaxation {
 public:
  // All capacity free, all prices 0, all bids there. Adds to `work` what it does.
  Relaxation(const WinnerProblem& problem, std::uint64_t& work);

  void set_prices(const Call& call, std::span<const std::int64_t> prices);  // as the call lists asks

  // What is free, in the search's hands.
  void take(const Choice& choice);
  void give_back(const Choice& choice);

  struct Best {
    std::int64_t gain = 0;  // limit − reserves − prices; of the empty choice 0
    Choice choice;
  };
  enum class Pricing : std::uint8_t { kReservesAlone, kAll };
  // The choice of most gain within what is free, if it has more than `above`; else the empty one with gain `above`.
  // Of equals the earliest start, the shortest, the first asks.
  void best(Index bid, Pricing pricing, std::int64_t above, Best& out);

  struct Option {
    std::int64_t gain = 0;
    Choice choice;
  };
  // All choices of at least `least` gain at these prices but the empty one, most first; no more than `most`: false if
  // there are more. Among units of asks that are alike and equally free only one way to take them is listed.
  bool options(Index bid, std::int64_t least, std::size_t most, std::vector<Option>& out);

  // Σ λ · free + Σ best gains of the bids `there` (all).
  std::int64_t bound();
  std::int64_t bound(std::span<const Index> there);
  // Up to `steps` steps of subgradient descent from the present prices towards a bound of at most `target`; keeps the
  // prices of the lowest bound found and gives that. Stops early at `target`, and when `work` reaches `work_limit`.
  std::int64_t descend(std::span<const Index> there, std::int64_t target, int steps, std::uint64_t work_limit);

  const std::vector<std::int64_t>& prices() const { return prices_; }
  void restore(const std::vector<std::int64_t>& prices) { prices_ = prices; }

 private:
  struct Candidate {
    std::int64_t gain = 0;  // of one unit
    Index ask = 0;
    std::uint32_t units = 0;
  };
  using Candidates = std::vector<Candidate>;
  void collect(Index bid, Slot length, Pricing pricing);
  void collect_from(Index bid, Index ask, Slot length, Pricing pricing);
  bool fill(Index bid, std::span<const Candidate> sorted, std::int64_t above, Best& out, Slot start, Slot length) const;
  void best_at(Index bid, Candidates& here, Slot start, Slot length, Best& out);
  struct Enumeration;
  void options_at(Enumeration& e, std::size_t next, std::uint32_t units, std::int64_t gain);
  bool alike(Index a, Index b) const;
  std::int64_t evaluate(std::span<const Index> there);
  Wide slope() const;
  void step(Wide distance, int halvings, Wide slope);

  const WinnerProblem& problem_;
  std::uint64_t& work_;
  std::vector<std::int64_t> prices_;
  std::vector<std::uint32_t> free_;
  std::vector<Index> all_;
  std::int64_t highest_price_ = 0;
  std::vector<Candidates> at_;  // by start − earliest
  Candidates site_;
  Best best_;
  std::vector<std::int64_t> excess_;  // [kind × slots + slot]: units wanted − units free
};

}  // namespace auction::clearing
