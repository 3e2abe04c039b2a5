// The time grid of a market: slot s lasts from s·slot_ms to (s+1)·slot_ms, from the Unix epoch. Rentals are whole slots,
// and prices, which people say by the hour, have to be whole micro-credits a slot, so that nothing is ever rounded.
// Pure, any thread. Errors: kInvalidInput, as "field: why".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auction/clearing/order.h"
#include "base/result.h"

namespace market {

inline constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
inline constexpr std::int64_t kLeastSlotMs = 1'000;
inline constexpr std::int64_t kMostTime = 253'402'300'800'000;  // the year 10000: RFC 3339 cannot say more

base::Status check_slot(std::int64_t slot_ms);  // divides an hour or is a multiple of one, 1 s … a day

// `price_an_hour` a unit and hour as one a unit and slot; where that is not whole, the error names the nearest that are.
base::Result<std::int64_t> price_a_slot(std::int64_t slot_ms, std::int64_t price_an_hour);
std::int64_t price_an_hour(std::int64_t slot_ms, std::int64_t price_a_slot);  // rounded to the nearest

// Times are not negative.
inline bool on_grid(std::int64_t slot_ms, std::int64_t time) { return time % slot_ms == 0; }
inline std::int64_t slot_of(std::int64_t slot_ms, std::int64_t time) { return time / slot_ms; }
inline std::int64_t first_whole_slot(std::int64_t slot_ms, std::int64_t time) { return (time + slot_ms - 1) / slot_ms; }

// `field` begins and ends a window on the grid.
base::Status check_window(std::string_view field, std::int64_t slot_ms, std::int64_t from, std::int64_t until);

std::string utc_text(std::int64_t time);  // RFC 3339: "2026-11-27T06:44:25.120Z"

}  // namespace market
