// The one function between the program and libtarn_dht.so. Its name has the interface's version: raise it when
// dht_node.h changes, so that a program never runs with a module of another build.
#pragma once

#include <string>

#include "drivers/dht/dht_node.h"

namespace drivers {

inline constexpr char kDhtModuleFile[] = "libtarn_dht.so";
inline constexpr char kDhtModuleSymbol[] = "tarn_dht_open_1";
using DhtModuleOpen = DhtNode* (*)(const DhtOptions& options, std::string& why);  // null, and why

}  // namespace drivers
