// Inquest: who deviated, when hops 2–7 fail before any input was used (docs/protocols/mpc.md, "When the sum fails").
// Everybody opens the seed that all its randomness of hops 1–7 comes from, what hop 1 gave it, and which signed frames it
// heard. That fixes every message that should have been: one replay of all parties by the code that ran them shows the
// first frames that differ, and their senders are named. Nothing of an acquaintance is opened, and an honest party's
// frames never differ, whatever the others open.
// Evidence convinces whoever trusts the terms (the signed manifest) and neither the accuser nor the other parties.
// Work: n preprocessings; memory: n pools, refused beyond kMaxReplay. Decoders are strict: outside bytes. One thread.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "mpc/circuit.h"
#include "mpc/seed_trees.h"
#include "mpc/witness.h"

namespace mpc {

// What hop 1 gave two parties: seeds of the trees that one makes for the other, and those chosen by Δ of the other's.
struct Bases {
  SeedPairs pairs;
  crypto::Blocks chosen;
};

struct Opening {  // one party's testimony
  struct Link {
    Bases bases;
    base::Bytes base_message;  // hop 1 as heard; of later hops the digest will do
    Heard heard;
  };
  std::array<std::uint8_t, 32> seed{};
  bool noticed = false;     // the failure, by itself, without knowing whose it is
  std::vector<Link> links;  // by party; the owner's own is empty

  base::Bytes encode(std::size_t owner) const;
  static std::optional<Opening> decode(base::ByteView bytes, std::size_t owner, std::size_t parties);
};

struct Terms {  // what all parties of a session have signed
  const Circuit& circuit;
  crypto::Digest sid{};
  unsigned k = 0;
  std::vector<crypto::PublicKey> keys;
  crypto::Digest context{};  // of frames from hop 1 on
};

struct Evidence {
  std::size_t accused = 0, receiver = 0;  // of the accused one's testimony
  std::vector<base::Bytes> openings;      // by party; where the accused one's cannot be read, it alone counts
  Heard frame;                            // the one frame that carried the accused one's

  base::Bytes encode() const;
  static std::optional<Evidence> decode(base::ByteView bytes);
};

struct Findings {
  std::vector<std::size_t> named;  // contradict themselves
  // The first says that it had to stop at what the second sent; one of the two opened false bases.
  std::vector<std::pair<std::size_t, std::size_t>> disputes;
};

struct Verdict {
  std::vector<std::size_t> named;     // certain
  std::vector<std::size_t> suspects;  // silent when they should have testified, or one of two in dispute
  std::vector<Evidence> evidence;     // by what is in `named`
};

constexpr std::size_t kMaxReplay = std::size_t{512} << 20;
// Whether a session of this circuit holds inquests; everybody decides alike.
bool holds_inquests(const Circuit& circuit, unsigned k);
// Nothing if all openings are an honest session's. One opening a party.
Findings examine(const Terms& terms, const std::vector<Opening>& openings);
// Whether the accused one deviated, for certain.
bool judge(const Terms& terms, const Evidence& evidence);

}  // namespace mpc
