// The two datagrams of a probe. Request: "TNPQ", version, nonce, zeros up to kProbeRequestSize, so that the answer is
// never the longer one and nobody can use us to amplify a flood. Answer: "TNPA", version, nonce, coordinate, Ed25519
// signature over ("tarn probe v1", nonce, key, coordinate): for this question, by this key.
// Threads: pure functions. What decodes encodes to the same bytes.
#pragma once

#include <array>
#include <optional>

#include "crypto/identity.h"
#include "discovery/coordinate.h"

namespace net {

using ProbeNonce = std::array<std::uint8_t, 16>;
inline constexpr std::size_t kProbeRequestSize = 192;

base::Bytes encode_probe_request(const ProbeNonce& nonce);
std::optional<ProbeNonce> decode_probe_request(base::ByteView bytes);

struct ProbeReply {
  ProbeNonce nonce{};
  discovery::Coordinate coordinate;
  crypto::Signature signature{};

  static ProbeReply make(const crypto::Identity& identity, const ProbeNonce& nonce, const discovery::Coordinate& at);
  bool by(const crypto::PublicKey& key) const;  // verifies
  base::Bytes encode() const;
  static std::optional<ProbeReply> decode(base::ByteView bytes);
};

}  // namespace net
