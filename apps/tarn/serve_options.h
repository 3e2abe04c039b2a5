// The command line of daemons (serve.h). Only the files that make the command line include it (leaf.h says why).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tarn/serve.h"

namespace tarn {

template <class Options>
void add_log_options(CLI::App* daemon, Options& o) {
  daemon->add_option("--log-format", o.log_format, "text or json, to stderr")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  daemon->add_option("--log-level", o.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

// Of a service. `development`: what its --development means.
inline void add_serve_options(CLI::App* serve, ServeOptions& o, std::uint16_t port, const char* development) {
  serve->add_option("--config", o.config, "the configuration (TOML); --state-dir alone will do as well");
  serve->add_option("--state-dir", o.state_dir, "where everything is kept; made if missing, mode 0700");
  serve->add_option("--listen", o.listen,
                    "HOST:PORT (default: the configuration's, else 127.0.0.1:" + std::to_string(port) + ")");
  serve->add_flag("--development", o.development, development);
  serve->add_option("--listen-fd", o.listen_fd, "")->group("");
  add_log_options(serve, o);
}

}  // namespace tarn
