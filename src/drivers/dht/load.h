// Opens a node of the distributed hash table. The library behind it (OpenDHT, and GnuTLS with it) is loaded here and not
// with the program: that costs milliseconds of CPU time, which a process that only computes shall not pay. The module
// libtarn_dht.so lies beside the executable or in ../lib/tarn/, and stays loaded once it is.
// Errors: kInvalidInput (no module, an address that cannot be bound, an option that means nothing).
// Threads: any.
#pragma once

#include <memory>

#include "base/result.h"
#include "drivers/dht/dht_node.h"

namespace drivers {

base::Result<std::unique_ptr<DhtNode>> open_dht(const DhtOptions& options);

}  // namespace drivers
