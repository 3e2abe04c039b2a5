// An order's life after it was accepted: what is set aside for it, what of it is left, and how it closes. Its money
// goes with it, always in the same transaction: a bid that is open has all that it may still cost set aside, one that
// is not, nothing.
// Threads: as the transaction. Errors: kConflict (not enough money, or frozen), kStorage.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;

// What a bid may still cost, in all: its limit for all units that are left and its longest duration.
std::int64_t worst_cost(const Market& market, const Order& bid);

// Sets that aside, for a bid that has nothing set aside; and releases what it has. The row is the caller's to write.
base::Status set_escrow(Transaction& store, const Context& context, const Market& market, Order& bid);
base::Status release_escrow(Transaction& store, const Context& context, Order& bid);

// Whether all of that is set aside.
base::Result<bool> is_covered(Transaction& store, const Context& context, const Market& market, const Order& bid);

// Closes an open order and writes it; an order that is closed already stays as it is. Event: order.matched, …
base::Status close_order(Transaction& store, const Context& context, Order& order, Order::State state,
                         std::string_view reason);
Order::State taken_back(Side side);  // kCancelled, kWithdrawn
// Takes back every open one of these.
base::Status close_orders(Transaction& store, const Context& context, OrderFilter which, std::string_view reason);

Rows<Order> open_orders(Transaction& store, OrderFilter which);  // by id

}  // namespace market
