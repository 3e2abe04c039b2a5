#include "tarn/health.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/json_string.h"

namespace tarn {

void Health::report(Check check, bool good, std::int64_t now, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  reports_[static_cast<std::size_t>(check)] = {now, good, detail};
}

void Health::stopping() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
}

bool Health::healthy(std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  return std::all_of(reports_.begin(), reports_.end(),
                     [&](const Report& report) { return fresh(report, now) && report.good.value_or(true); });
}

bool Health::ready(std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  return !stopping_ && std::all_of(reports_.begin(), reports_.end(), [&](const Report& report) {
    return fresh(report, now) && report.good.value_or(false);
  });
}

std::string Health::json(std::int64_t now) const {
  constexpr std::array<std::string_view, kChecks> kNames = {"storage", "dht", "clock", "announced", "delivery"};
  std::string out = healthy(now) ? R"({"status":"ok","checks":{)" : R"({"status":"failing","checks":{)";
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kChecks; ++i) {
    const Report& report = reports_[i];
    const bool stale = !fresh(report, now);
    const std::string detail = stale ? "not looked at for too long" : report.good ? report.detail : "not known yet";
    out += (i > 0 ? ",\"" : "\"") + std::string(kNames[i]) + R"(":{"ok":)";
    out += stale || !report.good.value_or(true) ? "false" : "true";
    out += R"(,"age_s":)" + std::to_string(std::max<std::int64_t>(0, (now - report.at) / 1000));
    out += (detail.empty() ? "" : R"(,"detail":)" + base::json_string(detail)) + "}";
  }
  return out + "}}\n";
}

bool ClockWatch::good(std::int64_t wall_ms, std::int64_t monotonic_ms) {
  const std::int64_t offset = wall_ms - monotonic_ms;
  const bool steady = !offset_ms_ || std::abs(offset - *offset_ms_) <= kLargestStepMs;
  offset_ms_ = offset;
  return steady && wall_ms >= kEarliestUnixMs;
}

}  // namespace tarn
