// Random markets for tarn bench auction: single units, values uniform in 0 … kOne, from a fixed seed.
#pragma once

#include <cstdint>

#include "auction/clearing/mechanism.h"

namespace tarn {

// SplitMix64: the same everywhere, and fast.
class BenchChance {
 public:
  explicit BenchChance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  std::uint64_t upto(std::uint64_t most) { return next() % (most + 1); }

 private:
  std::uint64_t state_;
};

inline constexpr std::int64_t kOne = 1'000'000'000;

// Other values, and another seed, for a call that has its size.
inline void draw_market(auction::clearing::Call& call, BenchChance& chance) {
  for (auto* orders : {&call.bids, &call.asks})
    for (auction::clearing::Order& order : *orders) order.price = static_cast<std::int64_t>(chance.upto(kOne));
  for (std::uint8_t& byte : call.seed) byte = static_cast<std::uint8_t>(chance.next());
}

// So many buyers and sellers, each an organisation with one unit.
inline auction::clearing::Call market_of(auction::clearing::Mechanism mechanism, std::size_t bids, std::size_t asks) {
  auction::clearing::Call call;
  call.settings.mechanism = mechanism;
  call.settings.deficit_cap = std::int64_t{1} << 62;
  call.bids.resize(bids);
  call.asks.resize(asks);
  std::uint32_t id = 0;
  for (auto* orders : {&call.bids, &call.asks})
    for (auction::clearing::Order& order : *orders) order.id = order.arrival = order.organisation = ++id;
  return call;
}

}  // namespace tarn
