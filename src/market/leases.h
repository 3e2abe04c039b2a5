// What happens to a lease, a step each, along these arrows and no others:
//   scheduled → provisioning → active → reclaiming → ending → ended
//   scheduled → ended: never begun. provisioning → ending. active → ending
//   provisioning, active, reclaiming, ending → failed, which still occupies its server until it is cleaned
// A lease that is provisioning, active or reclaiming has a live contract; whatever ends the one ends the other.
// Threads: as the transaction. Errors: kConflict (no such arrow from where it is), kStorage.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "market/contracts.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

bool may_become(Lease::State from, Lease::State to);
std::string_view state_name(Lease::State state);

// Those of an active contract whose time has come and for which a unit is free become kProvisioning: these, for the
// fulfiller. A unit is not free while anybody's lease is on it (lot_calendar.h); where that lasts a slot, the owner fails.
// Whatever went wrong with their contract, none runs on when its time is over.
base::Result<std::vector<Lease>> begin_leases(Transaction& store, const Context& context, const Contract& contract);
base::Result<Lease> lease_ready(Transaction& store, const Context& context, Lease lease);
// What cannot be delivered, or is lost, ends its contract as a failure of its owner; what cannot be taken away, stays.
base::Result<Lease> lease_failed(Transaction& store, const Context& context, Lease lease, std::string_view why);
base::Result<Lease> lease_gone(Transaction& store, const Context& context, Lease lease);  // its server is free
// With its contract, at `at`: to be taken away, or never begun.
base::Result<Lease> end_lease(Transaction& store, const Context& context, Lease lease, std::int64_t at);
base::Result<Lease> lease_called_back(Transaction& store, const Context& context, Lease lease, std::int64_t at);

}  // namespace market
