#include "mpc/bristol.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "mpc/circuit_builder.h"

namespace mpc {

namespace {

constexpr std::size_t kMaxGates = std::size_t{1} << 24, kMaxWires = std::size_t{1} << 24, kMaxValues = 64;
// A wire that anything reads or writes is named in the text, with at least one digit and a space. Inputs that nothing
// reads are not, so that small circuits may have this many more wires than the text has characters.
constexpr std::size_t kIdleWires = std::size_t{1} << 16;

bool in_word(char c) { return c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r'); }

enum class Op { kXor, kAnd, kInv, kEq, kEqw, kMand };
std::optional<Op> parse_op(std::string_view word) {
  if (word == "XOR") return Op::kXor;
  if (word == "AND") return Op::kAnd;
  if (word == "INV") return Op::kInv;
  if (word == "EQ") return Op::kEq;
  if (word == "EQW") return Op::kEqw;
  if (word == "MAND") return Op::kMand;
  return std::nullopt;
}

base::Error invalid(std::string message) { return {base::Code::kInvalidInput, std::move(message)}; }

class Reader {
 public:
  Reader(std::string_view text, const BristolOwners& owners)
      : rest_(text),
        text_size_(text.size()),
        owners_(owners),
        builder_(owners.parties, CircuitBuilder::Gates::kAsWritten) {}

  base::Result<Circuit> read() {
    TARN_TRY(header());
    for (std::size_t gate = 0; gate < gates_; ++gate) {
      if (!next_line()) {
        return wrong("the file ends after " + std::to_string(gate) + " of " + std::to_string(gates_) +
                     " gates: is it cut off?");
      }
      TARN_TRY(read_gate());
    }
    if (next_line()) return wrong("more lines than the " + std::to_string(gates_) + " gates of line 1");
    TARN_TRY(give_outputs());
    return std::move(builder_).build();
  }

 private:
  base::Error wrong(const std::string& what) const {
    return invalid("line " + std::to_string(std::max<std::size_t>(line_, 1)) + ": " + what);
  }

  // The words of the next line that has any; false at the end.
  bool next_line() {
    const char *at = rest_.data(), *const end = at + rest_.size();
    words_.clear();
    while (at != end && words_.empty()) {
      ++line_;
      while (at != end && *at != '\n') {
        const char* const start = at;
        while (at != end && in_word(*at)) ++at;
        if (at != start)
          words_.emplace_back(start, static_cast<std::size_t>(at - start));
        else
          ++at;
      }
      if (at != end) ++at;
    }
    rest_ = {at, static_cast<std::size_t>(end - at)};
    return !words_.empty();
  }

  // The word as a decimal number of at most `max`, which is far from the largest there are.
  std::optional<std::size_t> number(std::size_t word, std::size_t max) const {
    std::size_t value = 0;
    for (const char c : words_[word]) {
      if (c < '0' || c > '9') return std::nullopt;
      value = 10 * value + static_cast<std::size_t>(c - '0');
      if (value > max) return std::nullopt;
    }
    return value;
  }

  base::Status header() {
    if (!next_line() || words_.size() != 2) return wrong("expected two numbers, of gates and of wires");
    const auto gates = number(0, kMaxGates), wires = number(1, kMaxWires);
    if (!gates || !wires) return wrong("the numbers of gates and wires must be decimal and at most 16777216");
    if (*wires > text_size_ + kIdleWires) return wrong("more wires than a text of this length can name");
    gates_ = *gates;
    values_.resize(*wires);
    written_.resize(*wires, false);

    TARN_ASSIGN(const std::vector<std::size_t> inputs, read_values("input"));
    std::size_t wire = 0;
    for (std::size_t value = 0; value < inputs.size(); ++value) {
      const std::size_t owner = owners_.input ? owners_.input(value) : value % owners_.parties;
      if (owner >= owners_.parties) return wrong("input value " + std::to_string(value) + " was given to no party");
      for (std::size_t i = 0; i < inputs[value]; ++i) write(wire++, builder_.input(owner));
    }
    TARN_ASSIGN(outputs_, read_values("output"));
    if (outputs_.empty()) return wrong("no outputs: such a circuit computes nothing");
    output_line_ = line_;
    return {};
  }

  // A line "count size size …".
  base::Result<std::vector<std::size_t>> read_values(const std::string& what) {
    if (!next_line()) {
      return wrong("the file ends before its line of " + what + " values (is it in the older Bristol format?)");
    }
    const auto count = number(0, kMaxValues);
    if (!count) return wrong("expected the number of " + what + " values, at most 64");
    if (words_.size() != *count + 1) {
      return wrong("expected " + std::to_string(*count) + " sizes of " + what +
                   " values after their number (is it in the older Bristol format?)");
    }
    std::vector<std::size_t> sizes;
    std::size_t left = values_.size();
    for (std::size_t i = 0; i < *count; ++i) {
      const auto size = number(i + 1, left);
      if (!size || *size == 0) {
        return wrong("the sizes of " + what + " values must be at least 1 and together at most all wires");
      }
      sizes.push_back(*size);
      left -= *size;
    }
    return sizes;
  }

  // inputs outputs, that many wires, the operation.
  base::Status read_gate() {
    const auto ins = number(0, kMaxWires), outs = words_.size() > 1 ? number(1, kMaxWires) : std::nullopt;
    if (!ins || !outs || words_.size() != *ins + *outs + 3) {
      return wrong("expected: inputs outputs, that many wires, XOR AND INV EQ EQW or MAND");
    }
    const auto op = parse_op(words_.back());
    if (!op) return wrong("unknown gate; there are XOR AND INV EQ EQW MAND");
    const bool unary = op == Op::kInv || op == Op::kEq || op == Op::kEqw;
    if (*outs == 0 || (op != Op::kMand && *outs != 1) || *ins != (unary ? *outs : 2 * *outs)) {
      return wrong(
          "the numbers of inputs and outputs must be 2 1 for XOR and AND, 1 1 for INV, EQ and EQW, 2k k for MAND");
    }
    for (std::size_t i = 0; i < *outs; ++i) {
      const auto value = compute(*op, 2 + i, 2 + i + *outs);
      if (!value) return wrong(complaint_);
      const auto wire = number(2 + *ins + i, values_.size());
      if (!wire || *wire == values_.size())
        return wrong("an output must be a wire below the number of wires in line 1");
      if (written_[*wire]) return wrong("wire " + std::to_string(*wire) + " has a value already");
      write(*wire, *value);
    }
    return {};
  }

  // The operation on the wires of two words (the second only where there are two). Nothing if a word is wrong: then
  // complaint_ says how. An error a word would cost more than the rest of the reading.
  std::optional<Bit> compute(Op op, std::size_t first, std::size_t second) {
    if (op == Op::kEq) {
      const auto constant = number(first, 1);
      if (!constant) complaint_ = "EQ takes a constant, 0 or 1";
      return constant ? std::optional(Bit::constant(*constant == 1)) : std::nullopt;
    }
    const Bit* const a = operand(first);
    if (a == nullptr) return std::nullopt;
    if (op == Op::kInv) return ~*a;
    if (op == Op::kEqw) return *a;
    const Bit* const b = operand(second);
    if (b == nullptr) return std::nullopt;
    return op == Op::kXor ? *a ^ *b : *a & *b;
  }

  const Bit* operand(std::size_t word) {
    const auto wire = number(word, values_.size());
    if (wire && *wire < values_.size() && written_[*wire]) return &values_[*wire];
    complaint_ = wire && *wire < values_.size()
                     ? "wire " + std::to_string(*wire) + " has no value yet: a gate must come after those it reads"
                     : "an input must be a wire below the number of wires in line 1";
    return nullptr;
  }

  void write(std::size_t wire, Bit value) {
    values_[wire] = value;
    written_[wire] = true;
  }

  base::Status give_outputs() {
    line_ = output_line_;  // where outputs were announced is where the reader can mend what follows
    std::size_t wire = values_.size();
    for (const std::size_t size : outputs_) wire -= size;
    for (std::size_t value = 0; value < outputs_.size(); ++value) {
      const std::size_t owner = owners_.output ? owners_.output(value) : 0;
      if (owner >= owners_.parties) return wrong("output value " + std::to_string(value) + " was given to no party");
      for (std::size_t i = 0; i < outputs_[value]; ++i, ++wire) {
        if (!written_[wire]) return wrong("no gate writes output wire " + std::to_string(wire));
        builder_.output(owner, values_[wire]);
      }
    }
    return {};
  }

  std::string_view rest_;
  std::size_t text_size_, line_ = 0, output_line_ = 0, gates_ = 0;
  const BristolOwners& owners_;
  CircuitBuilder builder_;
  std::string complaint_;
  std::vector<std::string_view> words_;  // of the current line
  std::vector<Bit> values_;              // by wire
  std::vector<bool> written_;
  std::vector<std::size_t> outputs_;  // bits of each value
};

// "count size size …", one value a run of one owner.
std::optional<std::string> value_line(const std::vector<std::size_t>& owners) {
  std::set<std::size_t> seen;
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (i == 0 || owners[i] != owners[i - 1]) {
      if (!seen.insert(owners[i]).second) return std::nullopt;
      sizes.push_back(0);
    }
    ++sizes.back();
  }
  std::string line = std::to_string(sizes.size());
  for (const std::size_t size : sizes) line.append(" ").append(std::to_string(size));
  return line.append("\n");
}

// Wires anew, because outputs must be the last ones. An output takes over the wire of the gate that makes it, unless
// that is an input, a constant or another output already: then it is a copy.
struct Numbering {
  explicit Numbering(const Circuit& circuit) : wire(circuit.wires()) {
    const std::size_t inputs = circuit.inputs(), outputs = circuit.outputs().size();
    std::vector<std::optional<std::size_t>> taken(circuit.wires());
    for (std::size_t o = 0; o < outputs; ++o) {
      const WireId source = circuit.outputs()[o].wire;
      const bool gate = source >= inputs && source < circuit.wires();
      if (gate && !taken[source]) {
        taken[source] = o;
      } else {
        copies.push_back(o);
      }
    }
    first_output = circuit.wires() - (outputs - copies.size());
    std::size_t next = 0;
    for (std::size_t w = 0; w < circuit.wires(); ++w) wire[w] = taken[w] ? first_output + *taken[w] : next++;
  }
  std::vector<std::size_t> wire;
  std::vector<std::size_t> copies;  // outputs that need a gate of their own
  std::size_t first_output = 0;
};

}  // namespace

base::Result<Circuit> read_bristol(std::string_view text, const BristolOwners& owners) {
  if (owners.parties < CircuitBuilder::kMinParties || owners.parties > CircuitBuilder::kMaxParties) {
    return invalid("a circuit has 2 to 16 parties, not " + std::to_string(owners.parties));
  }
  return Reader(text, owners).read();
}

base::Result<std::string> write_bristol(const Circuit& circuit) {
  std::vector<std::size_t> givers(circuit.input_owners().begin(), circuit.input_owners().end()), takers;
  for (const Circuit::Output& o : circuit.outputs()) takers.push_back(o.owner);
  const auto inputs = value_line(givers), outputs = value_line(takers);
  if (!inputs || !outputs)
    return invalid("a party's inputs, and its outputs, must be next to each other to be one value");
  if (takers.empty()) return invalid("a circuit without outputs cannot be read again");
  const Numbering number(circuit);

  const auto text = [](std::size_t n) { return std::to_string(n) + " "; };
  std::string out = text(circuit.gates().size() + number.copies.size()) +
                    std::to_string(number.first_output + takers.size()) + "\n" + *inputs + *outputs + "\n";
  for (const Gate& g : circuit.gates()) {
    const bool inversion = g.op == Gate::Op::kNot;
    out += inversion ? "1 1 " : "2 1 ";
    out += text(number.wire[g.a]);
    if (!inversion) out += text(number.wire[g.b]);
    out += text(number.wire[g.out]);
    out += inversion ? "INV\n" : g.op == Gate::Op::kAnd ? "AND\n" : "XOR\n";
  }
  for (const std::size_t o : number.copies) {
    const WireId source = circuit.outputs()[o].wire;
    const bool constant = source == Circuit::kFalse || source == Circuit::kTrue;
    out += "1 1 " + text(constant ? source == Circuit::kTrue : number.wire[source]) + text(number.first_output + o);
    out += constant ? "EQ\n" : "EQW\n";
  }
  return out;
}

}  // namespace mpc
