// Who meets whom where orders have windows, tables of eligible asks, or all or none (meetings.h has the rules).
// Each bid may be looked for for so many steps in all (Effort), steps being entries of asks' calendars and asks: a share of
// what the call may take, so that no bid takes another's, and the same everywhere, as time would not be. One that has used
// them up gets nothing more in this call.
// Threads: none of its own.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "auction/clearing/ask_calendar.h"
#include "auction/clearing/meetings.h"

namespace auction::clearing {

class CalendarMeeting {
 public:
  CalendarMeeting(const Call& call, Meeting meeting, const Effort& effort);
  void ask_comes(Index ask);
  void bid_comes(Index bid);
  Met result() &&;

 private:
  struct Pick {
    Index ask;
    std::uint32_t units;
  };
  struct Place {
    Slot start = 0, slots = 0;
    std::vector<Pick> picks;
  };
  struct Progress {
    std::uint32_t units = 0;  // that it has
    Slot start = 0, slots = 0;
    std::uint32_t site = 0;
    std::uint64_t steps = 0;
  };

  bool is_spent(Index bid) const { return progress_[bid].steps >= most_steps_; }
  bool may_serve(Index ask, Index bid) const;
  bool may_give(Index ask, Index bid);       // a rental of some length, at some time that the bid wants
  std::vector<Index> candidates(Index bid);  // that are there, cheap enough and may give, the cheapest first
  // Whether the asks have enough for a bid that has nothing yet, if each gives so many units.
  template <class UnitsOf>
  bool is_enough(Index bid, const std::vector<Index>& asks, UnitsOf units_of) const;
  std::optional<Place> place(Index bid, const std::vector<Index>& asks);
  std::optional<Place> place_at(Index bid, const std::vector<Index>& asks, Slot start);
  std::vector<Slot> starts(Index bid, const std::vector<Index>& asks);
  std::vector<Slot> durations(Index bid, const std::vector<Index>& asks, Slot start);
  // What the bid would get then; nothing if that is not enough.
  std::vector<Pick> picks(Index bid, const std::vector<Index>& asks, Slot start, Slot slots);
  std::vector<Pick> picks_of_site(Index bid, const std::vector<Index>& asks, Slot start, Slot slots,
                                  std::optional<std::uint32_t> site);
  std::int64_t price(const Order& bid, const Order& ask) const;
  bool serve(Index bid);  // whether it has all that it wants

  const Call& call_;
  const Meeting meeting_;
  const std::uint64_t most_steps_;  // of a bid
  std::vector<AskCalendar> calendars_;
  std::vector<Progress> progress_;
  std::vector<std::uint32_t> ask_ranks_, bid_ranks_;  // cheapest, dearest first; then the earliest
  std::vector<Index> bids_by_rank_;
  std::set<std::uint32_t> asks_there_, bids_there_;  // ranks
  std::vector<Index> asks_by_rank_;
  std::vector<Trade> trades_;
};

}  // namespace auction::clearing
