// The order book of one product: who comes meets the best resting orders of the other side at their prices, the earliest
// of equal ones first (price-time priority), and what is left of it rests.
//   at_least    above 1: so many units at once, or nothing and the order is gone; what it wants beyond them rests
//   immediate   what does not trade at once is gone (immediate or cancel; with at_least = units: fill or kill)
//   replace     fewer units at the same price keep their place; anything else is a new order in the old one's name
// Logarithmic in the number of different prices, and constant in the number of orders, but for the trades it makes; only
// at_least looks along the prices until it has enough. Orders are nodes of one pool, a price's in a list.
// The book knows neither organisations nor time: who calls refuses an order that would meet its own, and cancels one that
// has expired.
// Threads: none of its own. Errors change nothing: kInvalidInput (id taken, price, units), kNotFound, kConflict (full).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "auction/clearing/id_table.h"
#include "auction/clearing/mechanism.h"

namespace auction::clearing {

struct BookOrder {
  std::uint64_t id = 0;
  Side side = Side::kBid;
  std::int64_t price = 0;  // micro-credits a unit
  std::uint32_t units = 1;
  std::uint32_t at_least = 1;
  bool immediate = false;
};
struct Fill {
  std::uint64_t resting = 0;  // the id of who was there
  std::uint32_t units = 0;
  std::int64_t price = 0;  // its price
  bool operator==(const Fill&) const = default;
};
struct Placed {
  std::uint32_t filled = 0, resting = 0;  // units; the others are gone
  bool operator==(const Placed&) const = default;
};

class ContinuousBook {
 public:
  // Fills are appended, in the order in which they were made.
  base::Result<Placed> submit(const BookOrder& order, std::vector<Fill>& fills);
  base::Status cancel(std::uint64_t id);
  base::Result<Placed> replace(std::uint64_t id, std::int64_t price, std::uint32_t units, std::vector<Fill>& fills);

  std::size_t orders() const { return nodes_by_id_.size(); }
  std::optional<BookOrder> find(std::uint64_t id) const;  // with the units that are left
  struct Depth {
    std::int64_t price = 0;
    std::uint64_t units = 0;
    std::uint32_t orders = 0;
    bool operator==(const Depth&) const = default;
  };
  std::vector<Depth> depth(Side side, std::size_t levels) const;  // best first

 private:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex kNone = IdTable::kNone;
  struct Level {
    std::uint64_t units = 0;
    std::uint32_t orders = 0;
    NodeIndex first = kNone, last = kNone;
  };
  struct Node {
    std::uint64_t id = 0;
    std::int64_t price = 0;
    Level* level = nullptr;
    std::uint32_t units = 0;
    NodeIndex before = kNone, behind = kNone;
    Side side = Side::kBid;
  };
  using Levels = std::map<std::int64_t, Level>;  // by merit: an ask's price, a bid's negated

  static std::int64_t merit(Side side, std::int64_t price) { return side == Side::kBid ? -price : price; }
  Levels& levels(Side side) { return side == Side::kBid ? bids_ : asks_; }
  const Levels& levels(Side side) const { return side == Side::kBid ? bids_ : asks_; }
  bool reaches(Side side, std::int64_t price, std::uint32_t units) const;
  std::uint32_t take(Side side, std::int64_t price, std::uint32_t units, std::vector<Fill>& fills);
  void rest(std::uint64_t id, Side side, std::int64_t price, std::uint32_t units);
  void leave(NodeIndex index);

  Levels bids_, asks_;
  std::vector<Node> nodes_;
  std::vector<NodeIndex> free_;
  IdTable nodes_by_id_;
};

}  // namespace auction::clearing
