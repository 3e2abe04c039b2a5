// The open orders of a market, with all that a call is made of (call_builder.h). What cannot be served any more is not in
// the book but in `closing`, with why: it is closed, and stands in nobody's way.
// Threads: as the transaction. Errors: kStorage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "market/call_builder.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;
struct Limits;

struct Closing {
  Order order;
  Order::State state = Order::State::kExpired;
  std::string reason;
};
struct ReadBook {
  OpenBook book;
  std::vector<Closing> closing;
};

// How many orders of a side a market has at most: as many as are in a call.
std::size_t most_orders(const Market& market, const Limits& limits, Side side);

// All of them, of each side at most so many, the oldest first; of the side of `alone`, if there is one, only it.
base::Result<ReadBook> read_book(Transaction& store, const Context& context, const Market& market,
                                 const Order* alone = nullptr);

}  // namespace market
