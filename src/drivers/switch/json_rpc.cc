#include "drivers/switch/json_rpc.h"

#include <utility>

namespace drivers {

base::Status JsonRpcDecoder::feed(std::string_view bytes) {
  for (const char c : bytes)
    if (!why_.empty() || !take(c)) break;
  if (!why_.empty()) return base::Error{base::Code::kUnreachable, why_};
  return {};
}

std::optional<std::string> JsonRpcDecoder::next() {
  if (ready_.empty()) return std::nullopt;
  std::string message = std::move(ready_.front());
  ready_.pop_front();
  waiting_ -= message.size();
  return message;
}

bool JsonRpcDecoder::fail(const char* why) {
  why_ = why;
  message_.clear();
  message_.shrink_to_fit();
  return false;
}

bool JsonRpcDecoder::take(char c) {
  if (depth_ == 0) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return true;
    if (c != '{') return fail("what came is not JSON-RPC");
  }
  if (message_.size() == max_message_) return fail("a message is too long");
  message_ += c;
  if (in_string_) {
    in_string_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
  } else if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    if (++depth_ > kMaxDepth) return fail("a message is nested too deeply");
  } else if ((c == '}' || c == ']') && --depth_ == 0) {
    waiting_ += message_.size();
    if (waiting_ > 2 * max_message_) return fail("more messages came than anybody asked for");
    ready_.push_back(std::exchange(message_, {}));
  }
  return true;
}

}  // namespace drivers
