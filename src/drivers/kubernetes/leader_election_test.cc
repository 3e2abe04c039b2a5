// The rule by itself, and whole elections on made-up time against a fake of one Lease: a real server cannot be told when
// to be slow, to lose a request or its answer. tests/kubernetes has elections at a real one.
#include "drivers/kubernetes/leader_election.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace drivers {
namespace {

using nlohmann::json;

const ElectionOptions kOurs{.identity = "we"};

TEST(ElectionRule, RenewsWhatIsOurs) { EXPECT_EQ(decide({.holder = "we"}, 0, 1'000'000, kOurs), ElectionMove::kRenew); }

TEST(ElectionRule, TakesWhatIsNobodys) { EXPECT_EQ(decide({}, 0, 0, kOurs), ElectionMove::kTake); }

TEST(ElectionRule, WaitsForAsLongAsTheHolderSaid) {
  EXPECT_EQ(decide({.holder = "other", .duration_s = 20}, 1000, 20'999, kOurs), ElectionMove::kWait);
  EXPECT_EQ(decide({.holder = "other", .duration_s = 20}, 1000, 21'000, kOurs), ElectionMove::kTake);
}

TEST(ElectionRule, WaitsForOurOwnTimeIfTheHolderSaidNone) {
  for (const std::int64_t none : {0, -5}) {
    EXPECT_EQ(decide({.holder = "other", .duration_s = none}, 0, 14'999, kOurs), ElectionMove::kWait);
    EXPECT_EQ(decide({.holder = "other", .duration_s = none}, 0, 15'000, kOurs), ElectionMove::kTake);
  }
}

TEST(ElectionRule, DoesNotWaitForEver) {
  EXPECT_EQ(decide({.holder = "other", .duration_s = INT64_MAX}, 0, kMostPatienceMs, kOurs), ElectionMove::kTake);
}

TEST(ElectionRule, BelievesNoClockButOurs) {
  const LeaseRecord old{"other", "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z", 15, 3};
  EXPECT_EQ(decide(old, 0, 14'000, kOurs), ElectionMove::kWait);
  const LeaseRecord future{"other", "2999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", 15, 3};
  EXPECT_EQ(decide(future, 0, 15'000, kOurs), ElectionMove::kTake);
}

TEST(ElectionRecord, SaysSinceWhenAndHowOftenItChangedHands) {
  const LeaseRecord taken = next_record({"other", "a", "b", 15, 3}, ElectionMove::kTake, 1'500, kOurs);
  EXPECT_EQ(taken, (LeaseRecord{"we", "1970-01-01T00:00:01.500000Z", "1970-01-01T00:00:01.500000Z", 15, 4}));
  const LeaseRecord renewed = next_record(taken, ElectionMove::kRenew, 3'500, kOurs);
  EXPECT_EQ(renewed, (LeaseRecord{"we", "1970-01-01T00:00:01.500000Z", "1970-01-01T00:00:03.500000Z", 15, 4}));
  EXPECT_EQ(decide(released_record(renewed, 4'000), 4'000, 4'000, {.identity = "other"}), ElectionMove::kTake);
}

TEST(ElectionRecord, IsWhatAServerTakesWhateverWasThere) {
  for (const std::int64_t odd : {INT64_MAX, INT64_MIN, std::int64_t{INT32_MAX}}) {
    const LeaseRecord record = next_record({.acquired = "x", .transitions = odd}, ElectionMove::kTake, 0, kOurs);
    EXPECT_EQ(record.transitions, 0);
    EXPECT_EQ(record.acquired, "1970-01-01T00:00:00.000000Z");
  }
  for (const json& odd : {json(), json(1), json{{"spec", 1}}, json{{"spec", {{"holderIdentity", 3}}}},
                          json{{"spec", {{"leaseDurationSeconds", "x"}, {"renewTime", json::array()}}}}})
    EXPECT_EQ(read_record(odd), LeaseRecord());
}

// Time and one Lease for all; what happens meanwhile is up to the test.
struct World {
  std::int64_t now = 1'000'000;
  json lease;
  std::uint64_t version = 0;
  std::function<void(std::int64_t until)> meanwhile = [](std::int64_t) {};
  void pass(std::int64_t ms) {
    const std::int64_t until = now + ms;
    meanwhile(until);
    now = std::max(now, until);
  }
};

// A fake of an API server with one Lease, as one client finds it.
struct FakeServer final : base::HttpClient {
  explicit FakeServer(World& of) : world(of) {}
  World& world;
  std::int64_t there_ms = 0, back_ms = 0;  // what the ways take
  bool lose_requests = false;

  static base::HttpReply reply(unsigned status, const json& body) { return {status, std::nullopt, body.dump()}; }
  base::HttpReply act(const base::HttpRequest& request) const {
    if (request.method == "GET") return world.lease.is_null() ? reply(404, json::object()) : reply(200, world.lease);
    json sent = json::parse(request.body);
    if (request.method == "POST" && !world.lease.is_null()) return reply(409, json::object());
    if (request.method == "PUT" && world.lease.is_null()) return reply(404, json::object());
    if (request.method == "PUT" && sent["metadata"]["resourceVersion"] != world.lease["metadata"]["resourceVersion"])
      return reply(409, json::object());
    sent["metadata"]["resourceVersion"] = std::to_string(++world.version);
    world.lease = std::move(sent);
    return reply(200, world.lease);
  }
  base::Result<base::HttpReply> send(const base::HttpRequest& request, int timeout_ms) override {
    const base::Error late{base::Code::kDeadline, "the fake is late"};
    const std::int64_t end = world.now + timeout_ms;
    world.pass(std::min<std::int64_t>(there_ms, timeout_ms));
    if (lose_requests) return base::Error{base::Code::kUnreachable, "the fake is gone"};
    if (there_ms > timeout_ms) return late;
    const base::HttpReply answer = act(request);
    world.pass(std::min(back_ms, std::max<std::int64_t>(end - world.now, 0)));
    if (there_ms + back_ms > timeout_ms) return late;
    return answer;
  }
  base::Result<base::HttpReply> stream(const base::HttpRequest& request, int timeout_ms,
                                       const std::function<bool(std::string_view)>&) override {
    return send(request, timeout_ms);
  }
};

// One replica, with clocks of its own that are off by something.
struct Replica {
  struct Clock final : base::Clock {
    Clock(const World& of, std::int64_t off, std::int64_t wrong) : world(of), steady_off(off), unix_off(wrong) {}
    std::int64_t unix_ms() const override { return world.now + unix_off; }
    std::int64_t steady_ms() const override { return world.now + steady_off; }
    const World& world;
    std::int64_t steady_off, unix_off;
  };
  Replica(World& world, const std::string& name, std::int64_t steady_off, std::int64_t unix_off)
      : clock(world, steady_off, unix_off),
        server(world),
        api(server, clock, options(world)),
        election(api, clock, {.identity = name}) {}
  static ApiOptions options(World& world) {
    ApiOptions out;
    out.timeout_ms = 4'000;
    out.pause = [&world](int ms) { world.pass(ms); };
    return out;
  }
  base::Status run() {
    busy = true;
    auto status = election.run_once();
    busy = false;
    return status;
  }
  Clock clock;
  FakeServer server;
  KubernetesApi api;
  LeaderElection election;
  bool busy = false;
};

class Election : public testing::Test {
 protected:
  void run_for(std::int64_t ms, std::initializer_list<Replica*> who) {
    for (const std::int64_t end = world.now + ms; world.now < end; world.now += 500)
      for (Replica* replica : who) (void)replica->run();
  }
  World world;
  Replica a{world, "a", 0, 0}, b{world, "b", 70'000, -3'600'000};
};

TEST_F(Election, HasOneLeader) {
  run_for(60'000, {&a, &b});
  EXPECT_TRUE(a.election.leading());
  EXPECT_FALSE(b.election.leading());
  EXPECT_EQ(b.election.holder(), "a");
}

TEST_F(Election, IsWonByAnotherOnceTheLeadersLeaseIsOver) {
  run_for(5'000, {&a, &b});
  run_for(9'000, {&b});
  EXPECT_FALSE(b.election.leading());
  run_for(12'000, {&b});
  EXPECT_TRUE(b.election.leading());
  EXPECT_FALSE(a.election.leading());
  EXPECT_EQ(world.lease["spec"]["leaseTransitions"], 1);
}

TEST_F(Election, IsWonAtOnceWhenTheLeaderGoes) {
  run_for(5'000, {&a, &b});
  ASSERT_TRUE(a.election.release().ok());
  EXPECT_FALSE(a.election.leading());
  run_for(2'500, {&a, &b});
  EXPECT_TRUE(b.election.leading());
  EXPECT_FALSE(a.election.leading());
}

TEST_F(Election, GivesBackOnlyWhatIsOurs) {
  run_for(5'000, {&a, &b});
  ASSERT_TRUE(b.election.release().ok());
  run_for(5'000, {&a, &b});
  EXPECT_TRUE(a.election.leading());
}

TEST_F(Election, IsLostWellBeforeAnotherMayWin) {
  run_for(4'000, {&a, &b});
  a.server.lose_requests = true;
  std::int64_t lost = 0, won = 0;
  for (int i = 0; i < 60 && won == 0; ++i) {
    run_for(500, {&b});  // asking the leader alone takes no time here
    if (lost == 0 && !a.election.leading()) lost = world.now;
    if (b.election.leading()) won = world.now;
  }
  ASSERT_NE(lost, 0);
  ASSERT_NE(won, 0);
  EXPECT_GE(won - lost, 4'000);
}

TEST_F(Election, IsLostByAMachineThatSlept) {
  run_for(4'000, {&a});
  ASSERT_TRUE(a.election.leading());
  a.clock.unix_off += 60'000;  // its steady clock stood still
  EXPECT_FALSE(a.election.leading());
}

TEST_F(Election, IsNotLostByAnAnswerThatIsLost) {
  run_for(4'000, {&a, &b});
  a.server.back_ms = 5'000;
  (void)a.run();
  a.server.back_ms = 0;
  run_for(3'000, {&a, &b});
  EXPECT_TRUE(a.election.leading());
}

TEST_F(Election, StartsAnewWhenTheLeaseIsDeleted) {
  run_for(4'000, {&a, &b});
  world.lease = nullptr;
  run_for(4'000, {&b});
  EXPECT_TRUE(b.election.leading());
}

// Whatever is slow or lost, and whoever runs while others wait for an answer.
RC_GTEST_PROP(ElectionProperty, NeverHasTwoLeaders, ()) {
  World world;
  std::vector<std::unique_ptr<Replica>> all;
  for (const char* name : {"a", "b", "c"})
    all.push_back(std::make_unique<Replica>(world, name, *rc::gen::inRange(0, 1'000'000),
                                            *rc::gen::inRange(-1'000'000, 1'000'000)));
  int led = 0;
  const auto check = [&] {
    int leading = 0;
    for (const auto& replica : all) leading += replica->election.leading() ? 1 : 0;
    RC_ASSERT(leading <= 1);
    led += leading;
  };
  int depth = 0;
  world.meanwhile = [&](std::int64_t until) {
    if (++depth < 3)
      for (const auto& replica : all)
        if (!replica->busy && world.now < until && *rc::gen::arbitrary<bool>()) {
          world.now += (until - world.now) / 2;
          (void)replica->run();
          check();
        }
    --depth;
  };
  for (int i = 0; i < 150; ++i) {
    Replica& who = *all[*rc::gen::inRange<std::size_t>(0, all.size())];
    const bool bad = *rc::gen::inRange(0, 4) == 0;
    who.server.there_ms = *rc::gen::inRange(0, bad ? 6'000 : 50);
    who.server.back_ms = *rc::gen::inRange(0, bad ? 6'000 : 50);
    who.server.lose_requests = *rc::gen::inRange(0, 12) == 0;
    (void)who.run();
    check();
    world.now += *rc::gen::inRange(0, 3'000);
    check();
  }
  RC_ASSERT(led > 0);
}

}  // namespace
}  // namespace drivers
