#include "pool/requester.h"

#include <algorithm>

#include "base/check.h"
#include "pool/requester_agreement.h"

namespace pool {
namespace {

constexpr int kMinAttemptMs = 300;  // less than that is not worth beginning with
constexpr std::size_t kLooks = 2;   // a lookup may miss some of those who are there

base::Error too_few(std::size_t found, std::size_t wanted) {
  return {base::Code::kUnreachable, "found " + std::to_string(found) + (found == 1 ? " provider" : " providers") +
                                        " of this class, and a session needs at least " + std::to_string(wanted) +
                                        " (tarn pool doctor tells why somebody does not answer)"};
}

// Our own trouble, or the user's wish: nothing that leaving somebody out would mend. What a peer says otherwise than we
// (kInvalidInput with a party) is mended so: else one who means another manifest could end everybody's requests.
bool final(const base::Error& error) {
  return error.code == base::Code::kCancelled || error.code == base::Code::kStorage ||
         (error.code == base::Code::kInvalidInput && !error.party);
}

}  // namespace

int Requester::remaining_ms() const {
  return static_cast<int>(std::max<std::int64_t>(end_ms_ - services_.clock.steady_ms(), 0));
}

void Requester::begin(const Wanted& wanted) {
  begin_ms_ = services_.clock.steady_ms();
  end_ms_ = begin_ms_ + wanted.deadline_ms;
  services_.random.fill(request_);
  known_.clear();
  left_out_.clear();
}

base::Status Requester::run(const Wanted& wanted, RequestResult& result) {
  begin(wanted);
  TARN_TRY(encode(wanted.mechanism, wanted.width, auction::RequesterInput{wanted.quantity, wanted.max_price}));
  for (number_ = 1;; ++number_) {
    Attempt report;
    base::Status done = attempt(wanted, report, result);
    // That there is nobody left besides those who failed tells less than why they did.
    if (!done.ok() && report.candidates == 0 && number_ > 1) done = *result.attempts.back().error;
    if (!done.ok()) report.error = done.error();
    result.attempts.push_back(report);
    result.total_ms = services_.clock.steady_ms() - begin_ms_;
    if (done.ok() || final(done.error())) return done;
    // Another attempt makes sense only if it is another: without somebody, or with others drawn where nobody is named.
    const bool another = !report.left_out.empty() || done.error().code == base::Code::kSomebodyMisbehaved;
    if (!another || number_ == kMaxAttempts) return done;
    if (remaining_ms() < kMinAttemptMs) return base::Error{base::Code::kDeadline, done.error().message};
    services_.on_step(Step::kTryingAgain, done.error().message);
  }
}

base::Status Requester::find(const Wanted& wanted, RequestResult& result) {
  const auto usable = [&] {
    return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(),
                                                  [&](const Candidate& c) { return !left_out_.contains(c.peer.key); }));
  };
  if (usable() >= wanted.min_providers) return {};
  services_.on_step(Step::kFinding, "");
  const std::int64_t begin = services_.clock.steady_ms();
  const std::size_t count = std::min(std::max<std::size_t>(2 * wanted.providers, kMaxCandidates / 2), kMaxCandidates);
  base::Status found;
  for (std::size_t i = 0; i < kLooks && found.ok() && usable() < wanted.min_providers; ++i) found = look(wanted, count);
  result.discovery_ms += services_.clock.steady_ms() - begin;
  TARN_TRY(found);
  if (usable() < wanted.min_providers) return too_few(usable(), wanted.min_providers);
  return {};
}

base::Status Requester::look(const Wanted& wanted, std::size_t count) {
  TARN_ASSIGN(known_, services_.candidates.nearest(wanted.unit, count, left_out_, remaining_ms() / 2));
  const std::int64_t now = services_.clock.unix_ms();
  for (const Candidate& c : known_)
    if (excluded(services_.reputation.score(c.peer.key, now))) left_out_.insert(c.peer.key);
  return {};
}

base::Status Requester::attempt(const Wanted& wanted, Attempt& report, RequestResult& result) {
  TARN_TRY(find(wanted, result));
  auto lap = [&, last = services_.clock.steady_ms()](std::int64_t& phase) mutable {
    const std::int64_t now = services_.clock.steady_ms();
    phase = now - last;
    last = now;
  };
  auto agreement = agree(wanted, report);
  if (!agreement.ok()) return agreement.error();
  auto mesh = connect(*agreement, report);
  lap(result.agreement_ms);
  if (!mesh.ok()) return mesh.error();
  services_.on_step(Step::kComputing, std::to_string(report.drawn));
  auto placed = compute(wanted, *agreement, **mesh, report);
  lap(result.mpc_ms);
  if (!placed.ok()) {
    blame(placed.error(), *agreement, report);
    return placed.error();
  }
  result.acquainted = placed->session.acquainted;
  result.hops = placed->session.hops;
  const auto& outcome = std::get<auction::RequesterOutcome>(placed->outcome);
  const base::Status delivered = deliver(wanted, *agreement, outcome, **mesh, report, result);
  lap(result.delivery_ms);
  return delivered;
}

base::Result<PlacementResult> Requester::compute(const Wanted& wanted, const Agreement& agreement, SessionMesh& mesh,
                                                 Attempt& report) {
  const auto& parties = agreement.plan.parties;
  const auto on_verdict = [&](const mpc::Verdict& verdict, const crypto::Digest&) {
    for (std::size_t i = 0; i < verdict.named.size(); ++i) {
      const base::Bytes evidence = i < verdict.evidence.size() ? verdict.evidence[i].encode() : base::Bytes{};
      leave_out(parties[verdict.named[i]].key, Offence::kNamed, evidence, report);
    }
    for (const std::size_t suspect : verdict.suspects) leave_out(parties[suspect].key, Offence::kSuspect, {}, report);
  };
  const Party party{services_.identity, mesh, services_.acquaintances, services_.random, [](Phase) {}, on_verdict};
  mesh.set_deadline_ms(static_cast<int>(agreement.invitation.session_ms));
  const auction::RequesterInput input{wanted.quantity, wanted.max_price};
  return pool::place(wanted.mechanism, session_manifest(agreement.invitation, agreement.plan, extension_k_), input,
                     party);
}

void Requester::leave_out(const crypto::PublicKey& key, std::optional<Offence> offence, base::Bytes evidence,
                          Attempt& report) {
  const bool first = left_out_.insert(key).second;
  if (first) report.left_out.push_back(key);
  if (first && offence)
    (void)services_.reputation.record(key, *offence, services_.clock.unix_ms(), std::move(evidence));
}

// Who ended a session because of somebody else is left out of this request and not remembered: it may have been right.
void Requester::blame(const base::Error& error, const Agreement& agreement, Attempt& report) {
  if (!error.party || *error.party == 0) return;
  std::optional<Offence> offence;
  if (error.code == base::Code::kPeerMisbehaved) offence = Offence::kNamed;
  if (error.code == base::Code::kUnreachable) offence = Offence::kSilent;
  if (error.code == base::Code::kDeadline) offence = Offence::kLate;
  leave_out(agreement.plan.parties[*error.party].key, offence, words(error.message), report);
}

}  // namespace pool
