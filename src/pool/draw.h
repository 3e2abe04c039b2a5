// Draw: which of the candidates compute together. The order comes from a verifiable random function (RFC 9381) under the
// requester's key over the invitation and the fresh nonces of all who accepted, and every provider checks the whole draw.
// What it does not prevent: a requester may leave out up to half of the acceptances, and tries as many draws as it has
// ways to; with a list twice as long as a session it can name the drawn. An accomplice who answers last can try nonces.
// So the draw costs it honest providers on its list and one draw a requester and epoch (admission.h), and is no proof
// that its neighbours are honest.
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
