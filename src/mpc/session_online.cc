// Hops 8–10: masked inputs, garbled tables, private outputs.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "crypto/gf.h"
#include "mpc/session_state.h"

namespace mpc {

using base::append;
using crypto::Block;
using crypto::Blocks;

namespace {
Block inner(const Blocks& values, std::span<const Block> chi) {
  return crypto::gf128_inner(values.data(), 1, chi.data(), chi.size());
}
}  // namespace

// ---- hop 8: own Λ; Beaver's openings

base::Status Session::State::input_hop(const Bits& inputs) {
  hop = kHopInput;
  channel.go_online();
  const WireMasks& m = *masks;
  masked_inputs.assign(circuit.inputs(), 0);
  Bits own_masked, opened;
  for (std::size_t w = 0; w < circuit.inputs(); ++w) {
    if (circuit.input_owners()[w] != self) continue;
    masked_inputs[w] = (inputs[own_masked.size()] & 1) ^ input_masks[own_masked.size()];
    own_masked.push_back(masked_inputs[w]);
  }
  for (std::size_t g = 0; g < layout.ands; ++g) opened.push_back(m.factors.bit(2 * g) ^ triples->x.bits[g]);
  for (std::size_t g = 0; g < layout.ands; ++g) opened.push_back(m.factors.bit(2 * g + 1) ^ triples->y.bits[g]);
  const base::Bytes masked_packed = pack(own_masked), opened_packed = pack(opened);
  const Blocks chi = opening_weights(tags.digest(hop, self, kEverybody, "product", opened_packed), opened.size());
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const std::span left = std::span(chi).first(layout.ands), right = std::span(chi).last(layout.ands);
    const Block macs = m.factors.sum_of_macs(j, 0, 2, left) ^ inner(triples->x.macs[j], left) ^
                       m.factors.sum_of_macs(j, 1, 2, right) ^ inner(triples->y.macs[j], right);
    base::Bytes message = masked_packed;
    append(message, opened_packed);
    append(message, tags.digest(hop, self, j, "product", crypto::bytes_of({&macs, 1})));
    TARN_TRY(channel.send(j, std::move(message)));
  }
  std::vector<base::Bytes> received(n);
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const std::size_t theirs = circuit.inputs_of(j);
    TARN_ASSIGN(received[j], receive(j, packed_size(theirs) + opened_packed.size() + 32));
    const Bits lambda = unpack(base::ByteView(received[j]).first(packed_size(theirs)), theirs);
    std::size_t next = 0;
    for (std::size_t w = 0; w < circuit.inputs(); ++w)
      if (circuit.input_owners()[w] == j) masked_inputs[w] = lambda[next++];
    received[j].erase(received[j].begin(), received[j].begin() + static_cast<std::ptrdiff_t>(packed_size(theirs)));
  }
  return open_products(received, opened);
}

// Checks everybody's openings (λ_α ⊕ x of all gates, λ_β ⊕ y of all, then the hash of the MACs) and completes ⟨λ_α·λ_β ⊕ λ_γ⟩.
base::Status Session::State::open_products(const std::vector<base::Bytes>& received, const Bits& own) {
  WireMasks& m = *masks;
  Bits sum = own;
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const base::ByteView body(received[j]);
    const base::ByteView opened = body.first(packed_size(own.size()));
    const Bits theirs = unpack(opened, own.size());
    const Blocks chi = opening_weights(tags.digest(hop, j, kEverybody, "product", opened), own.size());
    const std::span left = std::span(chi).first(layout.ands), right = std::span(chi).last(layout.ands);
    const Block macs = m.factors.sum_of_keys(j, 0, 2, left) ^ inner(triples->x.keys[j], left) ^
                       m.factors.sum_of_keys(j, 1, 2, right) ^ inner(triples->y.keys[j], right) ^
                       weighted(theirs, chi, delta);
    if (!crypto::equal(tags.digest(hop, j, self, "product", crypto::bytes_of({&macs, 1})), body.last(32)))
      return misbehaved(j, "opened a product without its MACs");
    for (std::size_t f = 0; f < own.size(); ++f) sum[f] ^= theirs[f];
  }
  for (std::size_t g = 0; g < layout.ands; ++g) {
    const std::uint8_t d = sum[g], e = sum[layout.ands + g];
    m.products.add(g, triples->z, g);
    m.products.add(g, triples->y, g, d);
    m.products.add(g, triples->x, g, e);
    m.products.add_constant(g, d & e, delta);
  }
  triples.reset();
  return {};
}

// ---- hop 9: tables and labels to the evaluator; everybody shows what Λ it saw

base::Status Session::State::garble_hop() {
  hop = kHopGarble;
  const base::Bytes seen = pack(masked_inputs);
  masked_digest = tags.digest(hop, kEverybody, kEverybody, "masked inputs", seen);
  const base::Bytes digest(masked_digest.begin(), masked_digest.end());
  if (self > 0) {
    const Blocks labels = random.fork("labels").blocks(circuit.inputs());
    garbled = mpc::garble(circuit, n, self, delta, tags.key(hop, self, 0, "garble"), *masks, labels);
    base::Bytes message = std::move(garbled.tables);
    Blocks active(circuit.inputs());
    for (std::size_t w = 0; w < active.size(); ++w) active[w] = labels[w] ^ crypto::masked(delta, masked_inputs[w]);
    append(message, crypto::bytes_of(active));
    append(message, digest);
    TARN_TRY(channel.send(0, std::move(message)));
  }
  for (std::size_t j = 0; j < n; ++j)
    if (j != self && (self == 0 || j != 0)) TARN_TRY(channel.send(j, digest));
  return {};
}

// ---- hop 10: everything about an output goes to its owner, and to nobody else

base::Result<Bits> Session::State::output_hop() {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(tables[j], receive(j, (self == 0 ? layout.tables() : 0) + 32));
    if (!crypto::equal(base::ByteView(tables[j]).last(32), masked_digest))
      return unattributed(j, "told different peers different masked inputs");
  }
  std::optional<Evaluated> evaluated;
  if (self == 0) {
    TARN_ASSIGN(evaluated, evaluate_circuit());
    tables.clear();
  }
  hop = kHopOutput;
  for (std::size_t p = 0; p < n; ++p)
    if (p != self) TARN_TRY(channel.send(p, output_message(p, evaluated)));

  std::vector<base::Bytes> received(n);
  std::size_t wires = 0;
  for (const Circuit::Output& o : circuit.outputs()) wires += o.owner == self && o.wire < Circuit::kFalse;
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    TARN_ASSIGN(received[j], receive(j, packed_size(wires) + 32 + (j == 0 ? packed_size(wires) + 32 : 0)));
  }
  return accept_outputs(received, evaluated);
}

base::Result<Evaluated> Session::State::evaluate_circuit() {
  std::vector<GarblerInput> garblers(n);
  const std::size_t table_bytes = layout.ands * gate_table_size(n);
  for (std::size_t j = 1; j < n; ++j) {
    const base::ByteView body(tables[j]);
    Blocks labels(circuit.inputs());
    if (!labels.empty()) std::memcpy(labels.data(), body.data() + table_bytes, labels.size() * 16);
    garblers[j] = {tags.key(hop, j, 0, "garble"), body.first(table_bytes), std::move(labels)};
  }
  auto evaluated = mpc::evaluate(circuit, n, delta, *masks, masked_inputs, garblers);
  if (!evaluated) return unattributed(1, "garbled a table wrongly");
  return std::move(*evaluated);
}

namespace {
// f(index of the output, its wire) for every output of the owner that is not a constant.
template <class F>
void each_output_of(const Circuit& circuit, std::size_t owner, F&& f) {
  for (std::size_t o = 0; o < circuit.outputs().size(); ++o) {
    const Circuit::Output& output = circuit.outputs()[o];
    if (output.owner == owner && output.wire < Circuit::kFalse) f(o, output.wire);
  }
}
}  // namespace

base::Bytes Session::State::output_message(std::size_t owner, const std::optional<Evaluated>& evaluated) {
  Bits shares, masked;
  Blocks macs;
  crypto::Sha256 labels;
  labels.update(tags.prefix(hop, 0, owner, "labels"));
  each_output_of(circuit, owner, [&](std::size_t o, WireId w) {
    shares.push_back(output_masks->bit(o));
    macs.push_back(output_masks->mac(o, owner));
    if (!evaluated) return;
    masked.push_back(evaluated->masked[w]);
    labels.update(crypto::bytes_of({&evaluated->labels[owner][w], 1}));
  });
  base::Bytes message = pack(shares);
  const Blocks chi = opening_weights(tags.digest(hop, self, kEverybody, "output", message), macs.size());
  const Block sum = inner(macs, chi);
  append(message, tags.digest(hop, self, owner, "output", crypto::bytes_of({&sum, 1})));
  if (evaluated) {
    append(message, pack(masked));
    append(message, labels.finish());
  }
  return message;
}

base::Result<Bits> Session::State::accept_outputs(const std::vector<base::Bytes>& received,
                                                  const std::optional<Evaluated>& evaluated) {
  Bits values;
  each_output_of(circuit, self, [&](std::size_t o, WireId w) {
    values.push_back(static_cast<std::uint8_t>(output_masks->bit(o) ^ (evaluated ? evaluated->masked[w] : 0)));
  });
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    const base::ByteView body(received[j]);
    const std::size_t packed = packed_size(values.size());
    const Bits shares = unpack(body.first(packed), values.size());
    Blocks keys;
    each_output_of(circuit, self, [&](std::size_t o, WireId) { keys.push_back(output_masks->key(o, j)); });
    const Blocks chi = opening_weights(tags.digest(hop, j, kEverybody, "output", body.first(packed)), keys.size());
    const Block sum = inner(keys, chi) ^ weighted(shares, chi, delta);
    for (std::size_t i = 0; i < shares.size(); ++i) values[i] ^= shares[i];
    if (!crypto::equal(tags.digest(hop, j, self, "output", crypto::bytes_of({&sum, 1})), body.subspan(packed, 32)))
      return misbehaved(j, "opened an output without its MACs");
    if (j != 0) continue;
    const Bits masked = unpack(body.subspan(packed + 32, packed), values.size());
    crypto::Sha256 labels;
    labels.update(tags.prefix(hop, 0, self, "labels"));
    std::size_t i = 0;
    each_output_of(circuit, self, [&](std::size_t, WireId w) {
      const Block active = garbled.zero_labels[w] ^ crypto::masked(delta, masked[i]);
      labels.update(crypto::bytes_of({&active, 1}));
      values[i] ^= masked[i];
      ++i;
    });
    if (!crypto::equal(labels.finish(), body.last(32))) return unattributed(0, "evaluated to labels that do not exist");
  }
  Bits outputs;
  std::size_t next = 0;
  for (const Circuit::Output& o : circuit.outputs()) {
    if (o.owner != self) continue;
    outputs.push_back(o.wire >= Circuit::kFalse ? (o.wire == Circuit::kTrue ? 1 : 0) : values[next++]);
  }
  return outputs;
}

}  // namespace mpc
