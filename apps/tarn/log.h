// A daemon's log: a line an event, on a descriptor (stderr), either
//   2026-03-01T12:00:00.123Z info session_won peer=ab12cd34ef56 hops=12                                   (text), or
//   {"time":"2026-03-01T12:00:00.123Z","level":"info","event":"session_won","peer":"ab12cd34ef56","hops":12}  (JSON)
// Time is UTC (RFC 3339). Lines are printable ASCII; a text that is not one plain word is quoted and escaped as in JSON,
// so a stranger's text can neither end a line nor pass for a field.
// Not spdlog: time, fields and escaping would be ours all the same, and it adds 0.9 MB and 12 s of compilation.
// Threads: any; a line is one write.
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"

namespace tarn {

enum class LogFormat { kText, kJson };

std::optional<base::LogLevel> log_level(std::string_view name);  // debug, info, warning, error

class StreamLog final : public base::Log {
 public:
  // The clock outlives the log; the descriptor stays the caller's.
  StreamLog(int descriptor, LogFormat format, base::LogLevel least, const base::Clock& clock)
      : descriptor_(descriptor), format_(format), least_(least), clock_(clock) {}
  void write(base::LogLevel level, std::string_view event, std::span<const base::Field> fields) override;

 private:
  const int descriptor_;
  const LogFormat format_;
  const base::LogLevel least_;
  const base::Clock& clock_;
  std::mutex mutex_;
};

}  // namespace tarn
