// Recharging of a currency: each period, whoever of its members has less than the policy's amount is topped up to it.
// Periods that passed while nobody looked are one.
// Threads: as the transaction. Errors: kStorage.
#pragma once

#include "base/result.h"
#include "market/rules.h"
#include "market/store.h"

namespace market {

// Also if the next one is further away than a period: the time was set back since it was planned, and it is planned anew.
bool recharge_is_due(const CurrencyPolicy& policy, std::int64_t now);
// If it is time. Sets when it is next.
base::Status recharge(Transaction& store, const Context& context, ledger::Id currency);

}  // namespace market
