// Who may do what. Every call of the service is one Action, and kRules below says who may, so that there is one place to
// read and a test can try each action as each role (access_test.cc; tests/e2e does it over HTTP, route by route).
// A rule is about the caller and one project: whose node, network or membership the call is about.
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "isolation/types.h"

namespace isolation {

struct Caller {
  Id user = 0;
  std::string name;
  Role role = Role::kMember;
  std::set<Id> projects;
  // What it came in with: a token, or the user's password of that time (api::password_mark). No rule looks at it.
  std::optional<Id> token = {};
  base::Bytes password = {};
};

enum class Action : std::uint8_t {
  kListProjects,
  kCreateProject,
  kDeleteProject,
  kSetQuota,
  kShowProject,  // its nodes, networks and members
  kListNodes,
  kShowFreeNode,
  kShowNode,
  kShowTopology,
  kCreateNode,
  kDeleteNode,
  kSetMetadata,
  kAllocateNode,
  kReleaseNode,
  kUseBmc,
  kSetOwner,
  kListForBroker,
  kLendNode,
  kReturnNode,
  kCreateNic,
  kDeleteNic,
  kConnectNic,
  kDetachNic,
  kListNetworks,
  kShowNetwork,
  kCreateOwnNetwork,
  kCreateAnyNetwork,
  kDeleteNetwork,
  kShowAllAttachments,
  kShowOwnAttachments,
  kGrantAccess,
  kRevokeAccess,
  kShowOperation,
  kListOperations,
  kManageSwitches,  // switches, ports, what hangs on them, revert, reconcile
  kShowSwitches,
  kManageUsers,
  kShowUsers,
  kManageOwnTokens,
  kShowEvents,  // of its projects; auditors and administrators of all
};
inline constexpr Action kLastAction = Action::kShowEvents;

// What a caller must be. The administrator may everything; an auditor may what only reads, and what anybody may.
enum class Need : std::uint8_t {
  kAnybody,  // any authenticated user
  kProject,  // a member of the project that it is about
  kBroker,   // such a member, or of role broker; then the rule looks for the node's listing
  kAuditor,  // or administrator
  kAdministrator,
};
struct Rule {
  Action action;
  std::string_view name;  // "create-project"
  Need need;
  bool reads;  // changes nothing, so an auditor may
};
std::span<const Rule> rules();  // one for each action, in their order
const Rule& rule(Action action);

// kForbidden, with the action's name. `project`: what it is about; none: nobody's (only the administrator's, then, where
// the rule needs a project).
base::Status allowed(const Caller& caller, Action action, std::optional<Id> project = {});
bool may(const Caller& caller, Action action, std::optional<Id> project = {});

}  // namespace isolation
