// Of HOST, HOST:PORT or [V6]:PORT the same with a numeric host, in the time there is. A numeric one is known at once; for
// a name a detached thread asks the system's resolver, which keeps no deadline: whoever loses patience leaves it behind
// (kMaxLookups at a time).
// Errors: kInvalidInput: no such address can be; kUnreachable: the name is not known; kDeadline.
// Threads: any.
#pragma once

#include <string>

#include "base/result.h"

namespace drivers {

inline constexpr int kMaxLookups = 32;

struct HostPort {
  std::string host;  // numeric
  std::uint16_t port = 0;
};
base::Result<HostPort> look_up(const std::string& address, std::uint16_t default_port, int timeout_ms);

}  // namespace drivers
