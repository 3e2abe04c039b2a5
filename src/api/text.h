// Small texts of HTTP: percent-encoding (RFC 3986), queries, times (RFC 3339, UTC, milliseconds).
// Errors: nothing, where the text is not of that kind. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

// A path's segments, decoded: "/v1/a%20b" → v1, "a b". Nothing: it does not open with '/', has an escape that is none, a
// NUL, an empty segment, or more than kMaxSegments of at most kMaxSegment bytes.
inline constexpr std::size_t kMaxSegments = 12, kMaxSegment = 256;
std::optional<std::vector<std::string>> path_segments(std::string_view path);

// "a=1&b=x%20y"; '+' is a space. At most kMaxParameters.
inline constexpr std::size_t kMaxParameters = 32;
using Parameters = std::vector<std::pair<std::string, std::string>>;
std::optional<Parameters> query_parameters(std::string_view query);

std::string percent_encoded(std::string_view text);  // all but unreserved characters

std::string rfc3339(std::int64_t unix_ms);  // "2026-11-27T06:44:25.120Z"
// Any offset; the fraction is cut to milliseconds. Years 1970–9999.
std::optional<std::int64_t> from_rfc3339(std::string_view text);

bool same_word(std::string_view a, std::string_view b);  // in any case; ASCII

// Decimal digits alone, without a sign; at most 18 of them.
std::optional<std::int64_t> from_digits(std::string_view text);

}  // namespace api
