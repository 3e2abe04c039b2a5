// JsonRpcDecoder: cuts a stream of JSON-RPC 1.0 messages, which are JSON objects one after the other and nothing between
// them but blanks, into messages, however the bytes were cut on their way. It looks at brackets and strings alone: whether
// a message is JSON, its reader finds out (ovsdb_messages.h).
// Limits: a message has at most kMaxMessage bytes and kMaxDepth brackets open, and no more than two of the longest wait to
// be taken. Errors: kUnreachable, and every later call says the same: whoever sends this is no such server.
// Threads: one. Source: RFC 7047, section 4; JSON-RPC 1.0.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace drivers {

class JsonRpcDecoder {
 public:
  static constexpr std::size_t kMaxMessage = std::size_t{16} << 20, kMaxDepth = 64;

  explicit JsonRpcDecoder(std::size_t max_message = kMaxMessage) : max_message_(max_message) {}

  base::Status feed(std::string_view bytes);
  std::optional<std::string> next();

 private:
  bool take(char c);
  bool fail(const char* why);

  std::size_t max_message_, waiting_ = 0, depth_ = 0;
  bool in_string_ = false, escaped_ = false;
  std::string message_;
  std::deque<std::string> ready_;
  std::string why_;  // it failed
};

}  // namespace drivers
