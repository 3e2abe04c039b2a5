// The configuration of the market (service_config.h says what all services' have in common).
// Errors: kInvalidInput. Pure but for load_…, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "market/clock.h"
#include "market/rules.h"
#include "tarn/service_config.h"

namespace tarn {

struct MarketConfig : ServiceConfig {
  MarketConfig() { listen = "127.0.0.1:7700"; }
  market::Limits limits;
  market::ClockSettings clock;
  std::int64_t max_clock_step_ms = 300'000;  // of the wall clock, before nothing is decided (market_time.h); 0: any
  // How leases are delivered: by the operator, who marks them (manual), or not at all, which is noted (recording).
  enum class Fulfiller : std::uint8_t { kManual, kRecording };
  Fulfiller fulfiller = Fulfiller::kManual;
};

base::Result<MarketConfig> parse_market_config(const std::string& text, const std::string& file,
                                               const std::string& directory);
// `state_dir` is taken instead of the file's, and `file` may be empty if there is one.
base::Result<MarketConfig> load_market_config(const std::string& file, const std::string& state_dir);

}  // namespace tarn
