// Bristol Fashion: small files by hand, every way to be malformed, and what is written is read again.
#include "mpc/bristol.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "mpc/circuit_builder.h"
#include "mpc/reference_circuits.h"

namespace mpc {
namespace {

constexpr char kHalfAdder[] =
    "2 4\n"
    "2 1 1\n"
    "1 2\n"
    "\n"
    "2 1 0 1 2 XOR\n"
    "2 1 0 1 3 AND\n";

TEST(Bristol, ReadsAHalfAdder) {
  const auto circuit = read_bristol(kHalfAdder);
  ASSERT_TRUE(circuit.ok());
  EXPECT_EQ(circuit->parties(), 2u);
  EXPECT_EQ(circuit->input_owners(), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(circuit->and_gates(), 1u);
  EXPECT_EQ(evaluate_plain(*circuit, {{1}, {1}}), (std::vector<Bits>{{0, 1}, {}}));
  EXPECT_EQ(evaluate_plain(*circuit, {{1}, {0}}), (std::vector<Bits>{{1, 0}, {}}));
}

TEST(Bristol, ReadsEveryGate) {
  const auto circuit = read_bristol(
      "6 14\r\n3 2 2 1\r\n2 3 1\r\n\r\n"   // as from another system
      "1 1 1 5 EQ\r\n"                     // 5 = 1
      "1 1 4 6 EQW\r\n"                    // 6 = x4
      "1 1 6 7 INV\r\n\r\n"                // 7 = ~x4
      "4 2 0 1 2 3 8 9 MAND\r\n"           // 8 = x0 & x2, 9 = x1 & x3
      "6 3 8 9 5 7 5 5 10 11 12 MAND\r\n"  // 10 = 8 & ~x4, 11 = 9, 12 = 1
      "2 1 7 5 13 XOR",                    // 13 = x4; no newline at the end
      {3, {}, [](std::size_t value) { return value + 1; }});
  ASSERT_TRUE(circuit.ok()) << circuit.error().message;
  EXPECT_EQ(circuit->and_gates(), 3u);
  for (unsigned code = 0; code < 32; ++code) {
    const auto x = [code](unsigned i) { return static_cast<std::uint8_t>(code >> i & 1); };
    const auto out = evaluate_plain(*circuit, {{x(0), x(1)}, {x(2), x(3)}, {x(4)}});
    const auto small = [](int bit) { return static_cast<std::uint8_t>(bit); };
    EXPECT_EQ(out[1], (Bits{small(x(0) & x(2) & (x(4) ^ 1)), small(x(1) & x(3)), 1}));
    EXPECT_EQ(out[2], Bits{x(4)});
  }
}

TEST(Bristol, InputsGoRoundTheParties) {
  const auto circuit = read_bristol("0 5\n5 1 1 1 1 1\n1 1\n", {3, {}, {}});
  ASSERT_TRUE(circuit.ok());
  EXPECT_EQ(circuit->input_owners(), (std::vector<std::uint32_t>{0, 1, 2, 0, 1}));
  EXPECT_EQ(circuit->outputs(), (std::vector<Circuit::Output>{{0, 4}}));
}

TEST(Bristol, NamesWhatIsWrongAndWhere) {
  const std::string header = "1 3\n2 1 1\n1 1\n\n", gate = "2 1 0 1 2 AND\n";
  ASSERT_TRUE(read_bristol(header + gate).ok());
  const std::pair<std::string, std::string> cases[] = {
      {"", "line 1: expected two numbers"},
      {"1\n", "line 1: expected two numbers"},
      {"1 2 3\n", "line 1: expected two numbers"},
      {"x 3\n", "line 1: the numbers of gates and wires"},
      {"-1 3\n", "line 1: the numbers of gates and wires"},
      {"1 0x3\n", "line 1: the numbers of gates and wires"},
      {"16777217 3\n", "line 1: the numbers of gates and wires"},
      {"1 16777217\n", "line 1: the numbers of gates and wires"},
      {"1 99999999999999999999999\n", "line 1: the numbers of gates and wires"},
      {"1 16777216\n1 16777216\n1 1\n", "line 1: more wires than a text of this length"},
      {"1 3\n", "line 1: the file ends before its line of input values"},
      {"1 3\ntwo 1 1\n", "line 2: expected the number of input values"},
      {"1 3\n65 1 1\n", "line 2: expected the number of input values, at most 64"},
      {"1 3\n1 1 1\n", "line 2: expected 1 sizes of input values"},
      {"1 3\n2 1 0\n", "line 2: the sizes of input values"},
      {"1 3\n2 2 2\n", "line 2: the sizes of input values"},
      {"1 3\n2 1 1\n", "line 2: the file ends before its line of output values"},
      {"1 3\n2 1 1\n1 4\n", "line 3: the sizes of output values"},
      {"1 3\n2 1 1\n0\n", "line 3: no outputs"},
      {"1 3\n1 1\n1 1\n\n1 1 0 1 INV\n", "line 3: no gate writes output wire 2"},
      {header, "line 4: the file ends after 0 of 1 gates"},
      {header + gate + gate, "line 6: more lines than the 1 gates"},
      {header + "2 1 0 1 2\n", "line 5: expected: inputs outputs"},
      {header + "2 1 0 1 2 3 AND\n", "line 5: expected: inputs outputs"},
      {header + "2\n", "line 5: expected: inputs outputs"},
      {header + "16777216 16777216 0 1 2 MAND\n", "line 5: expected: inputs outputs"},
      {header + "2 1 0 1 2 NAND\n", "line 5: unknown gate"},
      {header + "1 1 0 2 AND\n", "line 5: the numbers of inputs and outputs"},
      {header + "2 1 0 1 2 INV\n", "line 5: the numbers of inputs and outputs"},
      {header + "2 2 0 1 1 2 EQW\n", "line 5: the numbers of inputs and outputs"},
      {header + "0 0 MAND\n", "line 5: the numbers of inputs and outputs"},
      {header + "3 1 0 1 0 2 MAND\n", "line 5: the numbers of inputs and outputs"},
      {header + "1 1 2 2 EQ\n", "line 5: EQ takes a constant"},
      {header + "2 1 0 2 2 AND\n", "line 5: wire 2 has no value yet"},
      {header + "2 1 0 3 2 AND\n", "line 5: an input must be a wire below"},
      {header + "2 1 0 1 3 AND\n", "line 5: an output must be a wire below"},
      {header + "2 1 0 1 0 AND\n", "line 5: wire 0 has a value already"},
      {header + "2 1 0 1 +2 AND\n", "line 5: an output must be a wire below"},
  };
  for (const auto& [text, message] : cases) {
    const auto circuit = read_bristol(text);
    ASSERT_FALSE(circuit.ok()) << text;
    EXPECT_EQ(circuit.error().code, base::Code::kInvalidInput);
    EXPECT_EQ(circuit.error().message.substr(0, message.size()), message) << text;
  }
}

TEST(Bristol, OwnersMustBeParties) {
  const auto nine = [](std::size_t) { return std::size_t{9}; };
  EXPECT_EQ(read_bristol(kHalfAdder, {1, {}, {}}).error().message, "a circuit has 2 to 16 parties, not 1");
  EXPECT_EQ(read_bristol(kHalfAdder, {17, {}, {}}).error().message, "a circuit has 2 to 16 parties, not 17");
  EXPECT_EQ(read_bristol(kHalfAdder, {2, nine, {}}).error().message, "line 2: input value 0 was given to no party");
  EXPECT_EQ(read_bristol(kHalfAdder, {2, {}, nine}).error().message, "line 3: output value 0 was given to no party");
}

// Cut anywhere and with any one character changed: an answer, whichever.
TEST(Bristol, SurvivesDamage) {
  const std::string text = kHalfAdder;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    refused += read_bristol(text.substr(0, i)).ok() ? 0u : 1u;
    for (int c = 0; c < 256; ++c) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(c);
      refused += read_bristol(damaged).ok() ? 0u : 1u;
    }
  }
  EXPECT_GT(refused, text.size() * 200);
}

TEST(Bristol, WritesOutputsLast) {
  CircuitBuilder builder(2);
  const Bit a = builder.input(0), b = builder.input(1), both = a & b, either = ~(~a & ~b);
  builder.output(1, both);
  builder.output(1, a);     // an input
  builder.output(0, both);  // for the second time
  builder.output(0, builder.constant(true));
  builder.output(0, either ^ both);
  const auto text = write_bristol(std::move(builder).build());
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text,
            "9 11\n2 1 1\n2 2 3\n\n"
            "2 1 0 1 6 AND\n1 1 0 2 INV\n1 1 1 3 INV\n2 1 2 3 4 AND\n2 1 6 4 5 XOR\n1 1 5 10 INV\n"
            "1 1 0 7 EQW\n1 1 6 8 EQW\n1 1 1 9 EQ\n");
}

TEST(Bristol, WritesOnlyWhatCanBeReadAgain) {
  CircuitBuilder scattered(2), silent(2);
  const Bit x = scattered.input(0), y = scattered.input(1), z = scattered.input(0);
  scattered.output(0, x ^ y ^ z);
  EXPECT_FALSE(write_bristol(std::move(scattered).build()).ok());
  (void)silent.input(0);
  EXPECT_FALSE(write_bristol(std::move(silent).build()).ok());
}

Circuit random_circuit(std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  CircuitBuilder builder(3);
  std::vector<Bit> bits{Bit::constant(true)};
  for (std::size_t owner = 0; owner < 3; ++owner) {
    for (std::size_t n = 1 + below(3); n > 0; --n) bits.push_back(builder.input(owner));
  }
  for (std::size_t n = below(30); n > 0; --n) {
    const Bit x = bits[below(bits.size())], y = bits[below(bits.size())];
    bits.push_back(below(2) == 0 ? x & ~y : x ^ y);
  }
  for (std::size_t owner = 0; owner < 3; ++owner) {
    for (std::size_t n = 1 + below(3); n > 0; --n) builder.output(owner, bits[below(bits.size())]);
  }
  return std::move(builder).build();
}

TEST(Bristol, WhatIsWrittenIsReadAgain) {
  std::mt19937 random(1);
  const BristolOwners as_written{3, {}, [](std::size_t value) { return value; }};
  for (int trial = 0; trial < 500; ++trial) {
    const Circuit circuit = random_circuit(random);
    const auto text = write_bristol(circuit);
    ASSERT_TRUE(text.ok());
    const auto again = read_bristol(*text, as_written);
    ASSERT_TRUE(again.ok()) << again.error().message << "\n" << *text;
    EXPECT_EQ(again->input_owners(), circuit.input_owners());
    EXPECT_EQ(again->and_gates(), circuit.and_gates());
    EXPECT_EQ(again->gates().size(), circuit.gates().size());  // in another order, perhaps, the first time
    EXPECT_EQ(read_bristol(write_bristol(*again).value(), as_written)->hash(), again->hash());
    std::vector<Bits> inputs(3);
    for (const std::uint32_t owner : circuit.input_owners()) inputs[owner].push_back(random() & 1);
    EXPECT_EQ(evaluate_plain(*again, inputs), evaluate_plain(circuit, inputs));
  }
}

TEST(Bristol, CarriesAes) {
  const Circuit aes = aes128_circuit();
  const auto again = read_bristol(write_bristol(aes).value());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->hash(), aes.hash());
}

}  // namespace
}  // namespace mpc
