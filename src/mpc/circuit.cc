#include "mpc/circuit.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "crypto/block.h"
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
  crypto::Sha256 hash;
  std::array<std::uint32_t, 1024> buffer;  // little-endian as everywhere (crypto/block.h)
  const auto view = [&](std::size_t words) {
    return base::ByteView(reinterpret_cast<const std::uint8_t*>(buffer.data()), words * sizeof buffer[0]);
  };
  std::size_t used = 0;
  const auto numbers = [&](std::initializer_list<std::size_t> values) {  // all built circuits fit 32 bits
    for (const std::size_t v : values) {
      if (used == buffer.size()) {
        hash.update(view(used));
        used = 0;
      }
      buffer[used++] = static_cast<std::uint32_t>(v);
    }
  };
  hash.update(base::view("tarn circuit v1"));
  numbers({parties_, input_owners_.size(), gates_.size(), outputs_.size()});
  for (const std::uint32_t owner : input_owners_) numbers({owner});
  for (const Gate& g : gates_) numbers({static_cast<std::size_t>(g.op), g.a, g.b, g.out});
  for (const Output& o : outputs_) numbers({o.owner, o.wire});
  return hash.update(view(used)).finish();
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
