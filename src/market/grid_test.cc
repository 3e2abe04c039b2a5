#include "market/grid.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace market {
namespace {

TEST(Grid, HasSlotsThatDivideAnHourOrAreHours) {
  for (const std::int64_t slot : {kLeastSlotMs, 60'000L, 900'000L, kHourMs, 3 * kHourMs, kDayMs})
    EXPECT_TRUE(check_slot(slot).ok()) << slot;
  for (const std::int64_t slot : {0L, -kHourMs, 999L, 7'000L, kHourMs + 1, 90 * 60'000L, 2 * kDayMs})
    EXPECT_FALSE(check_slot(slot).ok()) << slot;
}

TEST(Grid, APriceThatIsNotWholeASlotNamesTheNearestTwo) {
  EXPECT_EQ(*price_a_slot(kHourMs, 41'000), 41'000);
  EXPECT_EQ(*price_a_slot(kDayMs, 41'000), 24 * 41'000);
  EXPECT_EQ(*price_a_slot(900'000, 41'000), 10'250);
  const auto wrong = price_a_slot(900'000, 41'001);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message,
            "price: is no whole number of micro-credits for a slot of 15m: write 0.041 or 0.041004");
}

TEST(Grid, RefusesPricesThatNoMechanismTakes) {
  EXPECT_TRUE(price_a_slot(kHourMs, auction::clearing::kMaxPrice).ok());
  EXPECT_FALSE(price_a_slot(kHourMs, auction::clearing::kMaxPrice + 1).ok());
  EXPECT_FALSE(price_a_slot(kDayMs, INT64_MAX).ok());
  EXPECT_FALSE(price_a_slot(kHourMs, -1).ok());
}

RC_GTEST_PROP(Grid, PricesComeBackFromSlots, ()) {
  const auto slot = *rc::gen::element(kLeastSlotMs, std::int64_t{60'000}, std::int64_t{900'000}, kHourMs, kDayMs);
  const auto price = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
  const auto slotted = price_a_slot(slot, price);
  if (slotted.ok()) {
    RC_ASSERT(price_an_hour(slot, *slotted) == price);
    RC_ASSERT(*slotted * kHourMs == price * slot);
  }
}

RC_GTEST_PROP(Grid, TheNearestPricesAreWhole, ()) {
  const auto slot = *rc::gen::element(kLeastSlotMs, std::int64_t{60'000}, std::int64_t{900'000});
  const auto a_slot = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  RC_ASSERT(*price_a_slot(slot, a_slot * (kHourMs / slot)) == a_slot);
}

TEST(Grid, AWindowBeginsAndEndsOnSlotsInUtc) {
  EXPECT_TRUE(check_window("earliest", kHourMs, 0, kHourMs).ok());
  EXPECT_FALSE(check_window("earliest", kHourMs, kHourMs, kHourMs).ok());
  EXPECT_FALSE(check_window("earliest", kHourMs, 1, kHourMs).ok());
  EXPECT_FALSE(check_window("earliest", kHourMs, 0, kHourMs - 1).ok());
  EXPECT_FALSE(check_window("earliest", kHourMs, -kHourMs, kHourMs).ok());
  // 02:30 of a night without an hour between two and three is a time like any other
  EXPECT_TRUE(check_window("earliest", 1'800'000, 1'774'747'800'000, 1'774'749'600'000).ok());
}

TEST(Grid, TheFirstWholeSlotIsNotOneThatHasBegun) {
  EXPECT_EQ(first_whole_slot(kHourMs, 0), 0);
  EXPECT_EQ(first_whole_slot(kHourMs, 1), 1);
  EXPECT_EQ(first_whole_slot(kHourMs, kHourMs), 1);
  EXPECT_EQ(slot_of(kHourMs, kHourMs - 1), 0);
}

TEST(Grid, TimesAreSaidInUtc) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(1'795'762'665'120), "2026-11-27T06:57:45.120Z");
  EXPECT_EQ(utc_text(kMostTime - 1), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace market
