// The pool's own messages, from strangers: raw bytes, honest ones with damage, and damage that their owner signs. What
// decodes encodes to the very same bytes and keeps what its header promises; a damaged signature is never right.
#include "base/encoding.h"
#include "crypto/random.h"
#include "fuzz/input.h"
#include "pool/drawn.h"
#include "pool/lease.h"
#include "pool/lease_access.h"

namespace {

const crypto::Identity& identity(std::size_t number) {
  static const auto made = [] {
    crypto::SeededRandom random(base::view("fuzz pool"));
    std::array<std::optional<crypto::Identity>, 4> out;
    for (auto& one : out) one.emplace(crypto::Identity::generate(random));
    return out;
  }();
  return *made[number];
}
const crypto::Identity& requester() { return identity(0); }

const pool::Invitation& invitation() {
  static const pool::Invitation made = [] {
    pool::Invitation out;
    out.request = {1, 2, 3};
    out.unit = *model::ResourceClass::parse("cpu=1 memory=1Gi");
    out.mechanism = "second-price";
    out.drawn = 3;
    out.lease_seconds = 3600;
    out.session_ms = 5'000;
    for (std::size_t i = 1; i < 4; ++i) out.candidates.push_back(identity(i).public_key());
    std::sort(out.candidates.begin(), out.candidates.end());
    return out;
  }();
  return made;
}

const crypto::Identity& candidate(std::size_t index) {
  for (std::size_t i = 1; i < 4; ++i)
    if (identity(i).public_key() == invitation().candidates[index]) return identity(i);
  CHECK(false);
}

const pool::Draw& draw() {
  static const pool::Draw made = [] {
    std::vector<pool::Draw::Accepted> accepted;
    for (std::uint8_t i = 0; i < 3; ++i)
      accepted.push_back({i, pool::Acceptance::make(invitation().hash(requester().public_key()), {i}, candidate(i))});
    return pool::make_draw(invitation(), requester(), accepted, [](std::size_t) { return "192.0.2.1:7000"; });
  }();
  return made;
}

pool::LeaseTerms terms() {
  pool::LeaseTerms out;
  out.id = {9};
  out.provider = identity(1).public_key();
  out.requester = requester().public_key();
  out.unit = invitation().unit;
  out.units = 8;
  out.hourly_payment = 320'000;
  out.start_unix_ms = 1'750'000'000'000;
  out.end_unix_ms = out.start_unix_ms + 3'600'000;
  out.mechanism = "second-price";
  return out;
}

pool::LeaseDocument document() {
  pool::LeaseDocument out = pool::LeaseDocument::offer(terms(), identity(1));
  out.countersign(requester());
  return out;
}

void read_invitation(base::ByteView message) {
  const auto opened = pool::Invitation::open(message, requester().public_key());
  if (!opened.ok()) return;
  CHECK(opened->seal(requester()) == fuzz::copy(message));
  CHECK(opened->candidates.size() <= pool::kMaxCandidates && opened->attempt > 0);
  for (std::size_t i = 0; i < opened->candidates.size(); ++i) CHECK(opened->index_of(opened->candidates[i]) == i);
}

void read_acceptance(base::ByteView message) {
  const auto read = pool::Acceptance::decode(message);
  if (!read) return;
  CHECK(read->encode() == fuzz::copy(message));
  const auto& honest = draw().accepted[0].acceptance;
  if (read->valid(invitation().hash(requester().public_key()), invitation().candidates[0]))
    CHECK(read->encode() == honest.encode());  // nobody else's key is here to sign with
}

void read_refusal(base::ByteView message) {
  const auto read = pool::Refusal::decode(message);
  if (read)
    CHECK(read->encode() == fuzz::copy(message) && text(read->reason) != "refuses" && word(read->reason) != "unknown");
}

void read_draw(base::ByteView message) {
  const auto read = pool::Draw::decode(message);
  if (!read) return;
  CHECK(read->encode() == fuzz::copy(message));
  const auto order =
      pool::check_draw(invitation(), requester().public_key(), *read, 0, draw().accepted[0].acceptance, 1);
  if (!order.ok()) return;
  CHECK(order->size() == read->addresses.size() && order->size() <= invitation().drawn);
  const auto plan = pool::plan_of(invitation(), requester().public_key(), *read, *order, 1);
  CHECK(plan.parties.size() == 1 + order->size());
}

void read_document(base::ByteView bytes) {
  const auto read = pool::LeaseDocument::decode(bytes);
  if (!read) return;
  CHECK(read->encode() == fuzz::copy(bytes));
  CHECK(read->terms.start_unix_ms >= 0 && read->terms.start_unix_ms <= read->terms.end_unix_ms);
  if (read->complete()) CHECK(read->terms == terms());  // the requester has signed nothing else
}

void read_call(base::ByteView message) {
  const auto read = pool::LeaseMessage::decode(message);
  if (read) CHECK(read->encode() == fuzz::copy(message));
}

void read_answer(base::ByteView message) {
  const auto read = pool::read_lease_answer(message);
  if (read) CHECK(pool::lease_answer(read->signature) == fuzz::copy(message));
}

void read_readiness(base::ByteView message) {
  const auto read = pool::read_readiness(message);
  if (read) CHECK((read->missing ? pool::missing(*read->missing) : pool::ready()) == fuzz::copy(message));
  if (pool::is_lease_done(message)) CHECK(pool::lease_done() == fuzz::copy(message));
}

void read_offer(base::ByteView message) {
  const auto read = pool::read_lease_offer(message);
  if (read) CHECK(pool::lease_offer(*read) == fuzz::copy(message));
}

pool::LeaseMessage renewal() {
  pool::LeaseMessage out;
  out.call = pool::LeaseCall::kRenew;
  out.lease = {9};
  out.seconds = 60;
  return out;
}

pool::LeaseAccess::Parties parties() { return {terms().id, identity(1).public_key(), requester().public_key()}; }

const base::Bytes& access() {
  static const base::Bytes made = [] {
    crypto::SeededRandom random(base::view("fuzz access"));
    pool::DeliveryDesk::Answer answer;
    answer.ready = true;
    answer.access = inventory::Access{"apiVersion: v1", 1'750'000'600'000};
    answer.usage = {{"limits.cpu", {"4", "1500m"}}, {"pods", {"40", "3"}}};
    return pool::LeaseAccess::make(std::move(answer), parties(), random)->seal(parties(), identity(1));
  }();
  return made;
}

void read_access(base::ByteView message) {
  const auto read = pool::LeaseAccess::decode(message, parties());
  if (!read) return;
  CHECK(read->seal(parties(), identity(1)) == fuzz::copy(message));
  const auto credentials = read->open(parties(), requester());
  if (credentials.ok()) CHECK(!read->sealed.empty() && read->state == pool::LeaseAccess::State::kReady);
}

struct Kind {
  void (*read)(base::ByteView);
  base::Bytes honest;
};
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {read_invitation, invitation().seal(requester())},
      {read_acceptance, draw().accepted[0].acceptance.encode()},
      {read_refusal, pool::Refusal{pool::Reason::kTooSoon, 1'000}.encode()},
      {read_draw, draw().encode()},
      {read_document, document().encode()},
      {read_offer, pool::lease_offer(document())},
      {read_call, renewal().encode()},
      {read_answer, pool::lease_answer(document().requester)},
      {read_readiness, pool::missing(2)},
      {read_access, access()},
  };
  return all;
}

// The requester signs whatever it says; a provider whatever terms and answers it likes.
void signed_damage(fuzz::Input& in, const Kind& kind) {
  if (kind.read == read_access) {
    base::Bytes body = access();
    body.resize(body.size() - 64);
    body = fuzz::damaged(in, std::move(body));
    const auto hash = crypto::Sha256()
                          .update(base::view("tarn access v1"))
                          .update(parties().lease)
                          .update(parties().provider)
                          .update(parties().requester)
                          .update(body)
                          .finish();
    base::append(body, identity(1).sign(hash));
    return read_access(body);
  }
  if (kind.read == read_invitation) {
    base::Bytes body = kinds()[0].honest;
    body.resize(body.size() - 64);
    body = fuzz::damaged(in, std::move(body));
    const auto hash = crypto::Sha256()
                          .update(base::view("tarn invitation v1"))
                          .update(requester().public_key())
                          .update(body)
                          .finish();
    base::append(body, requester().sign(hash));
    return read_invitation(body);
  }
  const base::Bytes said = fuzz::damaged(in, terms().encode());
  const auto hash = crypto::Sha256().update(base::view("tarn lease v1")).update(said).finish();
  base::Bytes bytes = base::Writer().sized(said).raw(identity(1).sign(hash)).u8(0).take();
  read_document(bytes);
  const auto read = pool::LeaseDocument::decode(bytes);
  if (read && read->terms.provider == identity(1).public_key()) CHECK(read->valid());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const Kind& kind = kinds()[in.below(kinds().size())];
  const std::size_t how = in.below(3);
  if (how == 0) {
    const base::ByteView message = in.rest();
    (void)pool::kind_of(message);
    kind.read(message);
  } else if (how == 1) {
    kind.read(fuzz::damaged(in, kind.honest));
  } else {
    signed_damage(in, kind);
  }
  return 0;
}
