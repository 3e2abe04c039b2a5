#include "mpc/garbling.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "crypto/aes.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Blocks;
using crypto::masked;

constexpr std::size_t kMaxParties = 16;
constexpr std::size_t kEvaluatorRow = 8, kRow = 16;

// H(·; g, h, t) for one half gate, of one or two labels towards every target.
class HalfGateHash {
 public:
  HalfGateHash(const Block& key, std::size_t gate, unsigned half)
      : aes_(key ^ Block{2 * static_cast<std::uint64_t>(gate) + half, 0}) {}
  // out[t] = H(x; t) for t < targets
  void towards_all(const Block& x, std::size_t targets, Block* out) const {
    Block in[kMaxParties] = {};
    for (std::size_t t = 0; t < targets; ++t) {
      const Block v = x ^ Block { t, 0 };
      in[t] = {v.hi, v.hi ^ v.lo};
    }
    aes_.encrypt(in, out,
                 (targets + 3) / 4 * 4);  // whole groups of four run in parallel; the lanes past the end are idle
    for (std::size_t t = 0; t < targets; ++t) out[t] ^= in[t];
  }

 private:
  crypto::Aes128 aes_;
};

class TableWriter {
 public:
  explicit TableWriter(base::Bytes& out) : at_(out.data()) {}
  void row(const Block& b, std::size_t size) {
    std::memcpy(at_, reinterpret_cast<const std::uint8_t*>(&b) + (kRow - size), size);  // 64 bits: the upper half
    at_ += size;
  }

 private:
  std::uint8_t* at_;
};

Block read_row(base::ByteView& from, std::size_t size) {
  Block b;
  std::memcpy(reinterpret_cast<std::uint8_t*>(&b) + (kRow - size), from.data(), size);
  from = from.subspan(size);
  return b;
}

std::size_t row_size(std::size_t target) { return target == 0 ? kEvaluatorRow : kRow; }

}  // namespace

std::size_t gate_table_size(std::size_t parties) { return 3 * kEvaluatorRow + 2 * kRow + (parties - 2) * 3 * kRow; }

Garbled garble(const Circuit& circuit, std::size_t parties, std::size_t self, const Block& delta, const Block& key,
               const WireMasks& masks, const Blocks& labels) {
  CHECK(self > 0 && parties <= kMaxParties && labels.size() == circuit.inputs());
  const std::size_t size = circuit.and_gates() * gate_table_size(parties);
  Garbled out{Blocks(circuit.wires()), {}};
  out.tables.reserve(size + labels.size() * 16 + 128);  // the message that they begin
  out.tables.resize(size);
  std::copy(labels.begin(), labels.end(), out.zero_labels.begin());
  Blocks& k0 = out.zero_labels;
  TableWriter tables(out.tables);
  std::size_t g = 0;
  for (const Gate& gate : circuit.gates()) {
    if (gate.op == Gate::Op::kXor) {
      k0[gate.out] = k0[gate.a] ^ k0[gate.b];
      continue;
    }
    if (gate.op == Gate::Op::kNot) {
      k0[gate.out] = k0[gate.a] ^ delta;
      continue;
    }
    const Block a0 = k0[gate.a], b0 = k0[gate.b];
    Block ha0[kMaxParties], ha1[kMaxParties], hb0[kMaxParties], hb1[kMaxParties];
    const HalfGateHash hash_a(key, g, 0), hash_b(key, g, 1);
    hash_a.towards_all(a0, parties, ha0);
    hash_a.towards_all(a0 ^ delta, parties, ha1);
    hash_b.towards_all(b0, parties, hb0);
    hash_b.towards_all(b0 ^ delta, parties, hb1);
    for (std::size_t t = 0; t < parties; ++t) {
      if (t == self) {
        tables.row(ha0[t] ^ ha1[t] ^ masks.factors.times_delta(2 * g + 1, delta), kRow);
        tables.row(hb0[t] ^ hb1[t] ^ a0 ^ masks.factors.times_delta(2 * g, delta), kRow);
        k0[gate.out] = ha0[t] ^ hb0[t] ^ masks.products.times_delta(g, delta);
      } else {
        tables.row(ha0[t] ^ ha1[t] ^ masks.factors.mac(2 * g + 1, t), row_size(t));
        tables.row(hb0[t] ^ hb1[t] ^ masks.factors.mac(2 * g, t), row_size(t));
        tables.row(ha0[t] ^ hb0[t] ^ masks.products.mac(g, t), row_size(t));
      }
    }
    ++g;
  }
  return out;
}

namespace {

// What the evaluator carries through one AND gate.
struct GateInput {
  std::size_t gate;
  std::uint8_t la, lb;      // Λ_α, Λ_β
  const Block* share_keys;  // own keys of r^j = Λ_α·λ^j_β ⊕ Λ_β·λ^j_α ⊕ λ^j_αβ ⊕ λ^j_γ, by j
};

// Opens garbler j's rows: labels[t] += the garbler's part for target t; its share of Λ_γ into `masked_out`.
// False if the row for the evaluator verifies as neither 0 nor 1.
bool open_rows(const GateInput& in, std::size_t parties, std::size_t j, const GarblerInput& garbler, const Block& ka,
               const Block& kb, const Block& delta, Block* labels, std::uint8_t& masked_out) {
  Block ha[kMaxParties], hb[kMaxParties];
  HalfGateHash(garbler.key, in.gate, 0).towards_all(ka, parties, ha);
  HalfGateHash(garbler.key, in.gate, 1).towards_all(kb, parties, hb);
  const std::size_t size = gate_table_size(parties);
  base::ByteView table = garbler.tables.subspan(in.gate * size, size);
  for (std::size_t t = 0; t < parties; ++t) {
    Block v = ha[t] ^ hb[t] ^ masked(read_row(table, row_size(t)), in.la);
    const Block second = read_row(table, row_size(t));
    if (t == j) {
      labels[t] ^= v ^ masked(second ^ ka, in.lb);
      continue;
    }
    v ^= masked(second, in.lb) ^ read_row(table, row_size(t));
    if (t > 0) {
      labels[t] ^= v;
      continue;
    }
    const std::uint64_t off = v.hi ^ in.share_keys[j].hi;
    if (off != 0 && off != delta.hi) return false;
    masked_out ^= static_cast<std::uint8_t>(off != 0);
  }
  return true;
}

}  // namespace

std::optional<Evaluated> evaluate(const Circuit& circuit, std::size_t parties, const Block& delta,
                                  const WireMasks& masks, const Bits& masked_inputs,
                                  const std::vector<GarblerInput>& garblers) {
  CHECK(parties <= kMaxParties && garblers.size() == parties && masked_inputs.size() == circuit.inputs());
  Evaluated out{Bits(circuit.wires()), std::vector<Blocks>(parties)};
  std::copy(masked_inputs.begin(), masked_inputs.end(), out.masked.begin());
  for (std::size_t j = 1; j < parties; ++j) {
    out.labels[j].resize(circuit.wires());
    std::copy(garblers[j].labels.begin(), garblers[j].labels.end(), out.labels[j].begin());
  }
  Shares r(parties, 0, 1);
  std::size_t g = 0;
  bool good = true;
  for (const Gate& gate : circuit.gates()) {
    const std::uint8_t la = out.masked[gate.a], lb = out.masked[gate.b];
    if (gate.op != Gate::Op::kAnd) {
      const bool is_xor = gate.op == Gate::Op::kXor;
      out.masked[gate.out] = is_xor ? la ^ lb : la ^ 1;
      for (std::size_t j = 1; j < parties; ++j)
        out.labels[j][gate.out] = is_xor ? out.labels[j][gate.a] ^ out.labels[j][gate.b] : out.labels[j][gate.a];
      continue;
    }
    r.clear(0);
    r.add(0, masks.factors, 2 * g + 1, la);
    r.add(0, masks.factors, 2 * g, lb);
    r.add(0, masks.products, g);
    Block next[kMaxParties];
    for (std::size_t t = 1; t < parties; ++t) next[t] = r.mac(0, t);
    std::uint8_t lambda = static_cast<std::uint8_t>((la & lb) ^ r.bit(0));
    const GateInput in{g, la, lb, &r.key(0, 0)};
    for (std::size_t j = 1; j < parties; ++j)
      good &= open_rows(in, parties, j, garblers[j], out.labels[j][gate.a], out.labels[j][gate.b], delta, next, lambda);
    for (std::size_t t = 1; t < parties; ++t) out.labels[t][gate.out] = next[t];
    out.masked[gate.out] = lambda;
    ++g;
  }
  if (!good) return std::nullopt;
  return out;
}

}  // namespace mpc
