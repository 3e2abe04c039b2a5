// The few messages of OVSDB that the driver sends and reads: all of its JSON is here and in ovsdb_messages.cc.
// Requests are text with the id that their answer will have. Answers are read strictly: what RFC 7047 or the schema of
// Open vSwitch does not allow is refused with kUnreachable, because then it is no such server that answers. What a server
// says in an error is quoted in printable characters, and cut.
// Threads: pure functions. Source: RFC 7047, sections 4.1 and 5; ovs-vswitchd.conf.db(5).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drivers/switch/ovsdb_port.h"

namespace drivers {

struct OvsdbMessage {
  enum class Kind { kReply, kEcho, kUpdate, kOther };  // kOther: nothing for us
  Kind kind = Kind::kOther;
  std::uint64_t id = 0;                          // kReply
  std::string error;                             // kReply: refused, as text; else empty
  std::shared_ptr<const nlohmann::json> result;  // kReply
  std::string answer;                            // kEcho: to be sent back
  std::optional<std::int64_t> forwarded;         // kUpdate: cur_cfg, if it is in there

  static base::Result<OvsdbMessage> parse(std::string_view text);
};

struct OvsdbPort {
  std::string uuid;
  PortColumns columns;
};

// A bridge as the database had it in one moment.
struct OvsdbBridge {
  std::vector<std::string> port_uuids;
  std::map<std::string, OvsdbPort, std::less<>> ports;  // by name
  std::int64_t wanted = 0;                              // next_cfg
  std::optional<int> revalidators;                      // other_config:n-revalidator-threads
};

struct OvsdbChange {
  std::string uuid;
  PortColumns columns;
};

// Answered at once, and then updates come whenever the switch forwards by another configuration.
std::string monitor_request(std::uint64_t id);
base::Result<std::optional<std::int64_t>> monitored(const OvsdbMessage& reply);

// With a barrier next_cfg grows by one before it is read, so that the daemon has to say that it is there.
std::string bridge_request(std::uint64_t id, std::string_view bridge, bool barrier);
// kNotFound: no such bridge; kConflict: a controller runs it, so that VLANs at its ports mean nothing.
base::Result<OvsdbBridge> bridge_of(const OvsdbMessage& reply);

// All or nothing, and nothing if the bridge has other ports by now.
std::string change_request(std::uint64_t id, std::string_view bridge, const OvsdbBridge& seen,
                           std::span<const OvsdbChange> changes);
struct OvsdbChanged {
  bool bridge_differs = false;  // nothing was changed
  std::int64_t wanted = 0;      // next_cfg
};
base::Result<OvsdbChanged> changed(const OvsdbMessage& reply, std::size_t changes);

// The daemon stops all threads that forward by flows of before, and forgets these flows.
std::string flush_request(std::uint64_t id, int revalidators);
base::Result<std::int64_t> flushed(const OvsdbMessage& reply);  // next_cfg

}  // namespace drivers
