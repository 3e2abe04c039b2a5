// Admission: whether a market takes an order, and what becomes of it then. Everything is looked at before money is set
// aside: the member, the market's revision and grid, what its mechanism can keep its promises for, what is offered, and
// the caps. What passes here, no mechanism refuses later.
// Threads: as the transaction. Errors: kInvalidInput ("field: why"), kConflict, kNotFound, kStorage.
#pragma once

#include "base/result.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;

// Of an order, at its limit: so that 100,000 of each side in one call add up to less than 2^62 micro-credits.
inline constexpr std::int64_t kMostWorth = 20'000'000LL * 1'000'000;

// What can be said of terms and market alone: grid, worth, what the mechanism takes. Pure.
base::Status check_form(const Market& market, const Terms& terms);

// Asks what admitted() is going to ask of every order (Transaction::foresee).
void foresee_admission(Transaction& soon, const Context& context, const Market& market, const Terms& terms);

// `market` is the one that the terms name. The order is not kept yet: no id, document or escrow.
base::Result<Order> admitted(Transaction& store, const Context& context, const Market& market, const Terms& terms);

}  // namespace market
