// MarketTurns: the thread on which everything happens that happens by itself, one turn of the market's clock after the
// other. A turn is taken by the process that leads, and by none whose wall clock cannot be believed (market_time.h): that
// one does nothing, and gives up the lead, since another machine's clock may be right.
// well(): whether turns can be taken. A clock that was set is no reason against it: who restarts a service that is not well
// would have it take the wrong time for right.
// Threads: run_one() and resign(): one; well(): any. Errors are logged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "market/clock.h"
#include "net/metrics.h"
#include "store/market_leader.h"
#include "tarn/market_time.h"

namespace tarn {

class MarketTurns {
 public:
  struct Parts {  // all outlive it
    const base::Clock& wall;
    MarketTime& time;
    store::MarketLeader& leader;
    market::Clock& clock;
    net::Metrics& metrics;
    base::Log& log;
    std::int64_t tick_ms = 1'000;
    std::function<void()> changed;  // something was done
  };
  explicit MarketTurns(Parts parts);

  std::int64_t run_one();  // how long to wait then
  void resign() { parts_.leader.resign(); }
  bool well() const { return well_; }

 private:
  void lead(std::optional<std::int64_t> turn);
  std::int64_t work(std::int64_t now);

  const Parts parts_;
  std::atomic<bool> well_ = true;
  std::optional<std::int64_t> turn_;
};

}  // namespace tarn
