#include "mpc/wire_slots.h"

#include <limits>

namespace mpc {

WireSlots::WireSlots(const Circuit& circuit) : slots_(circuit.wires()), count_(circuit.inputs()) {
  constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> last_use(circuit.wires(), 0);  // gate after which the wire's place is free
  const auto& gates = circuit.gates();
  for (std::size_t g = 0; g < gates.size(); ++g) last_use[gates[g].a] = last_use[gates[g].b] = g;
  for (const Circuit::Output& o : circuit.outputs())
    if (o.wire < Circuit::kFalse) last_use[o.wire] = kNever;

  for (std::size_t w = 0; w < circuit.inputs(); ++w) slots_[w] = static_cast<std::uint32_t>(w);
  std::vector<std::uint32_t> free;
  for (std::size_t g = 0; g < gates.size(); ++g) {
    const Gate& gate = gates[g];
    if (free.empty()) free.push_back(static_cast<std::uint32_t>(count_++));
    slots_[gate.out] = free.back();
    free.pop_back();
    if (last_use[gate.a] == g) free.push_back(slots_[gate.a]);
    if (gate.b != gate.a && last_use[gate.b] == g) free.push_back(slots_[gate.b]);
  }
}

}  // namespace mpc
