#include "auction/clearing/single_product.h"

namespace auction::clearing {
namespace {

// Of the k sellers one is left out by lot. Who is in it cannot change who else is, so nobody can aim at the lot.
std::vector<Index> without_one(const Call& call, std::span<const Index> sellers) {
  const Lottery lot(call.seed, Lottery::Purpose::kLeftOut);
  const auto left_out = std::ranges::max_element(sellers, {}, [&](Index ask) { return lot.of(call.asks[ask].id); });
  std::vector<Index> out;
  out.reserve(sellers.size() - 1);
  for (const Index ask : sellers)
    if (ask != *left_out) out.push_back(ask);
  return out;
}

}  // namespace

Outcome clear_sbba(const Call& call) {
  Merit all = merit(call);
  const Crossing& crossing = all.crossing;
  std::vector<Trade> trades;
  if (crossing.units > 0) {
    const bool everybody = crossing.next_ask && *crossing.next_ask <= crossing.bid;
    const std::int64_t price = everybody ? *crossing.next_ask : crossing.bid;
    if (!everybody) all.asks = without_one(call, std::span(all.asks).first(crossing.units));
    const auto same = [&](const Order&, const Order&) { return std::pair(price, price); };
    pair_off(call, all.bids, all.asks, everybody ? crossing.units : crossing.units - 1, same, trades);
  }
  return finished(call, std::move(trades), crossing);
}

}  // namespace auction::clearing
