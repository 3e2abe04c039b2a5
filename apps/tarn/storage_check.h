// Whether a directory takes new bytes and keeps them: writes a small file there, durably, and removes it.
// Errors: kStorage, with the directory and the reason. Threads: one at a time for a directory.
#pragma once

#include <string>

#include "base/result.h"

namespace tarn {
base::Status check_writable(const std::string& directory);
}  // namespace tarn
