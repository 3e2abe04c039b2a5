// Authenticated garbling with half gates towards every target: garbler j's tables let the evaluator move all parties'
// labels and its own MACs through a circuit (Wang, Ranellucci, Katz, CCS 2017; half gates by Zahur, Rosulek, Evans,
// EUROCRYPT 2015, in the form of Katz, Ranellucci, Rosulek, Wang, CRYPTO 2018). docs/protocols/mpc.md has the rows.
//
// Each AND gate of garbler j: for target j two rows of 128 bits (its own half gates), for every other garbler three,
// for the evaluator (party 0) three of 64 bits, with which it checks the garbler's share. The hash is re-keyed for each
// half gate (Guo, Katz, Wang, Weng, Yu, CRYPTO 2020): H(x; g, h, t) = E(σ(x⊕t)) ⊕ σ(x⊕t) under S_j ⊕ (2g + h).
#pragma once

#include <optional>
#include <vector>

#include "crypto/block.h"
#include "mpc/circuit.h"
#include "mpc/shares.h"
#include "mpc/triples.h"

namespace mpc {

// What of the wires' masks is needed, by AND gate g (α, β → γ) in the circuit's order.
struct WireMasks {
  Shares factors;   // ⟨λ_α⟩ at 2g, ⟨λ_β⟩ at 2g + 1
  Shares products;  // ⟨λ_α·λ_β ⊕ λ_γ⟩
};

std::size_t gate_table_size(std::size_t parties);

struct Garbled {
  crypto::Blocks zero_labels;  // k_{w,0} of every wire
  base::Bytes tables;          // and_gates × gate_table_size
};
// `labels`: k_{w,0} of the input wires. `key`: S_j.
Garbled garble(const Circuit& circuit, std::size_t parties, std::size_t self, const crypto::Block& delta,
               const crypto::Block& key, const WireMasks& masks, const crypto::Blocks& labels);

struct Evaluated {
  Bits masked;                         // Λ of every wire
  std::vector<crypto::Blocks> labels;  // labels[j][w]: garbler j's active label; labels[0] is empty
};
struct GarblerInput {
  crypto::Block key;  // S_j
  base::ByteView tables;
  crypto::Blocks labels;  // active labels of the input wires
};
// By party 0. `masked`: Λ of the input wires. Nothing if any row is wrong: then nothing may be released.
std::optional<Evaluated> evaluate(const Circuit& circuit, std::size_t parties, const crypto::Block& delta,
                                  const WireMasks& masks, const Bits& masked,
                                  const std::vector<GarblerInput>& garblers);

}  // namespace mpc
