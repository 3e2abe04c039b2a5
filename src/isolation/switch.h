// Switch: what the engine needs of a switch driver: bring ports to states, and tell in which they are.
// apply() returns when the switch forwards by the new states, not when it has noted them: what it confirms may be relied
// on for isolation. It is idempotent, and takes many ports as one change. A port in PortState{} passes nothing, not even
// to another such port. Ports of the switch that are not named are not touched.
// Errors: kUnreachable, kDeadline, kStorage are about the switch: nothing is known about any port. What is wrong with one
// port (no such port, a state it cannot have) is that port's own Status.
// Threads: one caller at a time. Implementations: drivers/switch/; tests/support/memory_switch.h.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "isolation/types.h"

namespace isolation {

struct PortSetting {
  std::string port;
  PortState state;
};

class Switch {
 public:
  virtual ~Switch() = default;
  virtual base::Result<std::vector<base::Status>> apply(std::span<const PortSetting> settings, int timeout_ms) = 0;
  // In the order asked for; none: there is no such port.
  virtual base::Result<std::vector<std::optional<PortState>>> read(std::span<const std::string> ports,
                                                                   int timeout_ms) = 0;
};

// Makes the driver for a switch as it is registered; connects when it is used first. kInvalidInput: unknown type, or
// settings that are not that driver's.
class SwitchDrivers {
 public:
  virtual ~SwitchDrivers() = default;
  virtual base::Result<std::unique_ptr<Switch>> open(const SwitchRecord& record) = 0;
};

}  // namespace isolation
