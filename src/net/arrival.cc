#include "net/arrival.h"

#include <algorithm>

namespace net {

namespace {

enum Purpose : std::uint8_t { kCall = 0, kJoin = 1 };

base::Bytes encode(Purpose purpose, base::ByteView rest) {
  base::Bytes message{purpose};
  message.reserve(1 + rest.size());
  base::append(message, rest);
  return message;
}

}  // namespace

base::Bytes encode_call(base::ByteView rest) { return encode(kCall, rest); }
base::Bytes encode_join(const crypto::Digest& session) { return encode(kJoin, session); }

std::optional<Arrival> decode_arrival(base::ByteView message) {
  if (message.empty() || message.size() > kMaxArrival) return std::nullopt;
  const base::ByteView rest = message.subspan(1);
  if (message[0] == kCall) return CallArrival{{rest.begin(), rest.end()}};
  JoinArrival join;
  if (message[0] != kJoin || rest.size() != join.session.size()) return std::nullopt;
  std::copy(rest.begin(), rest.end(), join.session.begin());
  return join;
}

}  // namespace net
