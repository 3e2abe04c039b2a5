#include "tarn/log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "base/json_string.h"

namespace tarn {
namespace {

constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};

std::string rfc3339(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(unix_ms)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  char out[64];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return out;
}

bool plain_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:/[]").find(c) != std::string_view::npos;
  });
}

std::string text_line(std::string_view level, std::string_view time, std::string_view event,
                      std::span<const base::Field> fields) {
  std::string line = std::string(time) + " " + std::string(level) + " " + std::string(event);
  for (const base::Field& field : fields) {
    const bool raw = !field.is_text() || plain_word(field.value());
    line += " " + std::string(field.name()) + "=" + (raw ? field.value() : base::json_string(field.value()));
  }
  return line + "\n";
}

std::string json_line(std::string_view level, std::string_view time, std::string_view event,
                      std::span<const base::Field> fields) {
  std::string line = R"({"time":")" + std::string(time) + R"(","level":")" + std::string(level) + R"(","event":)" +
                     base::json_string(event);
  for (const base::Field& field : fields) {
    line += "," + base::json_string(field.name()) + ":" +
            (field.is_text() ? base::json_string(field.value()) : field.value());
  }
  return line + "}\n";
}

}  // namespace

std::optional<base::LogLevel> log_level(std::string_view name) {
  const auto found = std::find(std::begin(kLevels), std::end(kLevels), name);
  if (found == std::end(kLevels)) return std::nullopt;
  return static_cast<base::LogLevel>(found - std::begin(kLevels));
}

void StreamLog::write(base::LogLevel level, std::string_view event, std::span<const base::Field> fields) {
  if (level < least_) return;
  const std::string_view name = kLevels[static_cast<std::size_t>(level)];
  const std::string time = rfc3339(clock_.unix_ms());
  const std::string line =
      format_ == LogFormat::kJson ? json_line(name, time, event, fields) : text_line(name, time, event, fields);
  const std::lock_guard lock(mutex_);
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return;  // nobody reads, or the disk is full: there is nowhere to say so
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace tarn
