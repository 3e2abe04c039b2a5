// How many units of an ask are free in each slot. Steps: few, as they only change where it is closed or a rental begins or
// ends. Whoever asks is told how many of them that took (`looked` grows by them), so that it can limit its work.
// A value; threads: none of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "auction/clearing/order.h"

namespace auction::clearing {

class AskCalendar {
 public:
  struct Step {
    Slot from = 0;
    std::uint32_t free = 0;  // until the next step; before the first and from the last on: none
  };

  AskCalendar(const Order& ask, std::span<const SlotRange> closed);
  std::uint32_t free(Slot from, Slot to, std::uint64_t& looked) const;  // in every slot of [from, to)
  std::uint32_t most(Slot from, Slot to, std::uint64_t& looked) const;  // in some slot of it
  void take(Slot from, Slot to, std::uint32_t units);                   // that many are free
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step>::const_iterator behind(Slot slot) const;  // the first step after it
  std::size_t step_at(Slot slot);                             // which begins there; made if need be
  std::uint32_t units_;                                       // that it ever has
  std::vector<Step> steps_;
};

}  // namespace auction::clearing
