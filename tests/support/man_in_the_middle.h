// A man in a party's middle: above its signatures, below its session, so that whatever he changes is properly signed.
// He sees every message that the party sends, counted by peer (the introduction is number 0), and says what goes out in
// its place. Placement names the messages: which hop number i is, its fields, and what changing one must lead to.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mpc/session_state.h"

namespace support {

class Middle final : public mpc::Conversation, public mpc::Witness {
 public:
  using Outgoing = std::function<std::vector<base::Bytes>(std::size_t peer, std::size_t number, base::Bytes message)>;
  using Incoming = std::function<void(std::size_t peer, std::size_t number, base::Bytes& message)>;

  explicit Middle(mpc::Conversation& inner) : inner_(inner), sent_(inner.parties()), received_(inner.parties()) {}

  std::size_t parties() const override { return inner_.parties(); }
  std::size_t self() const override { return inner_.self(); }
  std::uint32_t depth() const override { return inner_.depth(); }
  void go_online() override { inner_.go_online(); }
  std::uint32_t online_depth() const override { return inner_.online_depth(); }
  base::Status send(std::size_t peer, base::Bytes message) override {
    const std::size_t number = sent_[peer]++;
    if (!outgoing) return inner_.send(peer, std::move(message));
    for (base::Bytes& m : outgoing(peer, number, std::move(message))) TARN_TRY(inner_.send(peer, std::move(m)));
    return {};
  }
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override {
    if (leaves) return base::Error{base::Code::kCancelled, "the cheater leaves"};
    auto message = inner_.receive(peer, max_bytes);
    if (message.ok() && incoming) incoming(peer, received_[peer]++, *message);
    return message;
  }
  void abort(std::uint8_t phase) override {
    if (!silent && !leaves) inner_.abort(phase);
  }

  // And the word he gives in an inquest.
  mpc::Witness* witness() override { return this; }
  const std::vector<crypto::PublicKey>& keys() const override { return inner_.witness()->keys(); }
  const crypto::Digest& context() const override { return inner_.witness()->context(); }
  void record() override { inner_.witness()->record(); }
  const mpc::Heard& heard(std::size_t peer) const override { return inner_.witness()->heard(peer); }
  bool called() const override { return inner_.witness()->called(); }
  base::Status testify(std::size_t peer, base::Bytes body) override {
    if (testifying) {
      auto said = testifying(peer, std::move(body));
      return said ? inner_.witness()->testify(peer, std::move(*said)) : base::Status{};
    }
    return silent || leaves ? base::Status{} : inner_.witness()->testify(peer, std::move(body));
  }
  base::Result<Testimony> testimony(std::size_t peer, std::size_t max_bytes) override {
    return inner_.witness()->testimony(peer, max_bytes);
  }

  Outgoing outgoing;
  Incoming incoming;
  std::function<std::optional<base::Bytes>(std::size_t peer, base::Bytes opening)> testifying;
  bool leaves = false;  // at the next receive, without a word
  bool silent = false;  // never says that it gave up

 private:
  mpc::Conversation& inner_;
  std::vector<std::size_t> sent_, received_;
};

constexpr unsigned kIntroductionHop = 0;

// What the honest must do about a fault in one message to one of them, the victim.
enum class Verdict {
  kNamed,                // the victim names the cheater
  kNamedByAll,           // every honest party does
  kUnnamed,              // somebody honest notices; with more than two parties nobody is named
  kUnattributed,         // as kUnnamed, and with two parties the cheater is named
  kNoticed,              // somebody honest notices; whoever is named is the cheater
  kRightOrNamedByAll,    // the right result for all, or as kNamedByAll
  kRightOrUnattributed,  // the right result for all, or as kUnattributed
  kHarmless,             // the right result for all
};

struct Field {
  std::string name;
  std::size_t from, size;
  Verdict verdict;
  bool proof = false;  // of hop 1's extension: its failure ends the acquaintance
};

struct Placement {
  const mpc::Circuit& circuit;
  unsigned k;
  std::size_t cheater, victim;
  bool first_meeting;

  // Messages that the cheater sends the victim in a whole session.
  std::size_t messages() const { return first_meeting ? 12 : 11; }
  unsigned hop(std::size_t number) const {
    if (number == 0 || !first_meeting) return static_cast<unsigned>(number);
    if (number == 1) return cheater > victim ? mpc::kHopChoose : mpc::kHopTrees;
    return static_cast<unsigned>(number - 1);
  }
  std::size_t number(unsigned wanted) const {
    for (std::size_t i = 0; i < messages(); ++i)
      if (hop(i) == wanted) return i;
    return SIZE_MAX;
  }
  // All of them, in order: they tile the message.
  std::vector<Field> fields(std::size_t number) const;

 private:
  std::size_t outputs_of_victim() const {
    std::size_t wires = 0;
    for (const mpc::Circuit::Output& o : circuit.outputs()) wires += o.owner == victim && o.wire < mpc::Circuit::kFalse;
    return wires;
  }
};

inline std::vector<Field> Placement::fields(std::size_t number) const {
  using enum Verdict;
  const mpc::Layout layout(circuit, k);
  const std::size_t n = circuit.parties();
  std::vector<Field> out;
  const auto field = [&](const std::string& name, std::size_t size, Verdict verdict, bool proof = false) {
    if (size > 0) out.push_back({name, out.empty() ? 0 : out.back().from + out.back().size, size, verdict, proof});
  };
  const auto trees = [&](unsigned rate) {
    const std::size_t pairs = (rate - 1) * std::size_t{32};
    field("first tree's corrections", pairs, kNamed, true);
    field("first tree's check sums", 32, kNamed, true);
    field("other trees", mpc::tree_message_size(rate) - 32 - pairs - 32, kNamed, true);
    field("hash of the trees", 32, kNamed, true);
  };
  const auto proof = [&] {
    const std::size_t place = victim < cheater ? victim : victim - 1;
    for (std::size_t i = 0; i + 1 < n; ++i)
      field(i == place ? "digest of what the victim got" : "digest of what another got", 32, kNamed, true);
    field("residue of u", 16, kNamed, true);
    field("hash of the columns", 32, kNamed, true);
  };
  switch (hop(number)) {
    case kIntroductionHop:
      field("known", 1, first_meeting ? kHarmless : kNoticed);  // bit 0; others have a test of their own
      field("id", 16, first_meeting ? kHarmless : kNoticed);
      field("counter", 8, first_meeting ? kHarmless : kNoticed);
      field("point", 32, first_meeting && cheater < victim ? kNamed : kHarmless);
      break;
    case mpc::kHopChoose:
      field("first point", 32, kNoticed);
      field("other points", mpc::kBaseOtMessage - 32, kNoticed);
      break;
    case mpc::kHopTrees:
      trees(mpc::kAcquaintanceK);
      field("correction", mpc::correction_size(mpc::kAcquaintanceK, 2), kNamed, true);
      field("residue of u", 16, kNamed, true);
      field("hash of the columns", 32, kNamed, true);
      break;
    case mpc::kHopBase:
      if (first_meeting && cheater > victim) trees(mpc::kAcquaintanceK);
      field("correction", mpc::correction_size(mpc::kAcquaintanceK, 2), kNamed, true);
      proof();
      field("commitment to the coin", 32, kNamedByAll);
      break;
    case mpc::kHopBits:
      trees(k);
      field("correction", mpc::correction_size(k, mpc::extension_blocks(layout.pool_bits(circuit, cheater))),
            kNamedByAll);
      proof();
      field("echo of hop 1", 32, kNamedByAll);
      for (Field& f : out) {
        f.proof = false;
        f.verdict = kNamedByAll;
      }
      break;
    case mpc::kHopCross:
      field("T", mpc::packed_size(layout.leaky()), kRightOrNamedByAll);
      field("U", 8 * layout.leaky(), kRightOrNamedByAll);
      field("echo of hop 2", 32, kNamedByAll);
      break;
    case mpc::kHopAnnounce: field("e", mpc::packed_size(layout.leaky()), kNamedByAll); break;
    case mpc::kHopCoin:
      field("salt", 32, kNamedByAll);
      field("coin", 32, kNamedByAll);
      break;
    case mpc::kHopBucket:
      field("commitment to the sum", 32, kNamedByAll);
      field("d", layout.bucket() - 64, kNamedByAll);
      field("digest of d's MACs", 32, kNamedByAll);
      break;
    case mpc::kHopSum:
      field("salt", 32, kNamed);
      field("sum", 8, kNamed);
      field("echo of hop 6", 32, kUnnamed);
      break;
    case mpc::kHopInput:
      field("masked inputs", mpc::packed_size(circuit.inputs_of(cheater)), kUnnamed);
      field("opened products", mpc::packed_size(2 * layout.ands), kNamed);
      field("digest of the products' MACs", 32, kNamed);
      break;
    case mpc::kHopGarble:
      if (victim == 0) {
        field("first gate's rows", layout.ands > 0 ? mpc::gate_table_size(n) : 0, kRightOrUnattributed);
        field("other gates' rows", layout.ands > 0 ? (layout.ands - 1) * mpc::gate_table_size(n) : 0,
              kRightOrUnattributed);
        field("labels", 16 * layout.inputs, kRightOrUnattributed);
      }
      field("digest of all masked inputs", 32, kUnnamed);
      break;
    case mpc::kHopOutput:
      field("output shares", mpc::packed_size(outputs_of_victim()), kNamed);
      field("digest of the outputs' MACs", 32, kNamed);
      if (cheater == 0) {
        field("masked outputs", mpc::packed_size(outputs_of_victim()), kUnattributed);
        field("hash of the labels", 32, kUnattributed);
      }
      break;
    default: break;
  }
  return out;
}

}  // namespace support
