// A transcript as it was read: everything has the right type and lies within its limits, nothing is known to be true.
// Values, any thread. Errors: kInvalidInput, naming the place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace verify {

__extension__ using Wide = __int128;
using Digest = std::array<std::uint8_t, 32>;

inline constexpr std::int64_t kMostPrice = 10'000'000'000;
inline constexpr std::int64_t kMostUnits = 1'000'000;  // and units × slots of an order
inline constexpr std::int64_t kMostSlots = 100'000;

struct Order {
  std::uint64_t id = 0, arrival = 0;
  std::int64_t price = 0, organisation = 0, min_units = 0, max_units = 0;
  std::int64_t earliest = 0, latest_end = 0, min_slots = 0, max_slots = 0;
  std::int64_t site = 0;   // asks
  bool same_site = false;  // bids
};

struct Trade {
  std::size_t bid = 0, ask = 0;
  std::int64_t units = 0, start = 0, slots = 0, pays = 0, gets = 0;
  std::int64_t area() const { return units * slots; }
};

using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

struct Call {
  std::string mechanism, payments, note;
  std::int64_t kappa_permille = 0, deficit_cap = 0, first_slot = 0;
  std::uint64_t work_limit = 0, work = 0;
  std::vector<Order> bids, asks;
  std::optional<std::vector<std::vector<std::size_t>>> eligible;  // by bid, ascending
  std::optional<std::vector<Ranges>> closed;                      // by ask, ascending, disjoint
  std::vector<Trade> trades;
  std::int64_t welfare = 0, upper_bound = 0, budget = 0;
  std::optional<std::int64_t> dual_bound;
  bool truthful = false;
  std::vector<std::int64_t> dual;

  std::int64_t limit(const Trade& trade) const { return bids[trade.bid].price * trade.area(); }
  std::int64_t reserve(const Trade& trade) const { return asks[trade.ask].price * trade.area(); }
  bool may_serve(std::size_t bid, std::size_t ask) const;
};

struct Transcript {
  std::uint64_t market = 0, number = 0;
  std::string at;
  std::int64_t slot_ms = 0;
  Digest commitment{}, operator_seed{}, seed{};
  std::vector<std::pair<std::uint64_t, Digest>> orders;
  std::vector<Call> calls;
};

base::Result<Transcript> read_transcript(std::string_view json);

}  // namespace verify
