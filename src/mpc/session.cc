#include "mpc/session.h"

#include <algorithm>

#include "base/check.h"
#include "mpc/session_state.h"

namespace mpc {

Layout::Layout(const Circuit& circuit, unsigned extension_k)
    : n(circuit.parties()),
      ands(circuit.and_gates()),
      inputs(circuit.inputs()),
      k(extension_k),
      shape(choose_bucketing(ands)) {
  CHECK(n >= 2 && n <= 16 && (k == 1 || k == 2 || k == 4 || k == 8));
}

namespace {
crypto::SeededRandom session_random(base::Random& random) {
  base::Secret<32> seed;
  random.fill(seed.expose());
  return crypto::SeededRandom(seed.expose());
}
}  // namespace

Session::State::State(const Circuit& c, const crypto::Digest& sid, unsigned extension_k, std::optional<Meetings> m,
                      Conversation& ch, const crypto::SeededRandom& own)
    : circuit(c),
      layout(c, extension_k),
      tags(sid),
      meetings(std::move(m)),
      channel(ch),
      random(own.fork("session")),
      n(c.parties()),
      self(ch.self()),
      announced(n),
      coin_commitments(n),
      base_messages(n),
      bases(n),
      announced_e(n),
      tables(n) {
  CHECK(ch.parties() == n && self < n);
  own.fork("pool").fill(seed.expose());  // from which nothing else of the session follows
}

Session::Session(const Circuit& circuit, const crypto::Digest& sid, unsigned k, Meetings meetings,
                 Conversation& channel, base::Random& random)
    : state_(std::make_unique<State>(circuit, sid, k, std::move(meetings), channel, session_random(random))) {}
Session::~Session() = default;

base::Error Session::State::misbehaved(std::size_t peer, const std::string& what) const {
  return {base::Code::kPeerMisbehaved, what, peer};
}
base::Error Session::State::somebody(const std::string& what) const { return {base::Code::kSomebodyMisbehaved, what}; }
base::Error Session::State::unattributed(std::size_t peer, const std::string& what) {
  noticed = true;
  return n == 2 ? misbehaved(peer, what) : somebody(what);
}

base::Error Session::State::fail(base::Error error) {
  stage = Stage::kOver;
  channel.abort(static_cast<std::uint8_t>(hop));
  leaky.reset();
  triples.reset();
  masks.reset();
  pool = {};
  return error;
}

base::Result<base::Bytes> Session::State::receive(std::size_t peer, std::size_t size) {
  TARN_ASSIGN(base::Bytes message, channel.receive(peer, size));
  if (message.size() != size) return misbehaved(peer, "sent a message of the wrong length");
  return message;
}

base::Status Session::State::broadcast(const base::Bytes& message) {
  for (std::size_t j = 0; j < n; ++j)
    if (j != self) TARN_TRY(channel.send(j, message));
  return {};
}

base::Status Session::acquaint() {
  State& s = *state_;
  CHECK(s.stage == State::Stage::kNew);
  s.hop = kHopChoose;
  crypto::SeededRandom random = s.random.fork("meet");
  if (auto met = s.meetings->meet(s.channel, s.tags, random); !met.ok()) return s.fail(met.error());
  s.stage = State::Stage::kAcquainted;
  return {};
}

base::Status Session::prepare() {
  State& s = *state_;
  CHECK(s.stage == State::Stage::kAcquainted);
  if (Witness* witness = s.channel.witness()) witness->record();
  if (auto status = s.base_hop(); !status.ok()) return s.fail(status.error());
  for (unsigned hop = kHopBits; hop <= kHopSum; ++hop) {
    base::Status status = s.say(hop);
    if (status.ok()) status = s.hear();
    if (!status.ok()) return s.fail(s.inquire(status.error()));
  }
  s.make_triples();
  s.make_masks();
  s.stage = State::Stage::kPrepared;
  return {};
}

const Verdict& Session::verdict() const { return state_->verdict; }

base::Status Session::garble(const Bits& inputs) {
  State& s = *state_;
  CHECK(s.stage == State::Stage::kPrepared && inputs.size() == s.circuit.inputs_of(s.self));
  if (auto status = s.input_hop(inputs); !status.ok()) return s.fail(status.error());
  if (auto status = s.garble_hop(); !status.ok()) return s.fail(status.error());
  s.stage = State::Stage::kGarbled;
  return {};
}

base::Result<Bits> Session::evaluate() {
  State& s = *state_;
  CHECK(s.stage == State::Stage::kGarbled);
  auto outputs = s.output_hop();
  if (!outputs.ok()) return s.fail(outputs.error());
  s.stage = State::Stage::kOver;
  return outputs;
}

base::Result<Bits> Session::run(const Bits& inputs) {
  TARN_TRY(acquaint());
  TARN_TRY(prepare());
  TARN_TRY(garble(inputs));
  return evaluate();
}

std::size_t Session::longest_message(const Circuit& circuit, unsigned k) {
  const Layout layout(circuit, k);
  std::size_t most_bits = 0;
  for (std::size_t p = 0; p < layout.n; ++p) most_bits = std::max(most_bits, layout.pool_bits(circuit, p));
  const std::size_t acquaintance = tree_message_size(kAcquaintanceK) + correction_size(kAcquaintanceK, 2);
  return std::max({kBaseOtMessage, acquaintance + layout.proof() + 64,
                   tree_message_size(k) + correction_size(k, extension_blocks(most_bits)) + layout.proof() + 32,
                   layout.cross(), layout.bucket(), layout.tables() + 32,
                   packed_size(2 * layout.ands + layout.inputs) + 40, packed_size(circuit.outputs().size()) * 2 + 72,
                   testimony_limit(layout.n)}) +
         SignedChannel::kOverhead;
}

}  // namespace mpc
