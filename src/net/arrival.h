// Arrival: what the first message of a connection to a provider's door says that the connection is for. Byte 0 is the
// purpose: 0, a call, and the rest is for whoever answers; 1, a link of a session, and the rest is the session's id.
// Strict: nothing else is an arrival, and what decodes encodes to the same bytes.
// Threads: pure functions.
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace net {

inline constexpr std::size_t kMaxArrival = std::size_t{64} << 10;  // bytes of the message

struct CallArrival {
  base::Bytes rest;
};
struct JoinArrival {
  crypto::Digest session{};
};
using Arrival = std::variant<CallArrival, JoinArrival>;

base::Bytes encode_call(base::ByteView rest);
base::Bytes encode_join(const crypto::Digest& session);
std::optional<Arrival> decode_arrival(base::ByteView message);

}  // namespace net
