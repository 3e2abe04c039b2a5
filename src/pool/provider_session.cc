#include "pool/provider_session.h"

#include <algorithm>

#include "base/check.h"

namespace pool {
namespace {

constexpr std::int64_t kHoldMarginMs = 5'000;

// What the circuit's width can hold; an owner with more puts in that much.
std::uint64_t largest(unsigned width) { return (std::uint64_t{1} << width) - 1; }

// Our own trouble, for which nobody else is to blame.
bool ours(const base::Error& error) {
  return error.code == base::Code::kStorage || error.code == base::Code::kCancelled;
}

// Of one attempt at a request; each has another.
inventory::Id hold_of(const crypto::PublicKey& requester, const RequestId& request, std::uint8_t attempt) {
  const crypto::Digest digest = crypto::Sha256()
                                    .update(base::view("tarn hold v1"))
                                    .update(requester)
                                    .update(request)
                                    .update(std::array{attempt})
                                    .finish();
  inventory::Id out{};
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

// Frees the hold unless the inventory has made a lease of it.
class HoldGuard {
 public:
  HoldGuard(inventory::Inventory& inventory, const inventory::Id& id) : inventory_(inventory), id_(id) {}
  ~HoldGuard() { (void)inventory_.release_hold(id_); }
  HoldGuard(const HoldGuard&) = delete;
  HoldGuard& operator=(const HoldGuard&) = delete;

 private:
  inventory::Inventory& inventory_;
  inventory::Id id_;
};

}  // namespace

ProviderSession::ProviderSession(const Provider::Services& services, const ProviderRules& rules,
                                 const Invitation& invitation, std::unique_ptr<Line> line, base::Random& random)
    : services_(services),
      rules_(rules),
      invitation_(invitation),
      line_(std::move(line)),
      random_(random),
      requester_(line_->peer()) {
  event_.requester = requester_;
  event_.from = line_->from();
}

void ProviderSession::failed(ProviderEvent::Kind kind, const base::Error& error) {
  event_.kind = kind;
  event_.error = error;
}

ProviderEvent ProviderSession::run() {
  const auto plan = take_place();
  if (!plan.ok())
    failed(ProviderEvent::Kind::kNoDraw, plan.error());
  else if (!*plan)
    event_.kind = ProviderEvent::Kind::kNotDrawn;
  else
    run_drawn(**plan);
  return event_;
}

// Accepts, and waits for the draw. Nothing: it is valid and fell on others.
base::Result<std::optional<MeshPlan>> ProviderSession::take_place() {
  const crypto::Digest hash = invitation_.hash(requester_);
  std::array<std::uint8_t, 32> nonce{};
  random_.fill(nonce);
  const Acceptance own = Acceptance::make(hash, nonce, services_.identity);
  TARN_TRY(line_->send(own.encode()));
  TARN_ASSIGN(const base::Bytes message, line_->receive(kMaxCallMessage, rules_.draw_wait_ms));
  const auto draw = Draw::decode(message);
  if (!draw) return base::Error{base::Code::kInvalidInput, "the draw cannot be read"};
  const std::size_t self = *invitation_.index_of(services_.identity.public_key());
  TARN_ASSIGN(const std::vector<std::size_t> order,
              check_draw(invitation_, requester_, *draw, self, own, rules_.admission.quorum));
  const auto at = std::find(order.begin(), order.end(), self);
  if (at == order.end()) return std::optional<MeshPlan>{};
  const auto party = 1 + static_cast<std::size_t>(at - order.begin());
  return std::optional{plan_of(invitation_, requester_, *draw, order, party)};
}

// All the drawn connect; the requester hears that it worked, or whom we lack, before the session's first message.
base::Result<std::unique_ptr<SessionMesh>> ProviderSession::connect(const MeshPlan& plan) {
  std::vector<std::unique_ptr<Line>> lines(plan.parties.size());
  lines[0] = std::move(line_);
  auto mesh = services_.lines.mesh(plan, lines, std::min(rules_.connect_ms, connect_ms(invitation_)));
  if (mesh.ok())
    TARN_TRY((*mesh)->send(0, ready()));
  else if (mesh.error().party)
    (void)lines[0]->send(missing(*mesh.error().party));
  return mesh;
}

base::Result<auction::ProviderOutcome> ProviderSession::compute(const MeshPlan& plan, const inventory::Hold& hold,
                                                                SessionMesh& mesh) {
  TARN_ASSIGN(const auction::Mechanism mechanism, auction::parse_mechanism(invitation_.mechanism));
  const std::uint64_t max = largest(invitation_.width);
  const auction::ProviderInput input{hold.unit_price > max ? 0 : std::min(hold.units, max),
                                     std::min(hold.unit_price, max)};
  const auto acquaintances = services_.acquaintances();
  const auto on_verdict = [&](const mpc::Verdict& verdict, const crypto::Digest&) {
    for (std::size_t i = 0; i < verdict.named.size(); ++i)
      remember(plan.parties[verdict.named[i]].key,
               i < verdict.evidence.size() ? verdict.evidence[i].encode() : base::Bytes{});
  };
  const Party party{services_.identity, mesh, *acquaintances, random_, [](Phase) {}, on_verdict};
  mesh.set_deadline_ms(static_cast<int>(invitation_.session_ms));
  TARN_ASSIGN(const PlacementResult result,
              pool::place(mechanism, session_manifest(invitation_, plan, rules_.extension_k), input, party));
  return std::get<auction::ProviderOutcome>(result.outcome);
}

void ProviderSession::run_drawn(const MeshPlan& plan) {
  const std::int64_t begin = services_.clock.unix_ms();
  // The requester has given its earlier attempts up, whose sessions may not have noticed: they shall not keep from this
  // one what they hold. If one is computing still, it will find that it has nothing to lease.
  for (std::uint8_t earlier = 1; earlier < invitation_.attempt; ++earlier)
    (void)services_.inventory.release_hold(hold_of(requester_, invitation_.request, earlier));
  const inventory::Id hold_id = hold_of(requester_, invitation_.request, invitation_.attempt);
  const std::int64_t until = begin + rules_.connect_ms + invitation_.session_ms + rules_.delivery_ms + kHoldMarginMs;
  const auto hold =
      services_.inventory.hold(hold_id, {invitation_.unit, requester_, invitation_.lease_seconds}, begin, until);
  if (!hold.ok()) return failed(ProviderEvent::Kind::kFailed, hold.error());
  const HoldGuard guard(services_.inventory, hold_id);
  const auto end = [&](ProviderEvent::Kind kind) {
    event_.kind = kind;
    event_.session_ms = services_.clock.unix_ms() - begin;
  };

  auto mesh = connect(plan);
  if (!mesh.ok()) return failed(ProviderEvent::Kind::kFailed, mesh.error());
  const auto outcome = compute(plan, *hold, **mesh);
  if (!outcome.ok()) {
    blame(outcome.error(), plan);
    return failed(ProviderEvent::Kind::kFailed, outcome.error());
  }
  if (!outcome->selected) return end(ProviderEvent::Kind::kLost);
  const auto delivered = deliver(plan, *hold, *outcome, **mesh);
  if (!delivered.ok()) {
    end(ProviderEvent::Kind::kUnconfirmed);
    event_.error = delivered.error();
    // Not where we had no offer to make, or were stopped.
    if (!event_.lease.empty() && !ours(delivered.error())) took_back(Offence::kSilent);
    return;
  }
  if (!*delivered) took_back(Offence::kLate);
  end(*delivered ? ProviderEvent::Kind::kWon : ProviderEvent::Kind::kDeclined);
}

// A result that leads to no lease is an answer for nothing: once is forgiven, a habit ends with exclusion.
void ProviderSession::took_back(Offence offence) {
  (void)services_.reputation.record(requester_, offence, services_.clock.unix_ms(), {});
}

// True once both have signed; false if the requester declined.
base::Result<bool> ProviderSession::deliver(const MeshPlan& plan, const inventory::Hold& hold,
                                            const auction::ProviderOutcome& won, SessionMesh& mesh) {
  const std::int64_t now = services_.clock.unix_ms();
  LeaseTerms terms;
  random_.fill(terms.id);
  terms.provider = services_.identity.public_key();
  terms.requester = requester_;
  terms.unit = invitation_.unit;
  terms.units = won.quantity;
  terms.hourly_payment = hourly_payment(won.payment, won.quantity);
  terms.start_unix_ms = now;
  terms.end_unix_ms = now + std::int64_t{1000} * invitation_.lease_seconds;
  terms.mechanism = invitation_.mechanism;
  terms.session = plan.session;
  const LeaseDocument document = LeaseDocument::offer(terms, services_.identity);
  inventory::Lease lease;
  lease.id = terms.id;
  lease.offer = hold.offer;
  lease.requester = requester_;
  lease.unit = terms.unit;
  lease.units = terms.units;
  lease.hourly_payment = terms.hourly_payment;
  lease.start_unix_ms = terms.start_unix_ms;
  lease.end_unix_ms = terms.end_unix_ms;
  lease.confirm_by_unix_ms = now + rules_.delivery_ms;
  lease.document = document.encode();
  TARN_TRY(services_.inventory.lease(hold.id, lease, now));
  event_.lease = text(terms.id);

  mesh.set_deadline_ms(rules_.delivery_ms);
  TARN_TRY(mesh.send(0, lease_offer(document)));
  TARN_ASSIGN(const base::Bytes message, mesh.receive(0, kMaxCallMessage));
  const auto answer = read_lease_answer(message);
  if (!answer) return base::Error{base::Code::kInvalidInput, "the requester's answer cannot be read"};
  if (!answer->signature) {
    TARN_TRY(services_.inventory.end_lease(terms.id, services_.clock.unix_ms()));
    return false;
  }
  LeaseDocument signed_by_both = document;
  signed_by_both.requester = answer->signature;
  TARN_TRY(settle(signed_by_both, mesh));
  return true;
}

base::Status ProviderSession::settle(const LeaseDocument& document, SessionMesh& mesh) {
  if (!document.complete()) return base::Error{base::Code::kInvalidInput, "the requester's signature is wrong"};
  const std::int64_t now = services_.clock.unix_ms();
  TARN_TRY(services_.inventory.confirm(document.terms.id, document.encode(), now));
  // It counts from here. If the word is lost, the requester asks again (LeaseCall::kConfirm).
  (void)mesh.send(0, lease_done());
  (void)mesh.flush();
  return {};
}

// Only what this party is certain of: who is merely silent may have waited for a third, and a requester that ends a
// session may have been right to.
void ProviderSession::blame(const base::Error& error, const MeshPlan& plan) {
  if (error.code != base::Code::kPeerMisbehaved || !error.party || event_.named) return;
  remember(plan.parties[*error.party].key, base::Bytes(error.message.begin(), error.message.end()));
}

void ProviderSession::remember(const crypto::PublicKey& offender, base::Bytes evidence) {
  event_.named = offender;
  (void)services_.reputation.record(offender, Offence::kNamed, services_.clock.unix_ms(), std::move(evidence));
}

}  // namespace pool
