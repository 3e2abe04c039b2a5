// Admission: whether a provider takes part in a draw. Capacity and price are secret, so every session is a question
// whose answer is worth something; these rules make questions scarce (threat model: capacity by binary search):
//   - one draw a requester and epoch, of whatever class, because classes may share an offer; further attempts only of
//     the same request, in order
//   - a token bucket a requester
//   - as many sessions at a time as the machine bears, and a part of them a requester
//   - at least a quorum of providers, and a list that has most of those whom the provider sees itself
// Time is an argument. Bounded memory. Not thread-safe: the caller locks (provider.h does).
#pragma once

#include <map>
#include <optional>
#include <set>

#include "pool/invitation.h"

namespace pool {

struct AdmissionRules {
  double burst = 8;              // requests that a requester may make at once
  double refill_per_minute = 4;  // and how fast they come back
  std::int64_t epoch_ms = 5'000;
  std::size_t max_sessions = 8;
  std::size_t max_sessions_of_one = 2;
  std::uint8_t max_attempts = 4;
  std::size_t quorum = 3;  // providers in a session, this one included
  double coverage = 0.5;   // of those whom we see ourselves, so much must be on the list
  std::size_t max_width = 32;
  std::set<std::string> mechanisms;  // that the owner takes part in; empty: all
  std::uint32_t min_lease_seconds = 60, max_lease_seconds = 30 * 24 * 3600;
  std::uint32_t min_session_ms = 500, max_session_ms = 120'000;
};

class Admission {
 public:
  static constexpr std::size_t kMaxRequesters = 10'000;

  explicit Admission(AdmissionRules rules) : rules_(std::move(rules)) {}
  const AdmissionRules& rules() const { return rules_; }

  // `seen`: the providers of this class that we see around us, ourselves left out. With an admission a session begins;
  // leave() ends it.
  std::optional<Refusal> enter(const Invitation& invitation, const crypto::PublicKey& requester,
                               const std::set<crypto::PublicKey>& seen, std::int64_t now);
  void leave(const crypto::PublicKey& requester);
  std::size_t sessions() const { return sessions_; }

 private:
  struct Requester {
    double tokens = 0;
    std::int64_t filled_at = 0, drew_at = 0;
    RequestId request{};
    std::uint8_t attempt = 0;
    std::size_t sessions = 0;
  };
  std::optional<Refusal> check_shape(const Invitation& invitation) const;
  std::optional<Refusal> check_list(const Invitation& invitation, const std::set<crypto::PublicKey>& seen) const;
  std::optional<Refusal> check_pace(const Invitation& invitation, Requester& requester, std::int64_t now) const;
  void forget_idle(std::int64_t now);

  AdmissionRules rules_;
  std::map<crypto::PublicKey, Requester> requesters_;
  std::size_t sessions_ = 0;
};

}  // namespace pool
