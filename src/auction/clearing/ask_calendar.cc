#include "auction/clearing/ask_calendar.h"

#include <algorithm>

#include "base/check.h"

namespace auction::clearing {

AskCalendar::AskCalendar(const Order& ask, std::span<const SlotRange> closed)
    : units_(ask.max_units), steps_{{ask.earliest, ask.max_units}, {ask.latest_end, 0}} {
  for (const SlotRange& range : closed) {
    const Slot from = std::max(range.from, ask.earliest), to = std::min(range.to, ask.latest_end);
    if (from < to) take(from, to, ask.max_units);
  }
}

std::vector<AskCalendar::Step>::const_iterator AskCalendar::behind(Slot slot) const {
  return std::ranges::upper_bound(steps_, slot, {}, &Step::from);
}

std::uint32_t AskCalendar::free(Slot from, Slot to, std::uint64_t& looked) const {
  ++looked;
  auto step = behind(from);
  if (step == steps_.begin()) return 0;
  std::uint32_t least = std::prev(step)->free;
  for (; least > 0 && step != steps_.end() && step->from < to; ++step, ++looked) least = std::min(least, step->free);
  return least;
}

std::uint32_t AskCalendar::most(Slot from, Slot to, std::uint64_t& looked) const {
  ++looked;
  auto step = behind(from);
  std::uint32_t most = step == steps_.begin() ? 0 : std::prev(step)->free;
  for (; most < units_ && step != steps_.end() && step->from < to; ++step, ++looked) most = std::max(most, step->free);
  return most;
}

void AskCalendar::take(Slot from, Slot to, std::uint32_t units) {
  const std::size_t first = step_at(from), end = step_at(to);
  for (std::size_t i = first; i < end; ++i) {
    CHECK(steps_[i].free >= units);
    steps_[i].free -= units;
  }
}

std::size_t AskCalendar::step_at(Slot slot) {
  const auto at = std::ranges::lower_bound(steps_, slot, {}, &Step::from);
  CHECK(at != steps_.end());  // within the window, whose end is the last step
  const auto index = at - steps_.begin();
  if (at->from != slot) steps_.insert(at, {slot, std::prev(at)->free});
  return static_cast<std::size_t>(index);
}

}  // namespace auction::clearing
