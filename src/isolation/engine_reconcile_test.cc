#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/isolation_world.h"

namespace isolation {
namespace {

using support::must;
using Fault = support::MemorySwitch::Fault;
using AttachmentState = Attachment::State;
using testing::IsEmpty;

class ReconcileTest : public testing::Test {
 protected:
  ReconcileTest() {
    world.add_node("n1", "s1");
    world.add_node("n2", "s1");
    must(world.call("alice", &Rules::allocate_node, "n1", "red"));
    world.add_network("net", "red");
  }
  std::vector<SwitchQueue::Drift> reconcile(bool repair) {
    return must(world.queue("s1").reconcile(world.now, repair));
  }
  PortState port(const std::string& name) { return world.switches.at("s1").state(name); }
  // A connect that ends in error, after the switch has taken it or not.
  void connect_in_error(bool taken) {
    world.switches.at("s1").set_fault(taken ? Fault::kTooLate : Fault::kUnreachable);
    const std::string uuid = world.connect("alice", "n1", "net");
    ASSERT_TRUE(world.run_for(20'000));
    ASSERT_EQ(world.operation(uuid).state, OperationView::State::kError);
    ASSERT_EQ(world.attachment("n1", "net"), AttachmentState::kUncertain);
    world.switches.at("s1").heal();
  }

  support::IsolationWorld world;
};

TEST_F(ReconcileTest, WhatIsAsWantedIsNoDrift) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_THAT(reconcile(false), IsEmpty());
  EXPECT_EQ(world.port("n2-eth0").observed, PortState());  // read, though nothing was ever asked of it
}

TEST_F(ReconcileTest, WhatSomebodyChangedAtTheSwitchIsFoundAndSetRight) {
  world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  const PortState wanted = port("n1-eth0");
  world.switches.at("s1").meddle("n1-eth0", {});
  world.switches.at("s1").meddle("n2-eth0", wanted);  // a free node, in red's network
  const auto found = reconcile(false);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].port, "n1-eth0");
  EXPECT_EQ(found[0].wanted, wanted);
  EXPECT_EQ(found[0].observed, PortState());
  EXPECT_EQ(world.port("n1-eth0").observed, PortState());
  EXPECT_EQ(port("n1-eth0"), PortState());  // only looked
  EXPECT_EQ(reconcile(true).size(), 2U);
  EXPECT_EQ(port("n1-eth0"), wanted);
  EXPECT_TRUE(port("n2-eth0").isolated());
  EXPECT_THAT(reconcile(false), IsEmpty());
  EXPECT_THAT(world.violations(), IsEmpty());
}

TEST_F(ReconcileTest, APortThatNothingHangsOnIsIsolated) {
  must(world.call("root", &Rules::create_port, "s1", "spare"));
  world.switches.at("s1").meddle("spare", {7, {8}});
  EXPECT_EQ(reconcile(true).size(), 1U);
  EXPECT_TRUE(port("spare").isolated());
}

TEST_F(ReconcileTest, AnUncertainAttachmentThatIsLiveIsConnected) {
  connect_in_error(true);
  EXPECT_THAT(reconcile(false), IsEmpty());
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnected);
  EXPECT_THAT(world.violations(), IsEmpty());
}

TEST_F(ReconcileTest, AnUncertainAttachmentThatIsNotLiveIsGone) {
  connect_in_error(false);
  EXPECT_THAT(reconcile(false), IsEmpty());
  EXPECT_EQ(world.attachment("n1", "net"), std::nullopt);
}

TEST_F(ReconcileTest, AnUncertainAttachmentThatMayNotBeIsTakenOff) {
  world.add_network("other", "blue");
  must(world.call("bob", &Rules::grant, "other", "red"));
  world.switches.at("s1").set_fault(Fault::kTooLate);
  world.connect("alice", "n1", "other");
  ASSERT_TRUE(world.run_for(20'000));
  world.switches.at("s1").heal();
  must(world.store.write([&](Transaction& t) -> base::Status {
    return t.let_into(t.find_network("other").value()->id, t.find_project("red").value()->id, false);
  }));
  EXPECT_EQ(reconcile(false).size(), 1U);
  EXPECT_EQ(world.attachment("n1", "other"), AttachmentState::kUncertain);
  EXPECT_EQ(reconcile(true).size(), 1U);
  EXPECT_EQ(world.attachment("n1", "other"), std::nullopt);
  EXPECT_TRUE(port("n1-eth0").isolated());
}

TEST_F(ReconcileTest, APortWithAChangeOnItsWayIsLeftToIt) {
  world.connect("alice", "n1", "net");
  EXPECT_THAT(reconcile(true), IsEmpty());
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kConnecting);
}

TEST_F(ReconcileTest, ASwitchThatCannotBeReadIsAnErrorAndChangesNothing) {
  connect_in_error(false);
  world.switches.at("s1").set_fault(Fault::kUnreachable);
  const auto answer = world.queue("s1").reconcile(world.now, true);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, base::Code::kUnreachable);
  EXPECT_EQ(world.attachment("n1", "net"), AttachmentState::kUncertain);
}

TEST_F(ReconcileTest, ARepairThatFailsLeavesThePortUnknown) {
  world.switches.at("s1").meddle("n1-eth0", {7, {}});
  world.switches.at("s1").once(Fault::kTooLate);
  EXPECT_FALSE(world.queue("s1").reconcile(world.now, true).ok());
  EXPECT_EQ(world.port("n1-eth0").observed, std::nullopt);
}

TEST_F(ReconcileTest, AFailedConnectCanBeAskedForAgainOnceItIsSettled) {
  connect_in_error(false);
  EXPECT_FALSE(world.change("alice", Change::Kind::kConnect, "n1", "eth0", "net").ok());
  reconcile(false);
  const std::string uuid = world.connect("alice", "n1", "net");
  ASSERT_TRUE(world.run_for(0));
  EXPECT_EQ(world.operation(uuid).state, OperationView::State::kDone);
}

}  // namespace
}  // namespace isolation
