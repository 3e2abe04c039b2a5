// The ledger accounts behind a market's names: its own, and those of the two sides of a contract.
// Threads: as the transaction. Errors: kNotFound, kStorage.
#pragma once

#include <string>

#include "base/result.h"
#include "market/rules.h"
#include "market/settlement.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

std::string market_account_name(const Market& market);
base::Result<ledger::Account> market_account(Transaction& store, const Market& market);
base::Result<Accounts> accounts_of(Transaction& store, const Context& context, const Market& market,
                                   const OrganisationId& buyer, const OrganisationId& seller);

}  // namespace market
