// What of a lot is promised when: its live contracts, resales aside, whose units are those of what they resell, and leases
// that still occupy a server although their contract is over, for at least a slot more, because nobody knows how long it
// takes until they are gone. And of a contract: what of it is resold.
// Threads: as the transaction. Errors: kStorage.
#pragma once

#include "base/result.h"
#include "inventory/calendar.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

base::Result<inventory::Calendar> lot_calendar(Transaction& store, Id lot, std::int64_t now);
base::Result<inventory::Calendar> resale_calendar(Transaction& store, Id contract);

// What occupies a server right now, whatever the calendar says: from the moment at which it is delivered until it is gone.
bool is_there(const Lease& lease);
// How many leases of what was resold of a contract, and of those that it renews, are there.
base::Result<std::size_t> resold_leases_there(Transaction& store, const Contract& contract);
// How many more leases of a contract may begin now: units of its lot where nobody's lease is, in whatever state; of a
// resale, active leases of what it resells that are not given on yet.
base::Result<std::size_t> free_units(Transaction& store, const Contract& contract);

}  // namespace market
