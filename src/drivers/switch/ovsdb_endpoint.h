// OvsdbSettings: where a bridge's database is and which bridge it is, as a switch is registered:
//   {"endpoint": "unix:/run/openvswitch/db.sock" | "tcp:10.0.0.2:6640" | "tcp:[fd00::2]:6640", "bridge": "br0"}
// A host is a numeric address, as Open vSwitch itself has it: a resolver keeps no deadline. TLS ("ssl:…") is refused;
// a tunnel (stunnel, SSH, WireGuard) does it, and a database at a TCP port that strangers reach has no other protection.
// Errors: kInvalidInput, which says what is wrong. Threads: pure functions.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace drivers {

struct OvsdbSettings {
  std::string endpoint, bridge;
  sockaddr_storage address{};
  socklen_t address_size = 0;

  static base::Result<OvsdbSettings> parse(std::string_view json);  // ovsdb_messages.cc, with the rest of the JSON
};

// Fills in `address`.
base::Status read_endpoint(OvsdbSettings& settings);

}  // namespace drivers
