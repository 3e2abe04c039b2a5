#include "net/probe_message.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace net {

namespace {

constexpr std::uint32_t kRequestMagic = 0x51504e54;  // "TNPQ"
constexpr std::uint32_t kReplyMagic = 0x41504e54;    // "TNPA"
constexpr std::uint8_t kVersion = 1;

base::Bytes to_be_signed(const ProbeNonce& nonce, const crypto::PublicKey& key, const discovery::Coordinate& at) {
  return base::Writer().text("tarn probe v1").raw(nonce).raw(key).sized(at.encode()).take();
}

}  // namespace

base::Bytes encode_probe_request(const ProbeNonce& nonce) {
  base::Bytes bytes = base::Writer().u32(kRequestMagic).u8(kVersion).raw(nonce).take();
  bytes.resize(kProbeRequestSize);
  return bytes;
}

std::optional<ProbeNonce> decode_probe_request(base::ByteView bytes) {
  base::Reader in(bytes);
  const bool ours = bytes.size() == kProbeRequestSize && in.u32() == kRequestMagic && in.u8() == kVersion;
  const auto nonce = in.array<16>();
  const base::ByteView padding = in.raw(in.left());
  if (!ours || std::any_of(padding.begin(), padding.end(), [](std::uint8_t b) { return b != 0; })) return std::nullopt;
  return nonce;
}

ProbeReply ProbeReply::make(const crypto::Identity& identity, const ProbeNonce& nonce,
                            const discovery::Coordinate& at) {
  return {nonce, at, identity.sign(to_be_signed(nonce, identity.public_key(), at))};
}

bool ProbeReply::by(const crypto::PublicKey& key) const {
  return crypto::verify(key, to_be_signed(nonce, key, coordinate), signature);
}

base::Bytes ProbeReply::encode() const {
  base::Bytes bytes =
      base::Writer().u32(kReplyMagic).u8(kVersion).raw(nonce).sized(coordinate.encode()).raw(signature).take();
  CHECK(bytes.size() <= kProbeRequestSize);
  return bytes;
}

std::optional<ProbeReply> ProbeReply::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  const bool ours = in.u32() == kReplyMagic && in.u8() == kVersion;
  ProbeReply reply;
  reply.nonce = in.array<16>();
  const auto coordinate = discovery::Coordinate::decode(in.sized(kProbeRequestSize));
  reply.signature = in.array<64>();
  if (!ours || !in.done() || !coordinate) return std::nullopt;
  reply.coordinate = *coordinate;
  return reply;
}

}  // namespace net
