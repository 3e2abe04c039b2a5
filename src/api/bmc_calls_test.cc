// Who acts on a server, and a node that changes hands meanwhile.
#include "api/bmc_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "support/isolation_town.h"

namespace {

using support::IsolationTown;

// A release in the middle of a call that turns the server off and, when it is over, on: whatever the order, nobody's
// server is on, and nobody's console or boot device is changed.
TEST(Power, IsNotTurnedOnByACallThatAReleaseOvertook) {
  const auto node = [](IsolationTown& town) {
    const auto tables = town.store.tables();
    return std::find_if(tables.nodes.begin(), tables.nodes.end(),
                        [](const auto& one) { return one.second.name == "n-red"; })
        ->second;
  };
  for (const char* version : {"v1", "v0"}) {
    IsolationTown town;
    town.bmcs.set_power("n-red-bmc", true);
    bool released = false;
    town.bmcs.during = [&](const std::string&, const std::string& call) {
      if (call != "power_cycle" || std::exchange(released, true)) return;
      EXPECT_FALSE(town.bmcs.server("n-red-bmc").on) << "it is off for a moment";
      EXPECT_EQ(town.ask("ann", "POST", "/v1/nodes/n-red/release").status, 202U);
      town.run_releaser();
      EXPECT_EQ(node(town).state, isolation::NodeState::kReleasing);
    };
    const bool first = version == std::string("v1");
    const auto answer = first ? town.ask("ann", "POST", "/v1/nodes/n-red/power", R"({"action":"cycle"})")
                              : town.ask("ann", "POST", "/v0/node/n-red/power_cycle", R"({"force":true})");
    EXPECT_EQ(answer.status, first ? 204U : 200U);
    ASSERT_TRUE(released);
    EXPECT_NE(node(town).state, isolation::NodeState::kIdle) << "it is on";
    for (int i = 0; i < 20 && node(town).state != isolation::NodeState::kIdle; ++i) {
      town.clock.advance(500);
      town.run_releaser();
    }
    EXPECT_EQ(node(town).state, isolation::NodeState::kIdle);
    EXPECT_FALSE(town.bmcs.server("n-red-bmc").on);
  }
}

// The right is looked up when the turn has come.
TEST(Power, IsNotForWhomTheNodeWasTakenFromMeanwhile) {
  class Waiting final : public isolation::Turns {
   public:
    bool take(isolation::Id, int) override {
      if (meanwhile) std::exchange(meanwhile, nullptr)();
      return true;
    }
    void give_back(isolation::Id) override {}
    std::function<void()> meanwhile;
  } waiting;
  IsolationTown town(nullptr, &waiting);
  waiting.meanwhile = [&] { EXPECT_EQ(town.ask("root", "POST", "/v1/nodes/n-red/release").status, 202U); };
  EXPECT_EQ(town.ask("ann", "POST", "/v1/nodes/n-red/power", R"({"action":"on"})").status, 403U);
  waiting.meanwhile = [&] { EXPECT_EQ(town.ask("root", "DELETE", "/v1/projects/red/members/ann").status, 204U); };
  EXPECT_EQ(town.ask("ann", "PUT", "/v1/nodes/n-red2/bmc", R"({"enabled":true})").status, 200U);
  EXPECT_EQ(town.ask("ann", "PUT", "/v1/nodes/n-red2/boot-device", R"({"device":"pxe"})").status, 403U);
  for (const char* address : {"n-red-bmc", "n-red2-bmc"}) {
    EXPECT_FALSE(town.bmcs.server(address).on);
    EXPECT_EQ(town.bmcs.server(address).boot_device, isolation::BootDevice::kDefault);
  }
}

TEST(Power, IsAConflictWhileSomebodyElseHasTheTurn) {
  IsolationTown town;
  const auto tables = town.store.tables();
  for (const auto& [id, node] : tables.nodes) EXPECT_TRUE(town.turns.take(id, 0));
  const auto busy = town.ask("ann", "POST", "/v1/nodes/n-red/power", R"({"action":"on"})");
  EXPECT_EQ(busy.status, 409U) << busy.body;
  EXPECT_NE(busy.body.find("busy"), std::string::npos) << busy.body;
  EXPECT_EQ(town.ask("ann", "GET", "/v1/nodes/n-red/power").status, 200U) << "who only looks needs none";
  EXPECT_FALSE(town.bmcs.server("n-red-bmc").on);
}

TEST(Power, IsRefusedToTheAdministratorWhileANodeIsOnItsWayBack) {
  IsolationTown town;
  town.engine_runs = false;
  const std::string power = "/v1/nodes/n-red/power";
  EXPECT_EQ(town.ask("root", "POST", "/v1/nodes/n-red/release").status, 202U);
  EXPECT_EQ(town.ask("root", "POST", power, R"({"action":"on"})").status, 409U);
  EXPECT_EQ(town.ask("root", "POST", power, R"({"action":"cycle"})").status, 409U);
  EXPECT_EQ(town.ask("root", "PUT", "/v1/nodes/n-red/boot-device", R"({"device":"pxe"})").status, 409U);
  EXPECT_EQ(town.ask("root", "POST", power, R"({"action":"off","force":true})").status, 204U);
}

}  // namespace
