#include "tarn/health.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tarn {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;
constexpr Check kAll[] = {Check::kStorage, Check::kDht, Check::kClock, Check::kAnnounced, Check::kDelivery};

void report_all(Health& health, std::int64_t now) {
  for (const Check check : kAll) health.report(check, true, now);
}

TEST(Health, IsReadyWhenAllHasBeenSeenGood) {
  Health health(kStart);
  EXPECT_TRUE(health.healthy(kStart));
  for (const Check check : kAll) {
    EXPECT_FALSE(health.ready(kStart + 1));
    health.report(check, true, kStart + 1);
  }
  EXPECT_TRUE(health.ready(kStart + 1));
  EXPECT_TRUE(health.healthy(kStart + 1));
}

TEST(Health, OneFailedCheckIsEnough) {
  for (const Check check : kAll) {
    Health health(kStart);
    report_all(health, kStart);
    health.report(check, false, kStart, "why");
    EXPECT_FALSE(health.healthy(kStart));
    EXPECT_FALSE(health.ready(kStart));
    health.report(check, true, kStart + 1);
    EXPECT_TRUE(health.healthy(kStart + 1));
    EXPECT_TRUE(health.ready(kStart + 1));
  }
}

TEST(Health, WhatNobodyLooksAtHasFailed) {
  Health health(kStart);
  EXPECT_TRUE(health.healthy(kStart + Health::kStaleMs));
  EXPECT_FALSE(health.healthy(kStart + Health::kStaleMs + 1));
  report_all(health, kStart);
  EXPECT_TRUE(health.ready(kStart + Health::kStaleMs));
  EXPECT_FALSE(health.ready(kStart + Health::kStaleMs + 1));
  health.report(Check::kDht, true, kStart + 1);
  EXPECT_FALSE(health.healthy(kStart + Health::kStaleMs + 1));
}

TEST(Health, StoppingIsHealthyAndNotReady) {
  Health health(kStart);
  report_all(health, kStart);
  health.stopping();
  EXPECT_TRUE(health.healthy(kStart));
  EXPECT_FALSE(health.ready(kStart));
}

TEST(Health, SaysWhatIsWrong) {
  Health health(kStart);
  health.report(Check::kStorage, true, kStart + 1000);
  health.report(Check::kDht, false, kStart + 2000, "no node \"answers\"");
  EXPECT_EQ(nlohmann::json::parse(health.json(kStart + 5000)), nlohmann::json::parse(R"({"status":"failing","checks":{
      "storage":{"ok":true,"age_s":4}, "dht":{"ok":false,"age_s":3,"detail":"no node \"answers\""},
      "clock":{"ok":true,"age_s":5,"detail":"not known yet"},
      "announced":{"ok":true,"age_s":5,"detail":"not known yet"},
      "delivery":{"ok":true,"age_s":5,"detail":"not known yet"}}})"));
  report_all(health, kStart);
  EXPECT_EQ(nlohmann::json::parse(health.json(kStart))["status"], "ok");
  EXPECT_EQ(nlohmann::json::parse(health.json(kStart + Health::kStaleMs + 1))["checks"]["clock"],
            nlohmann::json::parse(R"({"ok":false,"age_s":60,"detail":"not looked at for too long"})"));
}

TEST(ClockWatch, BelievesAClockThatRunsSteadily) {
  ClockWatch watch;
  EXPECT_TRUE(watch.good(kStart, 5));
  EXPECT_TRUE(watch.good(kStart + 10'000, 10'005));
  EXPECT_TRUE(watch.good(kStart + 21'999, 20'005));   // 2 s off in a round
  EXPECT_FALSE(watch.good(kStart + 90'000, 30'005));  // set forward
  EXPECT_TRUE(watch.good(kStart + 100'000, 40'005));  // and from then on steady
  EXPECT_FALSE(watch.good(kStart + 50'000, 50'005));  // set back
  EXPECT_FALSE(ClockWatch().good(0, 0));
}

}  // namespace
}  // namespace tarn
