// How every command speaks: stdout is the result, as text or as JSON; stderr is progress and errors. One place maps
// errors to exit codes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tarn {

enum ExitCode : int {
  kExitDone = 0,
  kExitBug = 1,
  kExitRefused = 2,
  kExitNoWinner = 3,
  kExitUnreachable = 4,
  kExitPeerMisbehaved = 5,
  kExitSomebodyMisbehaved = 6,
  kExitDeadline = 7,
  kExitStorage = 8,
  kExitDiffers = 9,  // demo, bench: the secure result is not the plain one
  kExitNotFound = 10,
  kExitConflict = 11,
  kExitForbidden = 12,
  kExitCancelled = 130,
};
extern const char* const kExitCodesHelp;

void use_json(bool json);
bool json_wanted();

std::string_view code_name(base::Code code);
int exit_code(base::Code code);
// Says what went wrong (stderr; with JSON also an error object on stdout) and gives the exit code.
// `party` names the party of the error, if it has one.
int report(const base::Error& error, const std::string& party = "");

void progress(const std::string& line);  // to stderr
// An error at an address, which some errors name already.
std::string located(const std::string& address, const std::string& message);

// A text of somebody else's, fit for a terminal: one line, no control characters.
std::string one_line(std::string_view text);

// Columns aligned by display width; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);
std::string fixed(double value, int digits);

}  // namespace tarn
