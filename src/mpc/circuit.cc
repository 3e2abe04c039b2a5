#include "mpc/circuit.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/sha256.h"

namespace mpc {

std::size_t Circuit::inputs_of(std::size_t party) const {
  return static_cast<std::size_t>(std::count(input_owners_.begin(), input_owners_.end(), party));
}

std::size_t Circuit::outputs_of(std::size_t party) const {
  return static_cast<std::size_t>(
      std::count_if(outputs_.begin(), outputs_.end(), [party](const Output& o) { return o.owner == party; }));
}

std::array<std::uint8_t, 32> Circuit::hash() const {
  base::Writer w;
  const auto count = [&w](std::size_t n) { w.u32(static_cast<std::uint32_t>(n)); };  // all built circuits fit
  w.text("tarn circuit v1");
  count(parties_);
  count(input_owners_.size());
  for (const std::uint32_t owner : input_owners_) w.u32(owner);
  count(gates_.size());
  for (const Gate& g : gates_) w.u8(static_cast<std::uint8_t>(g.op)).u32(g.a).u32(g.b).u32(g.out);
  count(outputs_.size());
  for (const Output& o : outputs_) w.u32(o.owner).u32(o.wire);
  return crypto::sha256(w.bytes());
}

namespace {
Bits input_wires(const Circuit& circuit, const std::vector<Bits>& inputs) {
  CHECK(inputs.size() == circuit.parties());
  Bits wires(circuit.wires());
  std::vector<std::size_t> used(circuit.parties(), 0);
  for (std::size_t w = 0; w < circuit.inputs(); ++w) {
    const std::size_t owner = circuit.input_owners()[w];
    CHECK(used[owner] < inputs[owner].size());
    wires[w] = inputs[owner][used[owner]++];
    CHECK(wires[w] <= 1);
  }
  for (std::size_t party = 0; party < circuit.parties(); ++party) CHECK(used[party] == inputs[party].size());
  return wires;
}
}  // namespace

std::vector<Bits> evaluate_plain(const Circuit& circuit, const std::vector<Bits>& inputs) {
  Bits wires = input_wires(circuit, inputs);
  for (const Gate& g : circuit.gates()) {
    switch (g.op) {
      case Gate::Op::kXor: wires[g.out] = wires[g.a] ^ wires[g.b]; break;
      case Gate::Op::kAnd: wires[g.out] = wires[g.a] & wires[g.b]; break;
      case Gate::Op::kNot: wires[g.out] = wires[g.a] ^ 1; break;
    }
  }
  std::vector<Bits> outputs(circuit.parties());
  for (const Circuit::Output& o : circuit.outputs()) {
    const bool constant = o.wire == Circuit::kFalse || o.wire == Circuit::kTrue;
    outputs[o.owner].push_back(constant ? o.wire == Circuit::kTrue : wires[o.wire]);
  }
  return outputs;
}

}  // namespace mpc
