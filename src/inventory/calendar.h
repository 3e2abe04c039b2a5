// Calendar: how many units are promised at each moment, as a step function of time: what an inventory keeps from other
// sessions, and a market of one lot. Windows are [from, until), Unix milliseconds; kForever ends after everything.
// A value that knows sums, not who was promised what: whoever adds keeps the window, to remove exactly that again.
// A level is the number of units from one time to the next, neighbours differ, so that what is removed leaves nothing
// behind. add and remove touch the steps within their window, peak reads them: O(log n + steps). sum() takes n windows
// together in O(n log n), however much they overlap.
// Errors: false or nothing, and nothing was changed: an empty window, more than kMostUnits at once, or less there than is
// removed.
// Any thread; copies are independent.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace inventory {

class Calendar {
 public:
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint64_t kMostUnits = std::numeric_limits<std::uint64_t>::max();

  struct Step {
    std::int64_t from = 0, until = 0;
    std::uint64_t units = 0;
    bool operator==(const Step&) const = default;
  };

  static std::optional<Calendar> sum(const std::vector<Step>& promises);  // all of them added
  [[nodiscard]] bool add(std::int64_t from, std::int64_t until, std::uint64_t units);
  [[nodiscard]] bool remove(std::int64_t from, std::int64_t until, std::uint64_t units);

  std::uint64_t at(std::int64_t time) const { return time == kForever ? 0 : peak(time, time + 1); }
  // The most that is promised at once; of an empty window 0.
  std::uint64_t peak(std::int64_t from, std::int64_t until) const;
  // What of `capacity` nobody was promised at any moment of the window; of an empty window all of it.
  std::uint64_t free(std::uint64_t capacity, std::int64_t from, std::int64_t until) const;
  // The window cut where what is promised changes; those of 0 units too.
  std::vector<Step> steps(std::int64_t from, std::int64_t until) const;
  // The longest windows within this one in which at least `units` ≥ 1 are free all the time, each with what is free
  // all the time: where something fits, earliest first.
  std::vector<Step> gaps(std::uint64_t capacity, std::uint64_t units, std::int64_t from, std::int64_t until) const;

  bool empty() const { return levels_.empty(); }
  bool operator==(const Calendar&) const = default;

 private:
  using Levels = std::map<std::int64_t, std::uint64_t>;
  std::uint64_t level_at(std::int64_t time) const;
  Levels::iterator cut(std::int64_t time);
  void join(std::int64_t time);

  Levels levels_;  // from this time to the next; before the first 0, and the last is 0 unless it lasts for ever
};

}  // namespace inventory
