// The command line of tables of client commands (client_commands.h). Only the files that make the command line include it
// (leaf.h says why).
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <string_view>

#include "tarn/client_commands.h"

namespace tarn {

// How to reach a service, and who one is there.
void add_connection(CLI::App* command, ServiceHome& home);

// Of the words between the first and the last of a command: "bmc" → what it is about.
using GroupHelp = const char* (*)(std::string_view word);
// The command of these words below `app`; those in between are made.
CLI::App* place_of(CLI::App& app, std::string_view words, const char* help, GroupHelp group_help);
// The parser points into what is added to `calls`.
void add_client_command(CLI::App& app, const ClientCommand& command, const char* service, GroupHelp group_help,
                        std::deque<ClientCall>& calls, int& exit_code);

}  // namespace tarn
