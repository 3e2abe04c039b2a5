// Requester: one organisation's request, from finding providers to leases that both sides have signed:
//   find → invite → draw → connect → compute → deliver, within one deadline.
// If a session fails, whoever is named, silent or in dispute is left out and a new draw is made among the others, until
// it works, time is up or nobody is left. No winner is a result: no leases, no error.
// Leases are kept (LeaseKeeper) before the provider may count on them, so a crash never loses one that both have signed.
// Threads: one a request; blocks.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "mpc/acquaintance.h"
#include "pool/drawn.h"
#include "pool/lease.h"
#include "pool/placement_session.h"
#include "pool/reputation.h"

namespace pool {

struct Wanted {
  model::ResourceClass unit;
  std::uint64_t quantity = 0;
  std::uint64_t max_price = 0;  // micro-credits for a unit and hour
  auction::Mechanism mechanism{};
  std::uint8_t width = 32;
  std::size_t providers = 8;      // that compute, at most
  std::size_t min_providers = 3;  // and at least: fewer would tell too much of each
  std::uint32_t lease_seconds = 4 * 3600;
  int deadline_ms = 5'000;
};

struct Candidate {
  Peer peer;
  double rtt_ms = 0;  // measured or estimated
};

// Where providers come from: discovery in production.
class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  // The nearest that offer a class which covers `unit`, nearest first, at most `count`.
  virtual base::Result<std::vector<Candidate>> nearest(const model::ResourceClass& unit, std::size_t count,
                                                       const std::set<crypto::PublicKey>& left_out, int timeout_ms) = 0;
};

class LeaseKeeper {
 public:
  virtual ~LeaseKeeper() = default;
  // Durable when it returns. Unconfirmed: we have signed, and do not know yet whether the provider knows.
  virtual base::Status keep(const LeaseDocument& document, const std::string& address, bool confirmed) = 0;
};

struct HeldLease {
  LeaseDocument document;
  std::string address;
  bool confirmed = false;
};

struct Attempt {
  std::size_t candidates = 0, accepted = 0, drawn = 0;
  std::map<Reason, std::size_t> refused;
  std::optional<base::Error> error;         // why there was another, or none
  std::vector<crypto::PublicKey> left_out;  // because of this attempt
};

struct RequestResult {
  std::vector<HeldLease> leases;  // empty: nobody could, or wanted to, at this price
  std::vector<Attempt> attempts;
  std::int64_t discovery_ms = 0, agreement_ms = 0, mpc_ms = 0, delivery_ms = 0, total_ms = 0;  // of the last attempt
  bool acquainted = false;
  std::uint32_t hops = 0;
};

class Requester {
 public:
  static constexpr std::size_t kMaxAttempts = 4;

  enum class Step { kFinding, kInviting, kConnecting, kComputing, kDelivering, kTryingAgain };
  struct Services {
    const crypto::Identity& identity;
    Lines& lines;
    CandidateSource& candidates;
    Reputation& reputation;
    LeaseKeeper& leases;
    mpc::AcquaintanceStore& acquaintances;
    const base::Clock& clock;
    base::Random& random;
    std::function<void(Step, const std::string& detail)> on_step;
  };
  explicit Requester(Services services, unsigned extension_k = 4)
      : services_(std::move(services)), extension_k_(extension_k) {}

  // `result` is filled as far as it went, also where an error is returned.
  base::Status run(const Wanted& wanted, RequestResult& result);
  // The same allocation in the open, from providers that reveal their books for it: the bench's yardstick.
  base::Status run_plain(const Wanted& wanted, RequestResult& result);

 private:
  struct Agreement;
  void begin(const Wanted& wanted);
  base::Status attempt(const Wanted& wanted, Attempt& report, RequestResult& result);
  base::Status find(const Wanted& wanted, RequestResult& result);
  base::Status look(const Wanted& wanted, std::size_t count);
  base::Result<Agreement> agree(const Wanted& wanted, Attempt& report);
  base::Status invite(const std::vector<Candidate>& asked, std::size_t quorum, Agreement& agreement, Attempt& report);
  base::Result<std::unique_ptr<SessionMesh>> connect(Agreement& agreement, Attempt& report);
  std::optional<base::Error> judge(const std::vector<std::optional<Readiness>>& heard, const Agreement& agreement,
                                   Attempt& report);
  base::Result<PlacementResult> compute(const Wanted& wanted, const Agreement& agreement, SessionMesh& mesh,
                                        Attempt& report);
  base::Status deliver(const Wanted& wanted, const Agreement& agreement, const auction::RequesterOutcome& outcome,
                       SessionMesh& mesh, Attempt& report, RequestResult& result);
  base::Result<LeaseDocument> receive_offer(const Wanted& wanted, const Agreement& agreement,
                                            const auction::Award& award, SessionMesh& mesh);
  // Once a request; what it did is remembered, with evidence where there is any.
  void leave_out(const crypto::PublicKey& key, std::optional<Offence> offence, base::Bytes evidence, Attempt& report);
  void blame(const base::Error& error, const Agreement& agreement, Attempt& report);
  int remaining_ms() const;

  Services services_;
  unsigned extension_k_;
  std::int64_t begin_ms_ = 0, end_ms_ = 0;
  RequestId request_{};
  std::uint8_t number_ = 0;
  std::vector<Candidate> known_;
  std::set<crypto::PublicKey> left_out_;
};

}  // namespace pool
