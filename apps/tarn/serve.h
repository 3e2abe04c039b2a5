// tarn … serve: what the daemons of our services (isolation, market) have in common: what is said of them on the command
// line, what is around them from there to the exit code, and how their main thread stands by while the others work.
// Threads: the main one; before serve() there is no other.
#pragma once

#include <functional>
#include <string>

#include "api/places.h"
#include "base/log.h"
#include "base/result.h"
#include "tarn/notify.h"
#include "tarn/output.h"
#include "tarn/service_config.h"

namespace tarn {

struct ServeOptions {
  std::string config, state_dir, listen;
  bool development = false;
  int listen_fd = -1;
  std::string log_format = "text", log_level = "info";
};

// Runs a daemon with the log that the options ask for, until it ends or the user interrupts; the exit code.
int serve(const ServeOptions& options, const std::function<base::Status(base::Log& log)>& daemon);

// The same with what the options say instead of the configuration. A Daemon is opened with (configuration, socket or -1,
// log), and then run().
template <class Daemon, class Config>
int serve(base::Result<Config> config, const ServeOptions& options) {
  if (!config.ok()) return report(config.error());
  if (!options.listen.empty()) config->listen = options.listen;
  config->development = config->development || options.development;
  return serve(options, [&](base::Log& log) -> base::Status {
    TARN_ASSIGN(const auto daemon, Daemon::open(std::move(*config), options.listen_fd, log));
    return daemon->run();
  });
}

// Until the user interrupts: the service manager hears that we are alive, and the log once if the state directory takes
// no bytes any more.
void stand_by(const std::string& state_dir, const Notifier& notifier, base::Log& log);

// One in so many of the threads for what waits, and half of that for one user; the others answer at once.
api::Places::Limit share(std::size_t threads, std::size_t one_in);

}  // namespace tarn
