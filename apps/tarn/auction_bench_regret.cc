#include <algorithm>
#include <array>
#include <string>

#include "tarn/auction_bench.h"
#include "tarn/auction_bench_markets.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using auction::clearing::Call;
using auction::clearing::Mechanism;
using auction::clearing::Order;
using auction::clearing::Outcome;

// Regret: what a trader could have gained by another report, all others as they are; of a value uniform in 0 … 1. Mean of
// all traders, also of those who do not trade.
struct Known {
  std::uint64_t n;
  double uniform, pay_as_bid;
  std::uint64_t traders;  // one a market
};
constexpr std::array kKnown = {Known{2, .053, .083, 20'000}, Known{5, .023, .063, 20'000},
                               Known{10, .012, .049, 20'000}, Known{50, .003, .025, 5'000},
                               Known{100, .001, .019, 2'000}};
constexpr double kNear = .006;

struct Trader {
  bool buys;
  std::size_t index;
};

std::int64_t gain(const Outcome& outcome, Trader trader, std::int64_t value) {
  for (const auction::clearing::Trade& trade : outcome.trades)
    if ((trader.buys ? trade.bid : trade.ask) == trader.index)
      return trader.buys ? value - trade.pays : trade.gets - value;
  return 0;
}

// Only another place among the others' reports, or just beside one, changes anything but its own share of a price, which
// is best at the end of such an interval.
std::int64_t regret(Call& call, Trader trader) {
  Order& own = (trader.buys ? call.bids : call.asks)[trader.index];
  const std::int64_t value = own.price;
  const std::int64_t honest = gain(clear(call).value(), trader, value);
  std::vector<std::int64_t> reports{0, kOne};
  for (const auto* orders : {&call.bids, &call.asks})
    for (const Order& order : *orders) {
      if (&order == &own) continue;
      for (const std::int64_t beside : {-1, 1})
        reports.push_back(std::clamp<std::int64_t>(order.price + beside, 0, kOne));
    }
  std::int64_t best = honest;
  for (const std::int64_t report : reports) {
    own.price = report;
    best = std::max(best, gain(clear(call).value(), trader, value));
  }
  own.price = value;
  return best - honest;
}

AuctionRow row_of(Mechanism mechanism, const Known& known) {
  const bool truthful = properties(mechanism).truthful != auction::clearing::Truthful::kNo;
  const std::uint64_t traders = truthful ? known.traders / 4 : known.traders;
  Call call = market_of(mechanism, known.n, known.n);
  BenchChance chance(known.n + 1000);
  std::int64_t most = 0;
  double sum = 0;
  for (std::uint64_t i = 0; i < traders && !interrupted(); ++i) {
    draw_market(call, chance);
    const std::uint64_t drawn = chance.upto(2 * known.n - 1);
    const std::int64_t found = regret(call, {drawn < known.n, drawn % known.n});
    sum += static_cast<double>(found);
    most = std::max(most, found);
  }
  AuctionFigure mean{.name = "regret_mean", .value = sum / static_cast<double>(traders) / kOne, .digits = 4};
  AuctionFigure max{.name = "regret_max", .value = static_cast<double>(most) / kOne, .digits = 4};
  if (truthful) {
    mean.at_most = max.at_most = 0;
  } else {
    const double expected = mechanism == Mechanism::kUniform ? known.uniform : known.pay_as_bid;
    mean.at_least = expected - kNear;
    mean.at_most = expected + kNear;
  }
  return {"regret", std::string(properties(mechanism).name), known.n, {mean, max}};
}

}  // namespace

AuctionRows regret_rows() {
  AuctionRows rows;
  for (const Known& known : kKnown) {
    progress("regret: " + std::to_string(known.n) + " buyers, " + std::to_string(known.n) + " sellers");
    for (const Mechanism mechanism : {Mechanism::kUniform, Mechanism::kPayAsBid, Mechanism::kVcg, Mechanism::kMcafee,
                                      Mechanism::kSbba, Mechanism::kMuda})
      rows.push_back(row_of(mechanism, known));
  }
  return rows;
}

}  // namespace tarn
