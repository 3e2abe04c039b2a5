// The drivers of management controllers that there are: "ipmi", IPMI 2.0 over the network (ipmi.h). Its libraries
// (FreeIPMI, libgcrypt) are in a module, libtarn_ipmi.so, beside the executable or in ../lib/tarn/, which is loaded when
// the first controller is opened and stays. All watchers of one console share one session (console_hub.h).
// Threads: any.
#pragma once

#include <memory>

#include "isolation/bmc.h"

namespace drivers {
std::unique_ptr<isolation::BmcDrivers> make_bmc_drivers();
}  // namespace drivers
