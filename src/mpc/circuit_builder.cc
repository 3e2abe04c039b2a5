#include "mpc/circuit_builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace mpc {

CircuitBuilder::CircuitBuilder(std::size_t parties, Gates gates) : parties_(parties), gates_(gates) {
  CHECK(parties >= kMinParties && parties <= kMaxParties);
}

WireId CircuitBuilder::add(Node node) {
  CHECK(nodes_.size() < Circuit::kFalse);
  nodes_.push_back(node);
  return static_cast<WireId>(nodes_.size() - 1);
}

WireId CircuitBuilder::shared(Kind kind, WireId a, WireId b) {
  if (a > b) std::swap(a, b);
  if (gates_ == Gates::kAsWritten) return add({kind, a, b});
  Known& known = kind == Kind::kXor ? xors_ : ands_;
  const std::uint64_t operands = static_cast<std::uint64_t>(a) << 32 | b;
  const auto found = known.find(operands);
  if (found != known.end()) return found->second;
  const WireId node = add({kind, a, b});
  known.emplace(operands, node);
  return node;
}

WireId CircuitBuilder::plain(Bit bit) {
  if (!bit.inverted_) return bit.node_;
  nots_.resize(nodes_.size());
  if (nots_[bit.node_] == 0) nots_[bit.node_] = add({Kind::kNot, bit.node_, bit.node_});
  return nots_[bit.node_];
}

Bit CircuitBuilder::input(std::size_t owner) {
  CHECK(owner < parties_);
  const auto index = static_cast<WireId>(input_owners_.size());
  input_owners_.push_back(static_cast<std::uint32_t>(owner));
  return Bit(this, add({Kind::kInput, index, index}), false);
}

void CircuitBuilder::output(std::size_t owner, Bit bit) {
  CHECK(owner < parties_);
  CHECK(bit.is_constant() || bit.builder_ == this);
  outputs_.push_back({owner, bit});
}

Bit operator&(Bit x, Bit y) {
  if (x.is_constant()) return x.inverted_ ? y : x;
  if (y.is_constant()) return y.inverted_ ? x : y;
  CHECK(x.builder_ == y.builder_);
  if (x.node_ == y.node_) return x.inverted_ == y.inverted_ ? x : Bit::constant(false);
  CircuitBuilder& builder = *x.builder_;
  const WireId a = builder.plain(x), b = builder.plain(y);
  return Bit(&builder, builder.shared(CircuitBuilder::Kind::kAnd, a, b), false);
}

Bit operator^(Bit x, Bit y) {
  if (x.is_constant()) return x.inverted_ ? ~y : y;
  if (y.is_constant()) return y.inverted_ ? ~x : x;
  CHECK(x.builder_ == y.builder_);
  const bool inverted = x.inverted_ != y.inverted_;
  if (x.node_ == y.node_) return Bit::constant(inverted);
  return Bit(x.builder_, x.builder_->shared(CircuitBuilder::Kind::kXor, x.node_, y.node_), inverted);
}

std::vector<bool> CircuitBuilder::needed(const std::vector<WireId>& roots) const {
  std::vector<bool> needed(nodes_.size(), false);
  for (const WireId root : roots) {
    if (root < nodes_.size()) needed[root] = true;  // the constants are above all nodes
  }
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (!needed[i] || nodes_[i].kind == Kind::kInput) continue;
    needed[nodes_[i].a] = true;
    needed[nodes_[i].b] = true;
  }
  return needed;
}

Circuit CircuitBuilder::build() && {
  std::vector<WireId> roots;
  for (const Output& o : outputs_) {
    roots.push_back(!o.bit.is_constant() ? plain(o.bit) : o.bit.inverted_ ? Circuit::kTrue : Circuit::kFalse);
  }
  const std::vector<bool> keep = needed(roots);

  Circuit circuit;
  circuit.parties_ = parties_;
  circuit.input_owners_ = std::move(input_owners_);
  std::size_t next = circuit.inputs();
  std::vector<WireId> wire_of(nodes_.size());
  circuit.gates_.reserve(nodes_.size());
  std::vector<std::uint32_t> depth(nodes_.size(), 0);  // AND gates on the longest path to the node
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.kind == Kind::kInput) wire_of[i] = node.a;
    if (!keep[i] || node.kind == Kind::kInput) continue;
    const bool is_and = node.kind == Kind::kAnd;
    const Gate::Op op = is_and ? Gate::Op::kAnd : node.kind == Kind::kXor ? Gate::Op::kXor : Gate::Op::kNot;
    wire_of[i] = static_cast<WireId>(next++);
    depth[i] = std::max(depth[node.a], depth[node.b]) + (is_and ? 1 : 0);
    circuit.gates_.push_back({op, wire_of[node.a], wire_of[node.b], wire_of[i]});
    circuit.and_gates_ += is_and ? 1 : 0;
    circuit.and_depth_ = std::max<std::size_t>(circuit.and_depth_, depth[i]);
  }
  circuit.wires_ = next;
  for (std::size_t o = 0; o < roots.size(); ++o) {
    const WireId wire = roots[o] < nodes_.size() ? wire_of[roots[o]] : roots[o];
    circuit.outputs_.push_back({static_cast<std::uint32_t>(outputs_[o].owner), wire});
  }
  return circuit;
}

}  // namespace mpc
