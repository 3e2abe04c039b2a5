// What follows from what a cluster says and what is promised, against a fake that answers from a list
// (support/scripted_http.h); tests/kubernetes has the same at a real API server.
#include "drivers/kubernetes/contributions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/memory_inventory.h"
#include "support/scripted_http.h"

namespace drivers {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct NoLog final : base::Log {
  void write(base::LogLevel, std::string_view, std::span<const base::Field>) override {}
};

class ContributionsTest : public testing::Test {
 protected:
  ContributionsTest() : api(http, clock, options()), events(api, {}) {
    contributions = std::make_unique<Contributions>(api, inventory, events, log, clock, ContributionOptions{});
  }
  ApiOptions options() {
    ApiOptions out;
    out.timeout_ms = 100;
    out.pause = [this](int ms) { clock.now += ms; };
    return out;
  }

  static json object(const std::string& name, const std::string& unit = "cpu=1 memory=1Gi", int generation = 1) {
    return {{"metadata",
             {{"name", name},
              {"uid", "uid-" + name},
              {"generation", generation},
              {"resourceVersion", std::to_string(generation)}}},
            {"spec", {{"class", unit}, {"quantity", 10}, {"price", "0.04"}}}};
  }
  static std::string list(const std::vector<json>& items) {
    return json{{"metadata", {{"resourceVersion", "7"}}}, {"items", items}}.dump();
  }
  static std::string event(const char* type, const json& of) {
    return json{{"type", type}, {"object", of}}.dump() + "\n";
  }
  // One round of following: what is listed, what then happens.
  void follow(const std::vector<json>& items, const std::vector<std::string>& then = {}) {
    http.answer(200, list(items));
    http.pieces(then);
    const auto status = contributions->follow();
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  }
  // The statuses that are written, by name.
  std::map<std::string, json> run(std::size_t writes) {
    const std::size_t before = http.asked.size();
    for (std::size_t i = 0; i < writes; ++i) http.answer(409);
    const auto status = contributions->run_once();
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    std::map<std::string, json> out;
    for (std::size_t i = before; i < http.asked.size(); ++i) {
      const json sent = json::parse(http.asked[i].body);
      EXPECT_EQ(http.asked[i].method, "PATCH");
      EXPECT_TRUE(sent["metadata"]["resourceVersion"].is_string());
      EXPECT_THAT(http.asked[i].target, HasSubstr("/status?"));
      out[sent["metadata"]["name"]] = sent["status"];
    }
    EXPECT_TRUE(http.used_up());
    return out;
  }
  std::vector<std::string> offered() const {
    std::vector<std::string> out;
    for (const auto& offer : inventory.offers()) out.push_back(offer.name.substr(0, offer.name.find('/')));
    return out;
  }
  static std::string accepted(const json& status) {
    for (const json& c : status["conditions"])
      if (c["type"] == "Accepted") return c["status"] == "True" ? "" : c["reason"].get<std::string>();
    return "?";
  }
  void hold_one() {
    ASSERT_TRUE(inventory.hold({1}, {*model::ResourceClass::parse("cpu=1 memory=1Gi"), {}, 60}, 0, 1'000).ok());
  }

  support::ManualClock clock;
  support::ScriptedHttp http;
  KubernetesApi api;
  Events events;
  NoLog log;
  support::MemoryInventory inventory{{}};
  std::unique_ptr<Contributions> contributions;
};

TEST_F(ContributionsTest, LeaveTheInventoryAloneUntilTheyAreRead) {
  ASSERT_TRUE(inventory.set_offers({*read_contribution(object("before"), {}).offer}).ok());
  EXPECT_TRUE(run(0).empty());
  EXPECT_THAT(offered(), ElementsAre("before"));
  EXPECT_FALSE(contributions->summary().read);
}

TEST_F(ContributionsTest, AreOfferedAndTold) {
  follow({object("a"), object("b")});
  const auto told = run(2);
  EXPECT_THAT(offered(), ElementsAre("a", "b"));
  EXPECT_EQ(accepted(told.at("a")), "");
  EXPECT_EQ(told.at("a")["free"], 10);
  EXPECT_TRUE(contributions->summary().read);
  EXPECT_EQ(contributions->summary().accepted, 2U);
}

TEST_F(ContributionsTest, FollowWhatIsCreatedChangedAndDeleted) {
  json changed = object("a", "cpu=1 memory=1Gi", 2);
  changed["spec"]["quantity"] = 3;
  follow({object("a"), object("b")},
         {event("ADDED", object("c")), event("MODIFIED", changed) + event("DELETED", object("b"))});
  (void)run(2);
  EXPECT_THAT(offered(), ElementsAre("a", "c"));
  EXPECT_EQ(inventory.offers()[0].capacity, 3U);
}

TEST_F(ContributionsTest, AreReadAgainWhenAWatchHasMissedSomething) {
  const std::string gone = event("ERROR", {{"code", 410}, {"message", "too old"}});
  follow({object("a")}, {gone});
  follow({object("b")});
  (void)run(1);
  EXPECT_THAT(offered(), ElementsAre("b"));
}

TEST_F(ContributionsTest, AreReadAgainAfterAWhile) {
  follow({object("a")}, {event("BOOKMARK", json::object()), event("ADDED", object("b"))});
  http.answer(200, list({object("a")}));
  http.fail(base::Code::kDeadline);  // of the watch: nothing happened for that long
  EXPECT_TRUE(contributions->follow().ok());
  (void)run(1);
  EXPECT_THAT(offered(), ElementsAre("a"));
}

TEST_F(ContributionsTest, AreOfferedOnWhileNobodyAnswers) {
  follow({object("a")});
  (void)run(1);
  http.fail(base::Code::kDeadline);
  EXPECT_FALSE(contributions->follow().ok());
  (void)run(0);
  EXPECT_THAT(offered(), ElementsAre("a"));
}

TEST_F(ContributionsTest, SayWhatRightsAreMissing) {
  http.answer(403, R"({"message":"tarn-operator may not list"})");
  const auto status = contributions->follow();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::Code::kUnreachable);
  EXPECT_THAT(status.error().message, HasSubstr("tarn-operator may not list"));
}

TEST_F(ContributionsTest, AreRefusedOneByOne) {
  json bad = object("b");
  bad["spec"]["price"] = "?";
  follow({object("a"), bad, object("c")});
  const auto told = run(3);
  EXPECT_THAT(offered(), ElementsAre("a", "c"));
  EXPECT_EQ(accepted(told.at("b")), "InvalidSpec");
  EXPECT_EQ(contributions->summary().refused, 1U);
}

TEST_F(ContributionsTest, StayPromisedWhenTheyGo) {
  follow({object("a")});
  (void)run(1);
  hold_one();
  follow({});
  (void)run(0);
  EXPECT_TRUE(inventory.offers().empty());
  ASSERT_EQ(inventory.totals(clock.unix_ms()).size(), 1U);
  EXPECT_EQ(inventory.totals(clock.unix_ms())[0].held, 10U);
}

TEST_F(ContributionsTest, AreOfferedInAnotherClassAtOnceIfNothingIsPromised) {
  follow({object("a")});
  (void)run(1);
  follow({object("a", "cpu=2 memory=1Gi", 2)});
  clock.now += 5'000;
  EXPECT_EQ(accepted(run(1).at("a")), "");
  ASSERT_THAT(offered(), ElementsAre("a"));
  EXPECT_EQ(inventory.offers()[0].unit.text(), "cpu=2 memory=1Gi");
}

TEST_F(ContributionsTest, AreNotOfferedInAnotherClassWhileTheFormerIsPromised) {
  follow({object("a")});
  (void)run(1);
  hold_one();
  follow({object("a", "cpu=2 memory=1Gi", 2)});
  clock.now += 5'000;
  const auto told = run(1);
  EXPECT_EQ(accepted(told.at("a")), "ClassInUse");
  EXPECT_EQ(told.at("a")["held"], 10);
  EXPECT_TRUE(inventory.offers().empty());
  ASSERT_TRUE(inventory.release_hold({1}).ok());
  clock.now += 5'000;
  EXPECT_EQ(accepted(run(1).at("a")), "");
  EXPECT_THAT(offered(), ElementsAre("a"));
}

// Somebody takes the last of the former class while the new one is being looked at.
TEST_F(ContributionsTest, AreNotSoldTwiceByAChange) {
  struct Racing final : support::MemoryInventory {
    using MemoryInventory::MemoryInventory;
    base::Status set_offers(std::vector<inventory::Offer> offers) override {
      const model::ResourceClass small = *model::ResourceClass::parse("cpu=1 memory=1Gi");
      if (std::exchange(changing, false)) {
        EXPECT_TRUE(hold({1}, {small, {}, 60}, 0, 1'000).ok());
      }
      return MemoryInventory::set_offers(std::move(offers));
    }
    bool changing = false;
  } racing{{}};
  contributions = std::make_unique<Contributions>(api, racing, events, log, clock, ContributionOptions{});
  follow({object("a")});
  (void)run(1);
  follow({object("a", "cpu=2 memory=1Gi", 2)});
  racing.changing = true;
  clock.now += 5'000;
  EXPECT_EQ(accepted(run(1).at("a")), "ClassInUse");
  EXPECT_TRUE(racing.offers().empty());
}

TEST_F(ContributionsTest, AreToldOnlyWhatChangedAndNotTooOften) {
  follow({object("a")});
  const auto told = run(1);
  clock.now += 4'000;
  (void)run(0);  // not said yet, for the fake took nothing; but too soon
  json seen = object("a");
  seen["status"] = told.at("a");
  follow({seen});
  clock.now += 60'000;
  (void)run(0);  // said
  hold_one();
  EXPECT_EQ(run(1).at("a")["held"], 10);
}

TEST_F(ContributionsTest, AreNoted) {
  json bad = object("b");
  bad["spec"]["price"] = "?";
  follow({object("a"), bad});
  const auto told = run(2);
  (void)run(0);
  http.answer(201);
  http.answer(201);
  events.flush(clock.now);
  const json first = json::parse(http.asked[http.asked.size() - 2].body), second = json::parse(http.asked.back().body);
  EXPECT_EQ(first["reason"], "Accepted");
  EXPECT_EQ(second["reason"], "InvalidSpec");
  EXPECT_EQ(second["involvedObject"]["uid"], "uid-b");
  EXPECT_THAT(second["message"].get<std::string>(), StartsWith("spec.price: "));

  // Whoever starts anew does not say it again.
  bad["status"] = told.at("b");
  Events other(api, {});
  contributions = std::make_unique<Contributions>(api, inventory, other, log, clock, ContributionOptions{});
  follow({bad});
  (void)run(0);
  const std::size_t before = http.asked.size();
  other.flush(clock.now);
  EXPECT_EQ(http.asked.size(), before);
}

TEST_F(ContributionsTest, AreBounded) {
  std::vector<json> many;
  for (std::size_t i = 0; i < Contributions::kMostSeen + 10; ++i)
    many.push_back(object("c" + std::to_string(1000 + i)));
  follow(many);
  (void)run(Contributions::kMostWrites);
  EXPECT_EQ(inventory.offers().size(), Contributions::kMostContributions);
  EXPECT_EQ(contributions->summary().refused, Contributions::kMostSeen - Contributions::kMostContributions);
}

TEST_F(ContributionsTest, AreTheOldestIfThereAreTooMany) {
  std::vector<json> many;
  for (std::size_t i = 0; i <= Contributions::kMostContributions; ++i) {
    many.push_back(object("c" + std::to_string(100 + i)));
    many.back()["metadata"]["creationTimestamp"] = i == 0 ? "2026-11-27T03:00:01Z" : "2026-11-27T03:00:00Z";
  }
  follow(many);
  EXPECT_EQ(accepted(run(Contributions::kMostWrites).at("c100")), "TooMany");
  EXPECT_EQ(inventory.offers().size(), Contributions::kMostContributions);
}

TEST_F(ContributionsTest, StopWhenTold) {
  contributions->stop();
  http.answer(200, list({object("a")}));
  EXPECT_TRUE(contributions->follow().ok());
  EXPECT_TRUE(http.used_up());
}

}  // namespace
}  // namespace drivers
