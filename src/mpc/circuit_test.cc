// Circuit and CircuitBuilder, as a tutorial: describe, build, evaluate in the open; then what the builder promises.
#include "mpc/circuit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <tuple>

#include "mpc/circuit_builder.h"

namespace mpc {
namespace {

TEST(Circuit, TwoMillionaires) {
  CircuitBuilder builder(2);  // two bits each, least significant first; party 1 learns whether party 0 is richer
  const Bit a0 = builder.input(0), a1 = builder.input(0), b0 = builder.input(1), b1 = builder.input(1);
  builder.output(1, (a1 & ~b1) ^ (~(a1 ^ b1) & (a0 & ~b0)));
  const Circuit circuit = std::move(builder).build();

  EXPECT_EQ(circuit.inputs_of(0), 2u);
  EXPECT_EQ(circuit.inputs_of(1), 2u);
  EXPECT_EQ(circuit.outputs_of(0), 0u);
  EXPECT_EQ(circuit.outputs_of(1), 1u);
  EXPECT_EQ(circuit.and_gates(), 3u);
  EXPECT_EQ(circuit.and_depth(), 2u);
  for (std::uint8_t a = 0; a < 4; ++a) {
    for (std::uint8_t b = 0; b < 4; ++b) {
      const auto out = evaluate_plain(circuit, {{static_cast<std::uint8_t>(a & 1), static_cast<std::uint8_t>(a >> 1)},
                                                {static_cast<std::uint8_t>(b & 1), static_cast<std::uint8_t>(b >> 1)}});
      EXPECT_EQ(out, (std::vector<Bits>{{}, {static_cast<std::uint8_t>(a > b)}}));
    }
  }
}

// One expression of one input, folded to what the outputs show.
Circuit::Output folded(Bit (*expression)(Bit), std::size_t* gates = nullptr) {
  CircuitBuilder builder(2);
  builder.output(0, expression(builder.input(0)));
  const Circuit circuit = std::move(builder).build();
  if (gates != nullptr) *gates = circuit.gates().size();
  EXPECT_EQ(circuit.and_gates(), 0u);
  return circuit.outputs().at(0);
}

TEST(CircuitBuilder, FoldsConstants) {
  const Circuit::Output zero{0, Circuit::kFalse}, one{0, Circuit::kTrue}, x{0, 0}, not_x{0, 1};
  EXPECT_EQ(folded([](Bit b) { return b & Bit::constant(false); }), zero);
  EXPECT_EQ(folded([](Bit b) { return Bit::constant(false) & b; }), zero);
  EXPECT_EQ(folded([](Bit b) { return b & Bit::constant(true); }), x);
  EXPECT_EQ(folded([](Bit b) { return b & b; }), x);
  EXPECT_EQ(folded([](Bit b) { return b & ~b; }), zero);
  EXPECT_EQ(folded([](Bit b) { return b ^ b; }), zero);
  EXPECT_EQ(folded([](Bit b) { return b ^ ~b; }), one);
  EXPECT_EQ(folded([](Bit b) { return b ^ Bit::constant(false); }), x);
  EXPECT_EQ(folded([](Bit b) { return ~(b ^ Bit::constant(true)); }), x);
  EXPECT_EQ(folded([](Bit b) { return ~~b; }), x);
  std::size_t gates = 0;
  EXPECT_EQ(folded([](Bit b) { return ~b & ~b; }, &gates), not_x);
  EXPECT_EQ(gates, 1u);
}

TEST(CircuitBuilder, SharesGatesAndInversions) {
  CircuitBuilder builder(3);
  const Bit a = builder.input(0), b = builder.input(1), unused = builder.input(2);
  (void)(unused & a);  // no output needs it
  builder.output(0, ~a & ~b);
  builder.output(1, ~b & ~a);
  builder.output(2, ~a);
  builder.output(2, a);
  const Circuit circuit = std::move(builder).build();
  EXPECT_EQ(circuit.inputs(), 3u);  // unused inputs stay
  EXPECT_EQ(circuit.wires(), 6u);
  EXPECT_EQ(circuit.gates().size(), 3u);  // two NOT, one AND
  EXPECT_EQ(circuit.and_gates(), 1u);
  EXPECT_EQ(circuit.outputs()[0].wire, circuit.outputs()[1].wire);
  EXPECT_EQ(evaluate_plain(circuit, {{0}, {0}, {1}}), (std::vector<Bits>{{1}, {1}, {1, 0}}));
}

TEST(CircuitBuilder, InputsMayComeLate) {
  CircuitBuilder builder(2);
  const Bit a = builder.input(0), b = builder.input(1), both = a & b, c = builder.input(0);
  builder.output(0, both ^ c);
  const Circuit circuit = std::move(builder).build();
  EXPECT_EQ(circuit.input_owners(), (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_EQ(evaluate_plain(circuit, {{1, 1}, {1}}), (std::vector<Bits>{{0}, {}}));
}

TEST(CircuitDeath, MisuseIsOurBug) {
  EXPECT_DEATH(CircuitBuilder(1), "bug");
  EXPECT_DEATH(CircuitBuilder(17), "bug");
  EXPECT_DEATH(CircuitBuilder(2).input(2), "bug");
  EXPECT_DEATH(CircuitBuilder(2).output(2, Bit::constant(true)), "bug");
}

TEST(Circuit, HashTellsCircuitsApart) {
  const auto hash = [](std::size_t parties, std::size_t owner, std::size_t reader, bool conjunction) {
    CircuitBuilder builder(parties);
    const Bit a = builder.input(0), b = builder.input(owner);
    builder.output(reader, conjunction ? a & b : a ^ b);
    return std::move(builder).build().hash();
  };
  const std::set<std::array<std::uint8_t, 32>> hashes{hash(2, 1, 0, true), hash(3, 1, 0, true), hash(2, 0, 0, true),
                                                      hash(2, 1, 1, true), hash(2, 1, 0, false)};
  EXPECT_EQ(hashes.size(), 5u);
  EXPECT_EQ(hash(2, 1, 0, true), hash(2, 1, 0, true));
}

// Random expressions: the circuit computes what the values do, and keeps its invariants.
RC_GTEST_PROP(CircuitBuilder, IsItsOwnTwin, ()) {
  struct Pair {
    Bit bit;
    std::uint8_t value;
  };
  CircuitBuilder builder(3);
  std::vector<Bits> inputs(3), outputs(3);
  std::vector<Pair> pool{{Bit::constant(false), 0}, {Bit::constant(true), 1}};
  for (int i = 0; i < 5; ++i) {
    const auto owner = *rc::gen::inRange<std::size_t>(0, 3);
    const auto value = *rc::gen::inRange<std::uint8_t>(0, 2);
    pool.push_back({builder.input(owner), value});
    inputs[owner].push_back(value);
  }
  const auto steps = *rc::gen::arbitrary<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>>();
  for (const auto& [kind, i, j] : steps) {
    const Pair x = pool[i % pool.size()], y = pool[j % pool.size()];
    if (kind % 3 == 0) pool.push_back({x.bit & y.bit, static_cast<std::uint8_t>(x.value & y.value)});
    if (kind % 3 == 1) pool.push_back({x.bit ^ y.bit, static_cast<std::uint8_t>(x.value ^ y.value)});
    if (kind % 3 == 2) pool.push_back({~x.bit, static_cast<std::uint8_t>(x.value ^ 1)});
    const Pair z = pool.back();
    if (kind % 5 != 0) continue;
    builder.output(kind % 2, z.bit);
    outputs[kind % 2].push_back(z.value);
  }
  const Circuit circuit = std::move(builder).build();
  RC_ASSERT(evaluate_plain(circuit, inputs) == outputs);
  RC_ASSERT(circuit.wires() == circuit.inputs() + circuit.gates().size());
  std::size_t next = circuit.inputs();
  for (const Gate& g : circuit.gates()) {
    RC_ASSERT(g.out == next++);
    RC_ASSERT((g.op == Gate::Op::kNot) == (g.a == g.b));
    RC_ASSERT(g.a < g.out && g.b < g.out);
  }
}

}  // namespace
}  // namespace mpc
