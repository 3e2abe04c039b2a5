#include "tarn/lease_calls.h"

#include <algorithm>

#include "tarn/output.h"
#include "tarn/pool_request.h"

namespace tarn {
namespace {

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }
base::Error misbehaved() {
  return {base::Code::kPeerMisbehaved, "the provider answers with something that is not this lease"};
}

using State = store::LeaseRecord::State;

}  // namespace

LeaseCalls::LeaseCalls(RequesterHome& home, std::function<bool()> cancelled, int one_way_delay_ms) : home_(home) {
  options_.cancelled = std::move(cancelled);
  options_.one_way_delay_ms = one_way_delay_ms;
}

base::Result<store::LeaseRecord> LeaseCalls::record(const pool::LeaseId& id) { return home_.leases().find(id); }

base::Result<store::LeaseRecord> LeaseCalls::named(const std::string& text) {
  constexpr std::string_view kPrefix = "lease_";
  return home_.leases().find(std::string_view(text).substr(text.starts_with(kPrefix) ? kPrefix.size() : 0));
}

base::Result<LeaseCalls::Answer> LeaseCalls::call(const store::LeaseRecord& record, const pool::LeaseMessage& message) {
  TARN_ASSIGN(const auto lines, net::Switchboard::create(home_.identity(), nullptr, options_));
  const std::array<pool::Peer, 1> peers{{{record.provider, record.provider_address}}};
  const std::array<base::Bytes, 1> messages{message.encode()};
  base::Result<Answer> out = base::Error{base::Code::kUnreachable, "does not answer"};
  lines->call(peers, messages, pool::kMaxCallMessage, kCallMs, [&](pool::Lines::Reply reply) {
    if (reply.message.ok())
      out = Answer{std::move(*reply.message), std::move(reply.line)};
    else
      out = base::Error{reply.message.error().code, located(record.provider_address, reply.message.error().message)};
    return true;
  });
  if (!out.ok()) return out;
  if (const auto refusal = pool::Refusal::decode(out->message))
    return refused("the provider " + std::string(pool::text(refusal->reason)));
  return out;
}

base::Status LeaseCalls::over(store::LeaseRecord record) {
  record.state = State::kReleased;
  return home_.leases().put(record);
}

std::vector<base::Result<LeaseCalls::Bought>> LeaseCalls::ask(const std::vector<store::LeaseRecord>& records,
                                                              pool::LeaseCall about, int timeout_ms) {
  std::vector<base::Result<Bought>> out(records.size(), base::Error{base::Code::kUnreachable, "does not answer"});
  std::vector<pool::Peer> peers;
  std::vector<base::Bytes> messages;
  for (const auto& record : records) {
    peers.push_back({record.provider, record.provider_address});
    messages.push_back(pool::LeaseMessage{about, record.id, 0, {}}.encode());
  }
  const auto lines = net::Switchboard::create(home_.identity(), nullptr, options_);
  if (!lines.ok()) {
    std::fill(out.begin(), out.end(), lines.error());
    return out;
  }
  (*lines)->call(peers, messages, pool::kMaxAccessMessage, timeout_ms, [&](pool::Lines::Reply reply) {
    const auto& record = records[reply.peer];
    out[reply.peer] = reply.message.ok() ? bought(record, *reply.message)
                                         : base::Error{reply.message.error().code,
                                                       located(record.provider_address, reply.message.error().message)};
    return true;
  });
  return out;
}

base::Result<LeaseCalls::Bought> LeaseCalls::bought(const store::LeaseRecord& record, const base::Bytes& message) {
  if (pool::is_lease_done(message)) {
    TARN_TRY(over(record));
    return refused("the lease is over");
  }
  if (const auto refusal = pool::Refusal::decode(message)) {
    if (refusal->reason == pool::Reason::kMalformed) return Bought{};  // from before there was delivery
    return refused("the provider " + std::string(pool::text(refusal->reason)));
  }
  const pool::LeaseAccess::Parties parties{record.id, record.provider, home_.identity().public_key()};
  auto access = pool::LeaseAccess::decode(message, parties);
  if (!access) return misbehaved();
  Bought out{std::move(*access), {}};
  if (out.access.sealed.empty()) return out;
  auto credentials = out.access.open(parties, home_.identity());
  if (!credentials.ok()) return misbehaved();
  out.credentials = std::move(*credentials);
  return out;
}

base::Result<std::optional<pool::LeaseDocument>> LeaseCalls::show(const pool::LeaseId& id) {
  TARN_ASSIGN(const auto kept, record(id));
  TARN_ASSIGN(const Answer answer, call(kept, {pool::LeaseCall::kShow, id}));
  if (pool::is_lease_done(answer.message)) {
    TARN_TRY(over(kept));
    return std::optional<pool::LeaseDocument>{};
  }
  const auto document = pool::read_lease_offer(answer.message);
  if (!document || !document->valid() || document->terms.id != id || document->terms.provider != kept.provider ||
      document->terms.requester != home_.identity().public_key() || document->terms.revision < kept.revision)
    return misbehaved();
  if (document->complete()) TARN_TRY(keep_lease(home_.leases(), *document, kept.provider_address, State::kActive));
  return document;
}

base::Result<pool::LeaseDocument> LeaseCalls::renew(const pool::LeaseId& id, std::uint32_t seconds) {
  // What is kept here may be behind: the last word about an earlier renewal may have been lost.
  TARN_ASSIGN(const auto before, show(id));
  if (!before) return refused("the lease is over");
  if (!before->complete()) return refused("the provider has not confirmed the lease");
  TARN_ASSIGN(const auto kept, record(id));
  TARN_ASSIGN(const Answer answer, call(kept, {pool::LeaseCall::kRenew, id, seconds}));
  auto offer = pool::read_lease_offer(answer.message);
  pool::LeaseTerms due = before->terms;
  due.end_unix_ms += std::int64_t{1000} * seconds;
  ++due.revision;
  if (!offer || offer->requester || !offer->valid() || offer->terms != due) return misbehaved();
  offer->countersign(home_.identity());
  TARN_TRY(answer.line->send(pool::lease_answer(offer->requester)));
  TARN_ASSIGN(const base::Bytes done, answer.line->receive(pool::kMaxCallMessage, kCallMs));
  if (!pool::is_lease_done(done)) return refused("the provider did not renew the lease");
  TARN_TRY(keep_lease(home_.leases(), *offer, kept.provider_address, State::kActive));
  return *offer;
}

base::Status LeaseCalls::release(const pool::LeaseId& id) {
  TARN_ASSIGN(const auto kept, record(id));
  TARN_ASSIGN(const Answer answer, call(kept, {pool::LeaseCall::kRelease, id}));
  if (!pool::is_lease_done(answer.message)) return misbehaved();
  return over(kept);
}

base::Status LeaseCalls::confirm(const pool::LeaseId& id) {
  TARN_ASSIGN(auto kept, record(id));
  const auto document = pool::LeaseDocument::decode(kept.document);
  if (!document || !document->complete())
    return base::Error{base::Code::kStorage, "the lease as kept here cannot be read"};
  TARN_ASSIGN(const Answer answer, call(kept, {pool::LeaseCall::kConfirm, id, 0, document->requester}));
  if (!pool::is_lease_done(answer.message)) return misbehaved();
  kept.state = State::kActive;
  return home_.leases().put(kept);
}

}  // namespace tarn
