// Base64 (RFC 4648, section 4) as Kubernetes uses it in kubeconfigs and Secrets: padded; blanks and line breaks are
// skipped, anything else is refused, as are bits beyond the end. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drivers {

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace drivers
