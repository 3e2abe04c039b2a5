#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/isolation_world.h"

namespace isolation {
namespace {

using support::must;
using Fault = support::MemorySwitch::Fault;
using State = OperationView::State;
using AttachmentState = Attachment::State;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// n1 and n2 (on s1) and n3 (on s2) are red's, as is the network "net"; "other" is blue's.
class EngineQueueTest : public testing::Test {
 protected:
  EngineQueueTest() {
    world.add_node("n1", "s1", {"eth0", "eth1"});
    world.add_node("n2", "s1");
    world.add_node("n3", "s2");
    for (const char* node : {"n1", "n2", "n3"}) allocate(node);
    world.add_network("net", "red");
    world.add_network("second", "red");
    world.add_network("other", "blue");
  }
  void allocate(const std::string& node) { must(world.call("alice", &Rules::allocate_node, node, "red")); }
  void TearDown() override { EXPECT_THAT(world.violations(), IsEmpty()); }

  State state(const std::string& operation) { return world.operation(operation).state; }
  std::string error(const std::string& operation) { return world.operation(operation).changes.at(0).change.error; }
  PortState port(const std::string& name) { return world.switches.at("s1").state(name); }

  support::IsolationWorld world;
};

TEST_F(EngineQueueTest, ConnectedIsWhatTheSwitchWasSeenToHold) {
  const std::string uuid = world.connect("alice", "n1", "net");
  EXPECT_EQ(state(uuid), State::kPending);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnecting);
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kDone);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnected);
  EXPECT_EQ(port("n1-eth0"), (PortState{world.vlan("net"), {}}));
  EXPECT_EQ(world.port("n1-eth0").observed, port("n1-eth0"));
  EXPECT_NE(world.operation(uuid).operation.finished, 0);
}

TEST_F(EngineQueueTest, DetachedIsGoneFromTheSwitchAndTheStore) {
  world.connect("alice", "n1", "net");
  world.connect("alice", "n2", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_TRUE(world.reaches("n1", "n2"));
  const std::string uuid = world.detach("alice", "n1", "net");
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kDetaching);
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kDone);
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);
  EXPECT_FALSE(world.reaches("n1", "n2"));
}

TEST_F(EngineQueueTest, APortGetsItsWholeStateOfBothChannels) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  world.connect("alice", "n1", "second", "vlan/" + std::to_string(world.vlan("second")));
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(port("n1-eth0"), (PortState{world.vlan("net"), {world.vlan("second")}}));
}

TEST_F(EngineQueueTest, ManyChangesAreOneBatch) {
  world.connect("alice", "n1", "net");
  world.connect("alice", "n2", "net");
  ASSERT_TRUE(world.run_for(0));
  const auto batches = world.switches.at("s1").batches();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].size(), 2U);
}

TEST_F(EngineQueueTest, ABatchHasAtMostSoManyChanges) {
  world.limits.batch = 1;
  world.boot();
  world.connect("alice", "n1", "net");
  world.connect("alice", "n2", "net");
  const auto outcome = world.queue("s1").run_once(world.now);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value().done, 1U);
  EXPECT_EQ(outcome.value().next, world.now);  // the other is due already
}

TEST_F(EngineQueueTest, WhoWaitsInLineIsNext) {
  const std::string first = world.connect("alice", "n1", "net");
  const std::string second = world.detach("alice", "n1", "net", true);
  const std::string third = world.connect("alice", "n1", "second", "", true);
  ASSERT_TRUE(world.run_for(0));
  for (const std::string& uuid : {first, second, third}) EXPECT_EQ(state(uuid), State::kDone);
  EXPECT_EQ(port("n1-eth0"), (PortState{world.vlan("second"), {}}));
}

TEST_F(EngineQueueTest, AnUnreachableSwitchIsTriedAgainLaterEachTime) {
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  const std::string uuid = world.connect("alice", "n1", "net");
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 4; ++i) {
    const auto outcome = world.queue("s1").run_once(world.now);
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome.value().postponed, 1U);
    waits.push_back(outcome.value().next - world.now);
    world.now = outcome.value().next;
  }
  EXPECT_THAT(waits, ElementsAre(200, 400, 800, 1'600));
  EXPECT_EQ(state(uuid), State::kPending);
  world.switches.at("s1").heal();
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kDone);
}

TEST_F(EngineQueueTest, AnUnreachableSwitchIsAnErrorAfterABoundedTime) {
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  const std::string uuid = world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(world.limits.settings.give_up_ms));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_THAT(error(uuid), HasSubstr("\"s1\" did not take it"));
  EXPECT_THAT(error(uuid), HasSubstr("ask again"));
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kUncertain);
  EXPECT_EQ(world.port("n1-eth0").observed, std::nullopt);
}

TEST_F(EngineQueueTest, OneUnreachableSwitchDoesNotHoldUpAnother) {
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  const std::string stuck = world.connect("alice", "n1", "net");
  const std::string free = world.connect("alice", "n3", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(stuck), State::kPending);
  EXPECT_EQ(state(free), State::kDone);
}

TEST_F(EngineQueueTest, ADriverThatThrowsIsOnlyAnError) {
  world.switches.at("s1").once(Fault::kThrows);
  const std::string uuid = world.connect("alice", "n1", "net");
  const auto outcome = world.queue("s1").run_once(world.now);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value().postponed, 1U);
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(state(uuid), State::kDone);
}

TEST_F(EngineQueueTest, ASwitchWithoutADriverFailsItsChangesAtOnce) {
  world.add_node("n9", "s9");
  allocate("n9");
  must(world.store.write([](Transaction& t) -> base::Status {  // the next release of the program has no such driver
    SwitchRecord record = must(t.find_switch("s9")).value();
    record.type = "nonesuch";
    return t.update_switch(record);
  }));
  world.boot();
  const std::string uuid = world.connect("alice", "n9", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kError);
}

TEST_F(EngineQueueTest, WhatWasAppliedTooLateIsAppliedAgainAndThenConfirmed) {
  for (const Fault fault : {Fault::kTooLate, Fault::kReadsUnreachable, Fault::kHalf}) {
    world.switches.at("s1").once(fault);
    const std::string uuid = world.connect("alice", "n1", "net");
    ASSERT_TRUE(world.run_for(0));
    EXPECT_EQ(state(uuid), State::kPending);
    EXPECT_EQ(world.port("n1-eth0").observed, std::nullopt);
    ASSERT_TRUE(world.run_for(1'000));
    EXPECT_EQ(state(uuid), State::kDone);
    world.detach("alice", "n1", "net");
    ASSERT_TRUE(world.run_for(1'000));
  }
}

TEST_F(EngineQueueTest, WhatTheSwitchOnlySaysIsNotBelieved) {
  world.switches.at("s1").set_fault(Fault::kSilent);
  const std::string uuid = world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(state(uuid), State::kPending);
  EXPECT_EQ(world.port("n1-eth0").observed, PortState());
  ASSERT_TRUE(world.run_for(world.limits.settings.give_up_ms));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_THAT(error(uuid), HasSubstr("lets through nothing"));
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);  // it was read: nothing is connected
}

TEST_F(EngineQueueTest, ARefusedPortFailsOnlyItsOwnChange) {
  world.switches.at("s1").refuse("n1-eth0");
  const std::string refused = world.connect("alice", "n1", "net");
  const std::string taken = world.connect("alice", "n2", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(refused), State::kError);
  EXPECT_EQ(state(taken), State::kDone);
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);
}

TEST_F(EngineQueueTest, ADetachThatIsRefusedLeavesTheAttachment) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  world.switches.at("s1").refuse("n1-eth0");
  const std::string uuid = world.detach("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kUncertain);
}

TEST_F(EngineQueueTest, AnErrorLetsTheNextInLineOn) {
  world.switches.at("s1").refuse("n1-eth0");
  world.connect("alice", "n1", "net");
  const std::string next = world.connect("alice", "n1", "second", "", true);
  const auto outcome = world.queue("s1").run_once(world.now);
  ASSERT_TRUE(outcome.ok());
  world.switches.at("s1").heal();
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(next), State::kDone);
}

// The rules do not let a project go that is attached or pending; if it is gone all the same, by another way, then the
// moment at which a change is applied counts.
TEST_F(EngineQueueTest, ARevokeBeforeAConnectIsAppliedLeavesNoAttachment) {
  must(world.call("bob", &Rules::grant, "other", "red"));
  const std::string uuid = world.connect("alice", "n1", "other");
  must(world.store.write([&](Transaction& t) -> base::Status {
    return t.let_into(t.find_network("other").value()->id, t.find_project("red").value()->id, false);
  }));
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_THAT(error(uuid), HasSubstr("may not use"));
  EXPECT_EQ(world.attachment("n1", "other"), std::nullopt);
  EXPECT_TRUE(port("n1-eth0").isolated());
}

TEST_F(EngineQueueTest, ARevokeWhileAConnectIsAppliedLeavesNoAttachment) {
  must(world.call("bob", &Rules::grant, "other", "red"));
  const std::string uuid = world.connect("alice", "n1", "other");
  bool revoked = false;
  world.switches.at("s1").during_apply = [&] {
    if (std::exchange(revoked, true)) return;
    must(world.store.write([&](Transaction& t) -> base::Status {
      return t.let_into(t.find_network("other").value()->id, t.find_project("red").value()->id, false);
    }));
  };
  const auto outcome = world.queue("s1").run_once(world.now);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value().done, 0U);
  EXPECT_EQ(outcome.value().postponed, 1U);  // it is live now, so it has a row until it is not
  EXPECT_EQ(outcome.value().next, world.now);
  EXPECT_THAT(world.violations(), IsEmpty());
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_EQ(world.attachment("n1", "other"), std::nullopt);
  EXPECT_TRUE(port("n1-eth0").isolated());
}

TEST_F(EngineQueueTest, AReleaseWhileAConnectIsAppliedTakesItBack) {
  const std::string uuid = world.connect("alice", "n1", "net");
  bool released = false;
  world.switches.at("s1").during_apply = [&] {
    if (!std::exchange(released, true)) must(world.call("alice", &Rules::release_node, "n1"));
  };
  const auto outcome = world.queue("s1").run_once(world.now);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value().done, 0U);
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kDetaching);
  EXPECT_FALSE(port("n1-eth0").isolated());
  EXPECT_THAT(world.violations(), IsEmpty());
  ASSERT_TRUE(world.run_for(1'000));
  EXPECT_EQ(world.node("n1").state, NodeState::kIdle);
  EXPECT_TRUE(port("n1-eth0").isolated());
}

TEST_F(EngineQueueTest, ARevertTakesEverythingOffThePort) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  world.connect("alice", "n1", "second", "vlan/" + std::to_string(world.vlan("second")));
  ASSERT_TRUE(world.run_for(0));
  const std::string uuid = must(world.call("root", &Rules::revert_port, "s1", "n1-eth0"));
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kDone);
  EXPECT_TRUE(port("n1-eth0").isolated());
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);
  EXPECT_EQ(world.attachment("n1", "second"), std::nullopt);
}

TEST_F(EngineQueueTest, ABulkOperationIsInErrorWhenOneChangeIs) {
  world.switches.at("s1").refuse("n2-eth0");
  const std::vector<WantedChange> wanted = {{"n1", "eth0", Change::Kind::kConnect, "net", ""},
                                            {"n2", "eth0", Change::Kind::kConnect, "net", ""},
                                            {"n3", "eth0", Change::Kind::kConnect, "net", ""}};
  const std::string uuid = must(world.call("alice", &Rules::change, wanted, false));
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(state(uuid), State::kError);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnected);
  EXPECT_EQ(world.attachment("n2", "net"), std::nullopt);
  EXPECT_EQ(world.attachment("n3", "net"), AttachmentState::kConnected);
}

TEST_F(EngineQueueTest, EventsTellWhatBecameOfIt) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  std::vector<std::string> kinds;
  for (const auto& [id, event] : world.store.tables().events)
    if (event.subject.starts_with("node/n1/nic") || event.kind.starts_with("operation.f")) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, ElementsAre("nic.connected", "operation.finished"));
}

// Whatever write the process dies at, the next one finishes, and says of nothing that it is done which is not.
TEST_F(EngineQueueTest, AProcessThatDiesAtAnyWriteLeavesWorkForTheNext) {
  using Death = support::MemoryIsolationStore::Death;
  for (const Death death : {Death::kBeforeCommit, Death::kAfterCommit}) {
    for (std::size_t n = 1;; ++n) {
      const std::string first = world.connect("alice", "n1", "net");
      const std::string second = world.detach("alice", "n1", "net", true);
      world.store.die_at(n, death);
      const bool survived = world.run_for(1'000);
      EXPECT_THAT(world.violations(), IsEmpty());
      world.restart();
      ASSERT_TRUE(world.run_for(60'000));
      EXPECT_EQ(state(first), State::kDone);
      EXPECT_EQ(state(second), State::kDone);
      EXPECT_THAT(world.violations(), IsEmpty());
      if (survived) break;
      ASSERT_LT(n, 100U);
    }
  }
}

}  // namespace
}  // namespace isolation
