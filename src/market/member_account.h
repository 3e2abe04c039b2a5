// The account of a member in a currency, opened as the currency's policy says: with its credit limit, and the endowment or
// first recharge that comes with joining.
// Threads: as the transaction. Errors: kConflict (it has one already), kStorage.
#pragma once

#include "base/result.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;

base::Status open_member_account(Transaction& store, const Context& context, const CurrencyPolicy& currency,
                                 const OrganisationId& member);
Rows<Member> all_members(Transaction& store);  // by name

}  // namespace market
