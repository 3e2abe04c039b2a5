// A password from whoever runs a command, never from its arguments, which other users of the machine see: out of a file,
// else asked for at the terminal without echo, else a line of stdin.
// Errors: kInvalidInput, without the text. The caller zeroes what it got. Threads: one.
#pragma once

#include <string>

#include "base/result.h"

namespace tarn {

// Without the line's end, and never empty.
base::Result<std::string> read_secret_file(const std::string& file);
// `twice`: a terminal is asked again, so that a slip in a new password locks nobody out.
base::Result<std::string> ask_secret(const std::string& what, bool twice);

}  // namespace tarn
