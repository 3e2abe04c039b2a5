// tarn bench auction --only windowed: what simple rules leave of the optimum when orders are all or none and may slide,
// and how near the anytime search comes. And the gap that is left on a call that is too large to solve.
#include <sys/resource.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "auction/clearing/certificate.h"
#include "auction/clearing/generator.h"
#include "auction/clearing/winners.h"
#include "tarn/auction_bench.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using auction::clearing::Call;
using auction::clearing::Index;
using auction::clearing::Order;
using auction::clearing::Outcome;
using auction::clearing::Slot;

constexpr std::uint64_t kTables = 500;
constexpr std::uint64_t kExactWork = 2'000'000'000;  // far more than any of them needs
constexpr std::uint64_t kAnytimeWork = 250'000;
constexpr std::uint64_t kLargeWork = 6'000'000'000;

// One server an ask, there all the time: what is taken, slot by slot.
class Servers {
 public:
  explicit Servers(const Call& call) : call_(call), slots_(auction::clearing::slots_of(call)) {
    taken_.assign(call.asks.size() * slots_, false);
  }
  struct Place {
    Slot start = 0;
    std::vector<Index> asks;
    std::int64_t surplus = 0;
  };
  // The servers free for all of it, the cheapest first or as they come; none: too few.
  std::optional<Place> at(const Order& bid, Slot start, bool cheapest) const {
    Place place{start, {}, 0};
    for (Index ask = 0; ask < call_.asks.size(); ++ask)
      if (free(ask, start, start + bid.min_slots)) place.asks.push_back(ask);
    if (place.asks.size() < bid.min_units) return std::nullopt;
    if (cheapest) std::ranges::sort(place.asks, {}, [&](Index ask) { return std::pair(call_.asks[ask].price, ask); });
    place.asks.resize(bid.min_units);
    for (const Index ask : place.asks) place.surplus += (bid.price - call_.asks[ask].price) * bid.min_slots;
    return place;
  }
  std::optional<Place> best(const Order& bid) const {
    std::optional<Place> best;
    for (Slot start = bid.earliest; start + bid.min_slots <= bid.latest_end; ++start) {
      auto place = at(bid, start, true);
      if (place && place->surplus > 0 && (!best || place->surplus > best->surplus)) best = std::move(place);
    }
    return best;
  }
  std::optional<Place> first(const Order& bid) const {
    for (Slot start = bid.earliest; start + bid.min_slots <= bid.latest_end; ++start)
      if (auto place = at(bid, start, false)) return place;
    return std::nullopt;
  }
  std::int64_t take(const Order& bid, const std::optional<Place>& place) {
    if (!place) return 0;
    for (const Index ask : place->asks)
      for (Slot t = place->start; t < place->start + bid.min_slots; ++t) taken_[ask * slots_ + t] = true;
    return place->surplus;
  }

 private:
  bool free(Index ask, Slot from, Slot to) const {
    for (Slot t = from; t < to; ++t)
      if (taken_[ask * slots_ + t]) return false;
    return true;
  }
  const Call& call_;
  Slot slots_;
  std::vector<bool> taken_;
};

enum class By : std::uint8_t { kSurplus, kDensity };

std::int64_t greedy(const Call& call, By by) {
  const Servers empty(call);
  std::vector<std::pair<double, Index>> order;
  for (Index i = 0; i < call.bids.size(); ++i) {
    const Order& bid = call.bids[i];
    const auto alone = empty.best(bid);
    const double surplus = alone ? static_cast<double>(alone->surplus) : 0;
    order.emplace_back(by == By::kSurplus ? -surplus : -surplus / (bid.min_units * bid.min_slots), i);
  }
  std::ranges::sort(order);
  Servers servers(call);
  std::int64_t welfare = 0;
  for (const auto& [rank, i] : order) welfare += servers.take(call.bids[i], servers.best(call.bids[i]));
  return welfare;
}

std::int64_t first_come(const Call& call, bool price_checked) {
  Servers servers(call);
  std::int64_t welfare = 0;
  for (const Order& bid : call.bids)
    welfare += servers.take(bid, price_checked ? servers.best(bid) : servers.first(bid));
  return welfare;
}

Outcome solved(const Call& call) {
  auto outcome = auction::clearing::clear_combinatorial(call);
  CHECK(outcome.ok());  // its own generator's call
  return std::move(*outcome);
}

Call pinned(Call call) {
  for (Order& bid : call.bids) bid.latest_end = bid.earliest + bid.min_slots;
  return call;
}

Call with_work(Call call, std::uint64_t work) {
  call.settings.work_limit = work;
  return call;
}

std::size_t peak_rss_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss);
}

}  // namespace

AuctionRows windowed_rows() {
  double exact = 0, anytime = 0, surplus = 0, density = 0, fixed_starts = 0, checked = 0, blind = 0, proven = 0;
  for (std::uint64_t number = 0; number < kTables && !interrupted(); ++number) {
    const Call call =
        with_work(auction::clearing::windowed_call(auction::clearing::kWindowedTable, number), kExactWork);
    const Outcome best = solved(call);
    exact += static_cast<double>(best.welfare);
    proven += best.welfare == best.upper_bound ? 1 : 0;
    anytime += static_cast<double>(solved(with_work(call, kAnytimeWork)).welfare);
    fixed_starts += static_cast<double>(solved(pinned(call)).welfare);
    surplus += static_cast<double>(greedy(call, By::kSurplus));
    density += static_cast<double>(greedy(call, By::kDensity));
    checked += static_cast<double>(first_come(call, true));
    blind += static_cast<double>(first_come(call, false));
  }
  const auto row = [&](const char* mechanism, double welfare) {
    return AuctionRow{"windowed", mechanism, kTables, {{"share_of_optimum_pct", 100 * welfare / exact}}};
  };
  AuctionRows rows{row("exact", exact),
                   row("anytime", anytime),
                   row("greedy-by-surplus", surplus),
                   row("greedy-by-density", density),
                   row("pinned-starts", fixed_starts),
                   row("first-come-price-checked", checked),
                   row("first-come-price-blind", blind)};
  rows[0].figures.push_back({"proven_pct", 100 * proven / kTables, 2, 100});
  rows[1].figures[0].at_least = 99;
  return rows;
}

AuctionRows combinatorial_rows() {
  const Call call = with_work(auction::clearing::windowed_call(auction::clearing::kWindowedLarge, 0), kLargeWork);
  Stopwatch watch;
  const Outcome outcome = solved(call);
  const double seconds = watch.lap_ms() / 1000;
  const auto bound = static_cast<double>(outcome.upper_bound);
  return {{"speed",
           "combinatorial",
           call.bids.size(),
           {{"gap_pct", 100 * (bound - static_cast<double>(outcome.welfare)) / bound, 3},
            {"seconds", seconds, 1},
            {"peak_rss_mb", static_cast<double>(peak_rss_kb()) / 1024, 1}}}};
}

}  // namespace tarn
