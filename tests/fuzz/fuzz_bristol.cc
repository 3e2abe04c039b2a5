// Bristol Fashion from anywhere. Whatever is refused is refused with its line; what is read is a valid circuit that
// computes; and if it can be written, the text reads as a circuit with the same outputs and AND gates, whose own text
// reads as the very same circuit, hash for hash.
#include "fuzz/input.h"
#include "mpc/bristol.h"

namespace {

void valid(const mpc::Circuit& c) {
  std::vector<bool> written(c.wires());
  std::fill_n(written.begin(), c.inputs(), true);
  for (const mpc::Gate& g : c.gates()) {
    CHECK(g.a < c.wires() && g.b < c.wires() && g.out < c.wires());
    CHECK(written[g.a] && written[g.b] && !written[g.out]);
    CHECK((g.a == g.b) == (g.op == mpc::Gate::Op::kNot));
    written[g.out] = true;
  }
  for (const std::uint32_t owner : c.input_owners()) CHECK(owner < c.parties());
  for (const mpc::Circuit::Output& o : c.outputs()) {
    CHECK(o.owner < c.parties());
    CHECK(o.wire >= mpc::Circuit::kFalse || (o.wire < c.wires() && written[o.wire]));
  }
}

std::vector<mpc::Bits> some_inputs(const mpc::Circuit& circuit, std::uint64_t pattern) {
  std::vector<mpc::Bits> inputs(circuit.parties());
  for (const std::uint32_t owner : circuit.input_owners()) {
    pattern = pattern * 6364136223846793005U + 1442695040888963407U;
    inputs[owner].push_back(pattern >> 63 & 1);
  }
  return inputs;
}

// By value, the owner of each run of bits, as write_bristol lays them out.
std::vector<std::size_t> runs(const std::vector<std::size_t>& owners) {
  std::vector<std::size_t> out;
  for (const std::size_t owner : owners)
    if (out.empty() || out.back() != owner) out.push_back(owner);
  return out;
}

mpc::BristolOwners owners_of(const mpc::Circuit& circuit) {
  std::vector<std::size_t> givers(circuit.input_owners().begin(), circuit.input_owners().end()), takers;
  for (const mpc::Circuit::Output& o : circuit.outputs()) takers.push_back(o.owner);
  return {circuit.parties(), [by = runs(givers)](std::size_t value) { return by.at(value); },
          [by = runs(takers)](std::size_t value) { return by.at(value); }};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  mpc::BristolOwners owners;
  owners.parties = 2 + size % 3;
  if (size % 2 == 0) owners.output = [n = owners.parties](std::size_t value) { return value % n; };
  const auto circuit = mpc::read_bristol(fuzz::text(in.rest()), owners);
  if (!circuit.ok()) {
    CHECK(circuit.error().message.starts_with("line ") && fuzz::printable(circuit.error().message));
    return 0;
  }
  valid(*circuit);
  const auto inputs = some_inputs(*circuit, size);
  const auto outputs = mpc::evaluate_plain(*circuit, inputs);

  const auto text = mpc::write_bristol(*circuit);
  if (!text.ok()) return 0;  // a party's values are scattered
  const auto as_written = owners_of(*circuit);
  const auto again = mpc::read_bristol(*text, as_written);
  CHECK(again.ok());
  valid(*again);
  CHECK(again->and_gates() == circuit->and_gates() && again->input_owners() == circuit->input_owners());
  CHECK(mpc::evaluate_plain(*again, inputs) == outputs);
  const auto third = mpc::read_bristol(*mpc::write_bristol(*again), as_written);
  CHECK(third.ok() && third->hash() == again->hash());
  return 0;
}
