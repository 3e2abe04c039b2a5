// From the result to leases: the winners' offers first, all of them; then our signatures.
#include "base/check.h"
#include "pool/requester_agreement.h"

namespace pool {
namespace {

constexpr int kDeliveryMs = 5'000;  // for the offers, and again for the last word; a provider waits longer
constexpr std::int64_t kClockSkewMs = 2 * 60 * 1000;

// Its clock or ours is wrong, and neither is an offence.
base::Error wrong_clock(std::size_t party) {
  return {base::Code::kInvalidInput, "has a clock that differs from ours by minutes", party};
}

base::Error wrong_terms(std::size_t party) {
  return {base::Code::kPeerMisbehaved, "offered a lease that is not what was computed", party};
}

}  // namespace

base::Result<LeaseDocument> Requester::receive_offer(const Wanted& wanted, const Agreement& agreement,
                                                     const auction::Award& award, SessionMesh& mesh) {
  const std::size_t party = 1 + award.provider;
  TARN_ASSIGN(const base::Bytes message, mesh.receive(party, kMaxCallMessage));
  const auto document = read_lease_offer(message);
  if (!document || document->requester || !document->valid()) return wrong_terms(party);
  const LeaseTerms& got = document->terms;
  const std::int64_t skew = got.start_unix_ms - services_.clock.unix_ms();
  if (skew > kClockSkewMs || skew < -kClockSkewMs) return wrong_clock(party);
  LeaseTerms due;
  due.id = got.id;
  due.provider = agreement.plan.parties[party].key;
  due.requester = services_.identity.public_key();
  due.unit = wanted.unit;
  due.units = award.quantity;
  due.hourly_payment = hourly_payment(award.payment, award.quantity);
  due.start_unix_ms = got.start_unix_ms;
  due.end_unix_ms = got.start_unix_ms + std::int64_t{1000} * wanted.lease_seconds;
  due.mechanism = auction::name(wanted.mechanism);
  due.session = agreement.plan.session;
  if (got != due) return wrong_terms(party);
  return *document;
}

base::Status Requester::deliver(const Wanted& wanted, const Agreement& agreement,
                                const auction::RequesterOutcome& outcome, SessionMesh& mesh, Attempt& report,
                                RequestResult& result) {
  if (outcome.awards.empty()) return {};
  services_.on_step(Step::kDelivering, std::to_string(outcome.awards.size()));
  mesh.set_deadline_ms(kDeliveryMs);
  std::vector<LeaseDocument> offers;
  std::optional<base::Error> failure;
  for (const auction::Award& award : outcome.awards) {
    auto offer = receive_offer(wanted, agreement, award, mesh);
    if (!offer.ok()) {
      failure = offer.error();
      blame(*failure, agreement, report);
      break;
    }
    offers.push_back(std::move(*offer));
  }
  const auto address = [&](std::size_t i) { return agreement.plan.parties[1 + outcome.awards[i].provider].address; };
  for (std::size_t i = 0; i < offers.size() && !failure; ++i) {
    offers[i].countersign(services_.identity);
    if (auto kept = services_.leases.keep(offers[i], address(i), false); !kept.ok()) failure = kept.error();
  }
  if (failure) {  // part of what was asked for is not what was asked for: nobody shall wait for us
    for (const auction::Award& award : outcome.awards) (void)mesh.send(1 + award.provider, lease_answer(std::nullopt));
    (void)mesh.flush();
    return *failure;
  }
  for (std::size_t i = 0; i < offers.size(); ++i) {
    result.leases.push_back({offers[i], address(i), false});
    (void)mesh.send(1 + outcome.awards[i].provider, lease_answer(offers[i].requester));
  }
  mesh.set_deadline_ms(kDeliveryMs);
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const auto done = mesh.receive(1 + outcome.awards[i].provider, kMaxCallMessage);
    if (!done.ok() || !is_lease_done(*done)) continue;  // stays unconfirmed: asked again later
    TARN_TRY(services_.leases.keep(offers[i], result.leases[i].address, true));
    result.leases[i].confirmed = true;
  }
  return {};
}

}  // namespace pool
