// Caps against hoarding: how much of a market one member may hold, in contracts and in bids that may become some, each at
// its worst. Whatever adds to it asks here first: a bid, a renewal.
// Threads: as the transaction. Errors: kConflict (says which cap), kStorage.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Holding {
  std::uint32_t units = 0;
  Window window;  // in which they may be held
  std::uint64_t slots = 0;
};

// With `more` on top of what it has already.
base::Status check_caps(Transaction& store, const Market& market, const OrganisationId& member, const Holding& more);

}  // namespace market
