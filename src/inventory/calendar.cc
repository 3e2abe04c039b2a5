#include "inventory/calendar.h"

#include <algorithm>
#include <tuple>

namespace inventory {

std::optional<Calendar> Calendar::sum(const std::vector<Step>& promises) {
  struct Edge {
    std::int64_t time;
    bool begins;  // at one time ends come first, so that the level is never more than it is to be
    std::uint64_t units;
  };
  std::vector<Edge> edges;
  edges.reserve(2 * promises.size());
  for (const Step& promise : promises) {
    if (promise.from >= promise.until) return std::nullopt;
    edges.push_back({promise.from, true, promise.units});
    edges.push_back({promise.until, false, promise.units});
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return std::tie(a.time, a.begins) < std::tie(b.time, b.begins); });
  Calendar out;
  std::uint64_t level = 0, before = 0;
  for (auto edge = edges.begin(); edge != edges.end() && edge->time != kForever; before = level) {
    const std::int64_t time = edge->time;
    for (; edge != edges.end() && edge->time == time; ++edge) {
      if (edge->begins && edge->units > kMostUnits - level) return std::nullopt;
      level = edge->begins ? level + edge->units : level - edge->units;
    }
    if (level != before) out.levels_.emplace_hint(out.levels_.end(), time, level);
  }
  return out;
}

std::uint64_t Calendar::level_at(std::int64_t time) const {
  const auto next = levels_.upper_bound(time);
  return next == levels_.begin() ? 0 : std::prev(next)->second;
}

// A step begins here now, of as much as before. Nothing begins at kForever.
Calendar::Levels::iterator Calendar::cut(std::int64_t time) {
  if (time == kForever) return levels_.end();
  return levels_.try_emplace(time, level_at(time)).first;
}

// No step begins here if it is of as much as the one before.
void Calendar::join(std::int64_t time) {
  const auto here = levels_.find(time);
  if (here == levels_.end()) return;
  const std::uint64_t before = here == levels_.begin() ? 0 : std::prev(here)->second;
  if (here->second == before) levels_.erase(here);
}

bool Calendar::add(std::int64_t from, std::int64_t until, std::uint64_t units) {
  if (from >= until || units > kMostUnits - peak(from, until)) return false;
  if (units == 0) return true;
  const auto last = cut(until);
  for (auto step = cut(from); step != last; ++step) step->second += units;
  join(from);
  join(until);
  return true;
}

bool Calendar::remove(std::int64_t from, std::int64_t until, std::uint64_t units) {
  if (from >= until) return false;
  for (const Step& step : steps(from, until))
    if (step.units < units) return false;
  if (units == 0) return true;
  const auto last = cut(until);
  for (auto step = cut(from); step != last; ++step) step->second -= units;
  join(from);
  join(until);
  return true;
}

std::uint64_t Calendar::peak(std::int64_t from, std::int64_t until) const {
  if (from >= until) return 0;
  std::uint64_t most = level_at(from);
  for (auto step = levels_.upper_bound(from); step != levels_.end() && step->first < until; ++step)
    most = std::max(most, step->second);
  return most;
}

std::uint64_t Calendar::free(std::uint64_t capacity, std::int64_t from, std::int64_t until) const {
  return capacity - std::min(capacity, peak(from, until));
}

std::vector<Calendar::Step> Calendar::steps(std::int64_t from, std::int64_t until) const {
  std::vector<Step> out;
  if (from >= until) return out;
  out.push_back({from, until, level_at(from)});
  for (auto step = levels_.upper_bound(from); step != levels_.end() && step->first < until; ++step) {
    out.back().until = step->first;
    out.push_back({step->first, until, step->second});
  }
  return out;
}

std::vector<Calendar::Step> Calendar::gaps(std::uint64_t capacity, std::uint64_t units, std::int64_t from,
                                           std::int64_t until) const {
  std::vector<Step> out;
  for (const Step& step : steps(from, until)) {
    const std::uint64_t left = capacity - std::min(capacity, step.units);
    if (left < units || units == 0) continue;
    if (out.empty() || out.back().until != step.from) {
      out.push_back({step.from, step.until, left});
    } else {
      out.back().until = step.until;
      out.back().units = std::min(out.back().units, left);
    }
  }
  return out;
}

}  // namespace inventory
