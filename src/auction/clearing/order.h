// What an open mechanism decides on: bids and asks of one call, as plain numbers. Whoever calls (market/) has made them of
// signed orders: times are slots of the market's grid, organisations and sites are numbers, attributes and groups have
// become a list of the asks that may serve each bid.
// Prices are micro-credits a unit and slot, amounts micro-credits, all exact integers. admit() (mechanism.h) sees to it
// that the sum of everything in a call fits in 62 bits.
// A value, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace auction::clearing {

using Slot = std::uint32_t;   // of the call's grid; slot s lasts from s to s + 1
using Index = std::uint32_t;  // of a bid or an ask in its Call
using Seed = std::array<std::uint8_t, 32>;

inline constexpr std::int64_t kMaxPrice = 10'000'000'000;  // 10,000 credits a unit and slot
inline constexpr std::uint32_t kMaxUnits = 1'000'000;      // of an order; times its slots also at most so many
inline constexpr Slot kMaxSlots = 100'000;                 // of a call's grid
inline constexpr std::size_t kMaxOrders = 20'000'000;      // of a call

// A bid asks for min_units … max_units (equal: all or none), each for min_slots … max_slots slots in one piece (equal: that
// long; a mechanism with windows may start it anywhere in [earliest, latest_end)), for at most `price`.
// An ask gives up to max_units at once in [earliest, latest_end), each rental min_slots … max_slots long, for at least
// `price`; its min_units is 1, since it gives as little as is wanted. Only an ask has a site, only a bid asks for one.
struct Order {
  std::uint64_t id = 0;       // the market's; no two orders of a call have the same
  std::uint64_t arrival = 0;  // grows with time: first come, first served; equal ones are by id
  std::int64_t price = 0;
  std::uint32_t organisation = 0;
  std::uint32_t min_units = 1, max_units = 1;
  Slot earliest = 0, latest_end = 1;
  Slot min_slots = 1, max_slots = 1;
  std::uint32_t site = 0;  // an ask's
  bool same_site = false;  // a bid's: all its units at one site
  bool operator==(const Order&) const = default;
};

struct SlotRange {
  Slot from = 0, to = 0;  // [from, to)
  bool operator==(const SlotRange&) const = default;
};

enum class Mechanism : std::uint8_t {
  kClaim = 1,
  kContinuous,
  kUniform,
  kPayAsBid,
  kVcg,
  kMcafee,
  kSbba,
  kMuda,
  kCombinatorial,
};
enum class Payments : std::uint8_t { kPayAsBid = 1, kThreshold, kVcg };  // of kCombinatorial

struct Settings {
  Mechanism mechanism = Mechanism::kUniform;
  std::uint32_t kappa_permille = 500;  // kUniform: where between lo and hi the price is
  std::int64_t deficit_cap =
      0;  // kVcg, kCombinatorial with kVcg: what the market adds at most, decided before the call
  Payments payments = Payments::kPayAsBid;
  std::uint64_t work_limit =
      50'000'000;  // kCombinatorial: steps, not time, so that every machine stops at the same place
  bool operator==(const Settings&) const = default;
};

struct Call {
  std::vector<Order> bids, asks;
  // By bid, ascending: the asks that may serve it. The table is empty: any ask serves any bid.
  std::vector<std::vector<Index>> eligible;
  // By ask, ascending, disjoint: when it is closed although within its window. The table is empty: never.
  std::vector<std::vector<SlotRange>> closed;
  Settings settings;
  Seed seed{};  // settles ties and draws
};

// `units` of an ask serve a bid in [start, start + slots). A bid may have several trades: one an ask, all with the same
// start and slots.
struct Trade {
  Index bid = 0, ask = 0;
  std::uint32_t units = 0;
  Slot start = 0, slots = 1;
  std::int64_t pays = 0, gets = 0;  // in all: the buyer, the seller
  bool operator==(const Trade&) const = default;
};

}  // namespace auction::clearing
