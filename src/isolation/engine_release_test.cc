#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/isolation_world.h"

namespace isolation {
namespace {

using support::must;
using Fault = support::MemorySwitch::Fault;
using BmcFault = support::MemoryBmcs::Fault;
using AttachmentState = Attachment::State;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// n1 (two NICs) is red's, on, and in the network "net". h1 belongs to blue.
class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() {
    world.add_node("n1", "s1", {"eth0", "eth1"});
    world.add_node("h1", "s2", {"eth0"}, "blue");
    world.add_network("net", "red");
    take();
  }
  void take() {
    must(world.call("alice", &Rules::allocate_node, "n1", "red"));
    must(world.call("alice", &Rules::set_bmc_enabled, "n1", true));
    world.bmcs.set_power("n1", true);
    world.connect("alice", "n1", "net");
    ASSERT_TRUE(world.run_for(1'000));
  }
  void TearDown() override { EXPECT_THAT(world.violations(), IsEmpty()); }
  void release() { must(world.call("alice", &Rules::release_node, "n1")); }
  bool isolated() { return world.switches.at("s1").state("n1-eth0").isolated(); }

  support::IsolationWorld world;
};

TEST_F(ReleaseTest, AFreedNodeIsOffIsolatedAndNobodys) {
  release();
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_FALSE(world.node("n1").bmc_enabled);
  ASSERT_TRUE(world.run_for(1'000));
  const Node node = world.node("n1");
  EXPECT_EQ(node.state, NodeState::kIdle);
  EXPECT_EQ(node.project, std::nullopt);
  EXPECT_EQ(node.problem, "");
  EXPECT_TRUE(isolated());
  EXPECT_FALSE(world.bmcs.server("n1").on);
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);
}

TEST_F(ReleaseTest, NothingIsDetachedBeforeTheServerIsOff) {
  world.bmcs.set_fault("n1", BmcFault::kUnreachable);
  release();
  ASSERT_TRUE(world.run_for(5'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_THAT(world.node("n1").problem, HasSubstr("does not answer"));
  EXPECT_FALSE(isolated());
  world.bmcs.heal();
  ASSERT_TRUE(world.run_for(30'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
}

TEST_F(ReleaseTest, AServerThatStaysOnIsNotFreed) {
  world.bmcs.set_fault("n1", BmcFault::kStaysOn);
  release();
  ASSERT_TRUE(world.run_for(60'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_THAT(world.node("n1").problem, HasSubstr("still on"));
}

TEST_F(ReleaseTest, AControllerThatThrowsIsOnlyAProblem) {
  world.bmcs.set_fault("n1", BmcFault::kThrows);
  release();
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_THAT(world.node("n1").problem, HasSubstr("driver"));
}

TEST_F(ReleaseTest, ANodeIsNotFreedWhileItsOldNetworkMayBeReachable) {
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  release();
  ASSERT_TRUE(world.run_for(60'000));  // longer than any change may take
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_THAT(world.node("n1").problem, HasSubstr("\"s1\""));
  EXPECT_FALSE(isolated());
  world.switches.at("s1").heal();
  ASSERT_TRUE(world.run_for(60'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_TRUE(isolated());
}

TEST_F(ReleaseTest, ASwitchThatOnlySaysSoDoesNotFreeANode) {
  world.switches.at("s1").set_fault(Fault::kSilent);
  release();
  ASSERT_TRUE(world.run_for(60'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
}

TEST_F(ReleaseTest, AConnectThatEndedInErrorKeepsTheNodeUntilItIsOffTheSwitch) {
  world.detach("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  world.switches.at("s1").set_fault(Fault::kTooLate);  // it is live, and nobody knows
  const std::string uuid = world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(20'000));
  ASSERT_EQ(world.operation(uuid).state, OperationView::State::kError);
  must(world.call("alice", &Rules::set_bmc_enabled, "n1", false));
  const base::Status refused = world.call("alice", &Rules::detach_node, "n1", "red");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::kConflict);
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  release();
  ASSERT_TRUE(world.run_for(60'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  world.switches.at("s1").heal();
  ASSERT_TRUE(world.run_for(60'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_TRUE(isolated());
}

TEST_F(ReleaseTest, APortIsLookedAtAnewThoughNothingWasEverAttached) {
  world.switches.at("s1").meddle("n1-eth1", {world.vlan("net"), {}});  // at the switch's console
  release();
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_TRUE(world.switches.at("s1").state("n1-eth1").isolated());
}

TEST_F(ReleaseTest, APendingConnectEndsInErrorAndIsNotLive) {
  must(world.change("alice", Change::Kind::kConnect, "n1", "eth1", "net"));
  const std::string uuid = must(world.change("alice", Change::Kind::kDetach, "n1", "eth0", "net"));
  const std::string waiting = world.connect("alice", "n1", "net", "", true);
  release();
  EXPECT_EQ(world.operation(uuid).state, OperationView::State::kError);
  EXPECT_EQ(world.operation(waiting).state, OperationView::State::kError);
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
}

TEST_F(ReleaseTest, WhatIsNotCleanIsNotFree) {
  std::vector<std::string> cleaned;
  bool clean = false;
  world.clean = [&](const Node& node) -> base::Status {
    EXPECT_TRUE(isolated());
    EXPECT_FALSE(world.bmcs.server(node.name).on);
    cleaned.push_back(node.name);
    return clean ? base::Status() : base::Error{base::Code::kDeadline, "the disks are being wiped"};
  };
  release();
  ASSERT_TRUE(world.run_for(5'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_EQ(world.node("n1").problem, "the disks are being wiped");
  clean = true;
  ASSERT_TRUE(world.run_for(30'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_THAT(cleaned, Contains("n1"));
}

TEST_F(ReleaseTest, ALoanEndsWhenItsTimeHasComeAndTheNodeGoesHome) {
  must(world.call("bob", &Rules::lend_node, "h1", "red", world.now + 5'000));
  world.connect("alice", "h1", "net");
  ASSERT_TRUE(world.run_for(4'000));
  EXPECT_EQ(world.node("h1").state, NodeState::kHeld);
  EXPECT_TRUE(world.reaches("h1", "n1"));
  ASSERT_TRUE(world.run_for(3'000));
  const Node node = world.node("h1");
  EXPECT_EQ(node.state, NodeState::kIdle);
  EXPECT_EQ(node.lent_until, std::nullopt);
  EXPECT_TRUE(node.owner.has_value());
  EXPECT_FALSE(world.reaches("h1", "n1"));
  const auto stolen = world.call("alice", &Rules::allocate_node, "h1", "red");
  ASSERT_FALSE(stolen.ok());  // it never was in the free pool
  EXPECT_EQ(stolen.error().code, base::Code::kConflict);
}

TEST_F(ReleaseTest, AFreedNodeCanBeTakenAgain) {
  for (int i = 0; i < 3; ++i) {
    release();
    ASSERT_TRUE(world.run_for(1'000));
    ASSERT_EQ(world.node("n1").state, NodeState::kIdle);
    take();
    EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnected);
  }
}

TEST_F(ReleaseTest, OneNodeInTroubleDoesNotHoldUpAnother) {
  world.add_node("n2", "s1");
  must(world.call("bob", &Rules::allocate_node, "n2", "blue"));
  world.bmcs.set_fault("n1", BmcFault::kUnreachable);
  release();
  ASSERT_TRUE(world.run_for(1'000));
  must(world.call("bob", &Rules::release_node, "n2"));
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n2").state, NodeState::kIdle);
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
}

TEST_F(ReleaseTest, ANodeIsWorkedOnByOneReleaserAtATime) {
  release();
  crypto::SeededRandom random(base::view("another"));
  support::SilentLog log;
  int at_once = 0;
  std::unique_ptr<Releaser> another;
  const OpenBmc open = [&](const Node& node) -> base::Result<std::unique_ptr<Bmc>> {
    ++at_once;
    if (another) must(std::exchange(another, nullptr)->run_once(world.now));
    return world.bmcs.opener()(node);
  };
  const Clean clean = [](const Node&) { return base::Status(); };
  Releaser one(world.store, world.turns, open, clean, world.limits, random, log);
  another = std::make_unique<Releaser>(world.store, world.turns, open, clean, world.limits, random, log);
  ASSERT_TRUE(one.run_once(world.now).ok());
  EXPECT_EQ(at_once, 1);
}

TEST_F(ReleaseTest, ANodeThatSomebodyActsOnWaitsForItsTurn) {
  std::optional<Turn> turn;
  turn.emplace(*Turn::take(world.turns, world.node("n1").id, 0));
  release();
  ASSERT_TRUE(world.run_for(5'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_FALSE(isolated());
  turn.reset();
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_TRUE(Turn::take(world.turns, world.node("n1").id, 0)) << "and it was given back";
}

TEST_F(ReleaseTest, NobodyHasATurnWhileItsReleaseIsWorkedOn) {
  int calls = 0;
  world.bmcs.during = [&](const std::string&, const std::string&) {
    ++calls;
    EXPECT_FALSE(Turn::take(world.turns, world.node("n1").id, 0));
  };
  world.clean = [&](const Node& node) {
    EXPECT_FALSE(Turn::take(world.turns, node.id, 0));
    return base::Status();
  };
  release();
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_GE(calls, 3);
}

TEST_F(ReleaseTest, AServerThatIsOnAgainIsTurnedOffAgainAndNotFreed) {
  int cleaned = 0;
  world.clean = [&](const Node& node) {
    world.bmcs.set_power(node.name, ++cleaned < 3);  // whoever did it
    return base::Status();
  };
  release();
  ASSERT_TRUE(world.run_for(300));
  EXPECT_EQ(world.node("n1").state, NodeState::kReleasing);
  EXPECT_THAT(world.node("n1").problem, HasSubstr("on again"));
  ASSERT_TRUE(world.run_for(30'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_EQ(cleaned, 3);
  EXPECT_FALSE(world.bmcs.server("n1").on);
}

TEST_F(ReleaseTest, ItsConsoleIsEndedBeforeSomebodyElseCanHaveIt) {
  world.bmcs.set_console("n1", "root password: hush");
  world.bmcs.during = [&](const std::string&, const std::string&) {
    EXPECT_NE(world.node("n1").state, NodeState::kIdle);
  };
  release();
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_THAT(world.bmcs.server("n1").calls, Contains("end_console"));
  EXPECT_EQ(world.bmcs.server("n1").console, "");
}

// One that took longer than it should have, and is overtaken: by then the node may be somebody's again.
TEST_F(ReleaseTest, ANodeThatSomebodyHasAgainIsLeftAlone) {
  release();
  crypto::SeededRandom random(base::view("slow"));
  support::SilentLog log;
  class SlowTurns final : public Turns {
   public:
    bool take(Id, int) override {
      std::exchange(meanwhile, [] {})();
      return true;
    }
    void give_back(Id) override {}
    std::function<void()> meanwhile;
  } turns;
  turns.meanwhile = [&] {
    world.now += 60'000;
    ASSERT_TRUE(world.run_for(1'000));
    ASSERT_EQ(world.node("n1").state, NodeState::kIdle);
    take();
  };
  Releaser slow(
      world.store, turns, world.bmcs.opener(), [](const Node&) { return base::Status(); }, world.limits, random, log);
  ASSERT_TRUE(slow.run_once(world.now).ok());
  EXPECT_EQ(world.node("n1").state, NodeState::kHeld);
  EXPECT_TRUE(world.bmcs.server("n1").on);
}

TEST_F(ReleaseTest, AProcessThatDiesAtAnyWriteLeavesWorkForTheNext) {
  using Death = support::MemoryIsolationStore::Death;
  for (const Death death : {Death::kBeforeCommit, Death::kAfterCommit}) {
    for (std::size_t n = 1;; ++n) {
      release();
      world.store.die_at(n, death);
      const bool survived = world.run_for(1'000);
      EXPECT_THAT(world.violations(), IsEmpty());
      world.restart();
      ASSERT_TRUE(world.run_for(60'000));
      EXPECT_EQ(world.node("n1").state, NodeState::kIdle) << n;
      EXPECT_THAT(world.violations(), IsEmpty());
      take();
      if (survived) break;
      ASSERT_LT(n, 100U);
    }
  }
}

}  // namespace
}  // namespace isolation
