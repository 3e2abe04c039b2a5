// What KubernetesApi asks, what it repeats and what not, against a fake (support/scripted_http.h): a real API server
// cannot be made to throttle, fail or cut its answers at will.
#include "drivers/kubernetes/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;
using support::ManualClock;
using support::ScriptedHttp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class FakeApi : public testing::Test {
 protected:
  FakeApi() {
    ApiOptions options;
    options.timeout_ms = 10'000;
    options.pause = [this](int ms) {
      pauses.push_back(ms);
      clock.now += ms;
    };
    options.cancelled = [this] { return cancelled; };
    options.on_call = [this](const ApiCall& call) { calls.emplace_back(call.verb, call.status); };
    api.emplace(http, clock, options);
  }
  void TearDown() override { EXPECT_TRUE(http.used_up()); }

  ManualClock clock;
  ScriptedHttp http;
  std::vector<int> pauses;
  std::vector<std::pair<std::string, unsigned>> calls;
  bool cancelled = false;
  std::optional<KubernetesApi> api;
};

TEST_F(FakeApi, SaysWhoWritesAndInWhatFormat) {
  for (int i = 0; i < 5; ++i) http.answer(200);
  (void)api->create("/api/v1/namespaces", {{"kind", "Namespace"}});
  (void)api->apply("/apis/x?dryRun=All", {{"a", 1}});
  (void)api->replace("/r", json::object());
  (void)api->merge("/m", json::object());
  (void)api->remove("/d", {{"propagationPolicy", "Background"}});
  ASSERT_EQ(http.asked.size(), 5U);
  const auto type = [&](std::size_t i) { return http.asked[i].headers.front().second; };
  EXPECT_EQ(http.asked[0].method + http.asked[0].target, "POST/api/v1/namespaces?fieldManager=tarn");
  EXPECT_EQ(http.asked[0].body, R"({"kind":"Namespace"})");
  EXPECT_EQ(type(0), "application/json");
  EXPECT_EQ(http.asked[1].method + http.asked[1].target, "PATCH/apis/x?dryRun=All&fieldManager=tarn&force=true");
  EXPECT_EQ(type(1), "application/apply-patch+yaml");
  EXPECT_EQ(http.asked[2].method, "PUT");
  EXPECT_EQ(type(3), "application/merge-patch+json");
  EXPECT_EQ(http.asked[4].method + http.asked[4].target, "DELETE/d");
}

TEST_F(FakeApi, ComesBackWhenItIsTold) {
  http.answer(429, "slow down", 3);
  http.answer(503, "not yet", 1);
  http.answer(200, R"({"kind":"Pod"})");
  const auto reply = api->create("/pods", json::object());
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->json()["kind"], "Pod");
  EXPECT_THAT(pauses, ElementsAre(3'000, 1'000));
  EXPECT_THAT(calls, ElementsAre(Pair("POST", 429), Pair("POST", 503), Pair("POST", 200)));
}

TEST_F(FakeApi, WaitsLongerEachTime) {
  for (int i = 0; i < 4; ++i) http.answer(500);
  http.fail(base::Code::kUnreachable);
  http.answer(200);
  EXPECT_TRUE(api->apply("/x", json::object()).ok());
  EXPECT_THAT(pauses, ElementsAre(100, 200, 400, 800, 1'600));
}

TEST_F(FakeApi, APostWhoseAnswerIsLostIsNotRepeated) {
  http.fail(base::Code::kUnreachable);
  const auto lost = api->create("/pods", json::object());
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, base::Code::kUnreachable);
  http.answer(500);  // it may have been done
  const auto failed = api->create("/pods", json::object());
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->status, 500U);
  EXPECT_THAT(pauses, IsEmpty());
}

TEST_F(FakeApi, GivesUpWhenTheTimeIsOverAndSaysWhatItHeardLast) {
  for (int i = 0; i < 3; ++i) http.answer(429, R"({"message":"too many requests"})", 4);
  const auto reply = api->get("/x");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 429U);
  EXPECT_EQ(reply->message(), "too many requests");
  EXPECT_THAT(pauses, ElementsAre(4'000, 4'000));
  EXPECT_THAT(http.timeouts, ElementsAre(10'000, 6'000, 2'000));  // no call may take longer than what is left
}

TEST_F(FakeApi, ALongRetryAfterDoesNotHoldUpItsCaller) {
  http.answer(503, "", 2'000'000'000);
  const auto reply = api->get("/x");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 503U);
  EXPECT_THAT(pauses, IsEmpty());
}

TEST_F(FakeApi, DeadlineAndCancelAreNotRepeated) {
  for (const auto code : {base::Code::kDeadline, base::Code::kCancelled, base::Code::kInvalidInput}) {
    http.fail(code);
    const auto reply = api->get("/x");
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().code, code);
  }
  cancelled = true;
  EXPECT_EQ(api->get("/x").error().code, base::Code::kCancelled);
}

TEST_F(FakeApi, OtherAnswersAreAnswers) {
  for (const unsigned status : {403U, 404U, 409U, 422U}) {
    http.answer(status, R"({"kind":"Status","message":"namespaces \"a\" \u001b[1m is no"})");
    const auto reply = api->get("/x");
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->status, status);
    EXPECT_FALSE(reply->ok());
    EXPECT_EQ(reply->message(), "namespaces \"a\"  [1m is no");
  }
  EXPECT_EQ((ApiReply{403, "<html>"}.message()), "HTTP 403");
  EXPECT_EQ((ApiReply{403, R"({"message":7})"}.message()), "HTTP 403");
}

TEST_F(FakeApi, WhatIsNoJsonIsRefused) {
  http.answer(200, "<html>welcome</html>");
  EXPECT_EQ(api->get("/x").error().code, base::Code::kInvalidInput);
  http.answer(200, R"({"items":7})");
  EXPECT_EQ(api->list("/x", "").error().code, base::Code::kInvalidInput);
  http.answer(200, R"([])");
  EXPECT_EQ(api->list("/x", "").error().code, base::Code::kInvalidInput);
}

TEST_F(FakeApi, CollectsThePagesOfAList) {
  http.answer(200, R"({"metadata":{"continue":"a/b=","resourceVersion":"7"},"items":[1,2]})");
  http.answer(200, R"({"metadata":{"continue":"c"},"items":[3]})");
  http.answer(200, R"({"metadata":{"resourceVersion":"7"},"items":[4]})");
  const auto reply = api->list("/x", "app=tarn,b!=c d");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->json()["items"], json({1, 2, 3, 4}));
  EXPECT_EQ(reply->json()["metadata"]["resourceVersion"], "7");
  EXPECT_EQ(http.asked[0].target, "/x?limit=500&labelSelector=app%3Dtarn%2Cb%21%3Dc%20d");
  EXPECT_EQ(http.asked[1].target, http.asked[0].target + "&continue=a%2Fb%3D");
}

TEST_F(FakeApi, BeginsAgainWhenAPageHasExpired) {
  http.answer(200, R"({"metadata":{"continue":"a"},"items":[1,2]})");
  http.answer(410, R"({"message":"expired"})");
  http.answer(200, R"({"metadata":{"resourceVersion":"8"},"items":[2]})");
  const auto reply = api->list("/x", "");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->json()["items"], json({2}));
}

TEST_F(FakeApi, AListThatFailsAmidItsPagesIsNoList) {
  http.answer(200, R"({"metadata":{"continue":"a"},"items":[1,2]})");
  http.answer(403);
  const auto reply = api->list("/x", "");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 403U);
}

TEST_F(FakeApi, UnderstandsEventsHoweverTheyAreCut) {
  const std::string all = R"({"type":"ADDED","object":{"n":1}})"
                          "\n"
                          R"({"type":"MODIFIED","object":{"n":2}})"
                          "\n\n"
                          R"({"type":"BOOKMARK","object":{"n":3}})"
                          "\n";
  for (std::size_t size = 1; size <= all.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < all.size(); at += size) pieces.push_back(all.substr(at, size));
    http.pieces(pieces);
    std::vector<int> seen;
    const auto reply = api->watch("/x", "4 2", 1'000, [&](const json& event) {
      seen.push_back(event["object"]["n"].get<int>());
      return true;
    });
    ASSERT_TRUE(reply.ok());
    EXPECT_TRUE(reply->ok());
    EXPECT_THAT(seen, ElementsAre(1, 2, 3)) << size;
  }
  EXPECT_EQ(http.asked[0].target, "/x?watch=true&allowWatchBookmarks=true&resourceVersion=4%202");
}

TEST_F(FakeApi, SaysThatAWatchIsTooOld) {
  http.answer(410, R"({"message":"too old"})");
  const auto never = [](const json&) -> bool { throw std::logic_error("no event came"); };
  auto reply = api->watch("/x", "1", 1'000, never);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 410U);
  http.pieces({R"({"type":"ERROR","object":{"code":410,"message":"too old resource version"}})"
               "\n"});
  reply = api->watch("/x", "1", 1'000, never);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 410U);
  EXPECT_EQ(reply->message(), "too old resource version");
}

TEST_F(FakeApi, AWatchEndsWhenItsCallerHasSeenEnough) {
  http.pieces({R"({"type":"ADDED","object":1})"
               "\n"
               R"({"type":"ADDED","object":2})"
               "\n"});
  int seen = 0;
  EXPECT_TRUE(api->watch("/x", "1", 1'000, [&](const json&) { return ++seen < 1; }).ok());
  EXPECT_EQ(seen, 1);
}

TEST_F(FakeApi, WhatIsNoEventEndsTheWatch) {
  for (const std::string line : {"no json\n", "[]\n", "{\"type\":7,\"object\":{}}\n", "{\"type\":\"ADDED\"}\n"}) {
    http.pieces({line});
    const auto reply = api->watch("/x", "1", 1'000, [](const json&) { return true; });
    ASSERT_FALSE(reply.ok()) << line;
    EXPECT_EQ(reply.error().code, base::Code::kInvalidInput);
  }
  http.pieces(std::vector<std::string>(5, std::string(1024 * 1024, ' ')));
  EXPECT_EQ(api->watch("/x", "1", 1'000, [](const json&) { return true; }).error().code, base::Code::kInvalidInput);
}

TEST_F(FakeApi, SpeaksThroughAnotherServersPrefix) {
  ApiOptions options;
  options.prefix = "/k8s/clusters/c-1";
  options.pause = [](int) {};
  KubernetesApi behind(http, clock, options);
  http.answer(200);
  ASSERT_TRUE(behind.get("/api").ok());
  EXPECT_EQ(http.asked[0].target, "/k8s/clusters/c-1/api");
}

}  // namespace
}  // namespace drivers
