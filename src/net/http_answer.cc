#include "net/http_answer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace net {
namespace {

struct Reason {
  unsigned status;
  std::string_view text;
};
constexpr auto kReasons = std::to_array<Reason>({
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Entity"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
});

std::string_view reason(unsigned status) {
  const auto* const found =
      std::find_if(kReasons.begin(), kReasons.end(), [status](const Reason& one) { return one.status == status; });
  return found == kReasons.end() ? std::string_view() : found->text;  // may be empty (RFC 9112, section 4)
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

void field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

const std::string* HttpRequest::header(std::string_view name) const {
  for (const auto& [its_name, value] : headers)
    if (same_name(its_name, name)) return &value;
  return nullptr;
}

bool has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

bool can_be_sent(const HttpResponse& answer) {
  return answer.status >= 200 && answer.status <= 599 && is_value(answer.content_type) &&
         std::all_of(answer.headers.begin(), answer.headers.end(),
                     [](const auto& one) { return is_name(one.first) && is_value(one.second); });
}

std::string head_of(const HttpResponse& answer, const Framing& framing) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  head.append(reason(answer.status)).append("\r\n");
  if (has_body(answer.status) && !answer.content_type.empty()) field(head, "Content-Type", answer.content_type);
  const bool cached = std::any_of(answer.headers.begin(), answer.headers.end(),
                                  [](const auto& one) { return same_name(one.first, "Cache-Control"); });
  if (!cached) field(head, "Cache-Control", "no-store");
  field(head, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.headers) field(head, name, value);
  if (!framing.keep_alive) field(head, "Connection", "close");
  if (framing.keep_alive && framing.old) field(head, "Connection", "keep-alive");
  if (framing.length && has_body(answer.status)) field(head, "Content-Length", std::to_string(*framing.length));
  if (!framing.length && !framing.old) field(head, "Transfer-Encoding", "chunked");
  head += "\r\n";
  return head;
}

std::string chunk_of(std::string_view part) {
  std::array<char, 2 * sizeof(std::size_t)> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), part.size(), 16).ptr;
  std::string chunk;
  chunk.reserve(part.size() + digits.size() + 4);
  chunk.append(digits.data(), end).append("\r\n").append(part).append("\r\n");
  return chunk;
}

HttpResponse refusal(unsigned status, std::string_view why) {
  return {.status = status, .content_type = "text/plain", .body = std::string(why) + "\n"};
}

}  // namespace net
