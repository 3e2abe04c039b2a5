// /v1: what takes its time: waiting for operations and events, consoles, streams; who may hold up how much of the
// service, and for how long.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/isolation_town.h"

namespace {

using support::IsolationTown;

TEST(Waiting, EndsWhenTheOperationIsFinished) {
  IsolationTown town;
  town.engine_runs = false;
  const std::string id =
      town.json("ann", "POST", "/v1/changes",
                R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-red"}]})")
          .text("id");
  EXPECT_EQ(town.json("ann", "GET", "/v1/operations/" + id).text("state"), "pending");
  EXPECT_EQ(town.json("ann", "GET", "/v1/operations/" + id + "?wait_ms=2").text("state"), "pending");
  std::thread engine([&] { town.run_engines(); });
  EXPECT_EQ(town.json("ann", "GET", "/v1/operations/" + id + "?wait_ms=30000").text("state"), "done");
  engine.join();
}

// Who finds no place gets at once what there is.
TEST(Waiting, OfOneUserLeavesPlacesForOthersAndOfAllLeavesThreads) {
  IsolationTown town;
  town.engine_runs = false;
  const std::string body = R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-red"}]})";
  const std::string pending = town.json("ann", "POST", "/v1/changes", body).text("id");
  auto& polls = town.service.polls();
  std::vector<api::Places::Place> taken;
  const isolation::Id ann = town.user_id("ann");
  const auto answered_at_once = [&](const std::string& user) {
    const auto before = std::chrono::steady_clock::now();  // the town's clock goes on by itself
    town.json(user, "GET", "/v1/events?wait_ms=30000&after=1000000");
    town.json(user, "GET", "/v1/operations/" + pending + "?wait_ms=30000");
    return std::chrono::steady_clock::now() - before < std::chrono::seconds(5);
  };
  while (api::Places::Place place = polls.take(ann)) taken.push_back(std::move(place));
  EXPECT_EQ(taken.size(), 4U);
  EXPECT_TRUE(answered_at_once("ann"));
  EXPECT_TRUE(polls.take(town.user_id("bob")));
  for (isolation::Id other = 1'000; api::Places::Place place = polls.take(other); ++other)
    taken.push_back(std::move(place));
  EXPECT_EQ(taken.size(), 8U);
  EXPECT_FALSE(polls.take(town.user_id("bob")));
  taken.clear();
  EXPECT_TRUE(polls.take(ann));
}

TEST(Waiting, StreamsAndSlowCallsOfOneUserAreLimited) {
  IsolationTown town;
  std::vector<net::HttpResponse> open;
  const auto console = [&] { return town.ask("ann", "GET", "/v1/nodes/n-red/console"); };
  const auto events = [&] { return town.ask("ann", "GET", "/v1/events", "", {{"Accept", "text/event-stream"}}); };
  for (int i = 0; i < 8; ++i) {
    open.push_back(console());
    open.push_back(events());
  }
  for (const auto& one : open) EXPECT_TRUE(one.next);
  EXPECT_EQ(console().status, 429U);
  const auto refused = events();
  EXPECT_EQ(refused.status, 429U);
  EXPECT_NE(refused.body.find("too_many_at_once"), std::string::npos);
  EXPECT_EQ(refused.headers, (IsolationTown::Headers{{"Retry-After", "1"}}));
  EXPECT_TRUE(town.ask("root", "GET", "/v1/nodes/n-red/console").next);
  open.pop_back();
  EXPECT_TRUE(events().next);

  std::vector<api::Places::Place> busy;
  while (api::Places::Place place = town.service.slow_calls().take(town.user_id("ann")))
    busy.push_back(std::move(place));
  EXPECT_EQ(busy.size(), 8U);
  EXPECT_EQ(town.ask("ann", "GET", "/v1/nodes/n-red/power").status, 429U);
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/detach_node", R"({"node":"n-red2"})").status, 429U);
  EXPECT_EQ(town.json("ann", "GET", "/v1/nodes/n-red2").text("state"), "held") << "refused, and begun all the same";
  EXPECT_EQ(town.ask("root", "GET", "/v1/nodes/n-red/power").status, 200U);
  busy.clear();
  EXPECT_EQ(town.ask("ann", "GET", "/v1/nodes/n-red/power").status, 200U);
}

TEST(Console, EndsWhenTheNodeChangesHands) {
  IsolationTown town;
  const auto response = town.ask("ann", "GET", "/v1/nodes/n-red/console");
  ASSERT_TRUE(response.next);
  EXPECT_EQ(response.next(), "n-red says login: ");
  town.json("ann", "POST", "/v1/nodes/n-red/release");
  EXPECT_EQ(response.next(), std::nullopt);
}

TEST(Console, EndsWhenItsReaderLeavesTheProject) {
  IsolationTown town;
  const auto response = town.ask("ann", "GET", "/v1/nodes/n-red/console");
  ASSERT_TRUE(response.next);
  EXPECT_TRUE(response.next());
  town.json("root", "DELETE", "/v1/projects/red/members/ann");
  EXPECT_EQ(response.next(), std::nullopt);
}

TEST(Console, EndsAfterItsLongestTime) {
  IsolationTown town;
  const auto response = town.ask("ann", "GET", "/v1/nodes/n-red/console");
  ASSERT_TRUE(response.next);
  town.clock.advance(7LL * 3'600 * 1'000);
  EXPECT_TRUE(response.next());
  town.clock.advance(1LL * 3'600 * 1'000);
  EXPECT_EQ(response.next(), std::nullopt);
}

// Both kinds of streams end with what their reader came in with, and only with that.
TEST(Streams, EndWithTheTokenOrThePasswordThatOpenedThem) {
  IsolationTown town;
  const auto opened = [&](const char* target, const std::string& token) {
    IsolationTown::Headers headers = {{"Accept", "text/event-stream"}};
    if (!token.empty()) headers.emplace_back("X-Token", token);
    return town.ask("ann", "GET", target, "", headers);
  };
  for (const char* target : {"/v1/nodes/n-red/console", "/v1/events"}) {
    const std::string token = std::to_string(town.json("ann", "POST", "/v1/tokens", R"({"label":"a"})").number("id"));
    const std::string brief = std::to_string(
        town.json("ann", "POST", "/v1/tokens", R"({"label":"b","expires":"2027-06-01T00:00:00Z"})").number("id"));
    const auto news = [&] { town.json("root", "PUT", "/v1/nodes/n-red/metadata/row", "3"); };
    const auto by_token = opened(target, token), by_brief = opened(target, brief), by_password = opened(target, "");
    for (const auto* one : {&by_token, &by_brief, &by_password}) EXPECT_TRUE(one->next()) << target;
    town.json("ann", "DELETE", "/v1/tokens/" + token);
    EXPECT_EQ(by_token.next(), std::nullopt) << target;
    news();
    EXPECT_TRUE(by_brief.next()) << target;
    EXPECT_TRUE(by_password.next()) << target;
    town.json("root", "PATCH", "/v1/users/ann", R"({"password":"another secret"})");
    news();
    EXPECT_EQ(by_password.next(), std::nullopt) << target;
    EXPECT_TRUE(by_brief.next()) << target;
  }
}

TEST(Streams, EndWhenTheirTokenExpires) {
  IsolationTown town;
  const std::string token = std::to_string(
      town.json("ann", "POST", "/v1/tokens", R"({"label":"b","expires":"2027-01-15T10:00:00Z"})").number("id"));
  const auto response = town.ask("ann", "GET", "/v1/nodes/n-red/console", "", {{"X-Token", token}});
  ASSERT_TRUE(response.next);
  EXPECT_TRUE(response.next());
  town.clock.advance(3LL * 3'600 * 1'000);  // it is the 15th, a little after eight
  EXPECT_EQ(response.next(), std::nullopt);
}

TEST(Events, ComeAsAStreamThatGoesOnWhereItBroke) {
  IsolationTown town;
  const std::string last = town.json("root", "GET", "/v1/events?limit=500").text("next");
  const IsolationTown::Headers headers = {{"Accept", "text/event-stream"}, {"Last-Event-ID", last}};
  const auto response = town.ask("bob", "GET", "/v1/events", "", headers);
  EXPECT_EQ(response.content_type, "text/event-stream");
  ASSERT_TRUE(response.next);
  town.json("bob", "POST", "/v1/projects/blue/nodes", R"({"node":"n-free"})");
  const auto text = response.next();
  ASSERT_TRUE(text);
  EXPECT_EQ(text->substr(0, 4), "id: ");
  EXPECT_NE(text->find("\nevent: node.allocated\ndata: {\"id\":"), std::string::npos) << *text;
  EXPECT_EQ(text->substr(text->size() - 3), "}\n\n");
}

TEST(Events, StreamEndsWithTheUser) {
  IsolationTown town;
  const auto response = town.ask("bo", "GET", "/v1/events", "", {{"Accept", "text/event-stream"}});
  ASSERT_TRUE(response.next);
  town.json("root", "DELETE", "/v1/users/bo");
  EXPECT_EQ(response.next(), std::nullopt);
}

}  // namespace
