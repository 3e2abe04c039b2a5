// The head of an HTTP/1.1 answer as text, and what the server says by itself. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace net {

struct Framing {
  std::optional<std::size_t> length;  // of the body; none: chunked, or, for HTTP/1.0, to the end of the connection
  bool keep_alive = true;
  bool old = false;  // the client speaks HTTP/1.0
};

bool has_body(unsigned status);                // 1xx, 204 and 304 never have one
bool can_be_sent(const HttpResponse& answer);  // a status that exists, headers that end where they should
std::string head_of(const HttpResponse& answer, const Framing& framing);
std::string chunk_of(std::string_view part);  // not empty

HttpResponse refusal(unsigned status, std::string_view why);

}  // namespace net
