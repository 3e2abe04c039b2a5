// Clearing: from a market's open orders to contracts, in one transaction. A call takes all that are open, makes plain
// numbers of them (call_builder.h), lets the mechanism decide, and carries out what it says: contracts, escrows, order
// states, the public tape, and a transcript that anybody can check. In a market without calls each order meets the book
// at once, by the same code with that order alone on its side.
// An order that cannot be served any more, or whose money is frozen, is closed with its reason, and what was decided and
// cannot be carried out is left out, with its reason, as if it had not been decided: none stops the others.
// Threads: as the transaction. Errors: kConflict, kStorage; nothing of the transaction may stay then.
#pragma once

#include <string_view>

#include "base/result.h"
#include "market/rules.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

// Also if the next call is further away than calls are from each other: then the time was set back since it was planned.
bool call_is_due(const Market& market, std::int64_t now);

// The call that is due now, or early: `market` is open and has calls, and its next call and seed are kept with it.
base::Result<Clearing> clear_market(Transaction& store, const Context& context, Market market);

// After that failed, of which nothing stayed: the call is made at its next time, with the same seed, which nobody has seen,
// and not again and again until then. Event: market.call-failed, to the operator. Nothing, if the call is not due.
base::Status put_off_call(Transaction& store, const Context& context, Market market, std::string_view why);

// `order` is new, in a market without calls.
base::Status meet_book(Transaction& store, const Context& context, const Market& market, Id order);

}  // namespace market
