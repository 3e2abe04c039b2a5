// The one function between the program and libtarn_ipmi.so. Its name has the interface's version: raise it when
// isolation/bmc.h changes, so that a program never runs with a module of another build.
#pragma once

#include "isolation/bmc.h"

namespace drivers {

inline constexpr char kIpmiModuleFile[] = "libtarn_ipmi.so";
inline constexpr char kIpmiModuleSymbol[] = "tarn_ipmi_open_3";
using IpmiModuleOpen = isolation::Bmc* (*)(isolation::BmcTarget&& target);

}  // namespace drivers
