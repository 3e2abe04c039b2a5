// CircuitBuilder: circuits written as ordinary expressions. A Bit stands for the value of a wire while the circuit is
// described; & ^ ~ on Bits add gates, so a function template over its bit type is at once plain code and a circuit.
// What costs nothing is done here, once, for every circuit: constants are folded, an inversion is a flag on the Bit and
// becomes one NOT gate only where an AND or an output needs it, equal gates are one gate, and build() leaves out what
// no output needs. XOR and NOT are free in the protocol, so that AND gates are all that remains to be saved.
// Gates are numbered as they are described. C++ leaves open which operand of & or ^ is computed first, so where circuits
// of different compilers must have one hash, compute one operand a statement.
// Every Bit of one expression comes from one builder (or is a constant), and no Bit outlives its builder.
// Misuse is our own bug, hence CHECKs. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mpc/circuit.h"

namespace mpc {

class CircuitBuilder;

// One bit under construction (Bits in circuit.h are values). No conversion to bool: nobody can branch on a secret.
class Bit {
 public:
  Bit() : Bit(nullptr, 0, false) {}  // the constant 0
  static Bit constant(bool value) { return Bit(nullptr, 0, value); }

  friend Bit operator&(Bit x, Bit y);
  friend Bit operator^(Bit x, Bit y);
  friend Bit operator~(Bit x) { return Bit(x.builder_, x.node_, !x.inverted_); }
  // The value of a public constant, so that arithmetic can put constants where they cost nothing.
  std::optional<bool> known() const { return is_constant() ? std::optional(inverted_) : std::nullopt; }

 private:
  friend class CircuitBuilder;
  Bit(CircuitBuilder* builder, WireId node, bool inverted) : builder_(builder), node_(node), inverted_(inverted) {}
  bool is_constant() const { return builder_ == nullptr; }

  CircuitBuilder* builder_;  // none: a constant, whose value is inverted_
  WireId node_;              // never a NOT: that is what inverted_ is for
  bool inverted_;
};

class CircuitBuilder {
 public:
  static constexpr std::size_t kMinParties = 2, kMaxParties = 16;

  // kAsWritten: gates that others have made as they want them, at less cost.
  enum class Gates { kShared, kAsWritten };
  explicit CircuitBuilder(std::size_t parties, Gates gates = Gates::kShared);
  CircuitBuilder(const CircuitBuilder&) = delete;
  CircuitBuilder& operator=(const CircuitBuilder&) = delete;

  Bit input(std::size_t owner);  // the owner's next input bit; stays in the circuit even if nothing uses it
  Bit constant(bool value) { return Bit::constant(value); }
  void output(std::size_t owner, Bit bit);  // the owner's next output bit
  Circuit build() &&;

 private:
  friend Bit operator&(Bit x, Bit y);
  friend Bit operator^(Bit x, Bit y);

  enum class Kind : std::uint8_t { kInput, kXor, kAnd, kNot };
  struct Node {
    Kind kind;
    WireId a;  // the number of the input where that is what it is
    WireId b;  // equal to a for kInput and kNot
  };
  struct Output {
    std::size_t owner;
    Bit bit;
  };
  using Known = std::unordered_map<std::uint64_t, WireId>;  // operands to node

  WireId add(Node node);
  WireId shared(Kind kind, WireId a, WireId b);  // the one XOR or AND of these operands
  WireId plain(Bit bit);                         // a node of this very value: a NOT if the bit is inverted
  std::vector<bool> needed(const std::vector<WireId>& roots) const;

  std::size_t parties_;
  std::vector<std::uint32_t> input_owners_;
  std::vector<Node> nodes_;  // in topological order
  std::vector<Output> outputs_;
  Gates gates_;
  Known xors_, ands_;
  std::vector<WireId> nots_;  // of each node, 0 if there is none yet: node 0 is never a NOT
};

}  // namespace mpc
