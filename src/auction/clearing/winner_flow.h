// The calls whose winners are found in polynomial time, exactly, with prices that prove it:
//   intervals  every bid wants its whole window and takes any number of units, and all asks are alike: a flow along the
//              slots, whose units are then dealt to the asks like intervals to lanes
//   jobs       every bid wants one slot, and one unit or whatever there is at its only slot: an assignment of bids to
//              the asks' slots
// Everything else (all or none, longer sliding jobs, longer jobs on asks that differ) is NP-hard: winner_search.h.
// Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "auction/clearing/winner_problem.h"

namespace auction::clearing {

struct FlowWinners {
  std::vector<Choice> choices;       // by bid
  std::vector<std::int64_t> prices;  // [cell]
};

// None: no such call, or more work than the limit.
std::optional<FlowWinners> winners_by_flow(const WinnerProblem& problem, std::uint64_t& work, std::uint64_t work_limit);

}  // namespace auction::clearing
