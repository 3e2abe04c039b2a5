// Draw: which of the candidates compute together. The order comes from a verifiable random function (RFC 9381) under the
// requester's key over the invitation and the fresh nonces of all who accepted, so a requester cannot name the parties,
// and every provider checks the whole draw. What is left to it is to draw again by leaving out acceptances, or by the
// nonces of accomplices on the list, and take the draw that it likes best; hence at least half of the list must be in,
// and providers take part in one draw a requester and epoch (admission.h; docs/threat-model.md).
// The same message goes to all who accepted; its hash names the session. Pure, any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/vrf.h"
#include "pool/invitation.h"

namespace pool {

struct Draw {
  struct Accepted {
    std::uint8_t candidate = 0;  // index into the invitation's list
    Acceptance acceptance;
  };
  std::vector<Accepted> accepted;  // by candidate, each once
  crypto::VrfProof proof{};
  std::vector<std::string> addresses;  // of the drawn, in the drawn order

  base::Bytes encode() const;
  static std::optional<Draw> decode(base::ByteView message);
  crypto::Digest session(const crypto::Digest& invitation) const;  // the session's name
};

inline constexpr std::size_t kMaxAddress = 255;

// The drawn candidates' indices, in the session's order: as many as the invitation says, or as accepted, if fewer.
// Nothing if the proof is wrong.
std::optional<std::vector<std::size_t>> order_of(const Invitation& invitation, const crypto::PublicKey& requester,
                                                 const Draw& draw);

// `address_of(candidate)` where each drawn one is reached.
Draw make_draw(const Invitation& invitation, const crypto::Identity& requester, std::vector<Draw::Accepted> accepted,
               const std::function<std::string(std::size_t candidate)>& address_of);

// The drawn candidates of a draw as received, or kInvalidInput with what is wrong with it. `quorum` is the least number
// of providers, ours included; `own` our acceptance.
base::Result<std::vector<std::size_t>> check_draw(const Invitation& invitation, const crypto::PublicKey& requester,
                                                  const Draw& draw, std::size_t self, const Acceptance& own,
                                                  std::size_t quorum);

}  // namespace pool
