// The configuration of the isolation service (service_config.h says what all services' have in common).
// Errors: kInvalidInput. Pure but for load_…, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "isolation/engine.h"
#include "isolation/rules.h"
#include "tarn/service_config.h"

namespace tarn {

struct IsolationConfig : ServiceConfig {
  IsolationConfig() { listen = "127.0.0.1:7600"; }
  isolation::Settings rules;
  isolation::EngineLimits engine;
  std::int64_t reconcile_every_ms = 60'000;
  // Events, and operations that are over; answers to Idempotency-Keys.
  std::int64_t keep_events_ms = std::int64_t{90} * 86'400'000, keep_replies_ms = 86'400'000;
};

base::Result<IsolationConfig> parse_isolation_config(const std::string& text, const std::string& file,
                                                     const std::string& directory);
// `state_dir` is taken instead of the file's, and `file` may be empty if there is one.
base::Result<IsolationConfig> load_isolation_config(const std::string& file, const std::string& state_dir);

}  // namespace tarn
