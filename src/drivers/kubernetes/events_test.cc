// Events against a fake (support/scripted_http.h): what is told, and how seldom.
#include "drivers/kubernetes/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;
using Kind = EventRecorder::Kind;

ApiOptions impatient() {
  ApiOptions options;
  options.timeout_ms = 1;
  options.pause = [](int) {};
  return options;
}

class Recording : public testing::Test {
 protected:
  support::ManualClock clock;
  support::ScriptedHttp http;
  KubernetesApi api{http, clock, impatient()};
  EventRecorder events{api, clock, "tarn-operator", "pod-0"};
  const EventSubject subject{"tarn.dev/v1alpha1", "PoolContribution", "tarn-system", "small", "uid-1"};
  base::Status record(const std::string& message = "no such class") {
    return events.record(subject, Kind::kWarning, "NotAccepted", message);
  }
};

TEST_F(Recording, SaysWhatHappenedToWhat) {
  http.answer(201);
  ASSERT_TRUE(record().ok());
  ASSERT_EQ(http.asked.size(), 1U);
  EXPECT_EQ(http.asked[0].method, "POST");
  EXPECT_THAT(http.asked[0].target, testing::StartsWith("/api/v1/namespaces/tarn-system/events?"));
  const json event = json::parse(http.asked[0].body);
  EXPECT_EQ(event["involvedObject"]["uid"], "uid-1");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "NotAccepted");
  EXPECT_EQ(event["message"], "no such class");
  EXPECT_EQ(event["count"], 1);
  EXPECT_THAT(event["metadata"]["name"].get<std::string>(), testing::MatchesRegex("small\\.[0-9a-f]{16}"));
}

TEST_F(Recording, TheSameIsCountedAndToldOnceAMinute) {
  http.answer(201);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(record().ok());
  EXPECT_EQ(http.asked.size(), 1U);
  clock.now += EventRecorder::kQuietMs;
  http.answer(200);
  ASSERT_TRUE(record().ok());
  ASSERT_EQ(http.asked.size(), 2U);
  EXPECT_EQ(http.asked[1].method, "PATCH");
  EXPECT_EQ(json::parse(http.asked[1].body)["count"], 101);
  http.answer(201);
  ASSERT_TRUE(record("something else").ok());
  EXPECT_EQ(http.asked[2].method, "POST");
}

TEST_F(Recording, WhatTheClusterHasForgottenIsToldAnew) {
  http.answer(201);
  ASSERT_TRUE(record().ok());
  clock.now += EventRecorder::kQuietMs;
  http.answer(404);
  http.answer(201);
  ASSERT_TRUE(record().ok());
  EXPECT_EQ(http.asked[2].method, "POST");
  EXPECT_EQ(json::parse(http.asked[2].body)["count"], 2);
}

TEST_F(Recording, SaysThatItCouldNot) {
  http.answer(403, R"({"message":"forbidden"})");
  EXPECT_FALSE(record().ok());
}

TEST_F(Recording, RemembersSoManyAndNoMore) {
  for (std::size_t i = 0; i <= EventRecorder::kMaxKept; ++i) {
    http.answer(201);
    clock.now += 1;
    ASSERT_TRUE(record(std::to_string(i)).ok());
  }
  http.answer(201);  // the oldest is forgotten, so it is new
  ASSERT_TRUE(record("0").ok());
  EXPECT_TRUE(record(std::to_string(EventRecorder::kMaxKept)).ok());  // the newest is not
  EXPECT_TRUE(http.used_up());
}

}  // namespace
}  // namespace drivers
