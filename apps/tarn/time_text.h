// A moment as RFC 3339 writes it: UTC, whole seconds.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace tarn {

inline std::string time_text(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace tarn
