// Switches, ports and what hangs on them: administrators only, and nothing is parted that may be live.
#include <gtest/gtest.h>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;

TEST(RulesOfSwitches, AreRegisteredOnceWithATypeAndSettings) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::create_switch, SwitchRecord{0, "s2", "memory", "{}"}), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::create_switch, SwitchRecord{0, "s1", "memory", "{}"}), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_switch, SwitchRecord{0, "s 2", "memory", "{}"}), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_switch, SwitchRecord{0, "s2", "", "{}"}), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_switch, SwitchRecord{0, "s2", "memory", std::string(65'537, ' ')}),
            "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_switch, SwitchRecord{0, "s2", "memory", "{}"}), "ok");
  EXPECT_EQ(desk.said("root", &Rules::delete_switch, "s1"), "conflict");  // has ports
  EXPECT_EQ(desk.said("root", &Rules::delete_switch, "s3"), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::delete_switch, "s2"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::delete_switch, "s2"), "ok");
}

TEST(RulesOfSwitches, ShowNoTenantASwitch) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::switches, Page{}), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::switch_record, "s1"), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::switch_record, "s9"), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::ports, "s1", Page{}), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::port, "s1", "n1-eth0"), "forbidden");
  EXPECT_EQ(desk.call("audit", &Rules::switches, Page{})->size(), 1U);
  EXPECT_EQ(desk.call("audit", &Rules::switch_record, "s1")->type, "memory");
  EXPECT_EQ(desk.call("audit", &Rules::ports, "s1", Page{})->size(), 4U);
  EXPECT_EQ(desk.call("audit", &Rules::port, "s1", "n1-eth0")->node, "n1");
  EXPECT_EQ(desk.said("audit", &Rules::create_port, "s1", "p"), "forbidden");
}

TEST(RulesOfPorts, AreMadeOnceAndGoWithoutANic) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::create_port, "s1", "gi1/0/5"), "ok");  // as switches name them
  EXPECT_EQ(desk.said("root", &Rules::create_port, "s1", "gi1/0/5"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_port, "s1", "/5"), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_port, "s9", "p"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::delete_port, "s1", "n1-eth0"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::delete_port, "s1", "p"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::delete_port, "s1", "gi1/0/5"), "ok");
}

TEST(RulesOfPorts, HoldOneNicWhichIsOnOnePort) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_port, "s1", "p"));
  desk.must(desk.call("root", &Rules::create_nic, "n1", "eth2", "02:00:00:00:00:02"));
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "n1-eth0", "n1", "eth2"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth0"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n9", "eth0"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth9"), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::connect_port, "s1", "p", "n1", "eth2"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "p"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth2"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::part_port, "s1", "p"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "p"), "ok");
  EXPECT_EQ(desk.call("root", &Rules::port, "s1", "p")->node, "");
}

TEST(RulesOfPorts, ComeToANodeThatSomebodyHoldsOnlyWhenTheyWereSeenIsolated) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_nic, "n1", "eth2", "02:00:00:00:00:02"));
  desk.must(desk.call("root", &Rules::create_port, "s1", "p"));
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth2"), "conflict");
  desk.see("p", PortState{{}, {100}});
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth2"), "conflict");
  desk.see("p", PortState{});
  EXPECT_EQ(desk.said("root", &Rules::connect_port, "s1", "p", "n1", "eth2"), "ok");
}

TEST(RulesOfPorts, StayWithTheirNicsUntilTheNodeIsIdle) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "n1-eth0"), "conflict");
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "n1-eth0"), "conflict");
  desk.finish_releases();
  desk.must(desk.call("root", &Rules::revert_port, "s1", "n1-eth0"));
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "n1-eth0"), "conflict");  // pending
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("root", &Rules::part_port, "s1", "n1-eth0"), "ok");
}

TEST(RulesOfPorts, AreRevertedToNothing) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.network("alice", "net", "red");
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("root", &Rules::revert_port, "s1", "n1-eth0"), "conflict");  // pending
  desk.switch_answers(false);
  EXPECT_EQ(desk.said("alice", &Rules::revert_port, "s1", "n1-eth0"), "forbidden");
  desk.must(desk.call("root", &Rules::create_port, "s1", "p"));
  EXPECT_EQ(desk.said("root", &Rules::revert_port, "s1", "p"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::revert_port, "s1", "n1-eth0"), "ok");
  EXPECT_TRUE(desk.call("root", &Rules::port, "s1", "n1-eth0")->wanted.isolated());
  desk.switch_answers(true);
  EXPECT_TRUE(desk.attachments().empty());
}

TEST(RulesOfPorts, ShowWhatTheyShouldLetThrough) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.network("alice", "net", "red");
  desk.network("alice", "more", "red");
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  desk.switch_answers(true);
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "more", "vlan/101")));
  EXPECT_EQ(desk.call("audit", &Rules::port, "s1", "n1-eth0")->wanted, (PortState{100, {101}}));
  EXPECT_TRUE(desk.call("audit", &Rules::port, "s1", "n1-eth1")->wanted.isolated());
}

}  // namespace
}  // namespace isolation
