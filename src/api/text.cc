#include "api/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>

namespace api {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return std::nullopt;
      c = static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

// The number in `text` at `at`, of exactly so many digits.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  const auto number = from_digits(text.substr(at, count));
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

// What stands behind the seconds: a fraction, which is cut to milliseconds, and leaves `rest` at the offset.
std::optional<int> fraction_ms(std::string_view& rest) {
  if (rest.empty() || rest[0] != '.') return 0;
  rest.remove_prefix(1);
  int ms = 0, seen = 0;
  while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
    if (seen < 3) ms = ms * 10 + (rest[0] - '0');
    ++seen;
    rest.remove_prefix(1);
  }
  if (seen == 0) return std::nullopt;
  for (; seen < 3; ++seen) ms *= 10;
  return ms;
}

// "Z", "+01:00": minutes east of Greenwich.
std::optional<int> offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const auto hours = digits_at(text, 1, 2), minutes = digits_at(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !hours || !minutes)
    return std::nullopt;
  if (*hours > 23 || *minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
  if (path.empty() || path[0] != '/') return std::nullopt;
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const auto segment = decoded(path.substr(0, end), false);
    if (!segment || segment->empty() || segment->size() > kMaxSegment || out.size() == kMaxSegments)
      return std::nullopt;
    out.push_back(*segment);
    path.remove_prefix(end);
  }
  return out;
}

std::optional<Parameters> query_parameters(std::string_view query) {
  Parameters out;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    const auto name = decoded(one.substr(0, equals), true);
    const auto value = decoded(one.substr(std::min(equals + 1, one.size())), true);
    if (!name || !value || out.size() == kMaxParameters) return std::nullopt;
    out.emplace_back(*name, *value);
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string rfc3339(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(unix_ms)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return out.data();
}

std::optional<std::int64_t> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto years = digits_at(text, 0, 4), months = digits_at(text, 5, 2), day = digits_at(text, 8, 2);
  const auto hours_ = digits_at(text, 11, 2), minutes_ = digits_at(text, 14, 2), seconds_ = digits_at(text, 17, 2);
  if (!years || !months || !day || !hours_ || !minutes_ || !seconds_) return std::nullopt;
  const bool separated =
      text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
  const year_month_day date{year(*years), month(static_cast<unsigned>(*months)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!separated || !date.ok() || *years < 1970 || *hours_ > 23 || *minutes_ > 59 || *seconds_ > 59)
    return std::nullopt;
  std::string_view rest = text.substr(19);
  const auto ms = fraction_ms(rest);
  const auto offset = offset_minutes(rest);
  if (!ms || !offset) return std::nullopt;
  const auto at = sys_days(date) + hours(*hours_) + minutes(*minutes_ - *offset) + seconds(*seconds_);
  return duration_cast<milliseconds>(at.time_since_epoch()).count() + *ms;
}

std::optional<std::int64_t> from_digits(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::int64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace api
