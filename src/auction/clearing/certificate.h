// How good an outcome is, shown by prices: whoever has a price λ ≥ 0 for each ask's unit and slot, on top of the ask's
// own, can bound the welfare of every outcome without searching. If the capacity of the asks is sold at λ instead of
// being scarce, each bid takes what suits it best for itself, and
//   welfare ≤ Σ over asks and slots of λ · capacity + Σ over bids of the best surplus that it finds at prices ask + λ
// (Lagrangian relaxation; the constraints of time, eligibility, quantity and site stay exact, because they are each
// bid's own). Any λ gives a true bound; good ones, which the search finds, a tight one.
// Cost: O(Σ over bids of starts × lengths × eligible asks × slots). Pure, any thread.
#pragma once

#include <cstdint>
#include <span>

#include "auction/clearing/order.h"

namespace auction::clearing {

// `prices`: [ask × slots + slot], where slots is slots_of(call); empty: all 0. The bound is exact in integers, and at
// most what no prices at all give, so it always fits.
std::int64_t bound_of_prices(const Call& call, std::span<const std::int64_t> prices);

// The end of the last order's window: the width of the table.
Slot slots_of(const Call& call);

}  // namespace auction::clearing
