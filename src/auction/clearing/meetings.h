// First come, first served: each order meets those that are there when it comes. In claim all asks are there, and a bid
// takes what it finds or nothing; in continuous both come in turn, and rest.
// A bid takes the earliest start at which enough units are free for a duration that will do, there the longest such
// duration, and then units from the cheapest ask on, the earliest of equal ones first; with same_site, those of the site
// that has most for it, and of equal ones costs least. What it still wants afterwards can only come at the same time and,
// with same_site, site. An ask meets the bids that rest from the dearest on.
// One product is what the ContinuousBook is for; otherwise the cost of a bid is its asks, times the starts that come into
// question: where an ask opens, or a rental ends. It is limited (Effort): a bid that it takes too long to find a place for
// gets nothing more, and the outcome's note says how many did.
// Threads: any.
#pragma once

#include "auction/clearing/mechanism.h"

namespace auction::clearing {

enum class Meeting : std::uint8_t { kClaim, kContinuous };
struct Effort {
  std::uint64_t of_a_bid = 1'000'000, of_a_call = 100'000'000;  // steps; each bid has an equal share of the call's
};
struct Met {
  std::vector<Trade> trades{};
  std::uint64_t steps = 0;
  std::size_t gave_up = 0;  // bids
};
Met meet(const Call& call, Meeting meeting);

// One window, no tables, nothing but quantities: what the book can do.
bool is_one_product(const Call& call);
// The two ways to do it: order by order in a ContinuousBook, which takes one product only; or by calendars.
std::vector<Trade> meet_in_book(const Call& call, Meeting meeting);
Met meet_by_calendar(const Call& call, Meeting meeting, const Effort& effort = {});

// No outcome has more: each bid gets all that it wants from the cheapest ask that may serve it.
std::int64_t most_welfare(const Call& call);

}  // namespace auction::clearing
