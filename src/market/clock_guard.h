// ClockGuard: whether the wall clock can be believed. What is due is decided by the wall clock, and cannot be undone: one
// that is set ahead, by a bad time server or by mistake, would settle and end what is not over yet. So it is compared with
// a clock that nobody can set (CLOCK_BOOTTIME, which counts while the machine sleeps, too).
// The algorithm: `expected` = the reference + the steady clock, and the reference, taken at the first look, follows the
// wall clock by a thousandth (kFollowPpm) of the time since the last look, and of no more than kLongestGapMs. What is left
// of the difference then must be within the tolerance. While it is not, the reference stays, so that waiting makes no
// wrong time right: only the wall clock's return does, or a new guard, which takes the time as it finds it.
// What follows from it, with T the time between two looks:
//   A clock that is slewed by kFollowPpm or less never raises an alarm, for how long it may go on; ntpd slews by 500 ppm at
//   most, and Linux slews the steady clock, too. (Looks that are further apart than kLongestGapMs: while T/1000 is within the tolerance.)
//   One step, of a clock that was as expected, by more than the tolerance + T/1000 is seen at the next look: by a second
//   more than the tolerance, always.
//   Small steps add up: as long as all is called right, the wall clock is at most the tolerance + a thousandth of the time
//   since the first look from where it would be by itself, however often and however it was set.
// A market that has done something at a later time than it is now must not go on either: until the wall clock has reached
// `not_before` (less the tolerance), it is behind, and there is no reference yet.
// What it cannot see: a clock that is wrong already at the first look and not behind, and what moves both clocks.
// Threads: one at a time. Errors: none. Times: milliseconds; wall: since 1970 in UTC; steady: since any moment.
// The reference is in microseconds, of which a thousandth of a millisecond is one: short looks lose nothing.
#pragma once

#include <cstdint>
#include <optional>

namespace market {

class ClockGuard {
 public:
  static constexpr std::int64_t kFollowPpm = 1'000;
  static constexpr std::int64_t kLongestGapMs = 600'000;

  // `tolerance_ms` 0: everything is right.
  ClockGuard(std::int64_t tolerance_ms, std::int64_t not_before_ms)
      : tolerance_ms_(tolerance_ms), not_before_ms_(not_before_ms) {}

  enum class Finding : std::uint8_t { kRight, kSet, kBehind };
  struct Look {
    Finding finding = Finding::kRight;
    std::int64_t off_ms = 0;  // how far the wall clock is ahead of what was expected; kBehind: of not_before
    bool operator==(const Look&) const = default;
  };
  Look look(std::int64_t wall_ms, std::int64_t steady_ms);

 private:
  std::int64_t tolerance_ms_, not_before_ms_;
  std::optional<std::int64_t> reference_us_;  // wall − steady
  std::int64_t last_ms_ = 0;                  // steady
};

}  // namespace market
