#include "isolation/access.h"

#include <iterator>

#include "base/check.h"

namespace isolation {
namespace {

constexpr Rule kRules[] = {
    {Action::kListProjects, "list-projects", Need::kAuditor, true},
    {Action::kCreateProject, "create-project", Need::kAdministrator, false},
    {Action::kDeleteProject, "delete-project", Need::kAdministrator, false},
    {Action::kSetQuota, "set-quota", Need::kAdministrator, false},
    {Action::kShowProject, "show-project", Need::kProject, true},
    {Action::kListNodes, "list-nodes", Need::kAnybody, true},
    {Action::kShowFreeNode, "show-free-node", Need::kAnybody, true},
    {Action::kShowNode, "show-node", Need::kProject, true},
    {Action::kShowTopology, "show-topology", Need::kAuditor, true},
    {Action::kCreateNode, "create-node", Need::kAdministrator, false},
    {Action::kDeleteNode, "delete-node", Need::kAdministrator, false},
    {Action::kSetMetadata, "set-metadata", Need::kAdministrator, false},
    {Action::kAllocateNode, "allocate-node", Need::kProject, false},
    {Action::kReleaseNode, "release-node", Need::kProject, false},
    {Action::kUseBmc, "use-bmc", Need::kProject, false},
    {Action::kSetOwner, "set-owner", Need::kAdministrator, false},
    {Action::kListForBroker, "list-for-broker", Need::kProject, false},
    {Action::kLendNode, "lend-node", Need::kBroker, false},
    {Action::kReturnNode, "return-node", Need::kProject, false},
    {Action::kCreateNic, "create-nic", Need::kAdministrator, false},
    {Action::kDeleteNic, "delete-nic", Need::kAdministrator, false},
    {Action::kConnectNic, "connect-nic", Need::kProject, false},
    {Action::kDetachNic, "detach-nic", Need::kProject, false},
    {Action::kListNetworks, "list-networks", Need::kAnybody, true},
    {Action::kShowNetwork, "show-network", Need::kProject, true},
    {Action::kCreateOwnNetwork, "create-own-network", Need::kProject, false},
    {Action::kCreateAnyNetwork, "create-any-network", Need::kAdministrator, false},
    {Action::kDeleteNetwork, "delete-network", Need::kProject, false},
    {Action::kShowAllAttachments, "show-all-attachments", Need::kProject, true},
    {Action::kShowOwnAttachments, "show-own-attachments", Need::kProject, true},
    {Action::kGrantAccess, "grant-access", Need::kProject, false},
    {Action::kRevokeAccess, "revoke-access", Need::kProject, false},
    {Action::kShowOperation, "show-operation", Need::kProject, true},
    {Action::kListOperations, "list-operations", Need::kAnybody, true},
    {Action::kManageSwitches, "manage-switches", Need::kAdministrator, false},
    {Action::kShowSwitches, "show-switches", Need::kAuditor, true},
    {Action::kManageUsers, "manage-users", Need::kAdministrator, false},
    {Action::kShowUsers, "show-users", Need::kAuditor, true},
    {Action::kManageOwnTokens, "manage-own-tokens", Need::kAnybody, false},
    {Action::kShowEvents, "show-events", Need::kAnybody, true},
};
static_assert(std::size(kRules) == static_cast<std::size_t>(kLastAction) + 1, "one rule for each action");

std::string_view who(Need need) {
  switch (need) {
    case Need::kAnybody: return "any user";
    case Need::kProject: return "members of the project that it is about";
    case Need::kBroker: return "members of the node's owner, and brokers whom it listed";
    case Need::kAuditor: return "auditors and administrators";
    case Need::kAdministrator: return "administrators";
  }
  return "nobody";
}

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule& rule(Action action) {
  const Rule& found = kRules[static_cast<std::size_t>(action)];
  CHECK(found.action == action);
  return found;
}

bool may(const Caller& caller, Action action, std::optional<Id> project) {
  const Rule& found = rule(action);
  if (caller.role == Role::kAdministrator) return true;
  if (caller.role == Role::kAuditor) return found.reads || found.need == Need::kAnybody;
  const bool member = project && caller.projects.contains(*project);
  switch (found.need) {
    case Need::kAnybody: return true;
    case Need::kProject: return member;
    case Need::kBroker: return member || caller.role == Role::kBroker;
    case Need::kAuditor:
    case Need::kAdministrator: return false;
  }
  return false;
}

base::Status allowed(const Caller& caller, Action action, std::optional<Id> project) {
  if (may(caller, action, project)) return {};
  const Rule& found = rule(action);
  return base::Error{base::Code::kForbidden,
                     std::string(found.name) + " is not allowed: it is for " + std::string(who(found.need))};
}

}  // namespace isolation
