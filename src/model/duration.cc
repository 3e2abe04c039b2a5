#include "model/duration.h"

#include <array>
#include <charconv>

#include "base/check.h"

namespace model {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

}  // namespace

base::Result<std::int64_t> parse_duration_ms(std::string_view text, std::int64_t max_ms) {
  std::int64_t number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view name(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (failed == std::errc{} && number > 0)
    for (const Unit& unit : kUnits)
      if (name == unit.name && number <= max_ms / unit.ms) return number * unit.ms;
  return base::Error{
      base::Code::kInvalidInput,
      "is not a duration; write for example 500ms, 30s, 2m, 1h or 1d (at most " + duration_text(max_ms) + ")"};
}

std::string duration_text(std::int64_t duration_ms) {
  CHECK(duration_ms >= 0);
  for (const Unit& unit : kUnits)
    if (duration_ms >= unit.ms && duration_ms % unit.ms == 0)
      return std::to_string(duration_ms / unit.ms) + std::string(unit.name);
  return "0s";
}

}  // namespace model
