#include "drivers/dht/value_stream.h"

#include <gtest/gtest.h>

#include <thread>

namespace drivers {
namespace {

using Event = ValueStream::Event;
constexpr ValueStream::TimePoint kNow = ValueStream::TimePoint::min();
constexpr ValueStream::TimePoint kForever = ValueStream::TimePoint::max();

base::Bytes text(std::string_view t) { return {t.begin(), t.end()}; }

TEST(ValueStream, GivesEachValueOnceUnderItsKey) {
  ValueStream stream(2);
  EXPECT_TRUE(stream.offer(0, text("a")));
  EXPECT_TRUE(stream.offer(0, text("a")));
  EXPECT_TRUE(stream.offer(1, text("a")));
  const auto first = stream.next(kNow), second = stream.next(kNow);
  EXPECT_EQ(first.event, Event::kValue);
  EXPECT_EQ(first.key, 0U);
  EXPECT_EQ(base::Bytes(first.value.begin(), first.value.end()), text("a"));
  EXPECT_EQ(second.key, 1U);
  EXPECT_EQ(stream.next(kNow).event, Event::kTimeout);
}

TEST(ValueStream, EndsWhenAllKeysAreSearchedAndTheValuesRead) {
  ValueStream stream(2);
  stream.end(0, stream.begin(0), true);
  EXPECT_EQ(stream.next(kNow).event, Event::kTimeout);
  const std::size_t search = stream.begin(1);
  stream.offer(1, text("late"));
  stream.end(1, search, true);
  stream.end(1, search, true);  // ends may come twice
  EXPECT_EQ(stream.next(kNow).event, Event::kValue);
  EXPECT_EQ(stream.next(kNow).event, Event::kAllSearched);
}

TEST(ValueStream, ASearchFailsOnceAndMayBeginAgain) {
  ValueStream stream(1);
  const std::size_t first = stream.begin(0);
  stream.end(0, first, false);
  stream.end(0, first, false);
  stream.end(0, first, true);  // of a search that is over
  EXPECT_EQ(stream.next(kNow).event, Event::kFailed);
  EXPECT_EQ(stream.next(kNow).event, Event::kTimeout);
  const std::size_t second = stream.begin(0);
  stream.end(0, first, true);
  EXPECT_EQ(stream.next(kNow).event, Event::kTimeout);
  stream.end(0, second, true);
  EXPECT_EQ(stream.next(kNow).event, Event::kAllSearched);
}

TEST(ValueStream, TakesNothingInOnceClosedOrInterrupted) {
  ValueStream closed(1), interrupted(1);
  closed.close();
  EXPECT_FALSE(closed.offer(0, text("a")));
  interrupted.offer(0, text("a"));
  interrupted.interrupt();
  EXPECT_FALSE(interrupted.offer(0, text("b")));
  EXPECT_EQ(interrupted.next(kForever).event, Event::kInterrupted);
}

TEST(ValueStream, AFloodIsBounded) {
  ValueStream stream(1);
  constexpr std::size_t kSize = 16 * 1024;
  for (std::uint32_t i = 0; i < 2 * ValueStream::kMaxBytes / kSize; ++i) {
    base::Bytes value(kSize);
    for (unsigned b = 0; b < 4; ++b) value[b] = static_cast<std::uint8_t>(i >> (8 * b));
    EXPECT_TRUE(stream.offer(0, value));
  }
  std::size_t taken = 0;
  while (stream.next(kNow).event == Event::kValue) ++taken;
  EXPECT_EQ(taken, ValueStream::kMaxBytes / kSize);
}

TEST(ValueStream, WakesTheReader) {
  ValueStream stream(1);
  std::jthread writer([&] { stream.offer(0, text("a")); });
  EXPECT_EQ(stream.next(kForever).event, Event::kValue);
  std::jthread other([&] { stream.interrupt(); });
  EXPECT_EQ(stream.next(kForever).event, Event::kInterrupted);
}

}  // namespace
}  // namespace drivers
