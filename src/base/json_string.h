// A string as JSON writes it (RFC 8259), quotes and all, in printable ASCII alone: whatever a stranger put into `text`,
// it stays one string on one line and does nothing to a terminal. Everything else is escaped; what is not UTF-8 becomes
// U+FFFD, byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace base {
std::string json_string(std::string_view text);
}  // namespace base
