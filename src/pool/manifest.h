// Manifest: what all parties of a session agree on, and sign, before anything secret moves. Two hops:
//   1. everybody sends everybody its version, a fresh nonce, the manifest it means, and its introduction (mpc/meetings.h)
//   2. everybody sends everybody a signature of SHA-256(manifest ‖ all nonces in the public order)
// From that hash comes the session's id, to which every later message, hash and key is bound.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/identity.h"
#include "mpc/circuit.h"
#include "mpc/conversation.h"
#include "mpc/meetings.h"

namespace pool {

inline constexpr std::uint16_t kProtocolVersion = 2;

struct Manifest {
  std::vector<crypto::PublicKey> parties;  // the public order; the requester is the first
  crypto::Digest circuit{};
  std::string mechanism;
  std::string resource_class;  // what is placed; one printable line
  std::uint32_t width = 32;
  std::uint32_t extension_k = 4;
  std::uint64_t deadline_ms = 30'000;  // from the moment when all parties are connected

  base::Bytes encode() const;
};

// Sends and checks both hops. `greeted` is called when all first messages are in: now the deadline runs.
// Errors: kInvalidInput with the party whose version or manifest differs (nobody is at fault, and nothing secret has
// moved), kPeerMisbehaved, and those of the channel. The channel is bound to the session afterwards.
base::Result<crypto::Digest> agree(const Manifest& manifest, const crypto::Identity& identity,
                                   mpc::SignedChannel& channel, mpc::Meetings& meetings, base::Random& random,
                                   const std::function<void()>& greeted);

// A peer's first message, as bytes from outside.
struct Hello {
  std::uint16_t version = 0;
  std::array<std::uint8_t, 32> nonce{};
  base::Bytes introduction;
  base::Bytes manifest;

  base::Bytes encode() const;
  static std::optional<Hello> decode(base::ByteView bytes);
};
// In which respect another's manifest differs from ours, in words.
std::string difference(const Manifest& ours, base::ByteView theirs);

}  // namespace pool
