// Base64 (RFC 4648, section 4): padded; blanks and line breaks are
// skipped, anything else is refused, as are bits beyond the end. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace base
