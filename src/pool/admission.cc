#include "pool/admission.h"

#include <algorithm>
#include <cmath>

#include "auction/placement/mechanism.h"
#include "discovery/view.h"

namespace pool {

namespace {
Refusal refuse(Reason reason, std::int64_t retry_ms = 0) { return {reason, static_cast<std::uint32_t>(retry_ms)}; }
}  // namespace

std::optional<Refusal> Admission::check_shape(const Invitation& invitation) const {
  const auto mechanism = auction::parse_mechanism(invitation.mechanism);
  const bool wanted = rules_.mechanisms.empty() || rules_.mechanisms.contains(invitation.mechanism);
  const bool fits = mechanism.ok() && wanted && invitation.width >= 8 && invitation.width <= rules_.max_width &&
                    auction::check_width(*mechanism, invitation.width).ok() && invitation.drawn <= 15 &&
                    invitation.lease_seconds >= rules_.min_lease_seconds &&
                    invitation.lease_seconds <= rules_.max_lease_seconds &&
                    invitation.session_ms >= rules_.min_session_ms && invitation.session_ms <= rules_.max_session_ms &&
                    invitation.attempt <= rules_.max_attempts;
  if (!fits) return refuse(Reason::kUnsupported);
  if (invitation.drawn < rules_.quorum || invitation.candidates.size() < rules_.quorum)
    return refuse(Reason::kTooSmall);
  return std::nullopt;
}

std::optional<Refusal> Admission::check_list(const Invitation& invitation,
                                             const std::set<crypto::PublicKey>& seen) const {
  // A long view asks for no more than a list can sensibly have: half of the longest.
  const double share = discovery::coverage(invitation.candidates, seen, kMaxCandidates / 2);
  const double lacking = (1 - share) * static_cast<double>(std::min(seen.size(), kMaxCandidates / 2));
  // Who lacks one may have found it gone before we did; that shall not stop everybody who sees but a few.
  if (share < rules_.coverage && lacking > 1.5) return refuse(Reason::kIncomplete);
  return std::nullopt;
}

std::optional<Refusal> Admission::check_pace(const Invitation& invitation, Requester& requester,
                                             std::int64_t now) const {
  if (requester.sessions >= rules_.max_sessions_of_one) return refuse(Reason::kBusy, 1'000);
  const bool same = requester.request == invitation.request && requester.attempt > 0;
  if (same && invitation.attempt <= requester.attempt) return refuse(Reason::kTooSoon);  // a replay, or out of order
  const std::int64_t age = now - requester.drew_at;
  if (!same && requester.attempt > 0 && age >= 0 && age < rules_.epoch_ms)
    return refuse(Reason::kTooSoon, rules_.epoch_ms - age);
  const double minutes = static_cast<double>(std::max<std::int64_t>(now - requester.filled_at, 0)) / 60'000;
  requester.tokens = std::min(rules_.burst, requester.tokens + minutes * rules_.refill_per_minute);
  requester.filled_at = now;
  if (requester.tokens < 1)
    return refuse(Reason::kTooMany,
                  static_cast<std::int64_t>((1 - requester.tokens) / rules_.refill_per_minute * 60'000));
  return std::nullopt;
}

std::optional<Refusal> Admission::enter(const Invitation& invitation, const crypto::PublicKey& requester,
                                        const std::set<crypto::PublicKey>& seen, std::int64_t now) {
  if (auto refusal = check_shape(invitation)) return refusal;
  if (auto refusal = check_list(invitation, seen)) return refusal;
  if (sessions_ >= rules_.max_sessions) return refuse(Reason::kBusy, 1'000);  // before anything is remembered of it
  auto known = requesters_.find(requester);
  if (known == requesters_.end()) {
    if (requesters_.size() >= kMaxRequesters) forget_idle(now);
    if (requesters_.size() >= kMaxRequesters) return refuse(Reason::kBusy, 60'000);
    Requester fresh;
    fresh.tokens = rules_.burst;
    fresh.filled_at = now;
    known = requesters_.emplace(requester, fresh).first;
  }
  Requester& r = known->second;
  if (auto refusal = check_pace(invitation, r, now)) return refusal;
  r.tokens -= 1;
  r.drew_at = now;
  r.request = invitation.request;
  r.attempt = invitation.attempt;
  ++r.sessions;
  ++sessions_;
  return std::nullopt;
}

void Admission::leave(const crypto::PublicKey& requester) {
  const auto known = requesters_.find(requester);
  CHECK(known != requesters_.end() && known->second.sessions > 0 && sessions_ > 0);
  --known->second.sessions;
  --sessions_;
}

// Whose bucket would be full by now is like somebody new.
void Admission::forget_idle(std::int64_t now) {
  const double full_ms = rules_.burst / rules_.refill_per_minute * 60'000;
  std::erase_if(requesters_, [&](const auto& entry) {
    const Requester& r = entry.second;
    return r.sessions == 0 && static_cast<double>(now - r.filled_at) > std::max(full_ms, double(rules_.epoch_ms));
  });
}

}  // namespace pool
