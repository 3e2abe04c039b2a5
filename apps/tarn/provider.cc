// tarn provider: the daemon.
#include <malloc.h>
#include <unistd.h>

#include "tarn/fulfillers.h"
#include "tarn/log.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/provider_daemon.h"
#include "tarn/signals.h"

namespace tarn {

int run_provider(const ProviderOptions& options) {
  // A thread a session, each with an arena of its own, would keep what the largest of them once needed many times over.
  ::mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): no other thread yet
  // A session's large buffers come and go among small ones that stay; on pages of their own they leave no holes.
  ::mallopt(M_MMAP_THRESHOLD, 64 * 1024);  // NOLINT(concurrency-mt-unsafe)
  auto config = load_provider_config(options.config);
  if (!config.ok()) return report(config.error());
  WallClock clock;
  const auto level = log_level(options.log_level);
  StreamLog log(STDERR_FILENO, options.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                level.value_or(base::LogLevel::kInfo), clock);
  catch_signals();
  MakeFulfiller fulfiller;
  if (config->kubernetes)
    fulfiller = [kubernetes = *config->kubernetes, &clock, &log](const crypto::PublicKey& provider) {
      return open_kubernetes(kubernetes, provider, clock, {.cancelled = interrupted, .on_call = logged_to(log)});
    };
  auto daemon = ProviderDaemon::open(std::move(*config), {options.rtt_ms / 2, options.reveal}, fulfiller, log);
  if (!daemon.ok()) return report(daemon.error());
  const base::Status ended = (*daemon)->run();
  return ended.ok() ? kExitDone : report(ended.error());
}

}  // namespace tarn
