// Who may do what at the market. Every call is one Action, and rules() says which roles may, so there is one place to read
// and a test can try each action as each role. A caller acts for one organisation, or, as operator or auditor of
// everything, for none. Its organisation is known by its key (mutual TLS: it is then its own administrator) or by a token.
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "market/types.h"

namespace market {

struct Caller {
  std::optional<OrganisationId> organisation;  // none: the operator, or an auditor of everything
  Role role = Role::kTrader;
  std::string name;              // for events and Idempotency-Keys: "token/12", "org_…"
  std::optional<Id> token = {};  // what it came in with
  bool sees_everything() const { return !organisation && (role == Role::kOperator || role == Role::kAuditor); }
};

enum class Action : std::uint8_t {
  kShowMarkets,       // and members, clearings where public: any member
  kManageMarkets,     // create, close, clear now
  kManageMembers,     // join, suspend
  kManageCurrencies,  // currencies, policies, grants, corrections
  kShowEverything,    // all orders, contracts, accounts
  kShowOwn,           // the organisation's orders, contracts, leases, accounts, events
  kManageOwnTokens,
  kShowOwnTokens,
  kManageGroups,
  kManageLots,
  kTrade,        // place and cancel orders
  kDeliver,      // mark leases delivered, failed, cleaned: the operator
  kEndContract,  // cancel as buyer, call back as seller, renew
};
inline constexpr Action kLastAction = Action::kEndContract;

struct Rule {
  Action action;
  std::string_view name;
  bool operator_may, administrator_may, trader_may, auditor_may;  // auditor: of an organisation, its own
};
std::span<const Rule> rules();

// kForbidden, with the action's name. `of`: whose business it is about; none: nobody's in particular.
base::Status allowed(const Caller& caller, Action action, const std::optional<OrganisationId>& of = {});
bool may(const Caller& caller, Action action, const std::optional<OrganisationId>& of = {});

}  // namespace market
