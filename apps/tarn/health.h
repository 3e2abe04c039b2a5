// Health: what a provider needs to be of use, as seen by whoever looks after it (the housekeeping of the daemon), and
// asked for by monitors. Each check is reported again and again: one that has not been reported for kStaleMs counts as
// failed, because then the one who should look is stuck.
// healthy(): nothing is known to be wrong; a check not yet reported has kStaleMs from the start. ready(): all checks
// have been reported good, and the daemon is not stopping. Details are shown to the operator: no secrets.
// Time is an argument, Unix milliseconds. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace tarn {

enum class Check : std::uint8_t { kStorage, kDht, kClock, kAnnounced, kDelivery };
inline constexpr std::size_t kChecks = 5;

class Health {
 public:
  static constexpr std::int64_t kStaleMs = 60'000;

  explicit Health(std::int64_t now) { reports_.fill({now, std::nullopt, ""}); }
  void report(Check check, bool good, std::int64_t now, const std::string& detail = "");
  void stopping();

  bool healthy(std::int64_t now) const;
  bool ready(std::int64_t now) const;
  std::string json(std::int64_t now) const;  // {"status":"ok","checks":{"storage":{"ok":true,"age_s":3},…}}

 private:
  struct Report {
    std::int64_t at;
    std::optional<bool> good;  // nothing: not reported yet
    std::string detail;
  };
  static bool fresh(const Report& report, std::int64_t now) { return now - report.at <= kStaleMs; }

  mutable std::mutex mutex_;
  std::array<Report, kChecks> reports_;
  bool stopping_ = false;
};

// Whether the wall clock can be believed, on which ends of leases and epochs depend: it runs as fast as the monotonic
// clock, and not in the past. Asked once a round of housekeeping.
class ClockWatch {
 public:
  static constexpr std::int64_t kLargestStepMs = 2'000;
  static constexpr std::int64_t kEarliestUnixMs = 1'767'225'600'000;  // 2026, before which there is no such program

  bool good(std::int64_t wall_ms, std::int64_t monotonic_ms);

 private:
  std::optional<std::int64_t> offset_ms_;  // wall − monotonic, when last asked
};

}  // namespace tarn
