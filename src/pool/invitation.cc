#include "pool/invitation.h"

#include <algorithm>

#include "base/encoding.h"

namespace pool {
namespace {

constexpr std::size_t kMaxMechanism = 64, kMaxClass = 4096;

base::Error refused(Reason reason) { return {base::Code::kInvalidInput, std::string(text(reason))}; }

}  // namespace

std::optional<Message> kind_of(base::ByteView message) {
  if (message.empty() || message[0] == 0 || message[0] > static_cast<std::uint8_t>(Message::kLeaseAccess)) return {};
  return static_cast<Message>(message[0]);
}

base::Bytes Invitation::body() const {
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(Message::kInvite)).u16(kPoolVersion).raw(request).u8(attempt).sized(unit.encode());
  out.text(mechanism).u8(width).u8(drawn).u32(lease_seconds).u32(session_ms);
  out.u8(static_cast<std::uint8_t>(candidates.size()));
  for (const crypto::PublicKey& key : candidates) out.raw(key);
  return out.take();
}

crypto::Digest Invitation::hash(const crypto::PublicKey& requester) const {
  return crypto::Sha256().update(base::view("tarn invitation v1")).update(requester).update(body()).finish();
}

std::optional<std::size_t> Invitation::index_of(const crypto::PublicKey& key) const {
  const auto at = std::lower_bound(candidates.begin(), candidates.end(), key);
  if (at == candidates.end() || *at != key) return std::nullopt;
  return static_cast<std::size_t>(at - candidates.begin());
}

base::Bytes Invitation::seal(const crypto::Identity& requester) const {
  base::Bytes message = body();
  base::append(message, requester.sign(hash(requester.public_key())));
  return message;
}

base::Result<Invitation> Invitation::open(base::ByteView message, const crypto::PublicKey& requester) {
  base::Reader in(message);
  Invitation out;
  if (in.u8() != static_cast<std::uint8_t>(Message::kInvite)) return refused(Reason::kMalformed);
  if (in.u16() != kPoolVersion) return refused(Reason::kVersion);
  out.request = in.array<16>();
  out.attempt = in.u8();
  const auto unit = model::ResourceClass::decode(in.sized(kMaxClass));
  out.mechanism = in.text(kMaxMechanism);
  out.width = in.u8();
  out.drawn = in.u8();
  out.lease_seconds = in.u32();
  out.session_ms = in.u32();
  const std::size_t count = in.u8();
  for (std::size_t i = 0; i < count && in.good(); ++i) out.candidates.push_back(in.array<32>());
  const auto signature = in.array<64>();
  if (!in.done() || !unit || count > kMaxCandidates || out.attempt == 0) return refused(Reason::kMalformed);
  // Strictly ascending: sorted, and each once.
  if (std::adjacent_find(out.candidates.begin(), out.candidates.end(), std::greater_equal<>()) != out.candidates.end())
    return refused(Reason::kMalformed);
  out.unit = *unit;
  if (!crypto::verify(requester, out.hash(requester), signature)) return refused(Reason::kMalformed);
  return out;
}

namespace {
crypto::Digest accepted(const crypto::Digest& invitation, const std::array<std::uint8_t, 32>& nonce) {
  return crypto::Sha256().update(base::view("tarn acceptance v1")).update(invitation).update(nonce).finish();
}
}  // namespace

Acceptance Acceptance::make(const crypto::Digest& invitation, const std::array<std::uint8_t, 32>& nonce,
                            const crypto::Identity& provider) {
  return {nonce, provider.sign(accepted(invitation, nonce))};
}

bool Acceptance::valid(const crypto::Digest& invitation, const crypto::PublicKey& provider) const {
  return crypto::verify(provider, accepted(invitation, nonce), signature);
}

base::Bytes Acceptance::encode() const {
  return base::Writer().u8(static_cast<std::uint8_t>(Message::kAccept)).raw(nonce).raw(signature).take();
}

std::optional<Acceptance> Acceptance::decode(base::ByteView message) {
  base::Reader in(message);
  if (in.u8() != static_cast<std::uint8_t>(Message::kAccept)) return std::nullopt;
  Acceptance out;
  out.nonce = in.array<32>();
  out.signature = in.array<64>();
  if (!in.done()) return std::nullopt;
  return out;
}

std::string_view text(Reason reason) {
  switch (reason) {
    case Reason::kVersion: return "speaks another version of the protocol";
    case Reason::kMalformed: return "cannot read this message, or its signature is wrong";
    case Reason::kNotOffered: return "does not offer this class";
    case Reason::kUnsupported: return "does not take part in such sessions (mechanism, width, parties or times)";
    case Reason::kTooSmall: return "takes part only with more providers (its quorum)";
    case Reason::kIncomplete: return "sees providers that the list lacks";
    case Reason::kTooSoon: return "took part in another draw of this requester a moment ago";
    case Reason::kTooMany: return "has no allowance left for this requester";
    case Reason::kBusy: return "runs as many sessions as it can";
    case Reason::kBarred: return "excludes this requester";
    case Reason::kUnknownLease: return "knows no such lease of this requester";
    case Reason::kNotNow: return "cannot do this with the lease as it is now";
    case Reason::kStorage: return "has trouble with its own storage";
  }
  return "refuses";
}

std::string_view word(Reason reason) {
  switch (reason) {
    case Reason::kVersion: return "version";
    case Reason::kMalformed: return "malformed";
    case Reason::kNotOffered: return "not_offered";
    case Reason::kUnsupported: return "unsupported";
    case Reason::kTooSmall: return "too_small";
    case Reason::kIncomplete: return "incomplete_list";
    case Reason::kTooSoon: return "too_soon";
    case Reason::kTooMany: return "too_many";
    case Reason::kBusy: return "busy";
    case Reason::kBarred: return "excluded";
    case Reason::kUnknownLease: return "unknown_lease";
    case Reason::kNotNow: return "not_now";
    case Reason::kStorage: return "storage";
  }
  return "unknown";
}

base::Bytes Refusal::encode() const {
  return base::Writer()
      .u8(static_cast<std::uint8_t>(Message::kRefuse))
      .u8(static_cast<std::uint8_t>(reason))
      .u32(retry_ms)
      .take();
}

std::optional<Refusal> Refusal::decode(base::ByteView message) {
  base::Reader in(message);
  const std::uint8_t kind = in.u8(), reason = in.u8();
  Refusal out{static_cast<Reason>(reason), in.u32()};
  if (!in.done() || kind != static_cast<std::uint8_t>(Message::kRefuse) || reason == 0 ||
      reason > static_cast<std::uint8_t>(Reason::kStorage))
    return std::nullopt;
  return out;
}

}  // namespace pool
