// LeaderElection: of several processes that could run the operator, one does, by a Lease of coordination.k8s.io/v1 as
// the components of Kubernetes use it. Whoever holds it renews it; whoever does not takes it when it has not changed for
// its whole duration, as measured by oneself: clocks of different machines are never compared.
// Fencing: leads() is true only within `renew_within_ms` of the beginning of the last renewal that succeeded, which is
// less than the duration. So one who cannot reach the API server stops leading before another may begin, and has the
// difference for stopping what is under way.
// Threads: attempt() and hand_over() from one, leads() from any. Errors: as KubernetesApi; a lost race is none.
// Source: k8s.io/client-go/tools/leaderelection.
#pragma once

#include <atomic>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "drivers/kubernetes/api.h"

namespace drivers {

struct LeaderRules {
  std::string name_space = "tarn-system", name = "tarn-operator";
  std::string identity;  // of this process alone
  int duration_ms = 15'000, renew_within_ms = 10'000, retry_ms = 2'000;
};

class LeaderElection {
 public:
  // Calls of `api` have to end well within renew_within_ms.
  LeaderElection(KubernetesApi& api, const base::Clock& clock, LeaderRules rules);

  base::Status attempt();  // takes the lease or renews it, if it may; again after retry_ms
  bool leads() const { return clock_.steady_ms() < leads_until_.load(); }
  base::Status hand_over();                              // leads no more, and the next need not wait
  const std::string& holder() const { return holder_; }  // as last seen; empty: nobody

 private:
  void saw(const nlohmann::json& lease);
  bool may_take(std::int64_t now) const;
  nlohmann::json taken(nlohmann::json lease) const;
  base::Status write(const base::Result<ApiReply>& reply, std::int64_t begin);

  KubernetesApi& api_;
  const base::Clock& clock_;
  const LeaderRules rules_;
  const std::string collection_, path_;
  std::string holder_, version_;       // as last seen
  std::int64_t seen_at_ = 0;           // when it was first seen so, on our own steady clock
  std::int64_t seen_duration_ms_ = 0;  // that its holder gave it
  std::atomic<std::int64_t> leads_until_{0};
};

}  // namespace drivers
