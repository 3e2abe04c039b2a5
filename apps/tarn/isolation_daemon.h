// IsolationDaemon: `tarn isolation serve` put together: store, drivers, rules over HTTP (api/service.h), and the threads
// that carry out what was asked for (isolation_threads.h).
//   http       connections; their requests are handled by threads of the server's own
//   a switch   each its own, and some for nodes on their way back, one for the house
// run() returns when the user interrupts: requests under way are answered, switches and servers get their time, and all
// that is not done stays in the store. Killed at any point, the next start goes on where this one was.
// One process at a time has a state directory.
#pragma once

#include <memory>
#include <string>

#include "api/authentication.h"
#include "api/service.h"
#include "crypto/random.h"
#include "net/metrics.h"
#include "tarn/isolation_config.h"
#include "tarn/isolation_threads.h"
#include "tarn/isolation_turns.h"
#include "tarn/notify.h"
#include "tarn/service_door.h"
#include "tarn/stopwatch.h"

namespace tarn {

class IsolationDaemon {
 public:
  // `listen_fd`: a socket that is bound already, to listen on; -1: none, the configuration says where.
  static base::Result<std::unique_ptr<IsolationDaemon>> open(IsolationConfig config, int listen_fd, base::Log& log);
  ~IsolationDaemon();
  base::Status run();

 private:
  IsolationDaemon(IsolationConfig config, int listen_fd, base::Log& log);
  base::Status open_state();
  base::Status open_store();
  void open_service();
  base::Status open_http();
  base::Result<isolation::BmcTarget> target_of(const isolation::Node& node) const;
  base::Bytes make_token(std::string& token);
  base::Result<base::Bytes> sealed(std::string_view node, std::string_view password) const;
  base::Result<api::Stream> console_of(const isolation::Node& node, const isolation::OpenBmc& open_bmc);

  IsolationConfig config_;
  const int listen_fd_;
  base::Log& log_;
  WallClock clock_;
  crypto::OsRandom random_, password_random_;
  Notifier notifier_;
  net::Metrics metrics_;
  net::Fd lock_;  // of the state directory
  base::Secret<32> sealing_key_;
  std::unique_ptr<isolation::Store> store_;
  std::unique_ptr<isolation::SwitchDrivers> switches_;
  std::unique_ptr<isolation::BmcDrivers> bmcs_;
  IsolationTurns turns_;
  std::unique_ptr<api::Authentication> authentication_;
  std::unique_ptr<IsolationThreads> threads_;
  std::unique_ptr<api::IsolationService> service_;
  ServiceDoor door_;
};

}  // namespace tarn
