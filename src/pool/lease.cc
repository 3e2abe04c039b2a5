#include "pool/lease.h"

#include <limits>

#include "base/check.h"
#include "base/encoding.h"

namespace pool {
namespace {

constexpr std::uint16_t kFormat = 1;
constexpr std::size_t kMaxClass = 4096, kMaxMechanism = 64, kMaxTerms = 8192;
constexpr std::string_view kPrefix = "lease_";
constexpr std::uint64_t kMaxTime = std::numeric_limits<std::int64_t>::max();

std::optional<LeaseTerms> decode_terms(base::ByteView bytes) {
  base::Reader in(bytes);
  LeaseTerms t;
  const std::uint16_t format = in.u16();
  t.id = in.array<16>();
  t.provider = in.array<32>();
  t.requester = in.array<32>();
  const auto unit = model::ResourceClass::decode(in.sized(kMaxClass));
  t.units = in.u64();
  t.hourly_payment = in.u64();
  const std::uint64_t start = in.u64(), end = in.u64();
  t.revision = in.u32();
  t.mechanism = in.text(kMaxMechanism);
  t.session = in.array<32>();
  if (!in.done() || format != kFormat || !unit || end > kMaxTime || start > end) return std::nullopt;
  t.unit = *unit;
  t.start_unix_ms = static_cast<std::int64_t>(start);
  t.end_unix_ms = static_cast<std::int64_t>(end);
  return t;
}

void put_signature(base::Writer& out, const std::optional<crypto::Signature>& signature) {
  out.u8(signature ? 1 : 0);
  if (signature) out.raw(*signature);
}

// False if neither there nor absent in the one way.
bool take_signature(base::Reader& in, std::optional<crypto::Signature>& signature) {
  const std::uint8_t present = in.u8();
  if (present == 1) signature = in.array<64>();
  return present <= 1;
}

}  // namespace

base::Bytes LeaseTerms::encode() const {
  return base::Writer()
      .u16(kFormat)
      .raw(id)
      .raw(provider)
      .raw(requester)
      .sized(unit.encode())
      .u64(units)
      .u64(hourly_payment)
      .u64(static_cast<std::uint64_t>(start_unix_ms))
      .u64(static_cast<std::uint64_t>(end_unix_ms))
      .u32(revision)
      .text(mechanism)
      .raw(session)
      .take();
}

crypto::Digest LeaseTerms::hash() const {
  return crypto::Sha256().update(base::view("tarn lease v1")).update(encode()).finish();
}

LeaseDocument LeaseDocument::offer(LeaseTerms terms, const crypto::Identity& provider) {
  LeaseDocument out;
  out.provider = provider.sign(terms.hash());
  out.terms = std::move(terms);
  return out;
}

void LeaseDocument::countersign(const crypto::Identity& identity) { requester = identity.sign(terms.hash()); }

bool LeaseDocument::valid() const {
  const crypto::Digest hash = terms.hash();
  return crypto::verify(terms.provider, hash, provider) &&
         (!requester || crypto::verify(terms.requester, hash, *requester));
}

base::Bytes LeaseDocument::encode() const {
  base::Writer out;
  out.sized(terms.encode()).raw(provider);
  put_signature(out, requester);
  return out.take();
}

std::optional<LeaseDocument> LeaseDocument::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  const auto terms = decode_terms(in.sized(kMaxTerms));
  LeaseDocument out;
  out.provider = in.array<64>();
  if (!take_signature(in, out.requester) || !in.done() || !terms) return std::nullopt;
  out.terms = *terms;
  return out;
}

std::uint64_t hourly_payment(const auction::Payment& payment, std::uint64_t units) {
  if (payment.per == auction::Payment::Per::kAward) return payment.amount;
  CHECK(units == 0 || payment.amount <= std::numeric_limits<std::uint64_t>::max() / units);
  return payment.amount * units;
}

std::string text(const LeaseId& id) { return std::string(kPrefix) + base::to_hex(id); }

std::optional<LeaseId> parse_lease_id(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto bytes = base::from_hex(text.substr(kPrefix.size()));
  LeaseId id;
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), id.begin());
  return id;
}

base::Bytes LeaseMessage::encode() const {
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(Message::kLeaseCall)).u8(static_cast<std::uint8_t>(call)).raw(lease).u32(seconds);
  put_signature(out, signature);
  return out.take();
}

std::optional<LeaseMessage> LeaseMessage::decode(base::ByteView message) {
  base::Reader in(message);
  const std::uint8_t kind = in.u8(), call = in.u8();
  LeaseMessage out;
  out.lease = in.array<16>();
  out.seconds = in.u32();
  if (!take_signature(in, out.signature) || !in.done() || kind != static_cast<std::uint8_t>(Message::kLeaseCall))
    return std::nullopt;
  if (call == 0 || call > static_cast<std::uint8_t>(LeaseCall::kUsage)) return std::nullopt;
  out.call = static_cast<LeaseCall>(call);
  if ((out.call == LeaseCall::kRenew) != (out.seconds > 0)) return std::nullopt;
  if ((out.call == LeaseCall::kConfirm) != out.signature.has_value()) return std::nullopt;
  return out;
}

base::Bytes lease_offer(const LeaseDocument& document) {
  return base::Writer().u8(static_cast<std::uint8_t>(Message::kLeaseOffer)).raw(document.encode()).take();
}

std::optional<LeaseDocument> read_lease_offer(base::ByteView message) {
  if (kind_of(message) != Message::kLeaseOffer) return std::nullopt;
  return LeaseDocument::decode(message.subspan(1));
}

base::Bytes lease_answer(const std::optional<crypto::Signature>& signature) {
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(Message::kLeaseAnswer));
  put_signature(out, signature);
  return out.take();
}

std::optional<LeaseAnswer> read_lease_answer(base::ByteView message) {
  base::Reader in(message);
  const std::uint8_t kind = in.u8();
  LeaseAnswer out;
  if (!take_signature(in, out.signature) || !in.done() || kind != static_cast<std::uint8_t>(Message::kLeaseAnswer))
    return std::nullopt;
  return out;
}

base::Bytes lease_done() { return {static_cast<std::uint8_t>(Message::kLeaseDone)}; }
bool is_lease_done(base::ByteView message) { return message.size() == 1 && kind_of(message) == Message::kLeaseDone; }

}  // namespace pool
