// A provider's answers to calls about leases, and the bench's open question.
#include <algorithm>

#include "base/encoding.h"
#include "pool/lease_access.h"
#include "pool/provider.h"

namespace pool {
namespace {

constexpr int kAnswerMs = 10'000;

// The lease as both signed it, if it is the caller's; another's does not exist for it.
std::optional<LeaseDocument> document_of(const std::optional<inventory::Lease>& lease,
                                         const crypto::PublicKey& caller) {
  if (!lease || lease->requester != caller) return std::nullopt;
  return LeaseDocument::decode(lease->document);
}

class LeaseDesk {
 public:
  LeaseDesk(const Provider::Services& services, const ProviderRules& rules, Line& line, base::Random& random)
      : services_(services), rules_(rules), line_(line), random_(random), now_(services.clock.unix_ms()) {}

  // What happened, or why not.
  base::Result<ProviderEvent::Kind> answer(const LeaseMessage& message, Reason& reason) {
    const auto lease = services_.inventory.find(message.lease);
    const auto document = document_of(lease, line_.peer());
    reason = Reason::kUnknownLease;
    if (!document) return refused();
    reason = Reason::kNotNow;
    switch (message.call) {
      case LeaseCall::kShow:
        TARN_TRY(line_.send(over(*lease) ? lease_done() : lease_offer(*document)));
        return ProviderEvent::Kind::kShown;
      case LeaseCall::kRelease:
        TARN_TRY(services_.inventory.end_lease(lease->id, now_));
        TARN_TRY(line_.send(lease_done()));
        return ProviderEvent::Kind::kReleased;
      case LeaseCall::kConfirm: return confirm(*lease, *document, *message.signature);
      case LeaseCall::kRenew: return renew(*lease, *document, message.seconds);
      case LeaseCall::kAccess: return hand_over(*lease, true);
      case LeaseCall::kUsage: return hand_over(*lease, false);
    }
    return refused();
  }

 private:
  // What its provider still has to take away is no lease to the requester any more.
  static bool over(const inventory::Lease& lease) {
    return lease.state == inventory::Lease::State::kEnded || lease.state == inventory::Lease::State::kReturning;
  }
  std::uint32_t longest_lease_s(const std::string& offer) const {
    std::uint32_t longest = rules_.admission.max_lease_seconds;
    for (const inventory::Offer& o : services_.inventory.offers())
      if (o.name == offer && o.max_lease_seconds != 0) longest = std::min(longest, o.max_lease_seconds);
    return longest;
  }
  static base::Error refused() { return {base::Code::kInvalidInput, "refused"}; }

  base::Result<ProviderEvent::Kind> confirm(const inventory::Lease& lease, LeaseDocument document,
                                            const crypto::Signature& signature) {
    document.requester = signature;
    if (over(lease) || !document.complete()) return refused();
    TARN_TRY(services_.inventory.confirm(lease.id, document.encode(), now_));
    TARN_TRY(line_.send(lease_done()));
    return ProviderEvent::Kind::kWon;
  }

  // Offers the same lease with a later end; it counts once the requester has signed.
  base::Result<ProviderEvent::Kind> renew(const inventory::Lease& lease, const LeaseDocument& document,
                                          std::uint32_t seconds) {
    LeaseTerms terms = document.terms;
    const std::int64_t end = terms.end_unix_ms + std::int64_t{1000} * seconds;
    const std::int64_t longest = now_ + std::int64_t{1000} * longest_lease_s(lease.offer);
    if (lease.state != inventory::Lease::State::kActive || end > longest || terms.revision >= rules_.max_renewals)
      return refused();
    TARN_TRY(services_.inventory.may_renew(lease.id, end, now_));  // before anybody signs
    terms.end_unix_ms = end;
    ++terms.revision;
    LeaseDocument renewed = LeaseDocument::offer(terms, services_.identity);
    TARN_TRY(line_.send(lease_offer(renewed)));
    TARN_ASSIGN(const base::Bytes message, line_.receive(kMaxCallMessage, kAnswerMs));
    const auto answer = read_lease_answer(message);
    if (!answer || !answer->signature) return refused();
    renewed.requester = answer->signature;
    if (!renewed.complete()) return refused();
    TARN_TRY(services_.inventory.renew(lease.id, terms.revision, end, renewed.encode(), services_.clock.unix_ms()));
    TARN_TRY(line_.send(lease_done()));
    return ProviderEvent::Kind::kRenewed;
  }

  // How far the delivery is, and what belongs to the requester alone.
  base::Result<ProviderEvent::Kind> hand_over(const inventory::Lease& lease, bool with_access) {
    if (over(lease)) {
      TARN_TRY(line_.send(lease_done()));
      return ProviderEvent::Kind::kShown;
    }
    if (lease.state != inventory::Lease::State::kActive) return refused();
    const LeaseAccess::Parties parties{lease.id, services_.identity.public_key(), lease.requester};
    LeaseAccess out;  // undelivered
    if (lease.delivered && services_.deliveries != nullptr) {
      auto answer = services_.deliveries->ask(lease.id, with_access, with_access ? rules_.access_wait_ms : 0);
      TARN_ASSIGN(out, LeaseAccess::make(std::move(answer), parties, random_));
    }
    TARN_TRY(line_.send(out.seal(parties, services_.identity)));
    return out.sealed.empty() ? ProviderEvent::Kind::kShown : ProviderEvent::Kind::kLetIn;
  }

  const Provider::Services& services_;
  const ProviderRules& rules_;
  Line& line_;
  base::Random& random_;
  std::int64_t now_;
};

}  // namespace

void Provider::serve_lease_call(Line& line, const base::Bytes& first, base::Random& random) {
  const auto message = LeaseMessage::decode(first);
  if (!message) return refuse(line, {Reason::kMalformed, 0});
  LeaseDesk desk(services_, rules_, line, random);
  Reason reason{};
  const auto kind = desk.answer(*message, reason);
  if (!kind.ok()) {
    const auto code = kind.error().code;
    if (code == base::Code::kStorage) reason = Reason::kStorage;
    return refuse(line, {reason, 0});
  }
  ProviderEvent event;
  event.kind = *kind;
  event.requester = line.peer();
  event.from = line.from();
  event.lease = text(message->lease);
  services_.on_event(event);
}

// What the secure session would take in, in the open: the bench's yardstick, refused everywhere else.
void Provider::serve_plain(Line& line, const base::Bytes& first) {
  base::Reader in(base::ByteView(first).subspan(1));
  const auto unit = model::ResourceClass::decode(in.sized(4096));
  const inventory::Id id = in.array<16>();
  const std::int64_t now = services_.clock.unix_ms();
  if (!in.done() || !unit) return refuse(line, {Reason::kMalformed, 0});
  const auto hold = services_.inventory.hold(id, {*unit, line.peer()}, now, now + kAnswerMs);
  if (!hold.ok()) return refuse(line, {Reason::kStorage, 0});
  (void)line.send(
      base::Writer().u8(static_cast<std::uint8_t>(Message::kPlainOffer)).u64(hold->units).u64(hold->unit_price).take());
  (void)services_.inventory.release_hold(id);
}

}  // namespace pool
