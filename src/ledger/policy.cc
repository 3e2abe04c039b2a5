#include "ledger/policy.h"

#include <algorithm>
#include <string>

namespace ledger {
namespace {

NewTransfer from_issuer(const Account& issuer, const Account& member, std::int64_t amount, Reason reason,
                        const std::string& step) {
  const std::string currency = "cur_" + std::to_string(issuer.currency);
  return {.key = currency + "/" + step + "/acc_" + std::to_string(member.id),
          .debit = issuer.id,
          .credit = member.id,
          .amount = amount,
          .reason = reason,
          .reference = currency};
}

}  // namespace

base::Status check(const CreditPolicy& policy) {
  const auto invalid = [](const char* why) { return base::Error{base::Code::kInvalidInput, why}; };
  if (policy.kind < CreditPolicy::Kind::kEarnOnly || policy.kind > CreditPolicy::Kind::kRecharging)
    return invalid("kind: earn-only, fixed-endowment or recharging");
  const bool earns = policy.kind == CreditPolicy::Kind::kEarnOnly;
  if (earns ? policy.amount != 0 : policy.amount < 1 || policy.amount > kMaxAmount)
    return invalid(earns ? "amount: none where members only earn" : "amount: more than 0, at most 10¹² credits");
  const bool recharges = policy.kind == CreditPolicy::Kind::kRecharging;
  if (recharges ? policy.period_ms < kShortestPeriodMs || policy.period_ms > kLongestPeriodMs : policy.period_ms != 0)
    return invalid(recharges ? "period: a minute to ten years" : "period: only where accounts are recharged");
  if (policy.credit_limit < 0 || policy.credit_limit >= kUnlimited)
    return invalid("credit limit: 0 or more, below 10¹² credits");
  return {};
}

std::optional<NewTransfer> due_on_joining(const CreditPolicy& policy, const Account& issuer, const Account& member,
                                          std::int64_t now) {
  switch (policy.kind) {
    case CreditPolicy::Kind::kEarnOnly: return std::nullopt;
    case CreditPolicy::Kind::kFixedEndowment:
      return from_issuer(issuer, member, policy.amount, Reason::kEndowment, "endowment");
    case CreditPolicy::Kind::kRecharging: return due_recharge(policy, issuer, member, now);
  }
  return std::nullopt;
}

std::optional<NewTransfer> due_recharge(const CreditPolicy& policy, const Account& issuer, const Account& member,
                                        std::int64_t due) {
  if (policy.kind != CreditPolicy::Kind::kRecharging || balance(member) >= policy.amount) return std::nullopt;
  // Who is deep in debt is topped up in steps, as a transfer has a limit.
  const std::int64_t missing = std::min(policy.amount - balance(member), kMaxAmount);
  return from_issuer(issuer, member, missing, Reason::kRecharge, "recharge/" + std::to_string(due));
}

std::int64_t next_recharge(const CreditPolicy& policy, std::int64_t due, std::int64_t now) {
  if (policy.kind != CreditPolicy::Kind::kRecharging) return 0;
  if (due > now) return due;
  const std::int64_t missed = (now - due) / policy.period_ms;
  return due + (missed + 1) * policy.period_ms;
}

}  // namespace ledger
