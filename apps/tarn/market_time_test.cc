#include "tarn/market_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/market_town.h"

namespace tarn {
namespace {

using base::LogLevel;
using support::MarketTown;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kNoon = 1'798'718'400'000, kMinute = 60'000, kHour = 60 * kMinute;  // 2026-12-31T12:00:00Z

class Lines final : public base::Log {
 public:
  void write(LogLevel level, std::string_view event, std::span<const base::Field> fields) override {
    std::string line(level == LogLevel::kError ? "error " : "");
    line.append(event);
    for (const base::Field& field : fields) line.append(" ").append(field.name()).append("=").append(field.value());
    all.push_back(line);
  }
  std::vector<std::string> all;
};

struct MarketTimeTest : testing::Test {
  TwoClocks clocks{kNoon, 1'000};
  Lines log;
  net::Metrics metrics;
  void pass(std::int64_t ms, std::int64_t set_ahead = 0) {
    clocks.boot_ms += ms;
    clocks.wall_ms += ms + set_ahead;
  }
  MarketTime watched(std::int64_t tolerance, std::int64_t done_until = 0) {
    return {tolerance, done_until, [this] { return clocks; }, log, metrics};
  }
  std::string gauge() const {
    const std::string text = metrics.text(), name = "\ntarn_market_clock_off_seconds ";
    const std::size_t at = text.find(name) + name.size();
    return text.substr(at, text.find('\n', at) - at);
  }
};

TEST_F(MarketTimeTest, AClockThatIsSetIsToldOnceWithBothTimesAndWhatToDo) {
  MarketTime time = watched(5 * kMinute);
  pass(kMinute);
  EXPECT_TRUE(time.right().ok());
  EXPECT_EQ(gauge(), "0");
  EXPECT_THAT(log.all, IsEmpty());
  pass(kMinute, kHour);
  const base::Status found = time.right();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, base::Code::kCancelled);
  EXPECT_THAT(found.error().message,
              AllOf(HasSubstr("2026-12-31T13:02:00Z"), HasSubstr("2026-12-31T12:02:00Z"), HasSubstr("restart")));
  EXPECT_EQ(gauge(), "3600");
  for (int i = 0; i < 10; ++i) {
    pass(kMinute);
    EXPECT_FALSE(time.right().ok());
  }
  EXPECT_THAT(log.all, ElementsAre(AllOf(HasSubstr("error market_clock_set says=2026-12-31T13:02:00Z "
                                                   "expected=2026-12-31T12:02:00Z off_s=3600 reason="),
                                         HasSubstr("restart"))));
  pass(kMinute, -kHour);
  EXPECT_TRUE(time.right().ok());
  EXPECT_EQ(gauge(), "0");
  ASSERT_EQ(log.all.size(), 2U);
  EXPECT_EQ(log.all.back(), "market_clock_right says=2026-12-31T12:13:00Z");
}

TEST_F(MarketTimeTest, WhatIsExpectedBeginsAtOnceAndNotAtTheFirstQuestion) {
  MarketTime time = watched(5 * kMinute);
  pass(10, -kHour);
  EXPECT_FALSE(time.right().ok());
}

TEST_F(MarketTimeTest, AStartBeforeWhatWasDoneWaitsForTheClock) {
  MarketTime time = watched(5 * kMinute, kNoon + kHour);
  EXPECT_THAT(log.all, ElementsAre(AllOf(HasSubstr("error market_clock_behind says=2026-12-31T12:00:00Z "
                                                   "expected=2026-12-31T13:00:00Z off_s=-3600"),
                                         HasSubstr("max_clock_step"))));
  EXPECT_FALSE(time.right().ok());
  pass(1'000, kHour);
  EXPECT_TRUE(time.right().ok());
}

TEST_F(MarketTimeTest, WithoutAToleranceEveryTimeIsRight) {
  MarketTime time = watched(0, kNoon + kHour);
  pass(10, 100 * kHour);
  EXPECT_TRUE(time.right().ok());
  EXPECT_THAT(log.all, IsEmpty());
}

TEST(LastDeed, IsTheNewestEventsTime) {
  support::MemoryMarketStore empty;
  EXPECT_EQ(MarketTown::value(last_deed(empty)), 0);
  MarketTown town;
  town.join("acme");
  town.now += kHour;
  town.make_market("hours");
  EXPECT_EQ(MarketTown::value(last_deed(town.store())), town.now);
}

TEST(TwoClocks, AreReadTogether) {
  const TwoClocks before = read_two_clocks(), after = read_two_clocks();
  EXPECT_GT(before.wall_ms, 1'767'225'600'000) << "2026";
  EXPECT_GT(before.boot_ms, 0);
  EXPECT_GE(after.boot_ms, before.boot_ms);
}

}  // namespace
}  // namespace tarn
