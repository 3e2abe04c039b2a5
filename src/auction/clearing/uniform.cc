#include "auction/clearing/single_product.h"

namespace auction::clearing {

Outcome clear_uniform(const Call& call) {
  const Merit all = merit(call);
  std::vector<Trade> trades;
  if (all.crossing.units > 0) {
    const std::int64_t lo = all.crossing.lo(), hi = all.crossing.hi();
    const std::int64_t price = lo + (hi - lo) * call.settings.kappa_permille / 1000;
    const auto same = [&](const Order&, const Order&) { return std::pair(price, price); };
    pair_off(call, all.bids, all.asks, all.crossing.units, same, trades);
  }
  return finished(call, std::move(trades), all.crossing);
}

}  // namespace auction::clearing
