#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "mpc/conversation.h"

namespace mpc {
namespace {
constexpr std::size_t kHeader = 9, kSignature = 64;
// Far beyond any session. The clock stops there, so that a liar can neither make it wrap nor make the honest who believe
// it send what other honest parties must refuse.
constexpr std::uint32_t kMaxDepth = 10'000;

std::uint16_t tick(std::uint32_t depth) { return static_cast<std::uint16_t>(std::min(depth + 1, kMaxDepth)); }

base::Error misbehaved(std::size_t peer, std::string what) {
  return {base::Code::kPeerMisbehaved, std::move(what), peer};
}
}  // namespace

crypto::Digest chain_digest(const crypto::Digest& context, const crypto::PublicKey& from, const crypto::PublicKey& to,
                            base::ByteView header, const crypto::Digest& before, const crypto::Digest& body) {
  crypto::Sha256 hash;
  hash.update(base::view("tarn message v1")).update(context).update(from).update(to);
  return hash.update(header).update(before).update(body).finish();
}

bool was_said(const Heard& heard, FrameKind kind, const crypto::Digest& context, const crypto::PublicKey& from,
              const crypto::PublicKey& to) {
  if (heard.frames.empty()) return false;
  crypto::Digest chain = heard.before;
  std::uint32_t sequence = 0;
  for (const Heard::Frame& frame : heard.frames) {
    base::Reader header(frame.header);
    const std::uint8_t kind_said = header.u8();
    header.raw(4);  // the clocks
    const std::uint32_t at = header.u32();
    const bool first = &frame == &heard.frames.front();
    if (kind_said != static_cast<std::uint8_t>(kind) || (!first && at != sequence)) return false;
    sequence = at + 1;
    chain = chain_digest(context, from, to, frame.header, chain, frame.body);
  }
  return crypto::verify(from, chain, heard.signature);
}

SignedChannel::SignedChannel(Channel& channel, const crypto::Identity& identity, std::vector<crypto::PublicKey> keys)
    : channel_(channel),
      identity_(identity),
      keys_(std::move(keys)),
      sent_(keys_.size()),
      received_(keys_.size()),
      testimonies_(keys_.size()) {
  CHECK(keys_.size() == channel.parties());
}

base::Bytes SignedChannel::frame(std::size_t peer, FrameKind kind, base::Bytes body) {
  Direction& direction = sent_[peer];
  const std::uint16_t online = online_ ? tick(online_depth_) : 0;
  const base::Bytes header =
      base::Writer().u8(static_cast<std::uint8_t>(kind)).u16(tick(depth_)).u16(online).u32(direction.sequence).take();
  direction.chain =
      chain_digest(sent_context_, keys_[self()], keys_[peer], header, direction.chain, crypto::sha256(body));
  ++direction.sequence;
  const crypto::Signature signature = identity_.sign(direction.chain);
  body.reserve(body.size() + kOverhead);
  body.insert(body.end(), header.begin(), header.end());  // behind the body: nothing large has to move
  body.insert(body.end(), signature.begin(), signature.end());
  return body;
}

base::Status SignedChannel::send(std::size_t peer, base::Bytes message) {
  return channel_.send(peer, frame(peer, FrameKind::kData, std::move(message)));
}

base::Result<SignedChannel::Incoming> SignedChannel::next(std::size_t peer, std::size_t max_bytes) {
  TARN_ASSIGN(base::Bytes message, channel_.receive(peer, max_bytes + kOverhead));
  if (message.size() < kOverhead) return misbehaved(peer, "sent a message that is too short to be signed");
  const std::size_t size = message.size() - kOverhead;
  base::Reader rest(base::ByteView(message).subspan(size));
  Heard::Frame frame{rest.array<kHeader>(), crypto::sha256(base::ByteView(message).first(size))};
  const auto signature = rest.array<kSignature>();
  base::Reader header(frame.header);
  const auto kind = static_cast<FrameKind>(header.u8());
  const std::uint32_t depth = header.u16(), online = header.u16(), sequence = header.u32();
  Direction& direction = received_[peer];
  const crypto::Digest signed_digest =
      chain_digest(received_context_, keys_[peer], keys_[self()], frame.header, direction.chain, frame.body);
  if (kind > FrameKind::kTestimony || depth == 0 || depth > kMaxDepth || online > depth ||
      sequence != direction.sequence || !crypto::verify(keys_[peer], signed_digest, signature))
    return misbehaved(peer, "sent a message whose signature or place in the order is wrong");
  remember(peer, kind, direction.chain, frame, signature);
  direction.chain = signed_digest;
  ++direction.sequence;
  depth_ = std::max(depth_, depth);
  online_depth_ = std::max(online_depth_, online);
  message.resize(size);
  return Incoming{kind, std::move(message)};
}

void SignedChannel::remember(std::size_t peer, FrameKind kind, const crypto::Digest& before, const Heard::Frame& frame,
                             const crypto::Signature& signature) {
  if (kind == FrameKind::kTestimony) testimonies_[peer] = Testimony{{}, {before, {frame}, signature}};
  if (kind != FrameKind::kData || heard_.empty()) return;
  Heard& heard = heard_[peer];
  if (heard.frames.size() == kRecorded) return;
  if (heard.frames.empty()) heard.before = before;
  heard.frames.push_back(frame);
  heard.signature = signature;
}

base::Result<base::Bytes> SignedChannel::receive(std::size_t peer, std::size_t max_bytes) {
  // An abort or a testimony may come where less is expected.
  TARN_ASSIGN(Incoming in, next(peer, std::max(max_bytes, testimony_limit(parties()))));
  if (in.kind == FrameKind::kTestimony) {
    testimonies_[peer]->body = std::move(in.body);
    called_ = true;
    return base::Error{base::Code::kSomebodyMisbehaved, "ended the session and called for an inquest", peer};
  }
  if (in.kind == FrameKind::kAbort) {
    const std::string phase = in.body.size() == 1 ? std::to_string(in.body[0]) : "?";
    return base::Error{base::Code::kSomebodyMisbehaved,
                       "ended the session in hop " + phase + "; its own output says why", peer};
  }
  if (in.body.size() > max_bytes) return misbehaved(peer, "sent a message longer than possible");
  return std::move(in.body);
}

void SignedChannel::abort(std::uint8_t phase) {
  if (aborted_) return;
  aborted_ = true;
  for (std::size_t peer = 0; peer < parties(); ++peer)
    if (peer != self()) (void)channel_.send(peer, frame(peer, FrameKind::kAbort, {phase}));
}

base::Status SignedChannel::testify(std::size_t peer, base::Bytes body) {
  return channel_.send(peer, frame(peer, FrameKind::kTestimony, std::move(body)));
}

base::Result<Witness::Testimony> SignedChannel::testimony(std::size_t peer, std::size_t max_bytes) {
  // Whoever did not know yet is at most one hop further than this party, so two messages may be on their way.
  for (int ahead = 0; !testimonies_[peer]; ++ahead) {
    if (ahead > 2) return misbehaved(peer, "went on in spite of an inquest");
    const auto message = receive(peer, max_bytes);
    if (!message.ok() && !testimonies_[peer]) return message.error();
  }
  return *testimonies_[peer];
}

}  // namespace mpc
