// Nodes as administrators register them and as everybody sees them: what is refused, and what is hidden.
#include <gtest/gtest.h>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using Strings = std::vector<std::string>;

NewNode new_node(const std::string& name, const std::string& owner = {}) { return {name, IsolationDesk::bmc(), owner}; }
NodeFilter with_metadata(const std::string& label, const std::string& json) {
  NodeFilter filter;
  filter.metadata = {{label, json}};
  return filter;
}

TEST(RulesOfNodes, AreRegisteredOnceWithWhatABmcNeeds) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::create_node, new_node("n3")), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::create_node, new_node("n1")), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_node, new_node("n 3")), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_node, new_node("n3", "green")), "not found");
  NewNode bad = new_node("n3");
  bad.bmc.type = "";
  EXPECT_EQ(desk.said("root", &Rules::create_node, bad), "invalid");
  for (const std::string& address : {std::string(), std::string("a b"), std::string(256, 'a')}) {
    bad = new_node("n3");
    bad.bmc.address = address;
    EXPECT_EQ(desk.said("root", &Rules::create_node, bad), "invalid") << address;
  }
  bad = new_node("n3");
  bad.bmc.user = "two words";
  EXPECT_EQ(desk.said("root", &Rules::create_node, bad), "invalid");
  bad = new_node("n3");
  bad.bmc.sealed_password.assign(1'025, 0);
  EXPECT_EQ(desk.said("root", &Rules::create_node, bad), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_node, new_node("n3", "red")), "ok");
  EXPECT_EQ(desk.node_row("n3").owner, desk.project_row("red").id);
}

TEST(RulesOfNodes, AreDeletedOnlyIdleAndWithoutNics) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("alice", &Rules::delete_node, "n1"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::delete_node, "n1"), "conflict");  // in a project
  EXPECT_EQ(desk.said("root", &Rules::delete_node, "n2"), "conflict");  // has NICs
  EXPECT_EQ(desk.said("root", &Rules::delete_node, "n3"), "not found");
  for (const std::string& nic : Strings{"eth0", "eth1"}) {
    desk.must(desk.call("root", &Rules::part_port, "s1", "n2-" + nic));
    desk.must(desk.call("root", &Rules::delete_nic, "n2", nic));
  }
  EXPECT_EQ(desk.said("root", &Rules::delete_node, "n2"), "ok");
}

TEST(RulesOfNodes, KeepNicsOnTheirPortsAndInTheirProjects) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::create_nic, "n1", "eth0", "02:00:00:00:00:02"), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_nic, "n1", "eth 2", "02:00:00:00:00:02"), "invalid");
  EXPECT_EQ(desk.said("alice", &Rules::create_nic, "n1", "eth2", "02:00:00:00:00:02"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::delete_nic, "n1", "eth0"), "conflict");  // on a port
  EXPECT_EQ(desk.said("root", &Rules::delete_nic, "n1", "eth2"), "not found");
  EXPECT_EQ(desk.said("root", &Rules::create_nic, "n1", "eth2", "02:00:00:00:00:02"), "ok");
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("root", &Rules::delete_nic, "n1", "eth2"), "conflict");  // in a project
  EXPECT_EQ(desk.said("alice", &Rules::delete_nic, "n1", "eth2"), "forbidden");
}

TEST(RulesOfNodes, NormaliseMacAddresses) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_nic, "n1", "eth2", "AA-bb-CC-0d-1e-9F"));
  EXPECT_EQ(desk.call("root", &Rules::node, "n1")->nics[2].nic.mac, "aa:bb:cc:0d:1e:9f");
  for (const std::string& mac : Strings{"", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:fg", "aabbccddeeff",
                                        "aa:bb:cc:dd:ee:ff:00", "aa:bb:cc:dd:ee:f:", ":aa:bb:cc:dd:ee:f"})
    EXPECT_EQ(desk.said("root", &Rules::create_nic, "n1", "eth3", mac), "invalid") << mac;
}

TEST(RulesOfNodes, BoundMetadata) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::set_metadata, "n1", "cpu", "1"), "forbidden");
  EXPECT_EQ(desk.said("root", &Rules::set_metadata, "n1", "c/u", "1"), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::set_metadata, "n1", "cpu", ""), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::set_metadata, "n1", "cpu", std::string(64 * 1024 + 1, '1')), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::set_metadata, "n1", "cpu", std::string(64 * 1024, '1')), "ok");
  EXPECT_EQ(desk.said("root", &Rules::drop_metadata, "n1", "cpu"), "ok");
  EXPECT_EQ(desk.said("root", &Rules::drop_metadata, "n1", "cpu"), "not found");
}

TEST(RulesOfNodes, FindNodesByMetadataOnlyAmongThoseOneMaySee) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::set_metadata, "n1", "cpu", "\"xeon\""));
  desk.must(desk.call("bob", &Rules::allocate_node, "n1", "blue"));
  NodeFilter filter = with_metadata("cpu", "");
  EXPECT_EQ(desk.said("alice", &Rules::nodes, filter, Page{}), "invalid");
  EXPECT_EQ(desk.call("root", &Rules::nodes, filter, Page{})->size(), 1U);
  filter.free = true;
  EXPECT_TRUE(desk.call("alice", &Rules::nodes, filter, Page{})->empty());
  filter.free.reset();
  filter.project = desk.project_row("blue").id;
  EXPECT_EQ(desk.said("alice", &Rules::nodes, filter, Page{}), "forbidden");
  EXPECT_EQ(desk.call("bob", &Rules::nodes, filter, Page{})->size(), 1U);
}

TEST(RulesOfNodes, ListEveryNodeButNotWhoHoldsItOrItsBmc) {
  IsolationDesk desk;
  desk.must(desk.call("bob", &Rules::allocate_node, "n1", "blue"));
  desk.must(desk.call("bob", &Rules::set_bmc_enabled, "n1", true));
  const std::vector<Node> seen = desk.call("alice", &Rules::nodes, NodeFilter{}, Page{}).value();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].name, "n1");
  EXPECT_EQ(seen[0].state, NodeState::kHeld);
  EXPECT_FALSE(seen[0].project);
  EXPECT_FALSE(seen[0].bmc_enabled);
  for (const std::string& user : Strings{"alice", "bob", "root"})
    EXPECT_EQ(desk.call(user, &Rules::nodes, NodeFilter{}, Page{})->front().bmc.address, "") << user;
  EXPECT_TRUE(desk.call("bob", &Rules::nodes, NodeFilter{}, Page{})->front().project);
  EXPECT_EQ(desk.call("bob", &Rules::nodes, NodeFilter{}, (Page{"n1", 100}))->size(), 1U);
}

TEST(RulesOfNodes, ShowAFreeNodeToAllAndAHeldOneToItsProject) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("dora", &Rules::node, "n1"), "ok");
  EXPECT_EQ(desk.said("dora", &Rules::node, "n3"), "not found");
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.call("alice", &Rules::node, "n1")->project, "red");
  EXPECT_EQ(desk.said("audit", &Rules::node, "n1"), "ok");
  EXPECT_EQ(desk.said("bob", &Rules::node, "n1"), "forbidden");
  desk.must(desk.call("root", &Rules::set_owner, "n2", "red"));
  EXPECT_EQ(desk.call("alice", &Rules::node, "n2")->owner, "red");
  EXPECT_EQ(desk.said("bob", &Rules::node, "n2"), "forbidden");  // at home, but not free
}

TEST(RulesOfNodes, ShowSwitchesAndControllersToThoseWhoRunThem) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  Node node = desk.node_row("n1");
  node.problem = "bmc.example does not answer";
  desk.must(desk.store.write([&](Transaction& t) { return t.update_node(node); }));
  for (const std::string& user : Strings{"root", "audit"}) {
    const NodeView view = desk.call(user, &Rules::node, "n1").value();
    EXPECT_EQ(view.nics[0].switch_name, "s1");
    EXPECT_EQ(view.nics[0].port_name, "n1-eth0");
    EXPECT_EQ(view.node.bmc.address, "bmc.example:623");
    EXPECT_TRUE(view.node.bmc.sealed_password.empty());
    EXPECT_NE(view.node.problem, "");
  }
  const NodeView view = desk.call("alice", &Rules::node, "n1").value();
  EXPECT_EQ(view.nics[0].switch_name, "");
  EXPECT_EQ(view.nics[0].port_name, "");
  EXPECT_FALSE(view.nics[0].nic.port);
  EXPECT_EQ(view.node.bmc.address, "");
  EXPECT_EQ(view.node.bmc.user, "");
  EXPECT_TRUE(view.node.bmc.sealed_password.empty());
  EXPECT_EQ(view.node.problem, "");
}

TEST(RulesOfNodes, ShowBothNicsOfANodeThatAreOnOneNetwork) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.network("alice", "net", "red");
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth1", "net", "vlan/100")));
  desk.switch_answers(true);
  const NodeView view = desk.call("alice", &Rules::node, "n1").value();
  for (const NodeView::NicView& nic : view.nics) {
    ASSERT_EQ(nic.attachments.size(), 1U) << nic.nic.name;
    EXPECT_EQ(nic.attachments[0].second.name, "net");
    EXPECT_FALSE(nic.busy);
  }
  const auto attached = desk.call("alice", &Rules::attachments, "net", std::nullopt).value();
  ASSERT_EQ(attached.size(), 2U);
  EXPECT_EQ(attached[0].nic + " " + attached[0].channel, "eth0 vlan/native");
  EXPECT_EQ(attached[1].nic + " " + attached[1].channel, "eth1 vlan/100");
}

TEST(RulesOfNodes, GiveTheBmcToTheProjectOnlyWhileItIsEnabled) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::set_bmc_enabled, "n1", true), "conflict");  // in no project
  EXPECT_EQ(desk.said("alice", &Rules::set_bmc_enabled, "n1", true), "forbidden");
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(desk.said("alice", &Rules::use_bmc, "n1", BmcUse::kAct), "conflict");
  EXPECT_EQ(desk.said("bob", &Rules::set_bmc_enabled, "n1", true), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::set_bmc_enabled, "n1", true), "ok");
  EXPECT_EQ(desk.call("alice", &Rules::use_bmc, "n1", BmcUse::kAct)->sealed_password,
            IsolationDesk::bmc().sealed_password);
  EXPECT_EQ(desk.said("bob", &Rules::use_bmc, "n1", BmcUse::kAct), "forbidden");
  EXPECT_EQ(desk.said("audit", &Rules::use_bmc, "n1", BmcUse::kAct), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::set_bmc_enabled, "n1", false), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::use_bmc, "n1", BmcUse::kAct), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::use_bmc, "n1", BmcUse::kAct), "ok");
}

TEST(RulesOfNodes, LetNobodyTurnOnWhatIsBeingReleased) {
  IsolationDesk desk;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.must(desk.call("alice", &Rules::set_bmc_enabled, "n1", true));
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  for (const BmcUse use : {BmcUse::kLook, BmcUse::kTurnOff, BmcUse::kAct})
    EXPECT_EQ(desk.said("alice", &Rules::use_bmc, "n1", use), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::use_bmc, "n1", BmcUse::kAct), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::use_bmc, "n1", BmcUse::kTurnOff), "ok");
  EXPECT_EQ(desk.said("root", &Rules::use_bmc, "n1", BmcUse::kLook), "ok");
  desk.finish_releases();
  EXPECT_EQ(desk.said("root", &Rules::use_bmc, "n1", BmcUse::kAct), "ok");
}

}  // namespace
}  // namespace isolation
