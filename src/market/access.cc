#include "market/access.h"

#include <iterator>

#include "base/check.h"

namespace market {
namespace {

constexpr Rule kRules[] = {
    // action, name, operator, administrator, trader, auditor
    {Action::kShowMarkets, "show-markets", true, true, true, true},
    {Action::kManageMarkets, "manage-markets", true, false, false, false},
    {Action::kManageMembers, "manage-members", true, false, false, false},
    {Action::kManageCurrencies, "manage-currencies", true, false, false, false},
    {Action::kShowEverything, "show-everything", true, false, false, true},
    {Action::kShowOwn, "show-own", true, true, true, true},
    {Action::kManageOwnTokens, "manage-own-tokens", true, true, false, false},
    {Action::kShowOwnTokens, "show-own-tokens", true, true, false, true},
    {Action::kManageGroups, "manage-groups", false, true, false, false},
    {Action::kManageLots, "manage-lots", false, true, false, false},
    {Action::kTrade, "trade", false, true, true, false},
    {Action::kDeliver, "deliver", true, false, false, false},
    {Action::kEndContract, "end-contract", false, true, true, false},
};
static_assert(std::size(kRules) == static_cast<std::size_t>(kLastAction) + 1, "one rule for each action");

const Rule& rule(Action action) {
  const Rule& found = kRules[static_cast<std::size_t>(action)];
  CHECK(found.action == action);
  return found;
}

bool role_may(const Rule& rule, Role role) {
  switch (role) {
    case Role::kTrader: return rule.trader_may;
    case Role::kAuditor: return rule.auditor_may;
    case Role::kAdministrator: return rule.administrator_may;
    case Role::kOperator: return rule.operator_may;
  }
  return false;
}

std::string who(const Rule& rule) {
  std::string out;
  const auto add = [&](bool may, std::string_view name) {
    if (may) out += (out.empty() ? "" : ", ") + std::string(name);
  };
  add(rule.operator_may, "the operator");
  add(rule.administrator_may, "administrators of the organisation");
  add(rule.trader_may, "its traders");
  add(rule.auditor_may, "auditors");
  return out;
}

}  // namespace

std::span<const Rule> rules() { return kRules; }

bool may(const Caller& caller, Action action, const std::optional<OrganisationId>& of) {
  if (!role_may(rule(action), caller.role)) return false;
  if (!caller.organisation) return caller.role == Role::kOperator || caller.role == Role::kAuditor;
  // Whoever acts for an organisation acts within it: it is nobody's operator, and sees nobody else's business.
  return caller.role != Role::kOperator && action != Action::kShowEverything && (!of || of == caller.organisation);
}

base::Status allowed(const Caller& caller, Action action, const std::optional<OrganisationId>& of) {
  if (may(caller, action, of)) return {};
  const Rule& found = rule(action);
  return base::Error{base::Code::kForbidden, std::string(found.name) + " is not allowed: it is for " + who(found)};
}

}  // namespace market
