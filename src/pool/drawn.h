// What both sides of a drawn session derive from the draw, and the word that a provider gives before it begins.
// Pure, any thread.
#pragma once

#include "pool/draw.h"
#include "pool/lines.h"
#include "pool/manifest.h"

namespace pool {

// The session's mesh as party `self` sees it: the requester first, then the drawn in their order.
MeshPlan plan_of(const Invitation& invitation, const crypto::PublicKey& requester, const Draw& draw,
                 const std::vector<std::size_t>& order, std::size_t self);
// Without circuit and mechanism, which place() fills in.
Manifest session_manifest(const Invitation& invitation, const MeshPlan& plan, unsigned extension_k);

// From the draw, how long a provider waits for the other drawn: a part of the session's time, so that the requester can
// wait longer and tell those who wait for a silent one from the silent one.
int connect_ms(const Invitation& invitation);

// A drawn provider → requester, before the session's first message: connected to everybody, or whom it lacks (an index
// in the session's order), so that the requester does not take the one for the other.
base::Bytes ready();
base::Bytes missing(std::size_t party);
struct Readiness {
  std::optional<std::size_t> missing;
};
std::optional<Readiness> read_readiness(base::ByteView message);

}  // namespace pool
