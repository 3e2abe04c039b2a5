// tarn isolation serve: the daemon.
#include <malloc.h>
#include <unistd.h>

#include "tarn/isolation_daemon.h"
#include "tarn/isolation_options.h"
#include "tarn/log.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {

int run_isolation_serve(const IsolationServeOptions& options) {
  ::mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): no other thread yet; many threads, little memory
  auto config = load_isolation_config(options.config, options.state_dir);
  if (!config.ok()) return report(config.error());
  if (!options.listen.empty()) config->listen = options.listen;
  config->development = config->development || options.development;
  WallClock clock;
  const auto level = log_level(options.log_level);
  StreamLog log(STDERR_FILENO, options.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                level.value_or(base::LogLevel::kInfo), clock);
  catch_signals();
  auto daemon = IsolationDaemon::open(std::move(*config), options.listen_fd, log);
  if (!daemon.ok()) return report(daemon.error());
  const base::Status ended = (*daemon)->run();
  return ended.ok() ? kExitDone : report(ended.error());
}

}  // namespace tarn
