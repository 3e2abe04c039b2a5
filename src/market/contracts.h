// From a match to a contract, and from there to its end: what clearing and the continuous book (clearing.h), resale and
// renewal all end in, and what the clock does with it when its time comes.
//   proposed → signed → active → completed | cancelled | breached         (signed → cancelled | breached: before its start)
// A contract has its escrow from the moment it is signed until it ends, so nothing is delivered that is not paid, and its
// leases end with it. What hangs on a contract ends with it, too: resales of it; a renewal, unless it is completed, for
// then the renewal takes its leases over and nothing changes hands.
// Threads: as the transaction. Errors: kConflict (the lot is taken in that window; not enough money), kStorage.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/calendar.h"
#include "market/rules.h"
#include "market/settlement.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

inline constexpr std::size_t kMostResales = 8;  // of one another: how long a chain of sellers may be

struct Match {
  Order bid, offer;
  std::uint32_t units = 0;
  std::int64_t start = 0, end = 0;
  std::int64_t pays = 0, gets = 0;  // in all
  Id clearing = 0;                  // 0: at once
  std::optional<Id> renewal_of = {};
};

// What an offer's contracts draw on, a lot or a contract that is resold, and what of it is promised. kConflict: it is over.
struct Source {
  std::uint64_t capacity = 0;
  Window window;
  inventory::Calendar promised{};
};
base::Result<Source> source_of(Transaction& store, const Context& context, const Order& offer);
base::Status is_free(const Source& source, const Window& window, std::uint64_t units);
base::Status check_window(const Market& market, const Match& match);  // on the grid, and no amount negative

// The contract, signed by the market, its leases (kScheduled; a renewal's are those of what it renews, which end later
// now), and its money set aside: `pays` of the buyer, and what the market adds. The bid's own escrow must have been
// released before. Looks once more whether the lot is free: kConflict. Events: contract.signed, to both.
base::Result<Contract> make_contract(Transaction& store, const Context& context, const Market& market,
                                     const Match& match);

// Ends a live contract at `at` (≤ its end), by whom and why: what was delivered until then is settled, what is left of the
// escrow is released, the penalty that its terms say is paid as far as there is money; then what hangs on it ends, and at
// last its leases.
base::Result<Contract> end_contract(Transaction& store, const Context& context, Contract contract, Cause cause,
                                    std::int64_t at, std::string_view why);

// Its owner takes it back at `at`, and all that is resold of it.
base::Result<Contract> call_back(Transaction& store, const Context& context, Contract contract, std::int64_t at,
                                 std::string_view why);

// All that is due for it at context.now: it starts, slots that are over are settled, it ends.
base::Result<Contract> advance(Transaction& store, const Context& context, Contract contract);

// When something is due for a contract by itself: its start, the next slot to settle, its end or reclaim; 0: nothing.
std::int64_t due(const Contract& contract);

// Its live renewal, if it has one.
Found<Contract> renewal_of(Transaction& store, const Contract& contract);
Rows<Lease> leases_of(Transaction& store, const Contract& contract);
Rows<Contract> live_resales(Transaction& store, const Contract& contract);

}  // namespace market
