// What is written when, against a fake of a server's answers (support/scripted_http.h).
#include "drivers/kubernetes/events.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;

Note note(const std::string& message, const std::string& name = "small") {
  return {{"PoolContribution", name, "uid-" + name}, Note::Type::kWarning, "InvalidSpec", message};
}

class EventsTest : public testing::Test {
 protected:
  EventsTest() : api(http, clock, options()), events(api, {.instance = "pod-1"}) {}
  ApiOptions options() {
    ApiOptions out;
    out.timeout_ms = 100;
    out.pause = [this](int ms) { clock.now += ms; };
    return out;
  }
  void TearDown() override { EXPECT_TRUE(http.used_up()); }
  json body(std::size_t i) const { return json::parse(http.asked.at(i).body); }

  support::ManualClock clock;
  support::ScriptedHttp http;
  KubernetesApi api;
  Events events;
};

const std::string kMade = R"({"metadata":{"name":"small-x7"}})";

TEST_F(EventsTest, SayWhatHappenedToWhat) {
  events.note(note("spec.price: no"), 5'000);
  http.answer(201, kMade);
  events.flush(6'000);
  ASSERT_EQ(http.asked.size(), 1U);
  EXPECT_EQ(http.asked[0].method, "POST");
  EXPECT_TRUE(http.asked[0].target.starts_with("/api/v1/namespaces/tarn-system/events?"));
  const json event = body(0);
  EXPECT_EQ(event["involvedObject"]["kind"], "PoolContribution");
  EXPECT_EQ(event["involvedObject"]["uid"], "uid-small");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["message"], "spec.price: no");
  EXPECT_EQ(event["count"], 1);
  EXPECT_EQ(event["lastTimestamp"], "1970-01-01T00:00:05Z");
}

TEST_F(EventsTest, AreOneWithACountIfSaidAgain) {
  for (int i = 1; i <= 3; ++i) events.note(note("a"), i * 1000);
  http.answer(201, kMade);
  events.flush(3'000);
  EXPECT_EQ(body(0)["count"], 3);
  EXPECT_EQ(body(0)["firstTimestamp"], "1970-01-01T00:00:01Z");

  events.note(note("a"), 4'000);
  events.flush(12'999);  // too soon
  http.answer(200);
  events.flush(13'000);
  events.flush(60'000);  // nothing new
  ASSERT_EQ(http.asked.size(), 2U);
  EXPECT_EQ(http.asked[1].method, "PATCH");
  EXPECT_NE(http.asked[1].target.find("/events/small-x7?"), std::string::npos);
  EXPECT_EQ(body(1), (json{{"count", 4}, {"lastTimestamp", "1970-01-01T00:00:04Z"}}));
}

TEST_F(EventsTest, AreWrittenAnewIfTheServerForgotThem) {
  events.note(note("a"), 1'000);
  http.answer(201, kMade);
  events.flush(1'000);
  events.note(note("a"), 2'000);
  http.answer(404);
  http.answer(201, kMade);
  events.flush(20'000);
  ASSERT_EQ(http.asked.size(), 3U);
  EXPECT_EQ(http.asked[2].method, "POST");
  EXPECT_EQ(body(2)["count"], 2);
}

TEST_F(EventsTest, WaitForAServerThatDoesNotAnswer) {
  events.note(note("a"), 1'000);
  events.note(note("b"), 1'000);
  http.fail(base::Code::kUnreachable);
  events.flush(1'000);
  EXPECT_EQ(http.asked.size(), 1U) << "the second would wait for nothing, too";
  http.answer(201, kMade);
  http.answer(201, kMade);
  events.flush(20'000);
  EXPECT_EQ(body(1)["message"], "a");
  EXPECT_EQ(body(2)["message"], "b");
  EXPECT_EQ(events.dropped(), 0U);
}

TEST_F(EventsTest, AreDroppedWhenRefusedTooOften) {
  events.note(note("a"), 0);
  for (int i = 0; i < Events::kMostTries; ++i) {
    http.answer(403);
    events.flush((i + 1) * 20'000);
  }
  events.flush(1'000'000);
  EXPECT_EQ(events.dropped(), 1U);
}

TEST_F(EventsTest, AreBounded) {
  for (std::size_t i = 0; i < Events::kMostRemembered + 5; ++i) events.note(note(std::to_string(i)), 0);
  EXPECT_EQ(events.dropped(), 5U);
  for (std::size_t i = 0; i < Events::kMostInFlush; ++i) http.answer(201, kMade);
  events.flush(0);
  EXPECT_EQ(http.asked.size(), Events::kMostInFlush);
  for (std::size_t i = 0; i < Events::kMostInFlush; ++i) events.note(note("more " + std::to_string(i)), 0);
  EXPECT_EQ(events.dropped(), 5U) << "what is written goes first";
  events.note(note(std::string(100'000, 'x')), 0);
  http.answer(201, kMade);
  for (std::size_t i = 1; i < Events::kMostInFlush; ++i) http.answer(201, kMade);
  events.flush(0);
  for (const auto& request : http.asked) EXPECT_LT(request.body.size(), 2'000U);
}

}  // namespace
}  // namespace drivers
