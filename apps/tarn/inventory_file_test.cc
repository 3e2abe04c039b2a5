// Inventories: what is read, and that a file with anything wrong in it is refused as a whole, by its line.
#include "tarn/inventory_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::string& text) {
  const auto file = InventoryFile::parse(text, "/i");
  return file.ok() ? "" : file.error().message;
}

TEST(InventoryFile, ReadsAWholeDatacenter) {
  const auto file = InventoryFile::parse(R"(
projects:
  - {name: physics, nodes: 10, networks: 4}
  - name: chemistry
users:
  - {name: alice, role: broker, projects: [physics], password_file: alice.secret}
switches:
  - {name: rack1, settings: {endpoint: "tcp:10.0.0.2:6640", bridge: br0}, ports: [p1, p2]}
nodes:
  - name: n1
    owner: physics
    bmc: {address: 10.0.1.1, user: admin, password_file: /etc/bmc}
    nics:
      - {name: eth0, mac: "52:54:00:AA:00:01", switch: rack1, port: p1}
      - {name: eth1, mac: "52:54:00:00:00:02"}
networks:
  - {name: lab, owner: physics, access: [chemistry]}
  - {name: internet, public: true, vlan: 10}
)",
                                         "/i");
  ASSERT_TRUE(file.ok()) << file.error().message;
  ASSERT_EQ(file->projects.size(), 2U);
  EXPECT_EQ(file->projects[0], (InventoryFile::Project{"physics", 10, 4}));
  EXPECT_EQ(file->projects[1], (InventoryFile::Project{"chemistry", {}, {}}));
  EXPECT_EQ(file->users[0], (InventoryFile::User{"alice", "broker", "/i/alice.secret", {"physics"}}));
  EXPECT_EQ(file->switches[0].type, "ovsdb");
  EXPECT_THAT(file->switches[0].ports, ElementsAre("p1", "p2"));
  EXPECT_EQ(file->nodes[0].bmc_password_file, "/etc/bmc");
  EXPECT_EQ(file->nodes[0].nics[0], (InventoryFile::Nic{"eth0", "52:54:00:aa:00:01", "rack1", "p1"}));
  EXPECT_EQ(file->nodes[0].nics[1].port, "");
  EXPECT_EQ(file->networks[0], (InventoryFile::Network{"lab", "physics", false, {"chemistry"}, {}}));
  EXPECT_TRUE(file->networks[1].is_public);
  EXPECT_EQ(file->networks[1].vlan, 10U);
}

TEST(InventoryFile, ListsMayBeLeftOut) {
  const auto file = InventoryFile::parse("projects: []", "/i");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file, InventoryFile{});
}

TEST(InventoryFile, WhatIsWrongIsToldWithItsLine) {
  EXPECT_THAT(refusal("projects:\n  - {name: a}\n  - {nam: b}"), HasSubstr("line 3: a project lacks name"));
  EXPECT_THAT(refusal("projects:\n  - {name: a, color: red}"), HasSubstr("line 2: a project has a field"));
  EXPECT_THAT(refusal("projects:\n  - {name: a}\n  - {name: a}"), HasSubstr("line 3: projects has a twice"));
  EXPECT_THAT(refusal("projects:\n  - {name: \"a b\"}"), HasSubstr("line 2: name must be"));
  EXPECT_THAT(refusal("projects:\n  - {name: a, nodes: -1}"), HasSubstr("nodes must be a whole number"));
  EXPECT_THAT(refusal("projects: 5"), HasSubstr("projects must be a list"));
  EXPECT_THAT(refusal("project: []"), HasSubstr("an inventory has a field that is not known"));
  EXPECT_THAT(refusal("- a"), HasSubstr("an inventory must have fields"));
  EXPECT_THAT(refusal("users:\n  - {name: a, role: king}"), HasSubstr("role must be"));
  EXPECT_THAT(refusal("users:\n  - {name: a, projects: [p, p]}"), HasSubstr("twice"));
  EXPECT_THAT(refusal("switches:\n  - {name: a}"), HasSubstr("settings"));
  EXPECT_THAT(refusal("networks:\n  - {name: a}"), HasSubstr("whose is this network"));
  EXPECT_THAT(refusal("networks:\n  - {name: a, public: true, owner: b}"), HasSubstr("a public network"));
  EXPECT_THAT(refusal("networks:\n  - {name: a, owner: b, vlan: 4095}"), HasSubstr("1 to 4094"));
}

TEST(InventoryFile, ANodeNeedsItsControllerAndNicsThatFit) {
  const std::string bmc = "bmc: {address: a, user: u, password_file: f}";
  EXPECT_THAT(refusal("nodes:\n  - {name: a}"), HasSubstr("a node lacks bmc"));
  EXPECT_THAT(refusal("nodes:\n  - {name: a, bmc: {address: b, user: u}}"), HasSubstr("password_file"));
  EXPECT_THAT(refusal("nodes:\n  - {name: a, bmc: {address: b, user: u, password: secret}}"), HasSubstr("bmc"));
  EXPECT_THAT(refusal("nodes:\n  - {name: a, " + bmc + ", nics: [{name: e, mac: \"1:2\"}]}"), HasSubstr("mac must be"));
  EXPECT_THAT(refusal("nodes:\n  - {name: a, " + bmc + ", nics: [{name: e, mac: \"52:54:00:00:00:01\", port: p}]}"),
              HasSubstr("a port is one of a switch"));
  const std::string nic = "{name: e, mac: \"52:54:00:00:00:01\", switch: s, port: p}";
  const std::string two =
      "nodes:\n  - {name: a, " + bmc + ", nics: [" + nic + "]}\n  - {name: b, " + bmc + ", nics: [" + nic + "]}";
  EXPECT_THAT(refusal(two), HasSubstr("two NICs are on port s/p"));
  const std::string unlisted = "switches:\n  - {name: s, settings: {remote: r}, ports: [q]}\nnodes:\n  - {name: a, " +
                               bmc + ", nics: [" + nic + "]}";
  EXPECT_THAT(refusal(unlisted), HasSubstr("does not list"));
}

TEST(InventoryFile, NoMessageHoldsAPassword) {
  EXPECT_THAT(refusal("nodes:\n  - {name: a, bmc: {address: b, user: u, password: hunter2}}"),
              testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("users:\n  - {name: a, password: hunter2}"), testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tarn
