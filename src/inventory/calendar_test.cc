// The calendar: its edges one by one, and random windows against a twin that counts every millisecond.
#include "inventory/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>

namespace inventory {
namespace {

using Step = Calendar::Step;
constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();

TEST(Calendar, CountsWhatIsPromisedAtOnceAndNotOneAfterTheOther) {
  Calendar calendar;
  ASSERT_TRUE(calendar.add(10, 20, 3));
  ASSERT_TRUE(calendar.add(20, 30, 4));
  EXPECT_EQ(calendar.peak(0, 100), 4U);
  ASSERT_TRUE(calendar.add(15, 25, 2));
  EXPECT_EQ(calendar.peak(0, 100), 6U);
  EXPECT_EQ(calendar.peak(0, 15), 3U);
  EXPECT_EQ(calendar.free(10, 12, 21), 4U);
  EXPECT_EQ(calendar.free(5, 12, 21), 0U);  // more is promised than there is
}

TEST(Calendar, TakesWindowsThatTouchForTwo) {
  Calendar calendar;
  ASSERT_TRUE(calendar.add(10, 20, 1));
  EXPECT_EQ(calendar.free(1, 20, 30), 1U);
  EXPECT_EQ(calendar.free(1, 0, 10), 1U);
  EXPECT_EQ(calendar.free(1, 10, 20), 0U);  // exactly equal
  EXPECT_EQ(calendar.free(1, 19, 20), 0U);
  EXPECT_EQ(calendar.at(10), 1U);
  EXPECT_EQ(calendar.at(20), 0U);
}

TEST(Calendar, FindsNothingInAnEmptyWindow) {
  Calendar calendar;
  EXPECT_FALSE(calendar.add(10, 10, 1));
  EXPECT_FALSE(calendar.add(10, 9, 1));
  EXPECT_FALSE(calendar.remove(10, 10, 0));
  ASSERT_TRUE(calendar.add(0, 20, 1));
  EXPECT_EQ(calendar.peak(10, 10), 0U);
  EXPECT_EQ(calendar.free(7, 10, 5), 7U);
  EXPECT_TRUE(calendar.steps(10, 10).empty());
  EXPECT_TRUE(calendar.gaps(7, 1, 10, 10).empty());
}

TEST(Calendar, GoesToTheEndsOfTime) {
  Calendar calendar;
  ASSERT_TRUE(calendar.add(50, Calendar::kForever, 2));
  ASSERT_TRUE(calendar.add(kFirst, 60, 1));
  EXPECT_EQ(calendar.at(kFirst), 1U);
  EXPECT_EQ(calendar.at(55), 3U);
  EXPECT_EQ(calendar.at(Calendar::kForever - 1), 2U);
  EXPECT_EQ(calendar.at(Calendar::kForever), 0U);
  EXPECT_EQ(calendar.steps(kFirst, Calendar::kForever),
            (std::vector<Step>{{kFirst, 50, 1}, {50, 60, 3}, {60, Calendar::kForever, 2}}));
  ASSERT_TRUE(calendar.remove(50, Calendar::kForever, 2));
  ASSERT_TRUE(calendar.remove(kFirst, 60, 1));
  EXPECT_TRUE(calendar.empty());
}

TEST(Calendar, RefusesWhatDoesNotAddUpAndChangesNothing) {
  Calendar calendar;
  ASSERT_TRUE(calendar.add(10, 20, Calendar::kMostUnits - 1));
  ASSERT_TRUE(calendar.add(12, 14, 1));
  const Calendar before = calendar;
  EXPECT_FALSE(calendar.add(0, 13, 1));
  EXPECT_FALSE(calendar.remove(9, 20, 1));
  EXPECT_FALSE(calendar.remove(10, 20, Calendar::kMostUnits));
  EXPECT_EQ(calendar, before);
  EXPECT_TRUE(calendar.add(14, 20, 1));
}

TEST(Calendar, FindsGapsWithWhatIsFreeInAllOfThem) {
  Calendar calendar;
  ASSERT_TRUE(calendar.add(10, 20, 3));
  ASSERT_TRUE(calendar.add(20, 30, 5));
  ASSERT_TRUE(calendar.add(30, 40, 1));
  EXPECT_EQ(calendar.gaps(5, 1, 0, 50), (std::vector<Step>{{0, 20, 2}, {30, 50, 4}}));
  EXPECT_EQ(calendar.gaps(5, 3, 0, 50), (std::vector<Step>{{0, 10, 5}, {30, 50, 4}}));
  EXPECT_EQ(calendar.gaps(5, 5, 0, 50), (std::vector<Step>{{0, 10, 5}, {40, 50, 5}}));
  EXPECT_TRUE(calendar.gaps(5, 6, 0, 50).empty());
  EXPECT_EQ(calendar.gaps(9, 1, 12, 15), (std::vector<Step>{{12, 15, 6}}));
}

TEST(Calendar, SumsManyPromisesAtOnce) {
  const auto sum = Calendar::sum({{10, 20, 3}, {20, 30, 3}, {5, Calendar::kForever, 1}, {7, 9, 0}});
  ASSERT_TRUE(sum.has_value());
  EXPECT_EQ(sum->steps(0, Calendar::kForever),
            (std::vector<Step>{{0, 5, 0}, {5, 10, 1}, {10, 30, 4}, {30, Calendar::kForever, 1}}));
  EXPECT_TRUE(Calendar::sum({})->empty());
  EXPECT_FALSE(Calendar::sum({{10, 10, 1}}).has_value());
  EXPECT_FALSE(Calendar::sum({{0, 10, Calendar::kMostUnits}, {9, 12, 1}}).has_value());
  EXPECT_TRUE(Calendar::sum({{0, 10, Calendar::kMostUnits}, {10, 12, Calendar::kMostUnits}}).has_value());
}

RC_GTEST_PROP(Calendar, SumsWhatAddingOneByOneMakes, ()) {
  std::vector<Step> promises;
  std::optional<Calendar> one_by_one{std::in_place};
  for (int n = *rc::gen::inRange(0, 30); n > 0; --n) {
    const auto from = *rc::gen::inRange<std::int64_t>(0, 20);
    const auto until = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(from + 1, 30), rc::gen::just(Calendar::kForever));
    const auto units = *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 6), rc::gen::just(Calendar::kMostUnits / 3));
    promises.push_back({from, until, units});
    if (one_by_one && !one_by_one->add(from, until, units)) one_by_one.reset();
  }
  RC_ASSERT(Calendar::sum(promises) == one_by_one);
}

// Every millisecond of a short time, one counter each.
struct Twin {
  static constexpr std::int64_t kEnd = 40;
  std::array<std::uint64_t, kEnd> units{};
  std::uint64_t peak(std::int64_t from, std::int64_t until) const {
    std::uint64_t out = 0;
    for (std::int64_t t = from; t < until; ++t) out = std::max(out, units[static_cast<std::size_t>(t)]);
    return out;
  }
  bool change(std::int64_t from, std::int64_t until, std::uint64_t by, bool up) {
    if (from >= until) return false;
    for (std::int64_t t = from; t < until; ++t) {
      const std::uint64_t level = units[static_cast<std::size_t>(t)];
      if (up ? level > Calendar::kMostUnits - by : level < by) return false;
    }
    for (std::int64_t t = from; t < until; ++t) {
      std::uint64_t& level = units[static_cast<std::size_t>(t)];
      level = up ? level + by : level - by;
    }
    return true;
  }
};

// A gap of the twin: every millisecond of it has enough, and the ones before and after have not.
void gaps_agree(const Calendar& calendar, const Twin& twin, std::uint64_t capacity, std::uint64_t units) {
  std::array<std::uint64_t, Twin::kEnd> within{};
  std::int64_t last = -1;
  for (const Step& gap : calendar.gaps(capacity, units, 0, Twin::kEnd)) {
    RC_ASSERT(last < gap.from && gap.from < gap.until);  // the longest: none touches the next
    RC_ASSERT(gap.units == capacity - twin.peak(gap.from, gap.until));
    for (std::int64_t t = gap.from; t < gap.until; ++t) within[static_cast<std::size_t>(t)] = 1;
    last = gap.until;
  }
  for (std::size_t t = 0; t < within.size(); ++t) {
    const bool enough = twin.units[t] <= capacity && capacity - twin.units[t] >= units;
    RC_ASSERT((within[t] == 1) == enough);
  }
}

RC_GTEST_PROP(Calendar, AgreesWithCountingEveryMillisecond, ()) {
  Calendar calendar;
  Twin twin;
  const auto time = [] { return *rc::gen::inRange<std::int64_t>(0, Twin::kEnd + 1); };
  const auto amount = [] {
    return *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 6),
                           rc::gen::inRange<std::uint64_t>(Calendar::kMostUnits - 3, Calendar::kMostUnits));
  };
  for (int changes = *rc::gen::inRange(0, 40); changes > 0; --changes) {
    const std::int64_t from = time(), until = time();
    const std::uint64_t units = amount();
    const bool up = *rc::gen::inRange(0, 3) > 0;
    RC_ASSERT((up ? calendar.add(from, until, units) : calendar.remove(from, until, units)) ==
              twin.change(from, until, units, up));
    const std::int64_t a = time(), b = time();
    RC_ASSERT(calendar.peak(a, b) == twin.peak(a, b));
    for (std::int64_t t = 0; t < Twin::kEnd; ++t) RC_ASSERT(calendar.at(t) == twin.units[static_cast<std::size_t>(t)]);
    gaps_agree(calendar, twin, *rc::gen::inRange<std::uint64_t>(0, 12), *rc::gen::inRange<std::uint64_t>(1, 6));
  }
  for (const Step& step : calendar.steps(0, Twin::kEnd)) RC_ASSERT(calendar.remove(step.from, step.until, step.units));
  RC_ASSERT(calendar.empty());
}

}  // namespace
}  // namespace inventory
