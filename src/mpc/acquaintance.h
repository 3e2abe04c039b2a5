// Acquaintance: what two organisations keep of having met, so that the next session needs no public-key work. For each
// direction the prover's trees and the verifier's punctured trees under a lasting secret choice δ; a counter of
// sessions; and a mark, set while a check that could leak a bit of δ is under way.
//
// Lifetime: saved with counter + 1, leaves ratcheted and the mark, before anything of the session is sent; the mark is
// cleared once the peer's proof passed, or when none came. A failed proof, or a mark found at start, destroys it
// durably before anything observable happens: a peer may guess one bit of δ a session, and a surviving acquaintance
// would give it all 128 in time.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "mpc/seed_trees.h"

namespace mpc {

inline constexpr unsigned kAcquaintanceK = 4;
using AcquaintanceId = std::array<std::uint8_t, 16>;

struct Acquaintance {
  AcquaintanceId id{};
  std::uint64_t counter = 0;  // sessions so far
  bool marked = false;
  Trees prover;             // towards the peer
  PuncturedTrees verifier;  // of the peer, under our δ

  // Moves on to `counter` sessions; each step is one way.
  void advance_to(std::uint64_t target);
  base::Bytes encode() const;
  static std::optional<Acquaintance> decode(base::ByteView bytes);
};

// Where acquaintances are kept; store/ implements it with sealed files. Peers are known by their identity keys.
// What survives a crash: kDurable, everything that returned without an error; kLazy, either the old or the new state, or
// none. Lazy is enough for clearing a mark and for new acquaintances: what a crash leaves then is met anew.
enum class Durability { kDurable, kLazy };
class AcquaintanceStore {
 public:
  virtual ~AcquaintanceStore() = default;
  // Destroys what it finds marked, and what it cannot read, and then says that there is none.
  virtual base::Result<std::optional<Acquaintance>> load(const crypto::PublicKey& peer) = 0;
  virtual base::Status save(const std::vector<std::pair<crypto::PublicKey, const Acquaintance*>>& entries,
                            Durability durability) = 0;
  // After a failed proof: durably gone, and counted against meeting this peer anew.
  virtual base::Status destroy(const crypto::PublicKey& peer) = 0;
  // Whether public-key work may be done for this peer now; an error says when.
  virtual base::Status may_meet(const crypto::PublicKey& peer) = 0;
};

// What each says to the other before a session: whether it remembers, and its half of a new meeting.
struct Introduction {
  static constexpr std::size_t kSize = 1 + 16 + 8 + 32;
  bool known = false;
  AcquaintanceId id{};
  std::uint64_t counter = 0;
  std::array<std::uint8_t, 32> a{};  // point of a base OT sender (base_ot.h)

  base::Bytes encode() const;
  static std::optional<Introduction> decode(base::ByteView bytes);
};

// Both sides remember the same meeting, and neither lags by more ratchet steps than we do for a stranger.
bool acquainted(const Introduction& ours, const Introduction& theirs);

}  // namespace mpc
