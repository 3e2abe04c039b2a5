// A secure session gives what evaluate_plain gives, with the hops and bytes that the protocol promises.
#include "mpc/session.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/kernels.h"
#include "mpc/circuit_builder.h"
#include "mpc/reference_circuits.h"
#include "support/session_lab.h"

namespace {

using mpc::Bits;
using mpc::Circuit;
using support::SessionLab;

Circuit random_circuit(std::size_t parties, std::size_t gates, crypto::SeededRandom& random) {
  mpc::CircuitBuilder builder(parties);
  const auto draw = [&](std::size_t below) { return static_cast<std::size_t>(random.block().lo % below); };
  std::vector<mpc::Bit> wires;
  for (std::size_t i = 0; i < 3 * parties; ++i) wires.push_back(builder.input(draw(parties)));
  wires.push_back(builder.constant(true));
  for (std::size_t g = 0; g < gates; ++g) {
    const mpc::Bit a = wires[draw(wires.size())], b = wires[draw(wires.size())];
    switch (draw(4)) {
      case 0: wires.push_back(a ^ b); break;
      case 1: wires.push_back(~a); break;
      default: wires.push_back(a & b);
    }
  }
  for (std::size_t o = 0; o < 2 * parties; ++o)
    builder.output(draw(parties), wires[wires.size() - 1 - draw(gates / 2 + 1)]);
  return std::move(builder).build();
}

std::vector<Bits> random_inputs(const Circuit& circuit, crypto::SeededRandom& random) {
  std::vector<Bits> inputs(circuit.parties());
  for (std::size_t p = 0; p < circuit.parties(); ++p)
    for (std::size_t i = 0; i < circuit.inputs_of(p); ++i) inputs[p].push_back(random.block().bit(0) ? 1 : 0);
  return inputs;
}

void expect_plain(const std::vector<support::PartyEnd>& ends, const std::vector<Bits>& plain) {
  for (std::size_t p = 0; p < ends.size(); ++p) {
    ASSERT_TRUE(ends[p].result.ok()) << "party " << p << ": " << ends[p].result.error().message;
    EXPECT_EQ(*ends[p].result, plain[p]) << "party " << p;
  }
}

TEST(Session, EqualsPlainEvaluationOnRandomCircuits) {
  for (const std::size_t n : {2U, 3U, 5U}) {
    SessionLab lab(n);
    for (int round = 0; round < 6; ++round) {
      crypto::SeededRandom random(base::view("circuit " + std::to_string(n) + " " + std::to_string(round)));
      const Circuit circuit = random_circuit(n, static_cast<std::size_t>(4) << round, random);
      const auto inputs = random_inputs(circuit, random);
      expect_plain(lab.run(circuit, inputs), evaluate_plain(circuit, inputs));
    }
  }
}

TEST(Session, WorksForSixteenParties) {
  SessionLab lab(16);
  crypto::SeededRandom random(base::view("sixteen"));
  const Circuit circuit = random_circuit(16, 30, random);
  const auto inputs = random_inputs(circuit, random);
  expect_plain(lab.run(circuit, inputs), evaluate_plain(circuit, inputs));
}

TEST(Session, EveryRateGivesTheSameResult) {
  crypto::SeededRandom random(base::view("rates"));
  const Circuit circuit = random_circuit(3, 40, random);
  const auto inputs = random_inputs(circuit, random);
  for (const unsigned k : {1U, 2U, 4U, 8U}) {
    SessionLab lab(3);
    lab.k = k;
    expect_plain(lab.run(circuit, inputs), evaluate_plain(circuit, inputs));
  }
}

TEST(Session, WorksWithoutAnyAndGate) {
  mpc::CircuitBuilder builder(2);
  const mpc::Bit a = builder.input(0), b = builder.input(1);
  builder.output(0, a ^ b);
  builder.output(1, ~a);
  builder.output(1, builder.constant(true));
  const Circuit circuit = std::move(builder).build();
  SessionLab lab(2);
  expect_plain(lab.run(circuit, {{1}, {1}}), {{0}, {0, 1}});
}

TEST(Session, FirstMeetingTakesTwelveHopsAndLaterTen) {
  crypto::SeededRandom random(base::view("hops"));
  const Circuit circuit = random_circuit(3, 40, random);
  const auto inputs = random_inputs(circuit, random);
  SessionLab lab(3);
  for (const std::uint32_t hops : {12U, 10U, 10U}) {
    const auto ends = lab.run(circuit, inputs);
    expect_plain(ends, evaluate_plain(circuit, inputs));
    std::uint32_t longest = 0, prepared = 0;
    for (const auto& end : ends) {
      longest = std::max(longest, end.depth);
      prepared = std::max(prepared, end.depth_prepared);
    }
    EXPECT_EQ(longest, hops + 1);  // and the introductions
    EXPECT_EQ(longest - prepared, 3U);
  }
}

TEST(Session, SameSeedGivesTheSameBytesWhateverThreadsAndKernelsDo) {
  crypto::SeededRandom random(base::view("bytes"));
  const Circuit circuit = random_circuit(4, 60, random);
  const auto inputs = random_inputs(circuit, random);
  const auto record = [&] {
    SessionLab lab(4);
    lab.record = true;
    std::vector<std::vector<base::Bytes>> sent;
    for (int session = 0; session < 2; ++session)
      for (auto& end : lab.run(circuit, inputs)) sent.push_back(std::move(end.sent));
    return sent;
  };
  const auto first = record();
  EXPECT_EQ(first, record());
  const crypto::Kernels before = crypto::kernels();
  crypto::use_kernels(crypto::Kernels::kPortable);
  EXPECT_EQ(first, record());
  crypto::use_kernels(before);
}

TEST(Session, NoMessageIsLongerThanAnnouncedAsLongest) {
  crypto::SeededRandom random(base::view("longest"));
  for (const std::size_t gates : {2U, 50U, 400U}) {
    const Circuit circuit = random_circuit(3, gates, random);
    SessionLab lab(3);
    lab.record = true;
    for (const auto& end : lab.run(circuit, random_inputs(circuit, random)))
      for (const base::Bytes& message : end.sent) EXPECT_LE(message.size(), mpc::Session::longest_message(circuit, 4));
  }
}

}  // namespace
