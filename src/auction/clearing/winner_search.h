// The search for the winners of a combinatorial call: greedy starts, prices by Lagrangian relaxation, a large
// neighbourhood search (Shaw 1998), and branch and bound over one bid's choices at a time, of which only those are looked
// at that the prices do not rule out. What it finds is always an outcome that can be; whether it is the best, it says.
// Deterministic: it draws from the seed, and stops by work, never by time.
// Threads: one an object.
#pragma once

#include <cstdint>
#include <vector>

#include "auction/clearing/mix.h"
#include "auction/clearing/winner_problem.h"
#include "auction/clearing/winner_relaxation.h"

namespace auction::clearing {

struct Winners {
  std::vector<Choice> choices;  // by bid of the problem; empty: not served
  std::int64_t welfare = 0;
  std::int64_t bound = 0;  // no outcome has more; = welfare if proven
  bool proven = false;
  std::vector<std::int64_t> prices;  // [cell], which show dual_bound
  std::int64_t dual_bound = 0;
};

class WinnerSearch {
 public:
  WinnerSearch(const WinnerProblem& problem, const Seed& seed, std::uint64_t& work, std::uint64_t work_limit);
  Winners run();

 private:
  bool by_flow();
  void greedy_starts();
  void keep_if_better();
  void rebuild(const std::vector<Index>& order, Relaxation::Pricing pricing);
  void serve(Index bid, Choice choice);
  void drop(Index bid);
  void adopt(const std::vector<Choice>& choices);
  void improve(std::uint64_t until);
  bool neighbourhood();
  std::vector<Index> served_near(Index centre);
  std::vector<Index> unserved_near(Index centre);
  bool branch_and_bound(std::uint64_t until);
  void branch(std::vector<Index> there, std::int64_t so_far);
  struct Branch;
  bool narrow(std::vector<Index>& there, std::int64_t slack, Branch& out);
  void descend_into(const Branch& chosen, const std::vector<Index>& there, std::int64_t so_far, std::int64_t bound);
  void serve_those_without_gain();
  bool overlap(Index a, Index b) const;

  const WinnerProblem& problem_;
  std::uint64_t& work_;
  std::uint64_t work_limit_, branch_until_ = 0;
  Dice dice_;
  Relaxation relaxation_;
  std::vector<Choice> now_;
  std::int64_t welfare_now_ = 0;
  Winners best_;
  Relaxation::Best found_;
  bool given_up_ = false;
};

}  // namespace auction::clearing
