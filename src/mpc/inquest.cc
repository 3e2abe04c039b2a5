#include "mpc/inquest.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/encoding.h"
#include "mpc/session_state.h"

namespace mpc {
namespace {

using base::Bytes;
using base::ByteView;
using Parties = std::vector<std::size_t>;

constexpr std::string_view kOpeningFormat = "tarn opening v1", kEvidenceFormat = "tarn evidence v1";
constexpr std::size_t kTransfers = 128;

// Hop 1 has one of two lengths: with trees at a first meeting, and without.
bool is_base_size(std::size_t size, std::size_t parties) {
  const std::size_t least = correction_size(kAcquaintanceK, 2) + (parties - 1) * 32 + 16 + 32 + 32;
  return size == least || size == least + tree_message_size(kAcquaintanceK);
}

// Whether no other message of the context has such a length: then nobody can pass off another hop as hop 1, from which
// frames are counted.
bool base_is_unmistakable(const Layout& layout, const Circuit& circuit) {
  std::vector<std::size_t> others{kBaseOtMessage,
                                  tree_message_size(kAcquaintanceK) + correction_size(kAcquaintanceK, 2) + 16 + 32,
                                  layout.cross(), packed_size(layout.leaky()), layout.bucket()};
  for (std::size_t p = 0; p < layout.n; ++p)
    others.push_back(tree_message_size(layout.k) +
                     correction_size(layout.k, extension_blocks(layout.pool_bits(circuit, p))) + layout.proof() + 32);
  return std::none_of(others.begin(), others.end(), [&](std::size_t size) { return is_base_size(size, layout.n); });
}

// What hop 1 says to everybody: digests, ũ and the coin's commitment, without the hash of the columns in between.
Bytes announced_in(ByteView base_message, std::size_t parties) {
  const std::size_t common = (parties - 1) * 32 + 16;
  const ByteView end = base_message.last(common + 32 + 32);
  Bytes out(end.begin(), end.begin() + static_cast<std::ptrdiff_t>(common));
  base::append(out, end.last(32));
  return out;
}

void write_blocks(base::Writer& out, const crypto::Blocks& blocks) {
  CHECK(blocks.size() == kTransfers);
  out.raw(crypto::bytes_of(blocks));
}
crypto::Blocks read_blocks(base::Reader& in) {
  crypto::Blocks blocks(kTransfers);
  const ByteView bytes = in.raw(kTransfers * 16);
  std::copy(bytes.begin(), bytes.end(), crypto::writable_bytes_of(blocks).begin());
  return blocks;
}

void write_heard(base::Writer& out, const Heard& heard) {
  out.raw(heard.before).u8(static_cast<std::uint8_t>(heard.frames.size()));
  for (const Heard::Frame& frame : heard.frames) out.raw(frame.header).raw(frame.body);
  out.raw(heard.signature);
}
Heard read_heard(base::Reader& in) {
  Heard heard;
  heard.before = in.array<32>();
  const std::size_t frames = in.u8();
  for (std::size_t i = 0; i < frames && in.good(); ++i) {
    const auto header = in.array<9>();
    heard.frames.push_back({header, in.array<32>()});
  }
  heard.signature = in.array<64>();
  return heard;
}

}  // namespace

Bytes Opening::encode(std::size_t owner) const {
  base::Writer out;
  out.reserve(testimony_limit(links.size()));
  out.text(kOpeningFormat).raw(seed).u8(noticed ? 1 : 0);
  for (std::size_t j = 0; j < links.size(); ++j) {
    if (j == owner) continue;
    const Link& link = links[j];
    write_blocks(out, link.bases.pairs.zero);
    write_blocks(out, link.bases.pairs.one);
    write_blocks(out, link.bases.chosen);
    out.sized(link.base_message);
    write_heard(out, link.heard);
  }
  return out.take();
}

std::optional<Opening> Opening::decode(ByteView bytes, std::size_t owner, std::size_t parties) {
  base::Reader in(bytes);
  Opening out;
  if (in.text(64) != kOpeningFormat) return std::nullopt;
  out.seed = in.array<32>();
  const std::uint8_t noticed = in.u8();
  out.noticed = noticed == 1;
  out.links.resize(parties);
  for (std::size_t j = 0; j < parties && in.good(); ++j) {
    if (j == owner) continue;
    Link& link = out.links[j];
    link.bases.pairs = {read_blocks(in), read_blocks(in)};
    link.bases.chosen = read_blocks(in);
    const ByteView message = in.sized(testimony_limit(parties));
    link.base_message.assign(message.begin(), message.end());
    link.heard = read_heard(in);
    if (!is_base_size(message.size(), parties) || link.heard.frames.empty() ||
        link.heard.frames.size() > Witness::kRecorded)
      return std::nullopt;
  }
  if (noticed > 1 || !in.done()) return std::nullopt;
  return out;
}

Bytes Evidence::encode() const {
  base::Writer out;
  out.text(kEvidenceFormat).u16(static_cast<std::uint16_t>(openings.size()));
  out.u16(static_cast<std::uint16_t>(accused)).u16(static_cast<std::uint16_t>(receiver));
  for (const Bytes& opening : openings) out.sized(opening);
  write_heard(out, frame);
  return out.take();
}

std::optional<Evidence> Evidence::decode(ByteView bytes) {
  base::Reader in(bytes);
  Evidence out;
  if (in.text(64) != kEvidenceFormat) return std::nullopt;
  const std::size_t parties = in.u16();
  out.accused = in.u16();
  out.receiver = in.u16();
  if (parties < 2 || parties > 16 || out.accused >= parties || out.receiver >= parties || out.accused == out.receiver)
    return std::nullopt;
  for (std::size_t j = 0; j < parties; ++j) {
    const ByteView opening = in.sized(testimony_limit(parties));
    out.openings.emplace_back(opening.begin(), opening.end());
  }
  out.frame = read_heard(in);
  if (!in.done() || out.frame.frames.size() != 1) return std::nullopt;
  return out;
}

bool holds_inquests(const Circuit& circuit, unsigned k) {
  const Layout layout(circuit, k);
  std::size_t bits = 0;
  for (std::size_t p = 0; p < layout.n; ++p) bits += layout.pool_bits(circuit, p);
  return base_is_unmistakable(layout, circuit) && bits * (layout.n - 1) * 2 * 16 <= kMaxReplay;  // MACs and keys
}

namespace {

// The replayed parties' messages of the hop, and one party's end of them.
class Stage final : public Conversation {
 public:
  using Board = std::vector<std::vector<Bytes>>;  // by sender, by receiver
  Stage(Board& board, std::size_t self) : board_(board), self_(self) {}
  std::size_t parties() const override { return board_.size(); }
  std::size_t self() const override { return self_; }
  base::Status send(std::size_t peer, Bytes message) override {
    board_[self_][peer] = std::move(message);
    return {};
  }
  base::Result<Bytes> receive(std::size_t peer, std::size_t) override { return std::move(board_[peer][self_]); }
  void abort(std::uint8_t) override {}
  std::uint32_t depth() const override { return 0; }
  void go_online() override {}
  std::uint32_t online_depth() const override { return 0; }

 private:
  Board& board_;
  std::size_t self_;
};

class Replay {
 public:
  Replay(const Terms& terms, const std::vector<Opening>& openings)
      : terms_(terms), openings_(openings), n_(openings.size()), board_(n_, std::vector<Bytes>(n_)) {}

  Findings run() {
    Parties found = who([&](std::size_t p) { return misquotes(p); });
    if (found.empty()) found = who([&](std::size_t p) { return equivocates(p); });
    if (!found.empty()) return {found, {}};
    for (std::size_t p = 0; p < n_; ++p) cast(p);
    found = who([&](std::size_t p) { return !committed(p); });
    for (unsigned hop = kHopBits; hop <= kHopSum && found.empty(); ++hop) found = replay(hop);
    // Everything was as it had to be, so whoever says that it saw a failure does not tell the truth.
    if (found.empty()) found = who([&](std::size_t p) { return openings_[p].noticed; });
    return {found, disputes_};
  }

 private:
  struct Actor {
    std::unique_ptr<Stage> stage;
    std::unique_ptr<Session::State> state;
    bool stopped = false;  // it says that it did not hear all of a hop, or cannot have been content with it
  };

  template <class F>
  Parties who(F&& is) const {
    Parties out;
    for (std::size_t p = 0; p < n_; ++p)
      if (is(p)) out.push_back(p);
    return out;
  }
  template <class F>
  bool any_other(std::size_t p, F&& is) const {
    for (std::size_t j = 0; j < n_; ++j)
      if (j != p && is(j)) return true;
    return false;
  }
  const Opening::Link& link(std::size_t hearer, std::size_t speaker) const { return openings_[hearer].links[speaker]; }

  // p claims to have heard what nobody said.
  bool misquotes(std::size_t p) const {
    return any_other(p, [&](std::size_t j) {
      const Opening::Link& from = link(p, j);
      return from.heard.frames[0].body != crypto::sha256(from.base_message) ||
             !was_said(from.heard, FrameKind::kData, terms_.context, terms_.keys[j], terms_.keys[p]);
    });
  }
  // p announced different things to different parties in hop 1, which is not replayed.
  bool equivocates(std::size_t p) const {
    const std::size_t first = p == 0 ? 1 : 0;
    const Bytes announced = announced_in(link(first, p).base_message, n_);
    return any_other(p, [&](std::size_t j) { return announced_in(link(j, p).base_message, n_) != announced; });
  }
  bool committed(std::size_t p) const {
    const Session::State& state = *actors_[p].state;
    return crypto::equal(state.coin_commitments[p], ByteView(state.announced[p]).last(32));
  }

  void cast(std::size_t p) {
    Actor actor;
    actor.stage = std::make_unique<Stage>(board_, p);
    actor.state = std::make_unique<Session::State>(terms_.circuit, terms_.sid, terms_.k, std::nullopt, *actor.stage,
                                                   crypto::SeededRandom({}));
    Session::State& state = *actor.state;
    std::copy(openings_[p].seed.begin(), openings_[p].seed.end(), state.seed.expose().begin());
    state.draw_base();
    for (std::size_t j = 0; j < n_; ++j) {
      const std::size_t hearer = j != p ? p : p == 0 ? 1 : 0;  // equal for all
      state.announced[j] = announced_in(link(hearer, j).base_message, n_);
      if (j == p) continue;
      std::copy_n(state.announced[j].end() - 32, 32, state.coin_commitments[j].begin());
      state.bases[j] = openings_[p].links[j].bases;
    }
    actors_.push_back(std::move(actor));
  }

  // One hop, all earlier ones having been as they had to be.
  Parties replay(unsigned hop) {
    for (Actor& actor : actors_)
      if (!actor.stopped) CHECK(actor.state->say(hop).ok());
    Parties found = who([&](std::size_t p) {
      return any_other(p, [&](std::size_t j) {
        const auto& frames = link(j, p).heard.frames;
        return frames.size() >= hop && (actors_[p].stopped || frames[hop - 1].body != crypto::sha256(board_[p][j]));
      });
    });
    if (found.empty())
      for (std::size_t p = 0; p < n_; ++p) hear(p, hop);
    return found;
  }
  // Whoever stops here and has spoken in the next hop is found there. Who has not may have stopped in truth: with the
  // bases that the two open, it had to.
  void hear(std::size_t p, unsigned hop) {
    Actor& actor = actors_[p];
    actor.stopped = actor.stopped || any_other(p, [&](std::size_t j) { return link(p, j).heard.frames.size() < hop; });
    if (actor.stopped) return;
    const base::Status heard = actor.state->hear();
    actor.stopped = !heard.ok();
    if (!heard.ok() && !actor.state->noticed) disputes_.emplace_back(p, heard.error().party.value());
  }

  const Terms& terms_;
  const std::vector<Opening>& openings_;
  std::size_t n_;
  Stage::Board board_;
  std::vector<Actor> actors_;
  std::vector<std::pair<std::size_t, std::size_t>> disputes_;
};

}  // namespace

Findings examine(const Terms& terms, const std::vector<Opening>& openings) {
  CHECK(openings.size() == terms.keys.size() && openings.size() == terms.circuit.parties());
  return Replay(terms, openings).run();
}

bool judge(const Terms& terms, const Evidence& evidence) {
  const std::size_t n = terms.keys.size();
  if (evidence.openings.size() != n || n != terms.circuit.parties() || !holds_inquests(terms.circuit, terms.k))
    return false;
  if (evidence.accused >= n || evidence.receiver >= n || evidence.frame.frames.size() != 1 ||
      evidence.frame.frames[0].body != crypto::sha256(evidence.openings[evidence.accused]) ||
      !was_said(evidence.frame, FrameKind::kTestimony, terms.context, terms.keys[evidence.accused],
                terms.keys[evidence.receiver]))
    return false;
  if (!Opening::decode(evidence.openings[evidence.accused], evidence.accused, n)) return true;
  std::vector<Opening> openings;
  for (std::size_t j = 0; j < n; ++j) {
    auto opening = Opening::decode(evidence.openings[j], j, n);
    if (!opening) return false;
    openings.push_back(std::move(*opening));
  }
  const Parties found = examine(terms, openings).named;
  return std::find(found.begin(), found.end(), evidence.accused) != found.end();
}

// ---- one party's part in it

Opening Session::State::open(const Witness& witness) const {
  Opening out;
  std::copy(seed.expose().begin(), seed.expose().end(), out.seed.begin());
  out.noticed = noticed;
  out.links.resize(n);
  each_peer([&](std::size_t j) { out.links[j] = {bases[j], base_messages[j], witness.heard(j)}; });
  return out;
}

// We know on which side of a dispute of ours the lie is; the others do not.
base::Error Session::State::settle(const std::vector<std::pair<std::size_t, std::size_t>>& disputes,
                                   base::Error error) {
  for (const auto& [p, q] : disputes) {
    if (p == self || q == self) {
      verdict.named.push_back(p == self ? q : p);
    } else {
      verdict.suspects.push_back(p);
      verdict.suspects.push_back(q);
    }
  }
  if (verdict.named.empty()) return error;
  return misbehaved(verdict.named[0], "opened other seeds than it used");
}

base::Status Session::State::gather(Witness& witness, Testimonies& all) {
  for (std::size_t j = 0; j < n; ++j) {
    if (j == self) continue;
    auto testimony = witness.testimony(j, Session::longest_message(circuit, layout.k));
    if (testimony.ok()) {
      auto read = Opening::decode(testimony->body, j, n);
      if (!read) verdict.named.push_back(j);
      if (read) all.openings[j] = std::move(*read);
      all.frames[j] = std::move(testimony->frame);
      all.evidence.openings[j] = std::move(testimony->body);
      continue;
    }
    all.complete = false;
    const base::Code why = testimony.error().code;
    if (why == base::Code::kPeerMisbehaved) verdict.named.push_back(j);
    if (why == base::Code::kPeerMisbehaved || why == base::Code::kCancelled) return testimony.error();
    if (why != base::Code::kSomebodyMisbehaved) verdict.suspects.push_back(j);  // not who gave up aloud
  }
  return {};
}

base::Error Session::State::inquire(base::Error error) {
  Witness* witness = channel.witness();
  const bool certain = error.code == base::Code::kPeerMisbehaved && !noticed;
  if (witness == nullptr || !holds_inquests(circuit, layout.k) || !(certain || noticed || witness->called()))
    return error;
  Testimonies all{std::vector<Opening>(n), std::vector<Heard>(n), {0, self, std::vector<Bytes>(n), {}}};
  all.openings[self] = open(*witness);
  all.evidence.openings[self] = all.openings[self].encode(self);
  each_peer([&](std::size_t j) { (void)witness->testify(j, all.evidence.openings[self]); });
  if (certain) return error;  // the others can now name whom we have named

  if (const auto gathered = gather(*witness, all); !gathered.ok()) return gathered.error();
  if (verdict.named.empty() && all.complete) {
    const Terms terms{circuit, tags.sid(), layout.k, witness->keys(), witness->context()};
    const Findings findings = examine(terms, all.openings);
    verdict.named = findings.named;
    std::erase(verdict.named, self);
    if (verdict.named.empty() && !findings.disputes.empty()) return settle(findings.disputes, std::move(error));
  }
  if (verdict.named.empty()) return error;
  for (const std::size_t j : verdict.named) {
    all.evidence.accused = j;
    all.evidence.frame = all.frames[j];
    verdict.evidence.push_back(all.evidence);
  }
  return misbehaved(verdict.named[0], "deviated from the preprocessing, as replaying it shows");
}

}  // namespace mpc
