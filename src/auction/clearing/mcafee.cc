#include "auction/clearing/single_product.h"

namespace auction::clearing {
namespace {

// The price of the first pair that does not trade, if all who trade can bear it.
std::optional<std::int64_t> common_price(const Crossing& crossing) {
  if (!crossing.next_bid || !crossing.next_ask) return std::nullopt;
  const std::int64_t price = midpoint(*crossing.next_bid, *crossing.next_ask);
  return price >= crossing.ask && price <= crossing.bid ? std::optional(price) : std::nullopt;
}

}  // namespace

std::vector<Trade> mcafee_trades(const Call& call, const Merit& merit) {
  const Crossing& crossing = merit.crossing;
  std::vector<Trade> trades;
  if (crossing.units == 0) return trades;
  const auto common = common_price(crossing);
  const auto price = [&](const Order&, const Order&) {
    return common ? std::pair(*common, *common) : std::pair(crossing.bid, crossing.ask);
  };
  pair_off(call, merit.bids, merit.asks, common ? crossing.units : crossing.units - 1, price, trades);
  return trades;
}

Outcome clear_mcafee(const Call& call) {
  const Merit all = merit(call);
  return finished(call, mcafee_trades(call, all), all.crossing);
}

}  // namespace auction::clearing
