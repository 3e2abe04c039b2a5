// MarketDaemon: `tarn market serve` put together: store, the market's own key, rules over HTTP (api/market_service.h), and
// one thread on which everything happens that happens by itself (market_turns.h).
// Several processes may serve one PostgreSQL database: all answer calls, and one of them, which holds a lock of the
// database and the latest number (store/market_leader.h), runs the clock; when it ends, however it does, the next one goes
// on. They sign with one key: copy market.key from the first one's state directory, others are refused.
// run() returns when the user interrupts: requests under way are answered; all that is not done stays in the store. Killed
// at any point, the next start goes on where this one was.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "api/market_service.h"
#include "base/log.h"
#include "crypto/identity.h"
#include "crypto/random.h"
#include "market/clock.h"
#include "market/fulfiller.h"
#include "net/metrics.h"
#include "store/market_leader.h"
#include "store/market_store.h"
#include "tarn/bell.h"
#include "tarn/market_config.h"
#include "tarn/market_time.h"
#include "tarn/market_turns.h"
#include "tarn/notify.h"
#include "tarn/service_door.h"
#include "tarn/stopwatch.h"

namespace tarn {

class MarketDaemon {
 public:
  // `listen_fd`: a bound socket to use instead of the configuration's address, or -1.
  static base::Result<std::unique_ptr<MarketDaemon>> open(MarketConfig config, int listen_fd, base::Log& log);
  ~MarketDaemon();
  base::Status run();

 private:
  MarketDaemon(MarketConfig config, int listen_fd, base::Log& log);
  base::Status check_key() const;
  base::Status open_store();
  base::Status open_key();
  base::Status open_operator();
  base::Status open_service();
  void run_clock(const std::stop_token& stop);

  MarketConfig config_;
  const int listen_fd_;
  base::Log& log_;
  WallClock time_;
  crypto::OsRandom api_random_, clock_random_;
  Notifier notifier_;
  net::Metrics metrics_;
  net::Fd lock_;  // of the state directory
  const store::MarketStoreSettings settings_;
  const std::string key_file_;
  std::optional<crypto::Identity> signer_;
  std::unique_ptr<market::Store> store_;
  std::unique_ptr<store::MarketLeader> leader_;
  std::unique_ptr<market::Fulfiller> fulfiller_;
  std::unique_ptr<market::Clock> clock_;
  std::unique_ptr<MarketTime> watched_;
  std::unique_ptr<MarketTurns> turns_;
  std::unique_ptr<api::MarketService> service_;
  ServiceDoor door_;
  Bell bell_;
};

}  // namespace tarn
