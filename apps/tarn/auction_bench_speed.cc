#include <sys/wait.h>
#include <unistd.h>
#include <ctime>

#include <algorithm>
#include <functional>
#include <string>

#include "auction/clearing/continuous_book.h"
#include "base/check.h"
#include "tarn/auction_bench.h"
#include "tarn/auction_bench_markets.h"
#include "tarn/local_process.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using auction::clearing::BookOrder;
using auction::clearing::Call;
using auction::clearing::ContinuousBook;
using auction::clearing::Fill;
using auction::clearing::Mechanism;
using auction::clearing::Order;
using auction::clearing::Side;

struct Measured {
  double seconds = 0, peak_rss_mb = 0;
};

// Of the processor: nothing here waits, so on an idle machine it is what passes, and on a busy one what would.
class ProcessorTime {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }
  double start_ = now();
};

// In a process of its own, whose largest memory is the task's alone. The task says how long what counts took.
Measured measured(const std::function<double()>& task) {
  int ends[2] = {-1, -1};
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const double seconds = task();
    const bool told = write(ends[1], &seconds, sizeof seconds) == sizeof seconds;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  Measured out;
  const bool told = read(ends[0], &out.seconds, sizeof out.seconds) == sizeof out.seconds;
  close(ends[0]);
  out.peak_rss_mb = reap(child).peak_rss_mb;
  CHECK(told || interrupted());
  return out;
}

Call large_market(std::size_t orders) {
  Call call = market_of(Mechanism::kUniform, orders / 2, orders / 2);
  BenchChance chance(orders);
  draw_market(call, chance);
  return call;
}

double uniform_seconds(std::size_t orders) {
  const Call call = large_market(orders);
  const ProcessorTime time;
  const auto outcome = clear(call);
  const double seconds = time.seconds();
  CHECK(outcome.ok() && outcome->welfare == outcome->upper_bound && outcome->budget == 0);
  return seconds;
}

// The floor: each side's prices alone.
double sort_seconds(std::size_t orders) {
  std::vector<std::int64_t> bids, asks;
  {
    const Call call = large_market(orders);
    for (const Order& order : call.bids) bids.push_back(order.price);
    for (const Order& order : call.asks) asks.push_back(order.price);
  }
  const ProcessorTime time;
  std::ranges::sort(bids, std::greater());
  std::ranges::sort(asks);
  const double seconds = time.seconds();
  CHECK(std::ranges::is_sorted(asks));
  return seconds;
}

AuctionRow speed_row(const std::string& mechanism, std::size_t n, const Measured& measured) {
  return {"speed",
          mechanism,
          n,
          {{.name = "seconds", .value = measured.seconds, .digits = 4},
           {.name = "peak_rss_mb", .value = measured.peak_rss_mb, .digits = 1}}};
}

constexpr double kMillionSeconds = 1;
constexpr double kGrowth = 1.1;  // memory an order, at ten times as many

AuctionRows uniform_rows() {
  AuctionRows rows;
  double before_mb = 0;
  for (const std::size_t orders : {std::size_t{100'000}, std::size_t{1'000'000}, std::size_t{10'000'000}}) {
    if (interrupted()) break;
    progress("speed: uniform, " + std::to_string(orders) + " orders");
    AuctionRow row = speed_row("uniform", orders, measured([&] { return uniform_seconds(orders); }));
    if (orders == 1'000'000) row.figures[0].at_most = kMillionSeconds;
    if (before_mb > 0) row.figures[1].at_most = before_mb * 10 * kGrowth;
    before_mb = row.figures[1].value;
    rows.push_back(row);
    rows.push_back(speed_row("std::sort", orders, measured([&] { return sort_seconds(orders); })));
  }
  return rows;
}

// A book of a hundred thousand resting orders within 2,000 prices of the middle, in which every second operation is an
// order near the middle, of which some trade, and the others take back or change one that rests.
class BookLoad {
 public:
  BookLoad() : chance_(1) {
    while (book_.orders() < kResting) rest(1 + chance_.upto(kDepth - 1));
  }
  double run(std::size_t operations) {
    const ProcessorTime time;
    for (std::size_t i = 0; i < operations; ++i) {
      const std::uint64_t kind = chance_.upto(99);
      if (kind < 50)
        rest(kind < 10 ? 0 : 1 + chance_.upto(kDepth - 1));
      else if (kind < 90)
        (void)book_.cancel(some());
      else
        (void)book_.replace(some(), price(next_ & 1, 1 + chance_.upto(kDepth - 1)), 1 + units(), fills_);
      traded_ += fills_.size();
      fills_.clear();
    }
    const double seconds = time.seconds();
    CHECK(traded_ > operations / 100 && book_.orders() > kResting / 2);
    return seconds;
  }

 private:
  static constexpr std::size_t kResting = 100'000;
  static constexpr std::uint64_t kDepth = 2'000;
  static constexpr std::int64_t kMiddle = 1'000'000;

  std::uint32_t units() { return static_cast<std::uint32_t>(chance_.upto(9)); }
  static std::int64_t price(bool buys, std::uint64_t away) {
    const auto distance = static_cast<std::int64_t>(away);
    return buys ? kMiddle - distance : kMiddle + distance;
  }
  // `away` from the middle; 0: far enough across it to trade.
  void rest(std::uint64_t away) {
    const std::uint64_t id = next_++;
    const bool buys = (id & 1) != 0;
    const std::int64_t at = away == 0 ? price(!buys, 20) : price(buys, away);
    const BookOrder order{.id = id, .side = buys ? Side::kBid : Side::kAsk, .price = at, .units = 1 + units()};
    (void)book_.submit(order, fills_);
  }
  std::uint64_t some() { return next_ - 1 - chance_.upto(std::min<std::uint64_t>(next_ - 1, 2 * kResting)); }

  ContinuousBook book_;
  BenchChance chance_;
  std::vector<Fill> fills_;
  std::uint64_t next_ = 0;
  std::size_t traded_ = 0;
};

constexpr double kOperationsASecond = 1e6;

AuctionRow book_row() {
  constexpr std::size_t kOperations = 5'000'000;
  progress("speed: continuous book, " + std::to_string(kOperations) + " operations");
  const Measured got = measured([] { return BookLoad().run(kOperations); });
  AuctionRow row = speed_row("continuous", kOperations, got);
  row.figures.push_back({.name = "operations_per_second",
                         .value = static_cast<double>(kOperations) / got.seconds,
                         .digits = 0,
                         .at_least = kOperationsASecond});
  return row;
}

}  // namespace

AuctionRows speed_rows() {
  AuctionRows rows = uniform_rows();
  if (!interrupted()) rows.push_back(book_row());
  return rows;
}

}  // namespace tarn
