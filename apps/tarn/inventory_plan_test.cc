// Plans: the calls that bring a service to what an inventory says, and no others.
#include "tarn/inventory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> plan(const InventoryFile& wanted, const ServiceState& found) {
  const auto steps = plan_inventory(wanted, found);
  EXPECT_TRUE(steps.ok()) << steps.error().message;
  std::vector<std::string> out;
  for (const InventoryStep& step : *steps) out.push_back(step.what);
  return out;
}

InventoryFile datacenter() {
  InventoryFile out;
  out.projects = {{"physics", 10, {}}, {"chemistry", {}, {}}};
  out.users = {{"alice", "member", "alice.secret", {"physics"}}};
  out.switches = {{"rack1", "ovsdb", {{"remote", "tcp:h:1"}}, {"p1"}}};
  out.nodes = {
      {"n1", "physics", "ipmi", "10.0.0.1", "admin", "bmc.secret", {{"eth0", "52:54:00:00:00:01", "rack1", "p1"}}}};
  out.networks = {{"lab", "physics", false, {"chemistry"}, {}}, {"net", "", true, {}, 10}};
  return out;
}

// What the service holds once all of that is done.
ServiceState as_wanted() {
  ServiceState out;
  out.projects = {{"physics", {"physics", 10, {}}}, {"chemistry", {"chemistry", {}, {}}}};
  out.users = {{"alice", {"member", {"physics"}}}};
  out.switches = {{"rack1", {"p1"}}};
  out.nodes = {{"n1", {"physics", {{"eth0", {"52:54:00:00:00:01", "rack1", "p1"}}}}}};
  out.networks = {{"lab", {"physics", false, {"physics", "chemistry"}}}, {"net", {"", true, {}}}};
  return out;
}

TEST(InventoryPlan, AnEmptyServiceGetsEverythingInAnOrderThatWorks) {
  EXPECT_THAT(
      plan(datacenter(), {}),
      ElementsAre("create project physics", "create project chemistry", "register switch rack1",
                  "register port rack1/p1", "register node n1", "register NIC n1/eth0",
                  "connect NIC n1/eth0 to port rack1/p1", "create network lab", "let project chemistry use network lab",
                  "create network net", "create user alice, member", "add user alice to project physics"));
}

TEST(InventoryPlan, ASecondImportHasNothingToDo) { EXPECT_THAT(plan(datacenter(), as_wanted()), IsEmpty()); }

TEST(InventoryPlan, WhatTheInventoryDoesNotNameStays) {
  ServiceState found = as_wanted();
  found.projects["biology"] = {"biology", 1, 1};
  found.switches["rack1"].insert("p9");
  found.networks["lab"].access.insert("biology");
  found.users["alice"].projects.insert("biology");
  EXPECT_THAT(plan(datacenter(), found), IsEmpty());
}

TEST(InventoryPlan, WhatDiffersIsSet) {
  ServiceState found = as_wanted();
  found.projects["physics"].nodes = 5;
  found.users["alice"].role = "auditor";
  found.nodes["n1"].owner = "";
  EXPECT_THAT(plan(datacenter(), found),
              ElementsAre("set quota of project physics: nodes 5 -> 10, networks no limit -> no limit",
                          "set owner of node n1 to physics", "set role of user alice: auditor -> member"));
}

TEST(InventoryPlan, WhatCannotBothBeRightIsToldAllAtOnce) {
  ServiceState found = as_wanted();
  found.networks["lab"].owner = "chemistry";
  found.nodes["n1"].nics["eth0"].port = "p2";
  const auto steps = plan_inventory(datacenter(), found);
  ASSERT_FALSE(steps.ok());
  EXPECT_EQ(steps.error().code, base::Code::kConflict);
  EXPECT_THAT(steps.error().message, HasSubstr("n1/eth0 hangs on another port, rack1/p2"));
  EXPECT_THAT(steps.error().message, HasSubstr("network lab"));
  EXPECT_THAT(steps.error().message, HasSubstr("nothing was changed"));
}

TEST(InventoryPlan, PasswordsAreNamedAndNotHeld) {
  const auto steps = plan_inventory(datacenter(), {});
  ASSERT_TRUE(steps.ok());
  std::vector<std::string> files;
  for (const InventoryStep& step : *steps)
    if (!step.password_file.empty()) files.push_back(step.password_at + " of " + step.password_file);
  EXPECT_THAT(files, ElementsAre("bmc.password of bmc.secret", "password of alice.secret"));
}

}  // namespace
}  // namespace tarn
