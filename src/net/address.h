// Address: where a party listens, "host:port" or "[v6]:port", and what the system's resolver makes of it.
// resolve() calls getaddrinfo and therefore BLOCKS for as long as a name server makes it (numeric hosts never do);
// net/gathering.cc resolves seldom and only while it is connecting, never after. For addresses that strangers choose
// there is Lookup (lookup.h).
// Threads: pure functions. Invariant: an Address has a non-empty host without blanks and a port from 1 to 65535.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace net {

struct Address {
  std::string host;
  std::uint16_t port = 0;

  static base::Result<Address> parse(std::string_view text);
  std::string text() const;
};

// One socket address, as the kernel takes it.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string text() const;  // numeric
  // What one user of the Internet commonly has: the IPv4 address, the /64 of an IPv6 one.
  std::string neighbourhood() const;
};

// At least one endpoint, at most kMaxEndpoints, in the resolver's order. kUnreachable if the name has none.
inline constexpr std::size_t kMaxEndpoints = 8;
base::Result<std::vector<Endpoint>> resolve(const Address& address);
std::vector<Endpoint> numeric_endpoints(const Address& address);  // none if the host is a name

}  // namespace net
