#include "pool/draw.h"

#include <algorithm>

#include "base/encoding.h"

namespace pool {
namespace {

base::Bytes input_of(const crypto::Digest& invitation, const std::vector<Draw::Accepted>& accepted) {
  base::Writer out;
  out.text("tarn draw v1").raw(invitation).u8(static_cast<std::uint8_t>(accepted.size()));
  for (const Draw::Accepted& a : accepted) out.u8(a.candidate).raw(a.acceptance.nonce);
  return out.take();
}

base::Error wrong(const char* what) { return {base::Code::kInvalidInput, what}; }

}  // namespace

base::Bytes Draw::encode() const {
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(Message::kDraw)).u8(static_cast<std::uint8_t>(accepted.size()));
  for (const Accepted& a : accepted) out.u8(a.candidate).raw(a.acceptance.nonce).raw(a.acceptance.signature);
  out.raw(proof.bytes).u8(static_cast<std::uint8_t>(addresses.size()));
  for (const std::string& address : addresses) out.text(address);
  return out.take();
}

std::optional<Draw> Draw::decode(base::ByteView message) {
  base::Reader in(message);
  if (in.u8() != static_cast<std::uint8_t>(Message::kDraw)) return std::nullopt;
  Draw out;
  const std::size_t accepted = in.u8();
  if (accepted > kMaxCandidates) return std::nullopt;
  for (std::size_t i = 0; i < accepted && in.good(); ++i) {
    Accepted a;
    a.candidate = in.u8();
    a.acceptance.nonce = in.array<32>();
    a.acceptance.signature = in.array<64>();
    if (!out.accepted.empty() && out.accepted.back().candidate >= a.candidate) return std::nullopt;
    out.accepted.push_back(a);
  }
  out.proof.bytes = in.array<80>();
  const std::size_t addresses = in.u8();
  if (addresses > accepted) return std::nullopt;
  for (std::size_t i = 0; i < addresses && in.good(); ++i) out.addresses.push_back(in.text(kMaxAddress));
  if (!in.done()) return std::nullopt;
  return out;
}

crypto::Digest Draw::session(const crypto::Digest& invitation) const {
  return crypto::Sha256().update(base::view("tarn pool session v1")).update(invitation).update(encode()).finish();
}

std::optional<std::vector<std::size_t>> order_of(const Invitation& invitation, const crypto::PublicKey& requester,
                                                 const Draw& draw) {
  const auto random = crypto::vrf_verify(requester, input_of(invitation.hash(requester), draw.accepted), draw.proof);
  if (!random) return std::nullopt;
  std::vector<std::pair<crypto::Digest, std::size_t>> order;
  for (const Draw::Accepted& a : draw.accepted) {
    const std::array<std::uint8_t, 1> index{a.candidate};
    order.emplace_back(crypto::Sha256().update(base::view("tarn draw order v1")).update(*random).update(index).finish(),
                       a.candidate);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min<std::size_t>(order.size(), invitation.drawn));
  std::vector<std::size_t> out;
  for (const auto& [digest, candidate] : order) out.push_back(candidate);
  return out;
}

Draw make_draw(const Invitation& invitation, const crypto::Identity& requester, std::vector<Draw::Accepted> accepted,
               const std::function<std::string(std::size_t candidate)>& address_of) {
  std::sort(accepted.begin(), accepted.end(), [](const auto& a, const auto& b) { return a.candidate < b.candidate; });
  Draw draw;
  draw.accepted = std::move(accepted);
  draw.proof = crypto::vrf_prove(requester, input_of(invitation.hash(requester.public_key()), draw.accepted));
  const auto order = order_of(invitation, requester.public_key(), draw);
  CHECK(order.has_value());
  for (const std::size_t candidate : *order) draw.addresses.push_back(address_of(candidate));
  return draw;
}

base::Result<std::vector<std::size_t>> check_draw(const Invitation& invitation, const crypto::PublicKey& requester,
                                                  const Draw& draw, std::size_t self, const Acceptance& own,
                                                  std::size_t quorum) {
  const std::size_t listed = invitation.candidates.size();
  if (2 * draw.accepted.size() < listed) return wrong("the draw leaves out more than half of the list");
  const crypto::Digest hash = invitation.hash(requester);
  bool present = false;
  for (const Draw::Accepted& a : draw.accepted) {
    if (a.candidate >= listed) return wrong("the draw has somebody who is not on the list");
    const bool ours = a.candidate == self;
    if (ours ? a.acceptance.nonce != own.nonce : !a.acceptance.valid(hash, invitation.candidates[a.candidate]))
      return wrong("the draw has an acceptance that was not given");
    present |= ours;
  }
  if (!present) return wrong("the draw lacks our acceptance");
  const auto order = order_of(invitation, requester, draw);
  if (!order) return wrong("the draw's proof is wrong");
  const std::vector<std::size_t>& out = *order;
  if (out.size() != draw.addresses.size()) return wrong("the draw has not an address for each of the drawn");
  if (out.size() < quorum) return wrong("the draw has fewer providers than our quorum");
  return out;
}

}  // namespace pool
