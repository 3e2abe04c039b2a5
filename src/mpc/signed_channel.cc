#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "mpc/conversation.h"

namespace mpc {
namespace {
constexpr std::uint8_t kData = 0, kAbort = 1;
constexpr std::size_t kHeader = 9, kSignature = 64;
// Far beyond any session. The clock stops there, so that a liar can neither make it wrap nor make the honest who believe
// it send what other honest parties must refuse.
constexpr std::uint32_t kMaxDepth = 10'000;

std::uint16_t tick(std::uint32_t depth) { return static_cast<std::uint16_t>(std::min(depth + 1, kMaxDepth)); }

base::Error misbehaved(std::size_t peer, std::string what) {
  return {base::Code::kPeerMisbehaved, std::move(what), peer};
}
}  // namespace

SignedChannel::SignedChannel(Channel& channel, const crypto::Identity& identity, std::vector<crypto::PublicKey> keys)
    : channel_(channel), identity_(identity), keys_(std::move(keys)), sent_(keys_.size()), received_(keys_.size()) {
  CHECK(keys_.size() == channel.parties());
}

crypto::Digest SignedChannel::digest(std::size_t from, std::size_t to, base::ByteView header, base::ByteView body,
                                     const Direction& direction) const {
  const crypto::Digest body_digest = crypto::sha256(body);
  crypto::Sha256 hash;
  hash.update(base::view("tarn message v1"))
      .update(from == self() ? sent_context_ : received_context_)
      .update(keys_[from])
      .update(keys_[to]);
  return hash.update(header).update(direction.chain).update(body_digest).finish();
}

base::Bytes SignedChannel::frame(std::size_t peer, std::uint8_t kind, base::Bytes body) {
  Direction& direction = sent_[peer];
  const std::uint16_t online = online_ ? tick(online_depth_) : 0;
  const base::Bytes header = base::Writer().u8(kind).u16(tick(depth_)).u16(online).u32(direction.sequence).take();
  direction.chain = digest(self(), peer, header, body, direction);
  ++direction.sequence;
  const crypto::Signature signature = identity_.sign(direction.chain);
  body.reserve(body.size() + kOverhead);
  body.insert(body.end(), header.begin(), header.end());  // behind the body: nothing large has to move
  body.insert(body.end(), signature.begin(), signature.end());
  return body;
}

base::Status SignedChannel::send(std::size_t peer, base::Bytes message) {
  return channel_.send(peer, frame(peer, kData, std::move(message)));
}

base::Result<base::Bytes> SignedChannel::receive(std::size_t peer, std::size_t max_bytes) {
  // An abort's one byte may come where nothing or less is expected.
  TARN_ASSIGN(base::Bytes message, channel_.receive(peer, std::max<std::size_t>(max_bytes, 1) + kOverhead));
  if (message.size() < kOverhead) return misbehaved(peer, "sent a message that is too short to be signed");
  const std::size_t size = message.size() - kOverhead;
  const base::ByteView body = base::ByteView(message).first(size);
  const base::ByteView header = base::ByteView(message).subspan(size, kHeader);
  base::Reader rest(base::ByteView(message).subspan(size));
  const std::uint8_t kind = rest.u8();
  const std::uint32_t depth = rest.u16(), online = rest.u16(), sequence = rest.u32();
  const auto signature = rest.array<kSignature>();
  Direction& direction = received_[peer];
  const crypto::Digest signed_digest = digest(peer, self(), header, body, direction);
  if (kind > kAbort || depth == 0 || depth > kMaxDepth || online > depth || sequence != direction.sequence ||
      !crypto::verify(keys_[peer], signed_digest, signature))
    return misbehaved(peer, "sent a message whose signature or place in the order is wrong");
  direction.chain = signed_digest;
  ++direction.sequence;
  depth_ = std::max(depth_, depth);
  online_depth_ = std::max(online_depth_, online);
  if (kind == kAbort) {
    const std::string phase = size == 1 ? std::to_string(body[0]) : "?";
    return base::Error{base::Code::kSomebodyMisbehaved,
                       "ended the session in hop " + phase + "; its own output says why", peer};
  }
  message.resize(size);
  return message;
}

void SignedChannel::abort(std::uint8_t phase) {
  if (aborted_) return;
  aborted_ = true;
  for (std::size_t peer = 0; peer < parties(); ++peer)
    if (peer != self()) (void)channel_.send(peer, frame(peer, kAbort, {phase}));
}

}  // namespace mpc
