// The client commands of the isolation service, as one table (client_commands.h). What fits no table (import) is a command
// of its own.
// Threads: any.
#pragma once

#include <span>

#include "tarn/client_commands.h"

namespace tarn {

std::span<const ClientCommand> isolation_commands();
std::span<const ClientGroup> isolation_groups();

}  // namespace tarn
