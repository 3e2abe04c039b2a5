// Calls drawn at random for benches and tests, as pure functions of a number: the same everywhere, so a figure can be
// found again. Each says what it draws; all draws are uniform.
// Pure, any thread.
#pragma once

#include <cstdint>

#include "auction/clearing/order.h"

namespace auction::clearing {

struct WindowedShape {
  std::uint32_t bids = 9, asks = 6;
  Slot slots = 12;
  std::uint32_t most_units = 3;  // a bid wants 1 … so many servers, all or none
  Slot most_slots = 4;           // for 1 … so many slots
  Slot most_slack = 4;           // with 0 … so many slots to slide
};
// The table of the design: 9 bids, 6 servers, 12 slots.
inline constexpr WindowedShape kWindowedTable{};
// What speed is measured on: 200 bids of 1–8 servers and 1–12 slots (more than there is), 100 servers, 48 slots.
inline constexpr WindowedShape kWindowedLarge{200, 100, 48, 8, 12, 12};

// Every ask is one server that is there all the time and asks 0 … 1 credit a slot; a bid pays up to ¼ … 1¼ credits a unit
// and slot. Its window (length and slack, cut to the grid) lies anywhere in it. Orders arrive as they are listed, each
// from an organisation of its own.
Call windowed_call(const WindowedShape& shape, std::uint64_t number);

}  // namespace auction::clearing
