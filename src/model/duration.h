// Durations as people write them: a whole number and its unit, "500ms", "30s", "90m", "4h", "1d".
// Errors: kInvalidInput with what to write. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace model {

base::Result<std::int64_t> parse_duration_ms(std::string_view text, std::int64_t max_ms);  // 1 … max_ms
std::string duration_text(std::int64_t duration_ms);  // not negative; in the largest unit that says it exactly

}  // namespace model
