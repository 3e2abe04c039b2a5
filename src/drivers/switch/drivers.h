// The switch drivers that there are: "ovsdb", Open vSwitch (ovsdb_switch.h). open() only reads the settings.
// Threads: any.
#pragma once

#include <memory>

#include "isolation/switch.h"

namespace drivers {
std::unique_ptr<isolation::SwitchDrivers> make_switch_drivers();
}  // namespace drivers
