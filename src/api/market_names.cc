// The words for roles, states, kinds and reasons in the market's API.
#include <algorithm>
#include <array>
#include <utility>

#include "api/market_views.h"
#include "base/check.h"

namespace api::market_views {

namespace {

template <class Value, std::size_t kSize>
using Names = std::array<std::pair<Value, std::string_view>, kSize>;

template <class Value, std::size_t kSize>
std::string_view name_in(const Names<Value, kSize>& names, Value value) {
  const auto found = std::ranges::find(names, value, &std::pair<Value, std::string_view>::first);
  CHECK(found != names.end());
  return found->second;
}

template <class Value, std::size_t kSize>
std::optional<Value> value_in(const Names<Value, kSize>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &std::pair<Value, std::string_view>::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

constexpr Names<market::Role, 4> kRoles{{{market::Role::kTrader, "trader"},
                                         {market::Role::kAuditor, "auditor"},
                                         {market::Role::kAdministrator, "administrator"},
                                         {market::Role::kOperator, "operator"}}};
using PolicyKind = market::CreditPolicy::Kind;
constexpr Names<PolicyKind, 3> kPolicies{{{PolicyKind::kEarnOnly, "earn-only"},
                                          {PolicyKind::kFixedEndowment, "fixed-endowment"},
                                          {PolicyKind::kRecharging, "recharging"}}};
using OrderState = market::Order::State;
constexpr Names<OrderState, 7> kOrderStates{{{OrderState::kOpen, "open"},
                                             {OrderState::kPartlyMatched, "partly-matched"},
                                             {OrderState::kMatched, "matched"},
                                             {OrderState::kExhausted, "exhausted"},
                                             {OrderState::kExpired, "expired"},
                                             {OrderState::kCancelled, "cancelled"},
                                             {OrderState::kWithdrawn, "withdrawn"}}};
using ContractState = market::Contract::State;
constexpr Names<ContractState, 6> kContractStates{{{ContractState::kProposed, "proposed"},
                                                   {ContractState::kSigned, "signed"},
                                                   {ContractState::kActive, "active"},
                                                   {ContractState::kCompleted, "completed"},
                                                   {ContractState::kCancelled, "cancelled"},
                                                   {ContractState::kBreached, "breached"}}};
using LeaseState = market::Lease::State;
constexpr Names<LeaseState, 7> kLeaseStates{{{LeaseState::kScheduled, "scheduled"},
                                             {LeaseState::kProvisioning, "provisioning"},
                                             {LeaseState::kActive, "active"},
                                             {LeaseState::kReclaiming, "reclaiming"},
                                             {LeaseState::kEnding, "ending"},
                                             {LeaseState::kEnded, "ended"},
                                             {LeaseState::kFailed, "failed"}}};
constexpr Names<ledger::AccountKind, 3> kAccountKinds{{{ledger::AccountKind::kMember, "member"},
                                                       {ledger::AccountKind::kIssuer, "issuer"},
                                                       {ledger::AccountKind::kMarket, "market"}}};
constexpr Names<ledger::TransferKind, 4> kTransferKinds{{{ledger::TransferKind::kPosted, "posted"},
                                                         {ledger::TransferKind::kPending, "pending"},
                                                         {ledger::TransferKind::kPost, "post"},
                                                         {ledger::TransferKind::kVoid, "void"}}};
constexpr Names<ledger::Reason, 13> kReasons{{{ledger::Reason::kEndowment, "endowment"},
                                              {ledger::Reason::kRecharge, "recharge"},
                                              {ledger::Reason::kGrant, "grant"},
                                              {ledger::Reason::kEscrow, "escrow"},
                                              {ledger::Reason::kDelivery, "delivery"},
                                              {ledger::Reason::kRelease, "release"},
                                              {ledger::Reason::kSurplus, "surplus"},
                                              {ledger::Reason::kDeficit, "deficit"},
                                              {ledger::Reason::kFee, "fee"},
                                              {ledger::Reason::kFailurePenalty, "failure-penalty"},
                                              {ledger::Reason::kReclaimPenalty, "reclaim-penalty"},
                                              {ledger::Reason::kCancelPenalty, "cancel-penalty"},
                                              {ledger::Reason::kCorrection, "correction"}}};

}  // namespace

std::string_view role_name(market::Role role) { return name_in(kRoles, role); }
std::optional<market::Role> role_of(std::string_view name) { return value_in(kRoles, name); }
std::string_view policy_name(PolicyKind kind) { return name_in(kPolicies, kind); }
std::optional<PolicyKind> policy_of(std::string_view name) { return value_in(kPolicies, name); }
std::string_view lot_kind_name(market::Lot::Kind kind) {
  return kind == market::Lot::Kind::kServer ? "server" : "units";
}
std::string_view order_state_name(OrderState state) { return name_in(kOrderStates, state); }
std::string_view contract_state_name(ContractState state) { return name_in(kContractStates, state); }
std::string_view lease_state_name(LeaseState state) { return name_in(kLeaseStates, state); }
std::string_view reason_name(ledger::Reason reason) { return name_in(kReasons, reason); }
std::string_view account_kind_name(ledger::AccountKind kind) { return name_in(kAccountKinds, kind); }
std::string_view transfer_kind_name(ledger::TransferKind kind) { return name_in(kTransferKinds, kind); }

}  // namespace api::market_views
