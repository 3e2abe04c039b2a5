#include "pool/drawn.h"

#include <algorithm>

namespace pool {

MeshPlan plan_of(const Invitation& invitation, const crypto::PublicKey& requester, const Draw& draw,
                 const std::vector<std::size_t>& order, std::size_t self) {
  MeshPlan plan;
  plan.session = draw.session(invitation.hash(requester));
  plan.self = self;
  plan.parties.push_back({requester, ""});  // dials, and is never dialled
  for (std::size_t i = 0; i < order.size(); ++i)
    plan.parties.push_back({invitation.candidates[order[i]], draw.addresses[i]});
  return plan;
}

Manifest session_manifest(const Invitation& invitation, const MeshPlan& plan, unsigned extension_k) {
  Manifest manifest;
  for (const Peer& peer : plan.parties) manifest.parties.push_back(peer.key);
  manifest.resource_class = invitation.unit.text();
  manifest.width = invitation.width;
  manifest.extension_k = extension_k;
  manifest.deadline_ms = invitation.session_ms;
  manifest.origin = plan.session;
  return manifest;
}

int connect_ms(const Invitation& invitation) {
  return static_cast<int>(std::clamp<std::uint32_t>(invitation.session_ms / 2, 400, 5'000));
}

base::Bytes ready() { return {static_cast<std::uint8_t>(Message::kReady)}; }

base::Bytes missing(std::size_t party) {
  return {static_cast<std::uint8_t>(Message::kMissing), static_cast<std::uint8_t>(party)};
}

std::optional<Readiness> read_readiness(base::ByteView message) {
  const auto kind = kind_of(message);
  if (kind == Message::kReady && message.size() == 1) return Readiness{};
  if (kind == Message::kMissing && message.size() == 2) return Readiness{message[1]};
  return std::nullopt;
}

}  // namespace pool
