#include "auction/clearing/continuous_book.h"

#include <algorithm>
#include <string>

namespace auction::clearing {
namespace {

Side other(Side side) { return side == Side::kBid ? Side::kAsk : Side::kBid; }

base::Error error(base::Code code, std::uint64_t id, const char* why) {
  return {code, "order " + std::to_string(id) + ": " + why};
}

base::Status check_numbers(std::uint64_t id, std::int64_t price, std::uint32_t units) {
  if (price < 0 || price > kMaxPrice) return error(base::Code::kInvalidInput, id, "price: out of range");
  if (units < 1 || units > kMaxUnits) return error(base::Code::kInvalidInput, id, "units: out of range");
  return {};
}

}  // namespace

base::Result<Placed> ContinuousBook::submit(const BookOrder& order, std::vector<Fill>& fills) {
  TARN_TRY(check_numbers(order.id, order.price, order.units));
  if (order.at_least < 1 || order.at_least > order.units)
    return error(base::Code::kInvalidInput, order.id, "at_least: 1 to its units");
  if (nodes_by_id_.find(order.id) != kNone) return error(base::Code::kInvalidInput, order.id, "is in the book already");
  if (nodes_by_id_.size() >= kMaxOrders) return error(base::Code::kConflict, order.id, "the book is full");
  Placed out;
  if (order.at_least > 1 && !reaches(order.side, order.price, order.at_least)) return out;
  out.filled = take(order.side, order.price, order.units, fills);
  if (out.filled < order.units && !order.immediate) {
    out.resting = order.units - out.filled;
    rest(order.id, order.side, order.price, out.resting);
  }
  return out;
}

base::Status ContinuousBook::cancel(std::uint64_t id) {
  const NodeIndex found = nodes_by_id_.find(id);
  if (found == kNone) return error(base::Code::kNotFound, id, "is not in the book");
  leave(found);
  return {};
}

base::Result<Placed> ContinuousBook::replace(std::uint64_t id, std::int64_t price, std::uint32_t units,
                                             std::vector<Fill>& fills) {
  TARN_TRY(check_numbers(id, price, units));
  const NodeIndex found = nodes_by_id_.find(id);
  if (found == kNone) return error(base::Code::kNotFound, id, "is not in the book");
  Node& node = nodes_[found];
  if (price == node.price && units <= node.units) {
    node.level->units -= node.units - units;
    node.units = units;
    return Placed{0, units};
  }
  const Side side = node.side;
  leave(found);
  return submit({.id = id, .side = side, .price = price, .units = units}, fills);
}

std::optional<BookOrder> ContinuousBook::find(std::uint64_t id) const {
  const NodeIndex found = nodes_by_id_.find(id);
  if (found == kNone) return std::nullopt;
  const Node& node = nodes_[found];
  return BookOrder{.id = id, .side = node.side, .price = node.price, .units = node.units};
}

std::vector<ContinuousBook::Depth> ContinuousBook::depth(Side side, std::size_t most) const {
  std::vector<Depth> out;
  for (const auto& [key, level] : levels(side)) {
    if (out.size() == most) break;
    out.push_back({side == Side::kBid ? -key : key, level.units, level.orders});
  }
  return out;
}

bool ContinuousBook::reaches(Side side, std::int64_t price, std::uint32_t units) const {
  const std::int64_t limit = merit(other(side), price);
  std::uint64_t sum = 0;
  for (const auto& [key, level] : levels(other(side))) {
    if (key > limit || sum >= units) break;
    sum += level.units;
  }
  return sum >= units;
}

std::uint32_t ContinuousBook::take(Side side, std::int64_t price, std::uint32_t units, std::vector<Fill>& fills) {
  Levels& opposite = levels(other(side));
  const std::int64_t limit = merit(other(side), price);
  std::uint32_t filled = 0;
  while (filled < units && !opposite.empty() && opposite.begin()->first <= limit) {
    Level& best = opposite.begin()->second;
    const NodeIndex first = best.first;
    Node& node = nodes_[first];
    const std::uint32_t some = std::min(node.units, units - filled);
    fills.push_back({node.id, some, node.price});
    filled += some;
    if (some == node.units) {
      leave(first);
    } else {
      node.units -= some;
      best.units -= some;
    }
  }
  return filled;
}

void ContinuousBook::rest(std::uint64_t id, Side side, std::int64_t price, std::uint32_t units) {
  Level& level = levels(side)[merit(side, price)];
  NodeIndex index = static_cast<NodeIndex>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  nodes_[index] = {id, price, &level, units, level.last, kNone, side};
  (level.last == kNone ? level.first : nodes_[level.last].behind) = index;
  level.last = index;
  level.units += units;
  ++level.orders;
  nodes_by_id_.insert(id, index);
}

void ContinuousBook::leave(NodeIndex index) {
  const Node& node = nodes_[index];
  Level& level = *node.level;
  (node.before == kNone ? level.first : nodes_[node.before].behind) = node.behind;
  (node.behind == kNone ? level.last : nodes_[node.behind].before) = node.before;
  level.units -= node.units;
  nodes_by_id_.erase(node.id);
  if (--level.orders == 0) levels(node.side).erase(merit(node.side, node.price));
  free_.push_back(index);
}

}  // namespace auction::clearing
