#include "market/grid.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "market/lookup.h"
#include "model/duration.h"
#include "model/money.h"

namespace market {
namespace {

__extension__ using Wide = __int128;

std::string credits(std::int64_t micro) { return model::credits_text(static_cast<std::uint64_t>(micro)); }

std::int64_t gcd(std::int64_t a, std::int64_t b) {
  while (b != 0) {
    const std::int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

}  // namespace

base::Status check_slot(std::int64_t slot_ms) {
  if (slot_ms >= kLeastSlotMs && slot_ms <= kDayMs && (kHourMs % slot_ms == 0 || slot_ms % kHourMs == 0)) return {};
  return invalid("slot", "divides an hour or is a whole number of hours, from a second to a day");
}

base::Result<std::int64_t> price_a_slot(std::int64_t slot_ms, std::int64_t price_an_hour) {
  const Wide scaled = Wide{price_an_hour} * slot_ms;
  if (price_an_hour < 0 || scaled / kHourMs > auction::clearing::kMaxPrice)
    return invalid("price", "is at most " + credits(auction::clearing::kMaxPrice) + " credits a unit and slot");
  if (scaled % kHourMs == 0) return static_cast<std::int64_t>(scaled / kHourMs);
  const std::int64_t step = kHourMs / gcd(kHourMs, slot_ms);  // prices an hour that are whole a slot are its multiples
  const std::int64_t below = price_an_hour / step * step;
  return invalid("price", "is no whole number of micro-credits for a slot of " + model::duration_text(slot_ms) +
                              ": write " + credits(below) + " or " + credits(below + step));
}

std::int64_t price_an_hour(std::int64_t slot_ms, std::int64_t price_a_slot) {
  return static_cast<std::int64_t>((Wide{price_a_slot} * kHourMs + slot_ms / 2) / slot_ms);
}

base::Status check_window(std::string_view field, std::int64_t slot_ms, std::int64_t from, std::int64_t until) {
  if (from >= 0 && from < until && until <= kMostTime && on_grid(slot_ms, from) && on_grid(slot_ms, until)) return {};
  return invalid(field, "begins before it ends, both at whole slots of " + model::duration_text(slot_ms) + " (UTC)");
}

std::string utc_text(std::int64_t time) {
  using std::chrono::milliseconds;
  const std::chrono::sys_time<milliseconds> at{milliseconds(time)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out.data();
}

}  // namespace market
