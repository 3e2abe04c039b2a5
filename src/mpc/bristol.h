// Bristol Fashion (https://nigelsmart.github.io/MPC-Circuits/): the text format in which the world exchanges circuits.
//   gates wires / number of input values and the bits of each / number of output values and the bits of each /
//   a line a gate: inputs outputs, input wires, output wires, XOR AND INV EQ EQW or MAND
// The first wires are the inputs, the last ones the outputs. A file knows values, not owners: the caller says whose
// each is. Constants, copies and inversions are folded on the way in, so a circuit read may be smaller than its file.
// Files may come from anywhere: every error names its line, nothing is allocated that the text's length does not
// justify, and gates, wires (2^24) and values (64) have limits. Pure, any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mpc/circuit.h"

namespace mpc {

struct BristolOwners {
  using Chooser = std::function<std::size_t(std::size_t value)>;  // from the index of a value to a party
  std::size_t parties = 2;
  Chooser input = {};   // by default value v is party v mod parties's
  Chooser output = {};  // by default all values are party 0's
};

base::Result<Circuit> read_bristol(std::string_view text, const BristolOwners& owners = {});

// One value for each owner with inputs, and for each with outputs, in order of appearance. An owner whose bits are not
// next to each other cannot be written so, nor a circuit without outputs: kInvalidInput.
base::Result<std::string> write_bristol(const Circuit& circuit);

}  // namespace mpc
