// The client commands of the market, as one table (client_commands.h). What signs, verifies or watches is a command of its
// own (market_options.h); lots whose units an inventory has are in lot.cc.
// Threads: any.
#pragma once

#include <span>

#include "tarn/client_commands.h"

namespace tarn {

std::span<const ClientCommand> market_commands();
std::span<const ClientGroup> market_groups();

int run_lot_create(const ClientCall& call);
int run_lot_withdraw(const ClientCall& call);

}  // namespace tarn
