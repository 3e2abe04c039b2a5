// LeaderElection: at most one of the replicas of an operator acts. Whoever holds a Lease (coordination.k8s.io/v1) leads;
// it writes into it again and again, and others take it once it has not changed for as long as its holder said.
// As in client-go, another's clock decides nothing: what counts is when we last saw the record change, by our own clock.
// Two who write at once: the server takes one, by resourceVersion, and says 409 to the other.
// Fencing: leading() is false once it is renew_deadline_ms since we *sent* our last renewal that succeeded; others wait
// for lease_ms from when they saw it, which was later. The difference is what a call may take that was begun as leader:
// ask before each. Both our clocks are asked, because the steady one stands still while a machine sleeps.
// An identity is one life of one process: whoever comes with an old one leads at once, so make it anew each time.
// A holder that claims an absurd time is waited for at most kMostPatienceMs; deleting the Lease elects at once.
// Threads: leading() and holder() from any; run_once() and release() from one. Give it an API of its own whose timeout
// is less than half of renew_deadline_ms. Times: milliseconds.
// Source: k8s.io/client-go/tools/leaderelection.
#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "drivers/kubernetes/api.h"

namespace drivers {

inline constexpr std::int64_t kMostPatienceMs = 3'600'000;

struct ElectionOptions {
  std::string name_space = "tarn-system";
  std::string name = "tarn-operator";  // of the Lease
  std::string identity{};              // not empty: the pod's name and something random
  std::int64_t lease_ms = 15'000, renew_deadline_ms = 10'000, retry_ms = 2'000;
};

// What a Lease says. What is missing there, or of another kind, is empty or 0.
struct LeaseRecord {
  std::string holder{}, acquired{}, renewed{};
  std::int64_t duration_s = 0, transitions = 0;
  bool operator==(const LeaseRecord&) const = default;
};
LeaseRecord read_record(const nlohmann::json& lease);

enum class ElectionMove : std::uint8_t { kWait, kTake, kRenew };
// The rule. `seen` is what the Lease says at `now`, and has said unchanged since `since`, by our steady clock.
ElectionMove decide(const LeaseRecord& seen, std::int64_t since, std::int64_t now, const ElectionOptions& options);
// What is written for kTake and kRenew, and by a leader that goes: nobody holds it.
LeaseRecord next_record(const LeaseRecord& seen, ElectionMove move, std::int64_t unix_ms,
                        const ElectionOptions& options);
LeaseRecord released_record(const LeaseRecord& seen, std::int64_t unix_ms);

class LeaderElection {
 public:
  LeaderElection(KubernetesApi& api, const base::Clock& clock, ElectionOptions options);  // CHECKs them

  // Call it every second or so: it does something every retry_ms. Errors are the API's and repeat until it answers
  // again; missing rights are kUnreachable. That somebody else leads, or was faster, is none.
  base::Status run_once();
  bool leading() const;
  std::string holder() const;  // whose it was when we last looked; empty: nobody's, or not known
  // Hands over at once, and stands for no further election. Stop acting first. If it fails, others take over when the
  // lease is over, as after a crash.
  base::Status release();

 private:
  struct Moment {
    std::int64_t steady_ms = 0, unix_ms = 0;
  };

  Moment moment() const { return {clock_.steady_ms(), clock_.unix_ms()}; }
  base::Status stand();
  base::Status write(nlohmann::json& lease, const LeaseRecord& record, const Moment& sent);
  base::Status create(const Moment& sent);
  void saw(const LeaseRecord& record);
  void won(const LeaseRecord& record, const Moment& sent);

  KubernetesApi& api_;
  const base::Clock& clock_;
  const ElectionOptions options_;
  std::optional<std::int64_t> next_ms_;
  bool gone_ = false;

  mutable std::mutex mutex_;  // for what follows
  std::optional<LeaseRecord> seen_;
  std::int64_t since_ms_ = 0;      // seen_ has been like that, steady
  std::optional<Moment> renewed_;  // sent then
};

}  // namespace drivers
