#include <array>
#include <string>

#include "tarn/auction_bench.h"
#include "tarn/auction_bench_markets.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using auction::clearing::Mechanism;

// n buyers and n sellers of one unit each, values uniform: shares of the optimum, %, all markets together. Of 50,000 runs,
// and good to half a point.
struct Known {
  std::uint64_t n;
  double mcafee, mcafee_traders, sbba, vcg_deficit;
};
constexpr std::array kKnown = {Known{2, 77.2, 69.0, 62.7, 49.8}, Known{5, 94.6, 86.1, 88.0, 20.0},
                               Known{10, 98.4, 91.8, 94.5, 9.8}, Known{50, 99.9, 98.1, 99.0, 2.1},
                               Known{100, 99.98, 99.0, 99.5, 1.0}};
constexpr double kPoints = 0.5;
constexpr std::uint64_t kRuns = 50'000,
                        kOrders = 1'000'000;  // runs at least; small markets, which vary more, have more

struct Shares {
  double welfare_pct, trader_pct, deficit_pct;
};

Shares measure(Mechanism mechanism, std::uint64_t n) {
  auction::clearing::Call call = market_of(mechanism, n, n);
  BenchChance chance(n);  // every mechanism has the same markets
  double welfare = 0, optimum = 0, budget = 0;
  for (std::uint64_t run = 0; run < std::max(kRuns, kOrders / n) && !interrupted(); ++run) {
    draw_market(call, chance);
    const auction::clearing::Outcome outcome = clear(call).value();
    welfare += static_cast<double>(outcome.welfare);
    optimum += static_cast<double>(outcome.upper_bound);
    budget += static_cast<double>(outcome.budget);
  }
  return {100 * welfare / optimum, 100 * (welfare - budget) / optimum, 100 * -budget / optimum};
}

AuctionFigure near(const char* name, double value, double known) {
  return {.name = name, .value = value, .digits = 2, .at_least = known - kPoints, .at_most = known + kPoints};
}

AuctionRow row_of(Mechanism mechanism, const Known& known) {
  const Shares got = measure(mechanism, known.n);
  AuctionRow row{"reference", std::string(auction::clearing::properties(mechanism).name), known.n, {}};
  AuctionFigure welfare{.name = "welfare_pct", .value = got.welfare_pct},
      traders{.name = "trader_pct", .value = got.trader_pct},
      deficit{.name = "deficit_pct", .value = got.deficit_pct + 0.0};
  if (mechanism == Mechanism::kMcafee) {
    welfare = near("welfare_pct", got.welfare_pct, known.mcafee);
    traders = near("trader_pct", got.trader_pct, known.mcafee_traders);
  } else if (mechanism == Mechanism::kSbba) {
    welfare = near("welfare_pct", got.welfare_pct, known.sbba);
  } else if (mechanism == Mechanism::kVcg) {
    deficit = near("deficit_pct", got.deficit_pct, known.vcg_deficit);
  }
  row.figures = {welfare, traders, deficit};
  return row;
}

}  // namespace

AuctionRows reference_rows() {
  AuctionRows rows;
  for (const Known& known : kKnown) {
    progress("reference: " + std::to_string(known.n) + " buyers, " + std::to_string(known.n) + " sellers");
    for (const Mechanism mechanism :
         {Mechanism::kMcafee, Mechanism::kSbba, Mechanism::kVcg, Mechanism::kMuda, Mechanism::kUniform})
      rows.push_back(row_of(mechanism, known));
  }
  return rows;
}

}  // namespace tarn
