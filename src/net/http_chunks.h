// What the server's and the client's parser must know of chunks (RFC 9112, section 7.1). Threads: any.
#pragma once

#include <cstddef>

namespace net {

// "0", CRLF, CRLF. When a parser of Beast 1.74 goes on amid the head of the last chunk, it asserts that it sees no less.
inline constexpr std::size_t kShortestLastChunk = 5;

}  // namespace net
