// tarn bench auction: what the open mechanisms achieve and cost, in parts that --only picks:
//   reference  welfare of McAfee, SBBA and VCG's deficit on random markets, against known figures
//   regret     what a trader can gain by not telling the truth
//   windowed   all-or-none orders with windows, against the optimum
//   speed      a million orders, the continuous book, winner determination
//   auction_bench.cc           the parts, and printing
//   auction_bench_welfare.cc   reference
//   auction_bench_regret.cc    regret
//   auction_bench_speed.cc     speed of the single-product mechanisms
//   auction_bench_windowed.cc  windowed, and the speed of winner determination
// A figure may have bounds; the exit code is 1 if one is missed. Everything is drawn from fixed seeds.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tarn {

struct AuctionBenchOptions {
  std::vector<std::string> only;  // names of parts; empty: all
};
int run_bench_auction(const AuctionBenchOptions& options);
std::vector<std::string> auction_bench_parts();

struct AuctionFigure {
  const char* name;  // "welfare_pct"
  double value = 0;
  int digits = 2;
  double at_least = -std::numeric_limits<double>::infinity(), at_most = std::numeric_limits<double>::infinity();
  bool met() const { return value >= at_least && value <= at_most; }
};
struct AuctionRow {
  std::string bench, mechanism;  // the part; the mechanism, or what stands beside it
  std::uint64_t n = 0;           // size, as the part means it
  std::vector<AuctionFigure> figures;
};
using AuctionRows = std::vector<AuctionRow>;

AuctionRows reference_rows();
AuctionRows regret_rows();
AuctionRows speed_rows();
AuctionRows windowed_rows();       // auction_bench_windowed.cc
AuctionRows combinatorial_rows();  // its row of speed: the gap that is left at the work limit

}  // namespace tarn
