// Every action as every role, against what each need means; and the table itself, against the design's.
#include "isolation/access.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace isolation {
namespace {

constexpr Id kMine = 7, kOthers = 8;

Caller caller(Role role) { return {1, "somebody", role, {kMine}}; }

TEST(Access, HasOneRuleForEachActionInTheirOrder) {
  ASSERT_EQ(rules().size(), static_cast<std::size_t>(kLastAction) + 1);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < rules().size(); ++i) {
    EXPECT_EQ(rules()[i].action, static_cast<Action>(i));
    EXPECT_EQ(&rule(static_cast<Action>(i)), &rules()[i]);
    EXPECT_TRUE(names.insert(rules()[i].name).second) << rules()[i].name;
  }
}

TEST(Access, IsForWhomTheTableNamesAndNobodyElse) {
  for (const Role role : {Role::kMember, Role::kBroker, Role::kAuditor, Role::kAdministrator})
    for (const std::optional<Id> project : {std::optional<Id>(), std::optional(kMine), std::optional(kOthers)})
      for (const Rule& rule : rules()) {
        const bool mine = project == kMine;
        std::set<Need> met{Need::kAnybody};
        if (role == Role::kMember && mine) met = {Need::kAnybody, Need::kProject, Need::kBroker};
        if (role == Role::kBroker) met = {Need::kAnybody, Need::kBroker};
        if (role == Role::kBroker && mine) met = {Need::kAnybody, Need::kProject, Need::kBroker};
        bool expected = met.contains(rule.need);
        if (role == Role::kAuditor) expected = rule.reads || rule.need == Need::kAnybody;
        if (role == Role::kAdministrator) expected = true;
        const std::string what = std::string(rule.name) + " as role " + std::to_string(static_cast<int>(role));
        EXPECT_EQ(may(caller(role), rule.action, project), expected) << what;
        const base::Status status = allowed(caller(role), rule.action, project);
        EXPECT_EQ(status.ok(), expected) << what;
        if (status.ok()) continue;
        EXPECT_EQ(status.error().code, base::Code::kForbidden) << what;
        EXPECT_TRUE(status.error().message.starts_with(rule.name)) << status.error().message;
      }
}

TEST(Access, IsAsTheDesignSays) {
  const std::map<Need, std::set<std::string_view>> by_need = {
      {Need::kAnybody,
       {"list-nodes", "show-free-node", "list-networks", "list-operations", "manage-own-tokens", "show-events"}},
      {Need::kProject,
       {"show-project", "show-node", "allocate-node", "release-node", "use-bmc", "list-for-broker", "return-node",
        "connect-nic", "detach-nic", "show-network", "create-own-network", "delete-network", "show-all-attachments",
        "show-own-attachments", "grant-access", "revoke-access", "show-operation"}},
      {Need::kBroker, {"lend-node"}},
      {Need::kAuditor, {"list-projects", "show-topology", "show-switches", "show-users"}},
      {Need::kAdministrator,
       {"create-project", "delete-project", "set-quota", "create-node", "delete-node", "set-metadata", "set-owner",
        "create-nic", "delete-nic", "create-any-network", "manage-switches", "manage-users"}},
  };
  std::map<Need, std::set<std::string_view>> table;
  for (const Rule& rule : rules()) table[rule.need].insert(rule.name);
  EXPECT_EQ(table, by_need);
}

TEST(Access, LetsAnAuditorReadEverythingAndChangeNothingButItsOwnTokens) {
  for (const Rule& rule : rules()) {
    const bool looks = rule.name.starts_with("list-") || rule.name.starts_with("show-");
    if (rule.action == Action::kListForBroker) continue;  // puts it on a list
    EXPECT_EQ(rule.reads, looks) << rule.name;
    EXPECT_EQ(may(caller(Role::kAuditor), rule.action, kOthers), looks || rule.action == Action::kManageOwnTokens)
        << rule.name;
  }
  EXPECT_FALSE(may(caller(Role::kAuditor), Action::kListForBroker, kMine));
}

}  // namespace
}  // namespace isolation
