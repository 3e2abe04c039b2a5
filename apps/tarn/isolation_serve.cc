// tarn isolation serve: the daemon.
#include "tarn/isolation_daemon.h"
#include "tarn/isolation_options.h"

namespace tarn {

int run_isolation_serve(const ServeOptions& options) {
  return serve<IsolationDaemon>(load_isolation_config(options.config, options.state_dir), options);
}

}  // namespace tarn
