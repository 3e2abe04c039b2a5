// MarketTime: the wall clock of this process, with a guard (market/clock_guard.h). Whatever is decided by the time asks
// right() after it has read it: calls that change something, and the turns of the market's clock.
// What is found is told once, when it begins and when it is over, and a gauge has by how much the clock is off.
// Each process watches the machine that it runs on. Threads: any.
// Errors: kCancelled, which says what the clock says, what was expected, and what to do.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "base/log.h"
#include "base/result.h"
#include "market/clock_guard.h"
#include "market/store.h"
#include "net/metrics.h"

namespace tarn {

// Both clocks at one moment: the wall's, and one that nobody can set.
struct TwoClocks {
  std::int64_t wall_ms = 0, boot_ms = 0;
};
TwoClocks read_two_clocks();  // the system's

class MarketTime {
 public:
  // `done_until`: when the market last did something (last_deed). `tolerance_ms` 0: every time is right.
  MarketTime(std::int64_t tolerance_ms, std::int64_t done_until, std::function<TwoClocks()> clocks, base::Log& log,
             net::Metrics& metrics);
  base::Status right();

 private:
  void tell(const TwoClocks& at, const market::ClockGuard::Look& look);

  const std::function<TwoClocks()> clocks_;
  base::Log& log_;
  net::Metrics& metrics_;
  std::mutex mutex_;
  market::ClockGuard guard_;
  market::ClockGuard::Finding told_ = market::ClockGuard::Finding::kRight;
};

// The time of the newest event, of which everything that changes a state leaves one; 0: there is none.
base::Result<std::int64_t> last_deed(market::Store& store);

}  // namespace tarn
