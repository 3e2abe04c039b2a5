// What the lab needs of the system: programs that are run to their end, programs that stay when we are gone, and network
// namespaces by name. Errors: kStorage, with the program's own last words; kCancelled, kDeadline.
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace tarn::lab {

struct Command {
  std::vector<std::string> arguments;
  std::string input;                               // its standard input
  std::string netns;                               // to run in; empty: ours
  std::map<std::string, std::string> environment;  // added to ours
  bool to_the_end = false;                         // Ctrl-C does not end it
};
// Waits for it; what it printed.
base::Result<std::string> run(const Command& command, int timeout_ms = 30'000);

// In a session of its own, with its number in `pid_file` before it begins and its output in `log`; it outlives us.
base::Status start(const Command& command, const std::string& pid_file, const std::string& log);

// Processes that a lab may end: those whose number is in a *.pid file below its directory and whose command line names
// that directory (numbers are used again), and those in its namespaces. Asked first, then killed.
void end_processes(const std::string& directory, const std::vector<std::string>& namespaces);

std::vector<std::string> namespaces_with(const std::string& prefix);
// `body` within the namespace, on this thread. For system calls that are done in no time.
base::Status within(const std::string& netns, const std::function<base::Status()>& body);

bool has_program(const std::string& name);  // on the PATH, or where the system's programs are
base::Status write_file(const std::string& path, const std::string& text, unsigned mode);

}  // namespace tarn::lab
