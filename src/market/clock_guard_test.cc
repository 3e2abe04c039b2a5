#include "market/clock_guard.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace market {
namespace {

using Finding = ClockGuard::Finding;

constexpr std::int64_t kWall = 1'800'000'000'000, kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kTolerance = 5 * kMinute;

// A machine: real time goes on, and its wall clock is off by some microseconds, as it was set and slewed. Both clocks are
// read as whole milliseconds.
struct Machine {
  std::int64_t passed_us = 0, off_us = 0;
  void wait(std::int64_t ms, std::int64_t ppm = 0) {
    passed_us += ms * 1'000;
    off_us += ms * ppm / 1'000;
  }
  std::int64_t steady() const { return 12'345 + passed_us / 1'000; }
  std::int64_t wall() const { return kWall + (passed_us + off_us) / 1'000; }
  ClockGuard::Look seen_by(ClockGuard& guard) const { return guard.look(wall(), steady()); }
};

std::int64_t any(std::int64_t least, std::int64_t most) { return *rc::gen::inRange<std::int64_t>(least, most + 1); }
std::int64_t any_tolerance() { return any(1'000, kDay); }

// Whatever the machine's clock is like by itself: looked at often enough, it is right.
void live_quietly(Machine& machine, ClockGuard& guard, int looks) {
  for (int i = 0; i < looks; ++i) {
    machine.wait(any(0, ClockGuard::kLongestGapMs), any(-500, 500));
    RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
  }
}

RC_GTEST_PROP(ClockGuard, SlewingNeverAddsUpToAnAlarm, ()) {
  ClockGuard guard(any_tolerance(), 0);
  Machine machine;
  const std::int64_t ppm = *rc::gen::element<std::int64_t>(-1'000, -500, 0, 500, 1'000);
  const std::int64_t most = *rc::gen::element<std::int64_t>(5, 1'000, kMinute, ClockGuard::kLongestGapMs);
  for (int i = 0; i < 2'000; ++i) {
    machine.wait(any(0, most), ppm);
    const auto look = machine.seen_by(guard);
    RC_ASSERT(look.finding == Finding::kRight);
    RC_ASSERT(std::abs(look.off_ms) <= 2);
  }
}

TEST(ClockGuard, TwelveWeeksOfSlewingAreNoAlarm) {
  for (const std::int64_t ppm : {500, -500}) {
    ClockGuard guard(1'000, 0);
    Machine machine;
    for (std::int64_t i = 0; i < 84 * kDay / (10 * 1'000); ++i) {
      machine.wait(10'000, ppm);
      ASSERT_EQ(machine.seen_by(guard).finding, Finding::kRight) << i;
    }
    EXPECT_GT(std::abs(machine.off_us), 3'600 * 1'000'000LL) << "an hour in all";
  }
}

RC_GTEST_PROP(ClockGuard, AStepAboveTheToleranceIsSeenAtTheNextLook, (bool ahead)) {
  const std::int64_t tolerance = any_tolerance();
  ClockGuard guard(tolerance, 0);
  Machine machine;
  RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
  // Slewed, it may already be a little off, on the other side.
  for (int i = 0; i < 10; ++i) {
    machine.wait(any(0, kMinute), any(-500, 500));
    RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
  }
  const std::int64_t step = tolerance + 1'000 + any(0, 1'000 * kDay);
  machine.off_us += (ahead ? step : -step) * 1'000;
  machine.wait(any(0, 30 * kDay));
  const auto look = machine.seen_by(guard);
  RC_ASSERT(look.finding == Finding::kSet);
  RC_ASSERT(std::abs(std::abs(look.off_ms) - step) <= 2);
  RC_ASSERT((look.off_ms > 0) == ahead);
}

RC_GTEST_PROP(ClockGuard, AStepWithinTheToleranceIsNoAlarm, (bool ahead)) {
  const std::int64_t tolerance = any_tolerance();
  ClockGuard guard(tolerance, 0);
  Machine machine;
  RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
  const std::int64_t step = any(0, tolerance - 2);
  machine.off_us += (ahead ? step : -step) * 1'000;
  for (int i = 0; i < 20; ++i) {
    RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
    machine.wait(any(0, 10 * kMinute));
  }
}

RC_GTEST_PROP(ClockGuard, WhatIsSetBackIsRightAgain, (bool ahead)) {
  ClockGuard guard(kTolerance, 0);
  Machine machine;
  live_quietly(machine, guard, 5);
  const std::int64_t before = machine.off_us, step = 2 * kTolerance + any(0, kDay);
  machine.off_us += (ahead ? step : -step) * 1'000;
  for (int i = 0; i < 20; ++i) {
    machine.wait(any(0, kDay));
    RC_ASSERT(machine.seen_by(guard).finding == Finding::kSet);
  }
  machine.off_us = before + any(-kTolerance + 1'000, kTolerance - 1'000) * 1'000;
  RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
}

// However the clock is set, by how much and how often: what is called right is not far off.
RC_GTEST_PROP(ClockGuard, WhatIsRightIsWithinTheToleranceAndAThousandthOfTheTime, ()) {
  const std::int64_t tolerance = any_tolerance();
  ClockGuard guard(tolerance, 0);
  Machine machine;
  RC_ASSERT(machine.seen_by(guard).finding == Finding::kRight);
  for (int i = 0; i < 300; ++i) {
    machine.wait(any(0, *rc::gen::element<std::int64_t>(10, 1'000, kHour)));
    machine.off_us += any(-tolerance / 4, tolerance / 2) * 1'000;
    if (machine.seen_by(guard).finding != Finding::kRight) continue;
    RC_ASSERT(std::abs(machine.off_us) <= tolerance * 1'000 + machine.passed_us / 1'000 + 2'000);
  }
}

TEST(ClockGuard, AMinuteEachSecondIsNoticed) {
  ClockGuard guard(kTolerance, 0);
  Machine machine;
  int seen = 0;
  for (; machine.seen_by(guard).finding == Finding::kRight; ++seen) {
    machine.wait(1'000);
    machine.off_us += kMinute * 1'000;
    ASSERT_LT(seen, 10);
  }
  EXPECT_EQ(seen, 6) << "five of them are within the tolerance";
}

TEST(ClockGuard, WaitingMakesNoWrongTimeRight) {
  ClockGuard guard(kTolerance, 0);
  Machine machine;
  (void)machine.seen_by(guard);
  machine.off_us += kHour * 1'000;
  for (int day = 0; day < 400; ++day) {
    ASSERT_EQ(machine.seen_by(guard), (ClockGuard::Look{Finding::kSet, kHour}));
    machine.wait(kDay);
  }
  ClockGuard another(kTolerance, kWall);
  EXPECT_EQ(machine.seen_by(another).finding, Finding::kRight) << "a restart takes the time as it is";
}

// Days without a look, in which the wall clock went on as it should.
TEST(ClockGuard, AMachineThatHasSleptIsRight) {
  ClockGuard guard(kTolerance, 0);
  Machine machine;
  (void)machine.seen_by(guard);
  machine.wait(60 * kDay, 20);
  EXPECT_EQ(machine.seen_by(guard).finding, Finding::kRight);
}

TEST(ClockGuard, IsBehindUntilTheWallClockHasReachedWhatWasDone) {
  ClockGuard guard(kTolerance, kWall + kDay);
  Machine machine;
  EXPECT_EQ(machine.seen_by(guard), (ClockGuard::Look{Finding::kBehind, -kDay}));
  machine.off_us = (kDay - kTolerance - 1) * 1'000;
  EXPECT_EQ(machine.seen_by(guard), (ClockGuard::Look{Finding::kBehind, -kTolerance - 1}));
  machine.off_us = kDay * 1'000;  // set, by much, and right: it is the first time that can be
  EXPECT_EQ(machine.seen_by(guard), (ClockGuard::Look{Finding::kRight, 0}));
  machine.off_us += kHour * 1'000;
  EXPECT_EQ(machine.seen_by(guard).finding, Finding::kSet);
}

TEST(ClockGuard, WithoutAToleranceEverythingIsRight) {
  ClockGuard guard(0, kWall + kDay);
  EXPECT_EQ(guard.look(0, 0), ClockGuard::Look());
  EXPECT_EQ(guard.look(kWall, 1), ClockGuard::Look());
  EXPECT_EQ(guard.look(0, 2), ClockGuard::Look());
}

}  // namespace
}  // namespace market
