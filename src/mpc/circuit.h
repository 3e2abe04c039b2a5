// Circuit: a boolean function of all parties' private inputs with an owner for every input and output bit.
// Immutable and valid once built: gates in topological order, every wire written once, no gate takes one wire
// twice, constants folded away (a public constant belongs to the circuit, to no party), nothing that no output needs.
// Build one with CircuitBuilder (circuit_builder.h) or read Bristol Fashion (bristol.h). Thread-safe: it never changes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace mpc {

// One bit an element, 0 or 1; inputs and shares, hence zeroed when they go.
using Bits = std::vector<std::uint8_t, base::WipingAllocator<std::uint8_t>>;
using WireId = std::uint32_t;

struct Gate {
  enum class Op : std::uint8_t { kXor = 0, kAnd = 1, kNot = 2 };
  Op op;
  WireId a;
  WireId b;  // equal to a for kNot
  WireId out;
  bool operator==(const Gate&) const = default;
};

class Circuit {
 public:
  // Outputs that turned out to be constants have no wire.
  static constexpr WireId kFalse = 0xffff'fffe, kTrue = 0xffff'ffff;
  struct Output {
    std::uint32_t owner;
    WireId wire;  // or kFalse, kTrue
    bool operator==(const Output&) const = default;
  };

  std::size_t parties() const { return parties_; }
  std::size_t wires() const { return wires_; }
  // Wires 0 … inputs() − 1 are the inputs; a party's input bits are its wires in ascending order.
  std::size_t inputs() const { return input_owners_.size(); }
  const std::vector<std::uint32_t>& input_owners() const { return input_owners_; }
  const std::vector<Gate>& gates() const { return gates_; }
  // A party's output bits are its entries in order.
  const std::vector<Output>& outputs() const { return outputs_; }

  std::size_t inputs_of(std::size_t party) const;
  std::size_t outputs_of(std::size_t party) const;
  std::size_t and_gates() const { return and_gates_; }
  std::size_t and_depth() const { return and_depth_; }  // AND gates on the longest path

  // SHA-256 of the canonical encoding: two parties with one hash hold one function with one ownership.
  std::array<std::uint8_t, 32> hash() const;

 private:
  friend class CircuitBuilder;
  Circuit() = default;
  std::size_t parties_ = 0, wires_ = 0, and_gates_ = 0, and_depth_ = 0;
  std::vector<std::uint32_t> input_owners_;
  std::vector<Gate> gates_;
  std::vector<Output> outputs_;
};

// The slow, obvious twin of a secure session: inputs and outputs by party.
std::vector<Bits> evaluate_plain(const Circuit& circuit, const std::vector<Bits>& inputs);

}  // namespace mpc
