#include "auction/clearing/single_product.h"

namespace auction::clearing {

Outcome clear_pay_as_bid(const Call& call) {
  const Merit all = merit(call);
  std::vector<Trade> trades;
  const auto middle = [](const Order& bid, const Order& ask) {
    const std::int64_t price = midpoint(bid.price, ask.price);
    return std::pair(price, price);
  };
  pair_off(call, all.bids, all.asks, all.crossing.units, middle, trades);
  return finished(call, std::move(trades), all.crossing);
}

}  // namespace auction::clearing
