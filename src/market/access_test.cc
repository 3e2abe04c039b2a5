// Every action as every role, for one's own organisation, another's and nobody's; and the table, against the design's.
#include "market/access.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace market {
namespace {

const OrganisationId kMine{{1}}, kOthers{{2}};
using Names = std::set<std::string_view>;

Caller of_organisation(Role role) { return {kMine, role, "somebody"}; }
Caller of_none(Role role) { return {std::nullopt, role, "somebody"}; }

Names allowed_to(const Caller& caller, const std::optional<OrganisationId>& of) {
  Names names;
  for (const Rule& rule : rules())
    if (may(caller, rule.action, of)) names.insert(rule.name);
  return names;
}

const Names kAuditor{"show-markets", "show-own", "show-own-tokens"};
const Names kTrader{"show-markets", "show-own", "trade", "end-contract"};
const Names kAdministrator{"show-markets", "show-own", "manage-own-tokens", "show-own-tokens", "manage-groups",
                           "manage-lots",  "trade",    "end-contract"};
const Names kOperator{"show-markets",      "manage-markets",  "manage-members",
                      "manage-currencies", "show-everything", "show-own",
                      "manage-own-tokens", "show-own-tokens", "deliver"};

TEST(Access, HasOneRuleForEachActionInTheirOrder) {
  ASSERT_EQ(rules().size(), static_cast<std::size_t>(kLastAction) + 1);
  Names names;
  for (std::size_t i = 0; i < rules().size(); ++i) {
    EXPECT_EQ(rules()[i].action, static_cast<Action>(i));
    EXPECT_TRUE(names.insert(rules()[i].name).second) << rules()[i].name;
  }
}

TEST(Access, OfAnOrganisationIsAsItsRoleSaysAndForItselfAlone) {
  const std::map<Role, Names> expected{{Role::kTrader, kTrader},
                                       {Role::kAuditor, kAuditor},
                                       {Role::kAdministrator, kAdministrator},
                                       {Role::kOperator, {}}};
  for (const auto& [role, names] : expected) {
    EXPECT_EQ(allowed_to(of_organisation(role), kMine), names);
    EXPECT_EQ(allowed_to(of_organisation(role), {}), names);
    EXPECT_EQ(allowed_to(of_organisation(role), kOthers), Names{});
  }
}

TEST(Access, OfNobodyIsForTheOperatorAndTheAuditorOfEverything) {
  Names auditor = kAuditor;
  auditor.insert("show-everything");
  const std::map<Role, Names> expected{
      {Role::kTrader, {}}, {Role::kAuditor, auditor}, {Role::kAdministrator, {}}, {Role::kOperator, kOperator}};
  for (const auto& [role, names] : expected)
    for (const std::optional<OrganisationId>& of : {std::optional<OrganisationId>(), std::optional(kOthers)})
      EXPECT_EQ(allowed_to(of_none(role), of), names);
}

TEST(Access, AnAuditorChangesNothing) {
  for (const Caller& caller : {of_none(Role::kAuditor), of_organisation(Role::kAuditor)})
    for (const std::string_view name : allowed_to(caller, {})) EXPECT_TRUE(name.starts_with("show-")) << name;
}

TEST(Access, ARefusalNamesTheActionAndForWhomItIs) {
  for (const Role role : {Role::kTrader, Role::kAuditor, Role::kAdministrator, Role::kOperator})
    for (const Rule& rule : rules()) {
      const base::Status status = allowed(of_organisation(role), rule.action, kMine);
      EXPECT_EQ(status.ok(), may(of_organisation(role), rule.action, kMine));
      if (status.ok()) continue;
      EXPECT_EQ(status.error().code, base::Code::kForbidden);
      EXPECT_TRUE(status.error().message.starts_with(rule.name)) << status.error().message;
    }
}

}  // namespace
}  // namespace market
