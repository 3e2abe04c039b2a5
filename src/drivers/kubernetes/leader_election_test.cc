// Who leads: against a fake of one Lease object, with made-up time; the real API server's turn is in tests/kubernetes.
#include "drivers/kubernetes/leader_election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;
using support::ManualClock;
using testing::HasSubstr;

// A fake of an API server that holds one Lease and guards it by its resourceVersion.
class OneLease final : public base::HttpClient {
 public:
  base::Result<base::HttpReply> send(const base::HttpRequest& request, int) override {
    if (away) return base::Error{base::Code::kUnreachable, "away"};
    const auto reply = [](unsigned status, const json& body) { return base::HttpReply{status, {}, body.dump()}; };
    if (request.method == "GET") {
      const json seen = lease;
      if (after_get) std::exchange(after_get, nullptr)();
      return seen.is_null() ? reply(404, {{"message", "not found"}}) : reply(200, seen);
    }
    json wanted = json::parse(request.body);
    if (request.method == "POST" && !lease.is_null()) return reply(409, json::object());
    if (request.method == "PUT" &&
        (lease.is_null() || wanted["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]))
      return reply(409, json::object());
    lease = wanted;
    lease["metadata"]["resourceVersion"] = std::to_string(++version);
    if (lose_answer) return base::Error{base::Code::kUnreachable, "lost"};
    return reply(request.method == "POST" ? 201 : 200, lease);
  }
  base::Result<base::HttpReply> stream(const base::HttpRequest&, int,
                                       const std::function<bool(std::string_view)>&) override {
    return base::Error{base::Code::kUnreachable, "no streams here"};
  }

  json lease;
  int version = 0;
  bool away = false, lose_answer = false;
  std::function<void()> after_get;  // once: somebody else is faster
};

ApiOptions impatient() {
  ApiOptions options;
  options.timeout_ms = 1;
  options.pause = [](int) {};
  return options;
}

struct Candidate {
  Candidate(base::HttpClient& http, const base::Clock& clock, const std::string& name)
      : api(http, clock, impatient()), election(api, clock, {.identity = name}) {}
  KubernetesApi api;
  LeaderElection election;
};

class Leading : public testing::Test {
 protected:
  ManualClock clock;
  OneLease server;
  Candidate a{server, clock, "a"}, b{server, clock, "b"};
  bool attempt(Candidate& who) {
    EXPECT_TRUE(who.election.attempt().ok());
    return who.election.leads();
  }
  // `who` renews each two seconds.
  void pass(std::int64_t ms, Candidate& who) {
    for (const std::int64_t end = clock.now + ms; clock.now < end; clock.now += 2'000) (void)who.election.attempt();
  }
};

TEST_F(Leading, TheFirstLeadsAndTheSecondWaits) {
  EXPECT_FALSE(a.election.leads());
  EXPECT_TRUE(attempt(a));
  EXPECT_FALSE(attempt(b));
  EXPECT_EQ(b.election.holder(), "a");
  EXPECT_EQ(server.lease["spec"]["holderIdentity"], "a");
  EXPECT_EQ(server.lease["spec"]["leaseDurationSeconds"], 15);
  EXPECT_EQ(server.lease["spec"]["leaseTransitions"], 0);
  EXPECT_THAT(server.lease["spec"]["renewTime"].get<std::string>(), testing::MatchesRegex(".*T.*\\.[0-9]{6}Z"));
}

TEST_F(Leading, WhoRenewsGoesOnLeading) {
  ASSERT_TRUE(attempt(a));
  for (int i = 0; i < 100; ++i) {
    clock.now += 2'000;
    EXPECT_TRUE(attempt(a));
    EXPECT_FALSE(attempt(b));
  }
}

TEST_F(Leading, WhoCannotRenewLeadsNoMoreBeforeAnotherMayBegin) {
  ASSERT_TRUE(attempt(a));
  ASSERT_FALSE(attempt(b));
  bool both = false;
  for (int ms = 0; ms < 40'000; ms += 100) {  // a never hears of the server again
    clock.now += 100;
    if (ms % 2'000 == 0) (void)attempt(b);
    both |= a.election.leads() && b.election.leads();
    EXPECT_TRUE(ms < 10'000 || !a.election.leads());
    EXPECT_TRUE(ms >= 14'900 || !b.election.leads());
  }
  EXPECT_FALSE(both);
  EXPECT_TRUE(attempt(b));
  EXPECT_EQ(server.lease["spec"]["leaseTransitions"], 1);
  EXPECT_FALSE(attempt(a));  // and knows it
}

// A renewal counts from when it was asked for: the server may have written it at once and answered late.
TEST_F(Leading, ALateAnswerDoesNotLengthenTheTime) {
  ASSERT_TRUE(attempt(a));
  server.after_get = [&] { clock.now += 9'000; };
  ASSERT_TRUE(a.election.attempt().ok());
  EXPECT_TRUE(a.election.leads());
  clock.now += 1'000;
  EXPECT_FALSE(a.election.leads());
}

TEST_F(Leading, AWriteWhoseAnswerIsLostIsNoRenewal) {
  server.lose_answer = true;
  EXPECT_FALSE(a.election.attempt().ok());
  EXPECT_FALSE(a.election.leads());
  server.lose_answer = false;
  EXPECT_TRUE(attempt(a));  // it finds that it has the lease
}

TEST_F(Leading, OfTwoAtOnceOneLeads) {
  server.after_get = [&] { EXPECT_TRUE(attempt(b)); };
  EXPECT_TRUE(a.election.attempt().ok());  // a lost race is no error
  EXPECT_FALSE(a.election.leads());
  EXPECT_TRUE(b.election.leads());
}

TEST_F(Leading, AClockThatIsWrongElsewhereMakesNoDifference) {
  ASSERT_TRUE(attempt(a));
  server.lease["spec"]["renewTime"] = "1970-01-01T00:00:00.000000Z";
  EXPECT_FALSE(attempt(b));
  clock.now += 14'000;
  EXPECT_FALSE(attempt(b));
  clock.now += 2'000;
  EXPECT_TRUE(attempt(b));
}

TEST_F(Leading, HandedOverTheNextNeedNotWait) {
  ASSERT_TRUE(attempt(a));
  ASSERT_FALSE(attempt(b));
  ASSERT_TRUE(a.election.hand_over().ok());
  EXPECT_FALSE(a.election.leads());
  EXPECT_TRUE(attempt(b));
  ASSERT_TRUE(a.election.hand_over().ok());  // what it has not it cannot hand over
  EXPECT_EQ(server.lease["spec"]["holderIdentity"], "b");
}

TEST_F(Leading, SaysWhatIsInTheWay) {
  server.away = true;
  EXPECT_EQ(a.election.attempt().error().code, base::Code::kUnreachable);
  server.away = false;
  server.lease = json::array();
  EXPECT_EQ(a.election.attempt().error().code, base::Code::kInvalidInput);
  support::ScriptedHttp refusing;
  refusing.answer(403, R"({"message":"leases is forbidden"})");
  Candidate c(refusing, clock, "c");
  EXPECT_THAT(c.election.attempt().error().message, HasSubstr("leases is forbidden"));
}

}  // namespace
}  // namespace drivers
