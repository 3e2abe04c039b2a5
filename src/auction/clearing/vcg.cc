#include "auction/clearing/single_product.h"

namespace auction::clearing {
namespace {

__extension__ using Wide = __int128;

// Units from the one worth most to the one worth least, as runs: what is the i-th worth, and the first i together?
class Steps {
 public:
  void add(std::int64_t worth, std::uint64_t units) {
    if (units > 0) runs_.push_back({worth, units_, sum_});
    units_ += units;
    sum_ += worth * static_cast<std::int64_t>(units);
  }
  std::uint64_t units() const { return units_; }
  std::int64_t at(std::uint64_t unit) const { return run_of(unit).worth; }
  std::int64_t sum(std::uint64_t first) const {
    if (first == units_) return sum_;
    const Run& run = run_of(first);
    return run.sum + run.worth * static_cast<std::int64_t>(first - run.from);
  }

 private:
  struct Run {
    std::int64_t worth;
    std::uint64_t from;
    std::int64_t sum;
  };
  const Run& run_of(std::uint64_t unit) const {
    return *std::prev(std::ranges::upper_bound(runs_, unit, {}, &Run::from));
  }
  std::vector<Run> runs_;
  std::uint64_t units_ = 0;
  std::int64_t sum_ = 0;
};

// The `units` units worth most of two lists, of which the first is without its `own` first ones. What others gain if
// somebody with so many traded units stays away: each place goes to who is waiting, or is given up with its counterpart.
std::int64_t best_of(const Steps& waiting, std::uint64_t own, const Steps& counterparts, std::uint64_t units) {
  std::uint64_t low = 0, high = std::min(units, waiting.units() - own);  // how many of those waiting
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (waiting.at(own + middle) > counterparts.at(units - middle - 1))
      low = middle + 1;
    else
      high = middle;
  }
  return waiting.sum(own + low) - waiting.sum(own) + counterparts.sum(units - low);
}

// One side of the market in merit order. `sign`: 1 for bids, -1 for asks, so that worth falls along both lists.
struct Ranks {
  const std::vector<Order>& orders;
  std::span<const Index> list;
  std::int64_t sign;
  std::size_t done;      // these trade all their units,
  std::uint32_t partly;  // the next so many

  std::uint32_t traded(std::size_t rank) const {
    return rank < done ? orders[list[rank]].max_units : rank == done ? partly : 0;
  }
  std::int64_t worth(std::size_t rank) const { return sign * orders[list[rank]].price; }
  std::size_t winners() const { return done + (partly > 0 ? 1 : 0); }
};

// By rank: what others gain if each winner stays away, for a slot.
std::vector<std::int64_t> externalities(const Ranks& own, const Ranks& other) {
  Steps waiting, counterparts;
  for (std::size_t rank = own.done; rank < own.list.size(); ++rank)
    waiting.add(own.worth(rank), own.orders[own.list[rank]].max_units - own.traded(rank));
  for (std::size_t rank = other.winners(); rank-- > 0;) counterparts.add(-other.worth(rank), other.traded(rank));
  std::vector<std::int64_t> out;
  for (std::size_t rank = 0; rank < own.winners(); ++rank) {
    const bool split = rank == own.done;  // its other units are the first of those waiting
    const std::uint64_t waiting_of_own = split ? own.orders[own.list[rank]].max_units - own.partly : 0;
    out.push_back(best_of(waiting, waiting_of_own, counterparts, own.traded(rank)));
  }
  return out;
}

// An order's amount spread over its trades, which are one after the other: each so far the floor of its share. As a unit's
// share is within the limit, so is every trade's.
class Spread {
 public:
  Spread(const Ranks& ranks, const std::vector<std::int64_t>& amounts) : ranks_(ranks), amounts_(amounts) {}
  std::int64_t next(std::uint32_t units) {
    const Wide all = ranks_.traded(rank_);
    const auto so_far = static_cast<std::int64_t>(static_cast<Wide>(amounts_[rank_]) * (done_ + units) / all);
    const std::int64_t amount = so_far - given_;
    done_ += units;
    given_ = so_far;
    if (done_ == all) ++rank_, done_ = 0, given_ = 0;
    return amount;
  }

 private:
  const Ranks& ranks_;
  const std::vector<std::int64_t>& amounts_;
  std::size_t rank_ = 0;
  std::uint32_t done_ = 0;
  std::int64_t given_ = 0;
};

std::vector<Trade> vcg_trades(const Call& call, const Merit& all) {
  const Crossing& c = all.crossing;
  const Ranks bids{call.bids, all.bids, 1, c.bids_done, c.bid_units};
  const Ranks asks{call.asks, all.asks, -1, c.asks_done, c.ask_units};
  const std::vector<std::int64_t> pays = externalities(bids, asks);
  std::vector<std::int64_t> gets = externalities(asks, bids);
  for (std::int64_t& amount : gets) amount = -amount;
  std::vector<Trade> trades;
  pair_off(call, all.bids, all.asks, c.units, [](const Order&, const Order&) { return std::pair(0, 0); }, trades);
  Spread from_buyers(bids, pays), to_sellers(asks, gets);
  for (Trade& trade : trades) {
    trade.pays = from_buyers.next(trade.units) * trade.slots;
    trade.gets = to_sellers.next(trade.units) * trade.slots;
  }
  return trades;
}

bool single_units(const Call& call) {
  const auto single = [](const Order& order) { return order.max_units == 1; };
  return std::ranges::all_of(call.bids, single) && std::ranges::all_of(call.asks, single);
}

}  // namespace

// Within the cap nobody gains by another report, also not one that would exceed it: mcafee's prices are never better for
// any trader than vcg's, and no trade brings nothing. Beyond it somebody may, by a report that brings vcg back.
Outcome clear_vcg(const Call& call) {
  const Merit all = merit(call);
  Outcome out = finished(call, vcg_trades(call, all), all.crossing);
  if (-out.budget <= call.settings.deficit_cap) return out;
  const std::string why = "the deficit would be " + std::to_string(-out.budget) + ", its cap is " +
                          std::to_string(call.settings.deficit_cap) + ": ";
  const bool mcafee = single_units(call);
  out = finished(call, mcafee ? mcafee_trades(call, all) : std::vector<Trade>(), all.crossing);
  out.truthful = false;
  out.note = why + (mcafee ? "cleared as mcafee" : "nothing trades, as mcafee does not take orders of several units");
  return out;
}

}  // namespace auction::clearing
