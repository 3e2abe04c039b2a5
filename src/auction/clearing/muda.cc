#include <array>

#include "auction/clearing/single_product.h"

namespace auction::clearing {
namespace {

struct Half {
  std::vector<Index> bids, asks;
};

std::array<Half, 2> halves(const Call& call) {
  const Lottery coin(call.seed, Lottery::Purpose::kHalf);
  std::array<Half, 2> out;
  for (Index i = 0; i < call.bids.size(); ++i) out[coin.of(call.bids[i].id) & 1].bids.push_back(i);
  for (Index i = 0; i < call.asks.size(); ++i) out[coin.of(call.asks[i].id) & 1].asks.push_back(i);
  return out;
}

// A price at which as much is bought as sold in this half; where nothing trades, one between the best bid and the best
// ask, or the one that there is. Nothing: the half is empty.
std::optional<std::int64_t> equilibrium(const Crossing& crossing) {
  if (crossing.units > 0) return midpoint(crossing.lo(), crossing.hi());
  if (crossing.next_bid && crossing.next_ask) return midpoint(*crossing.next_bid, *crossing.next_ask);
  return crossing.next_bid ? crossing.next_bid : crossing.next_ask;
}

// Who wants to trade at this price, in the order of the lot: what is short goes to those who come first. By price would
// not do, as it would pay to exaggerate.
std::vector<Index> willing(const std::vector<Order>& orders, std::span<const Index> of, Side side, std::int64_t price,
                           const Seed& seed) {
  std::vector<Index> out;
  for (const Index i : of)
    if (side == Side::kBid ? orders[i].price >= price : orders[i].price <= price) out.push_back(i);
  const Lottery turn(seed, Lottery::Purpose::kTurn);
  std::ranges::sort(out, {}, [&](Index i) { return turn.of(orders[i].id); });
  return out;
}

std::uint64_t units_of(const std::vector<Order>& orders, std::span<const Index> of) {
  std::uint64_t sum = 0;
  for (const Index i : of) sum += orders[i].max_units;
  return sum;
}

void trade_at(const Call& call, const Half& half, std::int64_t price, std::vector<Trade>& trades) {
  const auto buyers = willing(call.bids, half.bids, Side::kBid, price, call.seed);
  const auto sellers = willing(call.asks, half.asks, Side::kAsk, price, call.seed);
  const std::uint64_t units = std::min(units_of(call.bids, buyers), units_of(call.asks, sellers));
  pair_off(call, buyers, sellers, units, [&](const Order&, const Order&) { return std::pair(price, price); }, trades);
}

}  // namespace

Outcome clear_muda(const Call& call) {
  const std::array<Half, 2> parts = halves(call);
  std::vector<Trade> trades;
  for (std::size_t i = 0; i < 2; ++i) {
    const Half& other = parts[1 - i];
    if (const auto price = equilibrium(merit(call, other.bids, other.asks).crossing))
      trade_at(call, parts[i], *price, trades);
  }
  return finished(call, std::move(trades), merit(call).crossing);
}

}  // namespace auction::clearing
