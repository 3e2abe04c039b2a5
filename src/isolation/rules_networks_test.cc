// Networks: who makes which, who sees and uses them, and when they may go.
#include <gtest/gtest.h>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using Strings = std::vector<std::string>;

NewNetwork wanted(const std::string& name, const std::string& owner, std::optional<std::string> access,
                  std::optional<VlanId> vlan = {}) {
  return {name, owner, std::move(access), vlan};
}
std::vector<std::string> names(const Rows<Network>& networks) {
  std::vector<std::string> out;
  for (const Network& network : networks.value()) out.push_back(network.name);
  return out;
}

TEST(RulesOfNetworks, AllowHilsCombinationsAndNoOther) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("a", "", std::nullopt)), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("b", "", std::nullopt, VlanId{7})), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("c", "", "red")), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("d", "", "red", VlanId{8})), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("e", "red", "red")), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("f", "red", "blue")), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("f", "red", std::nullopt)), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("f", "red", "red", VlanId{9})), "invalid");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("f", "", "green")), "not found");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("f", "green", "green")), "not found");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("a", "", std::nullopt)), "conflict");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("a/b", "", std::nullopt)), "invalid");
  EXPECT_EQ(desk.network_row("a").vlan, 100);
  EXPECT_TRUE(desk.network_row("a").vlan_from_pool);
  EXPECT_FALSE(desk.network_row("b").vlan_from_pool);
  EXPECT_TRUE(desk.network_row("b").is_public);
  EXPECT_FALSE(desk.network_row("d").is_public);
}

TEST(RulesOfNetworks, LetATenantNeitherChooseAVlanNorMakeANetworkPublic) {
  IsolationDesk desk;
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "red", "red", VlanId{7})), "invalid");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "red", std::nullopt)), "invalid");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "red", "blue")), "invalid");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "", "red")), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "", std::nullopt)), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "blue", "blue")), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("net", "red", "red")), "ok");
}

TEST(RulesOfNetworks, RefuseVlan4095AndAbove) {
  IsolationDesk desk;
  for (const VlanId vlan : {VlanId{0}, VlanId{4095}, VlanId{4096}, VlanId{65535}})
    EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("net", "", std::nullopt, vlan)), "invalid") << vlan;
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("one", "", std::nullopt, VlanId{1})), "ok");
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("last", "", std::nullopt, VlanId{4094})), "ok");
}

TEST(RulesOfNetworks, GiveEachVlanOnceAndSayWhenThePoolIsEmpty) {
  IsolationDesk desk;  // its pool is 100–103
  desk.must(desk.call("root", &Rules::create_network, wanted("fixed", "", std::nullopt, VlanId{101})));
  EXPECT_EQ(desk.said("root", &Rules::create_network, wanted("again", "", std::nullopt, VlanId{101})), "conflict");
  for (const std::string& name : Strings{"a", "b", "c"}) desk.network("alice", name, "red");
  EXPECT_EQ(desk.network_row("b").vlan, 102);
  EXPECT_EQ(desk.said("alice", &Rules::create_network, wanted("d", "red", "red")), "conflict");
  desk.must(desk.call("alice", &Rules::delete_network, "b"));
  desk.network("bob", "d", "blue");
  EXPECT_EQ(desk.network_row("d").vlan, 102);
}

TEST(RulesOfNetworks, HideAPrivateNetworkFromThoseWhoMayNotUseIt) {
  IsolationDesk desk;
  desk.network("alice", "net", "red");
  desk.must(desk.call("root", &Rules::create_network, wanted("all", "", std::nullopt)));
  EXPECT_EQ(desk.said("bob", &Rules::network, "net"), "not found");
  EXPECT_EQ(desk.said("bob", &Rules::delete_network, "net"), "not found");
  EXPECT_EQ(desk.said("bob", &Rules::grant, "net", "blue"), "not found");
  EXPECT_EQ(desk.said("bob", &Rules::revoke, "net", "blue"), "not found");
  EXPECT_EQ(desk.said("bob", &Rules::attachments, "net", std::nullopt), "not found");
  EXPECT_EQ(names(desk.call("alice", &Rules::networks, Page{})), (Strings{"all", "net"}));
  EXPECT_EQ(names(desk.call("alice", &Rules::networks, (Page{"all", 1}))), (Strings{"net"}));
  EXPECT_EQ(names(desk.call("bob", &Rules::networks, Page{})), (Strings{"all"}));
  EXPECT_EQ(names(desk.call("dora", &Rules::networks, Page{})), (Strings{"all"}));
  EXPECT_EQ(names(desk.call("audit", &Rules::networks, Page{})), (Strings{"all", "net"}));
  EXPECT_EQ(names(desk.call("alice", &Rules::networks_of, "red")), (Strings{"net"}));
  EXPECT_EQ(desk.said("bob", &Rules::networks_of, "red"), "forbidden");
}

TEST(RulesOfNetworks, AreTheOwnersToGrantAndToDelete) {
  IsolationDesk desk;
  desk.network("alice", "net", "red");
  EXPECT_EQ(desk.said("alice", &Rules::grant, "net", "red"), "conflict");  // the owner
  EXPECT_EQ(desk.said("alice", &Rules::grant, "net", "green"), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::grant, "net", "blue"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::grant, "net", "blue"), "conflict");
  EXPECT_EQ(desk.call("bob", &Rules::network, "net")->access, (Strings{"blue", "red"}));
  EXPECT_EQ(desk.call("bob", &Rules::network, "net")->owner, "red");
  EXPECT_EQ(desk.said("bob", &Rules::delete_network, "net"), "forbidden");
  EXPECT_EQ(desk.said("bob", &Rules::grant, "net", "blue"), "forbidden");
  EXPECT_EQ(desk.said("bob", &Rules::revoke, "net", "red"), "forbidden");
  EXPECT_EQ(desk.said("bob", &Rules::revoke, "net", "green"), "forbidden");  // alike
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "red"), "conflict");   // the owner
  EXPECT_EQ(desk.said("bob", &Rules::revoke, "net", "blue"), "ok");          // itself
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "not found");
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "ok");
  desk.must(desk.call("root", &Rules::create_network, wanted("all", "", std::nullopt)));
  EXPECT_EQ(desk.said("root", &Rules::grant, "all", "red"), "conflict");  // everybody may
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "all"), "forbidden");
  EXPECT_TRUE(desk.call("bob", &Rules::network, "all")->access.empty());
}

TEST(RulesOfNetworks, StayPrivateWhenTheLastProjectIsRevoked) {
  IsolationDesk desk;
  desk.must(desk.call("root", &Rules::create_network, wanted("net", "", "red")));
  desk.must(desk.call("root", &Rules::revoke, "net", "red"));
  EXPECT_FALSE(desk.network_row("net").is_public);
  for (const std::string& user : Strings{"alice", "bob", "dora"})
    EXPECT_EQ(desk.said(user, &Rules::network, "net"), "not found") << user;
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  EXPECT_EQ(support::verdict(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net"))), "not found");
  EXPECT_EQ(support::verdict(desk.change("root", IsolationDesk::connect("n1", "eth0", "net"))), "conflict");
}

TEST(RulesOfNetworks, KeepAccessWhileAProjectUsesIt) {
  IsolationDesk desk;
  desk.network("alice", "net", "red");
  desk.must(desk.call("alice", &Rules::grant, "net", "blue"));
  desk.must(desk.call("bob", &Rules::allocate_node, "n1", "blue"));
  desk.must(desk.call("alice", &Rules::allocate_node, "n2", "red"));
  desk.must(desk.change("alice", IsolationDesk::connect("n2", "eth0", "net")));  // the owner's own is no reason
  desk.must(desk.change("bob", IsolationDesk::connect("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "conflict");  // a revoke cannot race a pending connect
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "conflict");  // attached
  desk.must(desk.change("bob", IsolationDesk::detach("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "conflict");  // detaching
  desk.must(desk.change("bob", IsolationDesk::connect("n1", "eth0", "net"), true));
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "conflict");  // what was in line is pending now
  desk.switch_answers(false);
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "conflict");  // may be live
  desk.must(desk.change("bob", IsolationDesk::detach("n1", "eth0", "net")));
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::revoke, "net", "blue"), "ok");
  EXPECT_EQ(desk.attachments().size(), 1U);
}

TEST(RulesOfNetworks, KeepAVlanUntilNothingIsAttachedOrPending) {
  IsolationDesk desk;
  desk.network("alice", "net", "red");
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "conflict");  // connecting
  desk.switch_answers(true);
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "conflict");  // connected
  desk.must(desk.change("alice", IsolationDesk::detach("n1", "eth0", "net")));
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "conflict");  // detaching
  desk.switch_answers(true);
  desk.network("alice", "other", "red");
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "other")));
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net", "vlan/100"), true));
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "conflict");  // in line
  desk.must(desk.call("alice", &Rules::release_node, "n1"));
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "net"), "ok");
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "other"), "conflict");  // until the port was read
  desk.finish_releases();
  EXPECT_EQ(desk.said("alice", &Rules::delete_network, "other"), "ok");
}

TEST(RulesOfNetworks, ShowTheOwnerAllAttachmentsAndOthersTheirOwn) {
  IsolationDesk desk;
  desk.network("alice", "net", "red");
  desk.must(desk.call("alice", &Rules::grant, "net", "blue"));
  desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
  desk.must(desk.call("bob", &Rules::allocate_node, "n2", "blue"));
  desk.must(desk.change("alice", IsolationDesk::connect("n1", "eth0", "net")));
  desk.must(desk.change("bob", IsolationDesk::connect("n2", "eth0", "net")));
  const auto nodes = [&](const std::string& user, std::optional<std::string> project) {
    Strings out;
    const auto views = desk.call(user, &Rules::attachments, "net", project).value();
    for (const auto& view : views) out.push_back(view.node + " of " + view.project);
    return out;
  };
  EXPECT_EQ(nodes("alice", {}), (Strings{"n1 of red", "n2 of blue"}));
  EXPECT_EQ(nodes("audit", {}), (Strings{"n1 of red", "n2 of blue"}));
  EXPECT_EQ(nodes("alice", "blue"), (Strings{"n2 of blue"}));
  EXPECT_EQ(nodes("bob", {}), (Strings{"n2 of blue"}));
  EXPECT_EQ(nodes("bob", "blue"), (Strings{"n2 of blue"}));
  EXPECT_EQ(desk.said("bob", &Rules::attachments, "net", std::optional<std::string>("red")), "forbidden");
  EXPECT_EQ(desk.said("alice", &Rules::attachments, "net", std::optional<std::string>("green")), "not found");
}

}  // namespace
}  // namespace isolation
