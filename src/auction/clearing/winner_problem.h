// A call as the search for winners sees it: orders in the order in which ties are broken (by the seed, then arrival, then
// id), so that whatever the search does from here on, it does not depend on how the call listed them; and for each ask,
// slot by slot, how many units it has.
// Threads: any; immutable once made.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "auction/clearing/order.h"

namespace auction::clearing {

__extension__ using Wide = __int128;  // sums over a whole call before they are known to fit

struct Part {
  Index ask = 0;
  std::uint32_t units = 0;
  auto operator<=>(const Part&) const = default;
};

// What one bid gets; no parts: nothing.
struct Choice {
  Slot start = 0, slots = 0;
  std::vector<Part> parts;
};

class WinnerProblem {
 public:
  // `without`: an organisation whose orders are left out, as the Clarke payments want it.
  explicit WinnerProblem(const Call& call, const std::uint32_t* without = nullptr);

  std::vector<Order> bids, asks;
  std::vector<Index> bid_in_call, ask_in_call;  // their places in the call
  Slot slots = 0;
  std::vector<std::uint32_t> capacity;  // [cell(ask, slot)]: units, 0 where the ask is closed
  std::vector<std::uint32_t> kind;      // by ask: those alike in all but their units have one kind
  std::uint32_t kinds = 0;

  std::size_t cell(Index ask, Slot slot) const { return static_cast<std::size_t>(ask) * slots + slot; }
  std::span<const Index> eligible(Index bid) const { return anyone_ ? everyone_ : eligible_[bid]; }
  bool anyone_serves_anyone() const { return anyone_; }
  // A table by cell, as the call lists its asks.
  std::vector<std::int64_t> in_call(const Call& call, std::span<const std::int64_t> by_cell) const;
  std::int64_t surplus(Index bid, const Choice& choice) const;  // its limit minus the asks' reserves

 private:
  void sort_orders(const Call& call, const std::uint32_t* without);
  void fill_capacity(const Call& call);
  void map_eligible(const Call& call);
  void find_kinds(const Call& call);

  bool anyone_ = true;
  std::vector<Index> everyone_;
  std::vector<std::vector<Index>> eligible_;
};

}  // namespace auction::clearing
