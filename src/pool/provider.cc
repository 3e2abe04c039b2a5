#include "pool/provider.h"

#include <algorithm>

#include "base/check.h"
#include "pool/provider_session.h"

namespace pool {

Provider::Provider(Services services, const ProviderRules& rules)
    : services_(std::move(services)), rules_(rules), admission_(rules.admission) {}

std::size_t Provider::sessions() const {
  const std::lock_guard lock(mutex_);
  return admission_.sessions();
}

void Provider::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void Provider::serve(std::unique_ptr<Line> line, const base::Bytes& first, base::Random& random) {
  CHECK(line != nullptr);
  const auto kind = kind_of(first);
  if (kind == Message::kInvite)
    serve_invitation(std::move(line), first, random);
  else if (kind == Message::kLeaseCall)
    serve_lease_call(*line, first, random);
  else if (kind == Message::kPlainAsk && rules_.reveal_for_measurement)
    serve_plain(*line, first);
  else
    refuse(*line, {Reason::kMalformed, 0});
}

void Provider::refuse(Line& line, Refusal refusal) {
  (void)line.send(refusal.encode());
  ProviderEvent event;
  event.requester = line.peer();
  event.from = line.from();
  event.reason = refusal.reason;
  services_.on_event(event);
}

std::optional<Refusal> Provider::admit(const Invitation& invitation, const crypto::PublicKey& requester) {
  const std::int64_t now = services_.clock.unix_ms();
  if (!invitation.index_of(services_.identity.public_key())) return Refusal{Reason::kMalformed, 0};
  if (invitation.index_of(requester)) return Refusal{Reason::kMalformed, 0};  // nobody is requester and provider
  const inventory::Wanted wanted{invitation.unit, requester, invitation.lease_seconds};
  const auto offers = services_.inventory.offers();
  if (!std::any_of(offers.begin(), offers.end(), [&](const auto& offer) { return serves(offer, wanted); }))
    return Refusal{Reason::kNotOffered, 0};
  if (excluded(services_.reputation.score(requester, now))) return Refusal{Reason::kBarred, 0};
  const std::set<crypto::PublicKey> seen = services_.seen(invitation.unit);
  const std::lock_guard lock(mutex_);
  if (stopped_) return Refusal{Reason::kBusy, 0};
  return admission_.enter(invitation, requester, seen, now);
}

void Provider::serve_invitation(std::unique_ptr<Line> line, const base::Bytes& first, base::Random& random) {
  const crypto::PublicKey requester = line->peer();
  const auto invitation = Invitation::open(first, requester);
  if (!invitation.ok()) {
    const bool version = invitation.error().message == text(Reason::kVersion);
    return refuse(*line, {version ? Reason::kVersion : Reason::kMalformed, 0});
  }
  if (const auto refusal = admit(*invitation, requester)) return refuse(*line, *refusal);
  ProviderSession session(services_, rules_, *invitation, std::move(line), random);
  const ProviderEvent event = session.run();
  {
    const std::lock_guard lock(mutex_);
    admission_.leave(requester);
  }
  services_.on_event(event);
}

}  // namespace pool
