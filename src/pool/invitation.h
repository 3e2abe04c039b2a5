// Invitation: the first exchange of a request. The requester tells every candidate the same: what kind of session this
// will be and who else is asked, signed; never how much it wants or would pay. A candidate accepts with a fresh nonce,
// signed over the invitation, or refuses with a reason. Nobody holds anything yet: that begins with the draw (draw.h).
// Messages of a pool::Line; their first byte is their Message. Strict and canonical both ways. Pure, any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "model/resource_class.h"

namespace pool {

inline constexpr std::uint16_t kPoolVersion = 1;
inline constexpr std::size_t kMaxCandidates = 32;
inline constexpr std::size_t kMaxCallMessage = 16 * 1024;  // any message of the pool's own but kLeaseAccess

enum class Message : std::uint8_t {
  kInvite = 1,
  kAccept,
  kRefuse,
  kDraw,
  kLeaseOffer,
  kLeaseAnswer,
  kLeaseDone,
  kLeaseCall,
  kReady,    // a drawn provider is connected to all the others
  kMissing,  // or not, and to whom
  kPlainAsk,
  kPlainOffer,
  kLeaseAccess,
};
// The kind of a message from outside; nothing if it is empty or unknown.
std::optional<Message> kind_of(base::ByteView message);

using RequestId = std::array<std::uint8_t, 16>;

struct Invitation {
  RequestId request{};
  std::uint8_t attempt = 1;  // of this request: a new draw without those who failed it
  model::ResourceClass unit;
  std::string mechanism;
  std::uint8_t width = 32;
  std::uint8_t drawn = 0;                     // how many providers will compute
  std::uint32_t lease_seconds = 0;            // how long winners shall deliver
  std::uint32_t session_ms = 0;               // from the moment when all are connected
  std::vector<crypto::PublicKey> candidates;  // sorted, each once

  // Signed by the requester, whose key the line has proved.
  base::Bytes seal(const crypto::Identity& requester) const;
  static base::Result<Invitation> open(base::ByteView message, const crypto::PublicKey& requester);
  // What acceptances, the draw and the session are bound to.
  crypto::Digest hash(const crypto::PublicKey& requester) const;
  std::optional<std::size_t> index_of(const crypto::PublicKey& key) const;

 private:
  base::Bytes body() const;
};

struct Acceptance {
  std::array<std::uint8_t, 32> nonce{};
  crypto::Signature signature{};

  static Acceptance make(const crypto::Digest& invitation, const std::array<std::uint8_t, 32>& nonce,
                         const crypto::Identity& provider);
  bool valid(const crypto::Digest& invitation, const crypto::PublicKey& provider) const;
  base::Bytes encode() const;
  static std::optional<Acceptance> decode(base::ByteView message);
};

// Why not. The requester shows it; an attacker learns nothing of capacity or price from it.
enum class Reason : std::uint8_t {
  kVersion = 1,
  kMalformed,
  kNotOffered,    // no offer covers the class
  kUnsupported,   // mechanism, width, number of providers or time that this provider does not take part in
  kTooSmall,      // fewer providers than its quorum
  kIncomplete,    // the list lacks too many of those whom it sees itself
  kTooSoon,       // a request of this requester was served a moment ago
  kTooMany,       // the requester's allowance is used up
  kBusy,          // as many sessions as it runs
  kBarred,        // the requester misbehaved before
  kUnknownLease,  // lease calls: no such lease of the caller
  kNotNow,        // lease calls: not in this state
  kStorage,       // its own trouble
};
std::string_view text(Reason reason);  // a sentence's end, for people
std::string_view word(Reason reason);  // one word, for logs and metrics

struct Refusal {
  Reason reason = Reason::kMalformed;
  std::uint32_t retry_ms = 0;  // 0: not worth it

  base::Bytes encode() const;
  static std::optional<Refusal> decode(base::ByteView message);
};

}  // namespace pool
