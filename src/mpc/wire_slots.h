// WireSlots: which wires of a circuit may share a place in memory because one is no longer needed when the other is
// made. A circuit of 130,000 wires has a few thousand alive at once, and those stay in the cache.
#pragma once

#include <vector>

#include "mpc/circuit.h"

namespace mpc {

class WireSlots {
 public:
  explicit WireSlots(const Circuit& circuit);
  std::size_t count() const { return count_; }
  // Input wire w < inputs() is at w. A gate's output is never where one of its operands is; outputs stay to the end.
  std::uint32_t of(WireId wire) const { return slots_[wire]; }

 private:
  std::vector<std::uint32_t> slots_;
  std::size_t count_ = 0;
};

}  // namespace mpc
