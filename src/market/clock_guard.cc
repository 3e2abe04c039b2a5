#include "market/clock_guard.h"

#include <algorithm>
#include <cstdlib>

namespace market {

ClockGuard::Look ClockGuard::look(std::int64_t wall_ms, std::int64_t steady_ms) {
  static_assert(kFollowPpm == 1'000, "a millisecond that has passed is a microsecond to follow by");
  const std::int64_t offset_us = (wall_ms - steady_ms) * 1'000;
  if (tolerance_ms_ == 0) return {};
  if (!reference_us_) {
    if (wall_ms < not_before_ms_ - tolerance_ms_) return {Finding::kBehind, wall_ms - not_before_ms_};
    reference_us_ = offset_us;
    last_ms_ = steady_ms;
  }
  const std::int64_t most_us = std::clamp<std::int64_t>(steady_ms - last_ms_, 0, kLongestGapMs);
  last_ms_ = std::max(last_ms_, steady_ms);
  const std::int64_t off_us = offset_us - *reference_us_;
  const std::int64_t followed_us = std::clamp(off_us, -most_us, most_us);
  if (std::abs(off_us - followed_us) > tolerance_ms_ * 1'000) return {Finding::kSet, off_us / 1'000};
  *reference_us_ += followed_us;
  return {Finding::kRight, (off_us - followed_us) / 1'000};
}

}  // namespace market
