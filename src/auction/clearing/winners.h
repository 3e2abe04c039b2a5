// The combinatorial mechanism: winner determination for orders with windows, durations, all-or-none quantities and asks
// that differ, and what the winners pay.
//
// Who wins. Each bid served gets min_units … max_units units for min_slots … max_slots slots in one piece within its
// window, each unit from one ask for the whole time that asks no more than the limit, so that the sum of limits minus
// reserves is as large as can be. A bid whose limit is just reached is served if there is room.
// In general this is NP-hard. It is solved exactly in polynomial time where that is possible (winner_flow.h), else by
// branch and bound (winner_search.h) until it is proven or Settings::work_limit steps are done: a step is a slot of an ask
// looked at, tens of millions of which take a second. Then Outcome::upper_bound and Outcome::dual say how far the best
// may be at most (certificate.h). A dozen bids on a dozen servers are solved in well under a second; hundreds of bids on
// a hundred servers end with a gap of a few per cent at most, usually less. Memory: O(asks × slots + largest window × asks).
// Equal outcomes: whose order comes first by the seed, then by arrival, then by id. How the call lists orders is nothing.
//
// What they pay. V is the welfare, and an organisation's contribution is V − (V without its orders), found by solving
// anew (so with kThreshold and kVcg half of the work goes there, in equal parts).
//   kPayAsBid   each bid's surplus is halved: the buyer's half, rounded down, is spread over its trades by their surplus, the
//               rest is its sellers'. pays = gets in each trade, so the budget is exactly 0.
//   kThreshold  Parkes, Kalagnanam, Eso 2001: each organisation is left its contribution minus C, at least 0, with the
//               smallest C that the market can afford; what rounding leaves goes out in single micro-credits, in an order
//               drawn by the seed. Budget exactly 0.
//   kVcg        each is left its contribution: truthful if all of it was proven, and if the market adds no more than
//               deficit_cap. If it would have to: kThreshold with the cap added, and not truthful.
// An organisation's part is spread over its trades by their surplus. Nobody pays above the limit or gets below the reserve.
// Threads: any; pure. Errors: kInvalidInput: a call that is too large.
#pragma once

#include "auction/clearing/mechanism.h"
#include "auction/clearing/order.h"
#include "base/result.h"

namespace auction::clearing {

inline constexpr std::size_t kMostWinnerCells = 4'000'000;  // asks × slots

// `call` has passed admit().
base::Result<Outcome> clear_combinatorial(const Call& call);

}  // namespace auction::clearing
