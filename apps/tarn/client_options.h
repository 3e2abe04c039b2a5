// The command line of tables of client commands (client_commands.h). Only the files that make the command line include it
// (leaf.h says why).
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <span>
#include <string_view>

#include "tarn/client_commands.h"

namespace tarn {

// How to reach a service, and who one is there.
void add_connection(CLI::App* command, ServiceHome& home);

// Of the words between the first and the last of a command: "bmc" → what it is about.
using GroupHelp = const char* (*)(std::string_view word);
// The command of these words below `app`; those in between are made.
CLI::App* place_of(CLI::App& app, std::string_view words, const char* help, GroupHelp group_help);
// The help of the group that is named so; "" if there is none.
const char* help_of(std::span<const ClientGroup> groups, std::string_view name);

// `chosen`: the first word of the command line. The commands of a group that was not chosen are left out: making them
// would cost every start of the program milliseconds. "completion" has them all.
bool is_wanted(std::string_view group, std::string_view chosen);
void add_client_groups(CLI::App& app, std::span<const ClientGroup> groups, const char* title, std::string_view chosen);
// Those that are wanted. The parser points into what is added to `calls`.
void add_client_commands(CLI::App& app, std::span<const ClientCommand> commands, const char* service,
                         GroupHelp group_help, std::string_view chosen, std::deque<ClientCall>& calls, int& exit_code);

}  // namespace tarn
