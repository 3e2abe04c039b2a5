#include "tarn/serve.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tarn/log.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"
#include "tarn/storage_check.h"

namespace tarn {

int serve(const ServeOptions& options, const std::function<base::Status(base::Log& log)>& daemon) {
  ::mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): no other thread yet; many threads, little memory
  WallClock clock;
  const auto level = log_level(options.log_level);
  StreamLog log(STDERR_FILENO, options.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                level.value_or(base::LogLevel::kInfo), clock);
  catch_signals();
  const base::Status ended = daemon(log);
  return ended.ok() ? kExitDone : report(ended.error());
}

void stand_by(const std::string& state_dir, const Notifier& notifier, base::Log& log) {
  constexpr std::int64_t kCheckMs = 5'000;
  constexpr std::chrono::milliseconds kLook{100};
  WallClock clock;
  bool well = true;
  for (std::int64_t checked_at = 0; !interrupted();) {
    const std::int64_t now = clock.steady_ms();
    if (checked_at == 0 || now - checked_at >= kCheckMs) {
      const auto storage = check_writable(state_dir);
      if (!storage.ok() && well) log.error("storage", {{"error", storage.error().message}});
      well = storage.ok();
      checked_at = now;
    }
    notifier.alive();
    std::this_thread::sleep_for(kLook);
  }
}

api::Places::Limit share(std::size_t threads, std::size_t one_in) {
  const std::size_t all = std::max<std::size_t>(1, threads / one_in);
  return {all, std::max<std::size_t>(1, all / 2)};
}

}  // namespace tarn
