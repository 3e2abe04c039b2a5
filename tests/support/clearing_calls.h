// Calls of the market's mechanisms drawn at random, small enough that prices, arrivals and organisations meet often; and
// what has to hold for every outcome. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "auction/clearing/mechanism.h"

namespace clearing_calls {

using namespace auction::clearing;

inline constexpr Mechanism kSingleProduct[] = {Mechanism::kClaim,    Mechanism::kContinuous, Mechanism::kUniform,
                                               Mechanism::kPayAsBid, Mechanism::kVcg,        Mechanism::kMcafee,
                                               Mechanism::kSbba,     Mechanism::kMuda};

// A name for a test's parameter.
inline std::string label(const testing::TestParamInfo<Mechanism>& parameter) {
  std::string name(properties(parameter.param).name);
  std::erase(name, '-');
  return name;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::uint64_t upto(std::uint64_t most) { return random_() % (most + 1); }
  std::uint32_t between(std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(upto(most - least));
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[upto(i - 1)]);
  }

 private:
  std::mt19937_64 random_;
};

struct World {
  std::size_t most_orders = 7;  // on each side
  std::uint64_t most_price = 12;
  std::uint32_t most_units = 4;
};

// One product: what every mechanism takes. One unit and one order an organisation where the mechanism takes no others.
inline Call one_product(Mechanism mechanism, Chance& chance, const World& world = {}) {
  Call call;
  call.settings.mechanism = mechanism;
  call.settings.kappa_permille = chance.between(0, 1000);
  call.settings.deficit_cap = static_cast<std::int64_t>(chance.upto(40));
  for (std::uint8_t& byte : call.seed) byte = static_cast<std::uint8_t>(chance.upto(255));
  const Properties& has = properties(mechanism);
  const Slot from = chance.between(0, 2), slots = chance.between(1, 3);
  std::uint64_t id = 1 + chance.upto(100);
  const auto draw = [&](std::vector<Order>& orders) {
    orders.resize(chance.upto(world.most_orders));
    for (Order& order : orders) {
      order.id = id;
      id += 1 + chance.upto(3);
      order.arrival = chance.upto(6);
      order.price = static_cast<std::int64_t>(chance.upto(world.most_price));
      order.organisation = has.several_orders ? chance.between(0, 4) : static_cast<std::uint32_t>(order.id);
      order.max_units = has.several_units ? chance.between(1, world.most_units) : 1;
      order.earliest = from;
      order.latest_end = from + slots;
      order.min_slots = chance.between(1, slots);
      order.max_slots = slots;
    }
  };
  draw(call.bids);
  draw(call.asks);
  return call;
}

// Windows, tables, all or none, sites: what claim, continuous and combinatorial take.
inline Call with_windows(Mechanism mechanism, Chance& chance, const World& world = {}) {
  Call call = one_product(Mechanism::kUniform, chance, world);
  call.settings.mechanism = mechanism;
  constexpr Slot kSlots = 7;
  for (auto* orders : {&call.bids, &call.asks}) {
    for (Order& order : *orders) {
      order.earliest = chance.between(0, kSlots - 1);
      order.latest_end = chance.between(order.earliest + 1, kSlots);
      const Slot window = order.latest_end - order.earliest;
      order.max_slots = orders == &call.asks ? std::max(1U, window - chance.between(0, 1)) : chance.between(1, window);
      order.min_slots = chance.between(1, std::min(order.max_slots, 3U));
      if (orders == &call.bids) {
        order.min_units = chance.between(1, order.max_units);
        order.same_site = chance.upto(2) == 0;
      } else {
        order.site = chance.between(1, 2);
      }
    }
  }
  if (chance.upto(1) == 0) {
    call.eligible.resize(call.bids.size());
    for (auto& asks : call.eligible)
      for (Index ask = 0; ask < call.asks.size(); ++ask)
        if (chance.upto(2) > 0) asks.push_back(ask);
  }
  if (chance.upto(1) == 0) {
    call.closed.resize(call.asks.size());
    for (auto& ranges : call.closed) {
      if (chance.upto(1) == 0) continue;
      const Slot at = chance.between(0, kSlots - 1);
      ranges.push_back({at, at + 1});
      if (at + 2 < kSlots && chance.upto(1) == 0) ranges.push_back({at + 2, at + 3});
    }
  }
  return call;
}

// The same call with its lists in another order, and when orders arrived changed.
inline Call shuffled(const Call& call, Chance& chance, bool arrivals) {
  Call out = call;
  const auto shuffle = [&](std::vector<Order>& orders) {
    chance.shuffle(orders);
    if (arrivals)
      for (Order& order : orders) order.arrival = chance.upto(20);
  };
  shuffle(out.bids);
  shuffle(out.asks);
  return out;
}

// What each order trades, by id: it does not depend on places in lists, nor on whom it trades with.
struct Share {
  std::uint64_t units = 0;
  std::int64_t money = 0;
  bool operator==(const Share&) const = default;
};
inline std::map<std::uint64_t, Share> shares(const Call& call, const Outcome& outcome) {
  std::map<std::uint64_t, Share> out;
  for (const Trade& trade : outcome.trades) {
    Share& buyer = out[call.bids[trade.bid].id];
    buyer.units += trade.units;
    buyer.money += trade.pays;
    Share& seller = out[call.asks[trade.ask].id];
    seller.units += trade.units;
    seller.money += trade.gets;
  }
  return out;
}

// Nothing is sold that is not there, at a time or a price that somebody did not agree to, or to somebody who may not.
inline void expect_lawful(const Call& call, const Outcome& outcome) {
  std::map<std::pair<Index, Slot>, std::uint64_t> sold;
  std::map<Index, std::vector<Trade>> of_bid;
  std::int64_t welfare = 0, budget = 0;
  std::pair<Index, Index> last{0, 0};
  for (std::size_t i = 0; i < outcome.trades.size(); ++i) {
    const Trade& trade = outcome.trades[i];
    const std::pair<Index, Index> pair{trade.bid, trade.ask};
    EXPECT_TRUE(i == 0 || last < pair) << "by bid, then ask, each pair once";
    last = pair;
    const Order& bid = call.bids.at(trade.bid);
    const Order& ask = call.asks.at(trade.ask);
    const std::int64_t amount = std::int64_t{trade.units} * trade.slots;
    EXPECT_GT(amount, 0);
    EXPECT_GE(bid.price, ask.price) << "the price is compared";
    EXPECT_LE(trade.pays, bid.price * amount) << "the buyer loses nothing";
    EXPECT_GE(trade.gets, ask.price * amount) << "the seller loses nothing";
    for (const Order& order : {bid, ask}) {
      EXPECT_GE(trade.start, order.earliest);
      EXPECT_LE(trade.start + trade.slots, order.latest_end);
      EXPECT_GE(trade.slots, order.min_slots) << "the duration is not ignored";
      EXPECT_LE(trade.slots, order.max_slots);
    }
    if (!call.eligible.empty()) {
      EXPECT_TRUE(std::ranges::binary_search(call.eligible[trade.bid], trade.ask));
    }
    for (Slot slot = trade.start; slot < trade.start + trade.slots; ++slot) {
      sold[{trade.ask, slot}] += trade.units;
      if (call.closed.empty()) continue;
      for (const SlotRange& range : call.closed[trade.ask]) EXPECT_FALSE(slot >= range.from && slot < range.to);
    }
    of_bid[trade.bid].push_back(trade);
    welfare += (bid.price - ask.price) * amount;
    budget += trade.pays - trade.gets;
  }
  for (const auto& [place, units] : sold) EXPECT_LE(units, call.asks[place.first].max_units) << "nothing is sold twice";
  for (const auto& [index, trades] : of_bid) {
    const Order& bid = call.bids[index];
    std::uint64_t units = 0;
    std::set<std::uint32_t> sites;
    for (const Trade& trade : trades) {
      units += trade.units;
      sites.insert(call.asks[trade.ask].site);
      EXPECT_EQ(trade.start, trades[0].start);
      EXPECT_EQ(trade.slots, trades[0].slots);
    }
    EXPECT_GE(units, bid.min_units) << "all or none";
    EXPECT_LE(units, bid.max_units) << "not one too many";
    EXPECT_TRUE(sites.size() == 1 || !bid.same_site);
  }
  EXPECT_EQ(outcome.welfare, welfare);
  EXPECT_EQ(outcome.budget, budget);
  EXPECT_LE(outcome.welfare, outcome.upper_bound);
}

}  // namespace clearing_calls
