#include "pool/reputation.h"

#include <gtest/gtest.h>

namespace pool {
namespace {

constexpr std::int64_t kHour = 3'600'000;

TEST(Reputation, ForgetsByHalvesEveryDay) {
  EXPECT_DOUBLE_EQ(decayed(8, 0, 24 * kHour), 4);
  EXPECT_DOUBLE_EQ(decayed(8, 5, 5 + 72 * kHour), 1);
  EXPECT_DOUBLE_EQ(decayed(8, 100, 50), 8);  // the clock was set back
  EXPECT_NEAR(decayed(1, 0, 365 * 24 * kHour), 0, 1e-9);
}

TEST(Reputation, LeavesOutAfterOneMisdeedOrSilenceTwice) {
  EXPECT_TRUE(excluded(weight(Offence::kNamed)));
  EXPECT_TRUE(excluded(decayed(weight(Offence::kNamed), 0, 57 * kHour)));
  EXPECT_FALSE(excluded(decayed(weight(Offence::kNamed), 0, 59 * kHour)));
  EXPECT_TRUE(excluded(weight(Offence::kSuspect)));
  EXPECT_FALSE(excluded(weight(Offence::kSilent)));
  EXPECT_TRUE(excluded(decayed(weight(Offence::kSilent), 0, 12 * kHour) + weight(Offence::kSilent)));
  EXPECT_FALSE(excluded(decayed(weight(Offence::kSilent), 0, 48 * kHour) + weight(Offence::kSilent)));
  EXPECT_FALSE(excluded(2 * weight(Offence::kLate)));
  EXPECT_TRUE(excluded(3 * weight(Offence::kLate)));
}

}  // namespace
}  // namespace pool
