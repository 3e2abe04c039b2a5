// Credit policies: how money gets to the members of a currency by itself. Pure: what is due is a transfer to make, or
// nothing; its key names the currency's policy, the period and the account, so that it is made once however often it is
// asked for.
// Amounts are micro-credits, times Unix milliseconds.
// Errors: kInvalidInput. Threads: any.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "ledger/rules.h"
#include "ledger/types.h"

namespace ledger {

struct CreditPolicy {
  enum class Kind : std::uint8_t {
    kEarnOnly = 1,    // by selling alone
    kFixedEndowment,  // `amount` once, on joining
    kRecharging,      // on joining, and each `period_ms`, up to `amount`: less is topped up, more is left alone
  };
  Kind kind = Kind::kEarnOnly;
  std::int64_t amount = 0;
  std::int64_t period_ms = 0;     // kRecharging
  std::int64_t credit_limit = 0;  // of members' accounts
  bool operator==(const CreditPolicy&) const = default;
};
inline constexpr std::int64_t kShortestPeriodMs = 60'000, kLongestPeriodMs = 3'660LL * 86'400'000;

base::Status check(const CreditPolicy& policy);

// What a member gets when its account, still empty, is opened at `now`.
std::optional<NewTransfer> due_on_joining(const CreditPolicy& policy, const Account& issuer, const Account& member,
                                          std::int64_t now);
// What a member gets at the recharge that was due at `due`. What it has set aside is its own, so it does not count as
// spent: nobody gets more by bidding more. After a standstill one recharge stands for all that were missed, as
// nobody could have spent anything between them.
std::optional<NewTransfer> due_recharge(const CreditPolicy& policy, const Account& issuer, const Account& member,
                                        std::int64_t due);
// The first recharge after `now`, of those that follow `due` period by period; 0: the policy has none.
std::int64_t next_recharge(const CreditPolicy& policy, std::int64_t due, std::int64_t now);

}  // namespace ledger
