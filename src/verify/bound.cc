#include <algorithm>
#include <limits>

#include "verify/checks.h"

namespace verify {
namespace {

struct Offer {
  std::int64_t gain = 0;  // of a unit
  std::int64_t units = 0, site = 0;
};

// For one ask: sums of prices and counts of closed slots before each slot, so that a rental is two subtractions.
struct Row {
  std::vector<std::int64_t> price_before, closed_before;
};

class Bound {
 public:
  Bound(const Call& call, bool priced) : call_(call), slots_(slots_of(call)) {
    for (std::size_t ask = 0; ask < call.asks.size(); ++ask) add_row(ask, priced);
  }
  std::int64_t value() {
    Wide sum = capacity_;
    for (std::size_t bid = 0; bid < call_.bids.size(); ++bid) sum += best(bid);
    return static_cast<std::int64_t>(std::min<Wide>(sum, std::int64_t{1} << 62));
  }

 private:
  void add_row(std::size_t ask, bool priced) {
    Row row;
    std::int64_t price = 0, closed = 0;
    const Order& order = call_.asks[ask];
    std::size_t next = 0;
    for (std::int64_t t = 0; t <= slots_; ++t) {
      row.price_before.push_back(price);
      row.closed_before.push_back(closed);
      if (t == slots_) break;
      bool open = t >= order.earliest && t < order.latest_end;
      if (call_.closed) {
        const Ranges& ranges = (*call_.closed)[ask];
        while (next < ranges.size() && ranges[next].second <= t) ++next;
        open = open && !(next < ranges.size() && ranges[next].first <= t);
      }
      const std::int64_t here =
          priced ? call_.dual[ask * static_cast<std::size_t>(slots_) + static_cast<std::size_t>(t)] : 0;
      if (open) capacity_ += static_cast<Wide>(here) * order.max_units;
      price += here;
      closed += open ? 0 : 1;
    }
    rows_.push_back(std::move(row));
  }

  void offer(const Order& bid, std::size_t ask, std::int64_t start, std::int64_t slots) {
    const Order& order = call_.asks[ask];
    const std::int64_t end = start + slots;
    if (order.price > bid.price || slots < order.min_slots || slots > order.max_slots || end > slots_) return;
    const auto from = static_cast<std::size_t>(start), to = static_cast<std::size_t>(end);
    if (rows_[ask].closed_before[to] != rows_[ask].closed_before[from]) return;
    const std::int64_t prices = rows_[ask].price_before[to] - rows_[ask].price_before[from];
    offers_.push_back({(bid.price - order.price) * slots - prices, order.max_units, order.site});
  }

  // Units one by one from the best on, as long as they gain or are needed.
  static std::int64_t filled(const Order& bid, std::vector<Offer>::const_iterator from,
                             std::vector<Offer>::const_iterator to) {
    std::int64_t units = 0, gain = 0;
    for (; from != to; ++from) {
      const std::int64_t wanted = (from->gain > 0 ? bid.max_units : std::max(bid.min_units, units)) - units;
      const std::int64_t some = std::min(wanted, from->units);
      units += some;
      gain += some * from->gain;
    }
    return units >= bid.min_units ? gain : 0;
  }

  std::int64_t best_at(const Order& bid) {
    const bool sites = bid.same_site;
    std::ranges::sort(offers_, [sites](const Offer& a, const Offer& b) {
      if (sites && a.site != b.site) return a.site < b.site;
      return a.gain > b.gain;
    });
    if (!sites) return filled(bid, offers_.begin(), offers_.end());
    std::int64_t best = 0;
    for (auto from = offers_.begin(), to = from; from != offers_.end(); from = to) {
      while (to != offers_.end() && to->site == from->site) ++to;
      best = std::max(best, filled(bid, from, to));
    }
    return best;
  }

  std::int64_t best(std::size_t i) {
    const Order& bid = call_.bids[i];
    std::int64_t best = 0;
    for (std::int64_t slots = bid.min_slots; slots <= bid.max_slots; ++slots)
      for (std::int64_t start = bid.earliest; start + slots <= bid.latest_end; ++start) {
        offers_.clear();
        if (call_.eligible) {
          for (const std::size_t ask : (*call_.eligible)[i]) offer(bid, ask, start, slots);
        } else {
          for (std::size_t ask = 0; ask < call_.asks.size(); ++ask) offer(bid, ask, start, slots);
        }
        best = std::max(best, best_at(bid));
      }
    return best;
  }

  const Call& call_;
  std::int64_t slots_;
  std::vector<Row> rows_;
  Wide capacity_ = 0;
  std::vector<Offer> offers_;
};

// How often Bound looks at an ask for a bid.
Wide steps_of(const Call& call) {
  Wide sum = static_cast<Wide>(call.asks.size()) * slots_of(call);
  for (std::size_t i = 0; i < call.bids.size(); ++i) {
    const Order& bid = call.bids[i];
    const auto asks = static_cast<std::int64_t>(call.eligible ? (*call.eligible)[i].size() : call.asks.size());
    const std::int64_t window = bid.latest_end - bid.earliest;
    sum += static_cast<Wide>(asks + 1) * (bid.max_slots - bid.min_slots + 1) * window;
  }
  return sum;
}

// What a rule that knows no more says: each bid all that it wants, of the cheapest ask that may serve it.
Wide plain_bound(const Call& call) {
  std::int64_t cheapest = kMostPrice;
  for (const Order& ask : call.asks) cheapest = std::min(cheapest, ask.price);
  Wide sum = 0;
  for (std::size_t i = 0; i < call.bids.size(); ++i) {
    std::int64_t least = call.eligible ? kMostPrice : cheapest;
    if (call.eligible)
      for (const std::size_t ask : (*call.eligible)[i]) least = std::min(least, call.asks[ask].price);
    sum += static_cast<Wide>(std::max<std::int64_t>(0, call.bids[i].price - least)) * call.bids[i].max_units *
           call.bids[i].max_slots;
  }
  return sum;
}

}  // namespace

base::Result<std::int64_t> bound_of_dual(const Call& call, std::uint64_t& steps) {
  const Wide needed = 2 * steps_of(call);
  if (needed > static_cast<Wide>(steps))
    return base::Error{base::Code::kInvalidInput, "the call is too large to compute its bound again here"};
  steps -= static_cast<std::uint64_t>(needed);
  return std::min(Bound(call, false).value(), Bound(call, true).value());
}

Fault bound_fault(const Call& call, std::uint64_t& steps) {
  if (call.upper_bound < call.welfare) return "the bound is below the welfare";
  if (call.mechanism == "claim" || call.mechanism == "continuous") {
    if (call.upper_bound > plain_bound(call)) return "the bound is above what everybody could want at most";
    return std::nullopt;
  }
  if (call.mechanism != "combinatorial") return std::nullopt;  // with the prices
  if (!call.dual_bound) return "there is no bound that follows from prices";
  if (call.dual.size() != call.asks.size() * static_cast<std::size_t>(slots_of(call)))
    return "there is not a price for each ask and slot";
  const auto bound = bound_of_dual(call, steps);
  if (!bound.ok()) return bound.error().message;
  if (*bound != *call.dual_bound) return "from the prices follows another bound than is claimed";
  if (call.upper_bound != *call.dual_bound && call.upper_bound != call.welfare)
    return "the bound is neither that of the prices nor the welfare";
  if (call.upper_bound > *call.dual_bound) return "the bound is above what the prices show";
  return std::nullopt;
}

}  // namespace verify
