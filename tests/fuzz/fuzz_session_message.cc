// One honest party's session in which one message of one peer is another than it was: damaged, taken from another place
// of the same run, or missing. All messages of an honest run of three parties are recorded once, between sessions and
// signatures; the same seed makes the party under test speak the same, so that the others' recorded words stay right.
// The party ends with the right outputs or with an error; who is named is who sent that message; and no seeds of an
// acquaintance can ever be used again.
#include <array>

#include "crypto/start.h"
#include "fuzz/input.h"
#include "mpc/circuit_builder.h"
#include "support/session_lab.h"

namespace {

constexpr std::size_t kParties = 3;

// Two AND gates; everybody gives a bit and gets one.
mpc::Circuit small_circuit() {
  mpc::CircuitBuilder builder(kParties);
  const mpc::Bit a = builder.input(0), b = builder.input(1), c = builder.input(2);
  const mpc::Bit ab = a & b, all = ab & ~c;
  builder.output(0, ab ^ c);
  builder.output(1, all);
  builder.output(2, a ^ all);
  return std::move(builder).build();
}

struct Recording {
  explicit Recording(bool first_meeting) : lab(kParties, first_meeting ? "strangers" : "acquainted") {
    CHECK(crypto::start());
    lab.k = 2;  // the least work for one message as for another
    if (!first_meeting) run_once();
    before = lab.stores;
    lab.on_send = [this](std::size_t from, std::size_t to, const base::Bytes& frame) {
      const std::size_t size = frame.size() - mpc::SignedChannel::kOverhead;
      said[from][to].push_back(fuzz::copy(base::ByteView(frame).first(size)));
    };
    run_once();
    lab.on_send = nullptr;
  }
  void run_once() {
    for (const support::PartyEnd& end : lab.run(circuit, inputs)) CHECK(end.result.ok());
  }

  const mpc::Circuit circuit = small_circuit();
  const std::vector<mpc::Bits> inputs{{1}, {1}, {0}}, right = mpc::evaluate_plain(circuit, inputs);
  support::SessionLab lab;
  std::vector<support::MemoryStore> before;
  std::array<std::array<std::vector<base::Bytes>, kParties>, kParties> said;  // by sender, by receiver
};

struct Change {
  std::size_t peer = kParties, number = 0;
  std::optional<base::Bytes> instead;  // nothing: the peer left
};

// Hands the session the recorded bodies, but for one.
class Replay final : public mpc::Conversation {
 public:
  Replay(const Recording& recording, std::size_t self, const Change& change)
      : recording_(recording), self_(self), change_(change) {}
  std::size_t parties() const override { return kParties; }
  std::size_t self() const override { return self_; }
  base::Status send(std::size_t, base::Bytes) override { return {}; }
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override {
    const auto& said = recording_.said[peer][self_];
    const std::size_t number = next_[peer]++;
    const bool changed = peer == change_.peer && number == change_.number;
    if (number >= said.size() || (changed && !change_.instead))
      return base::Error{base::Code::kUnreachable, "left", peer};
    base::Bytes message = changed ? *change_.instead : said[number];
    if (message.size() > max_bytes) return base::Error{base::Code::kPeerMisbehaved, "sent too much", peer};
    return message;
  }
  void abort(std::uint8_t) override { ++aborts; }
  std::uint32_t depth() const override { return 0; }
  void go_online() override {}
  std::uint32_t online_depth() const override { return 0; }

  int aborts = 0;

 private:
  const Recording& recording_;
  std::size_t self_;
  const Change& change_;
  std::array<std::size_t, kParties> next_{};
};

struct End {
  base::Result<mpc::Bits> result;
  bool begun = false;  // the session, after the introductions
  bool met = false;    // and acquaintances came into use
  int aborts = 0;
  support::MemoryStore store;
};

End run(const Recording& recording, std::size_t self, const Change& change) {
  const support::SessionLab& lab = recording.lab;
  End end{base::Error{base::Code::kCancelled, ""}, false, false, 0, recording.before[self]};
  Replay channel(recording, self, change);
  crypto::SeededRandom random = lab.randomness(self);
  const auto whole = [&]() -> base::Result<mpc::Bits> {
    TARN_ASSIGN(mpc::Meetings meetings, mpc::Meetings::open(end.store, lab.keys, self, random));
    for (std::size_t j = 0; j < kParties; ++j) {
      if (j == self) continue;
      TARN_ASSIGN(const base::Bytes introduction, channel.receive(j, mpc::Introduction::kSize));
      TARN_TRY(meetings.introduced(j, introduction));
    }
    end.begun = true;
    mpc::Session session(recording.circuit, lab.sid(), lab.k, std::move(meetings), channel, random);
    TARN_TRY(session.acquaint());
    end.met = true;
    TARN_TRY(session.prepare());
    TARN_TRY(session.garble(recording.inputs[self]));
    return session.evaluate();
  };
  end.result = whole();
  end.aborts = channel.aborts;
  return end;
}

// Nothing that was used in this session is left: gone, or further on than before.
void used_up(const Recording& recording, std::size_t self, const End& end) {
  for (const auto& [peer, encoded] : recording.before[self].kept) {
    const auto found = end.store.kept.find(peer);
    if (found == end.store.kept.end()) continue;
    const auto before = mpc::Acquaintance::decode(encoded), after = mpc::Acquaintance::decode(found->second);
    CHECK(before && after && (after->counter > before->counter || after->id != before->id));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Recording acquainted(false), strangers(true);
  static const bool replayed = [] {
    for (std::size_t p = 0; p < kParties; ++p)
      for (const Recording* r : {&acquainted, &strangers}) {
        const End end = run(*r, p, {});
        CHECK(end.result.ok() && *end.result == r->right[p]);
      }
    return true;
  }();
  CHECK(replayed);

  fuzz::Input in(data, size);
  const Recording& recording = in.u8() >= 0xf0 ? strangers : acquainted;  // several times slower, so seldom
  const std::size_t self = in.below(kParties);
  Change change;
  change.peer = (self + 1 + in.below(kParties - 1)) % kParties;
  const auto& said = recording.said[change.peer][self];
  change.number = in.below(said.size());
  const std::size_t how = in.below(8);
  if (how == 0) {  // from another place
    const std::size_t from = in.below(kParties), to = in.below(kParties), number = in.u8();
    const auto& others = recording.said[from][to];
    if (!others.empty()) change.instead = others[number % others.size()];
  } else if (how > 1) {
    change.instead = fuzz::damaged(in, said[change.number]);
    if (how > 2) change.instead->resize(said[change.number].size());
  }

  const End end = run(recording, self, change);
  if (change.instead == said[change.number]) CHECK(end.result.ok());
  if (end.result.ok()) {
    CHECK(*end.result == recording.right[self] && end.aborts == 0);
  } else {
    const base::Error& error = end.result.error();
    CHECK(fuzz::printable(error.message) && end.aborts == (end.begun ? 1 : 0));
    CHECK(error.code == base::Code::kPeerMisbehaved || error.code == base::Code::kSomebodyMisbehaved ||
          error.code == base::Code::kUnreachable);
    CHECK(error.code == base::Code::kSomebodyMisbehaved || error.party == change.peer);
  }
  if (end.met) used_up(recording, self, end);
  return 0;
}
