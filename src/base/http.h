// HTTP as rooms and drivers see it: a request, an answer, and the client that takes the one and brings the other. The
// client knows to whom it speaks and as whom (net/http_client.h implements it over TLS); tests may put another behind it.
// An answer of any status is an answer. Errors: kUnreachable (no connection, or it broke: the server may have acted),
// kDeadline, kCancelled, kInvalidInput (what came is no HTTP, or longer than allowed, or the certificate is not right).
// Messages of errors name the host and the reason, never a header or a body.
// Threads: send() and stream() from any thread; a connection serves one call at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace base {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";                                       // path and query, escaped
  std::vector<std::pair<std::string, std::string>> headers = {};  // Host and Content-Length are the client's
  std::string body = {};
};

struct HttpReply {
  unsigned status = 0;
  std::optional<int> retry_after_s;  // the header, where the server sent one
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpReply> send(const HttpRequest& request, int timeout_ms) = 0;
  // The body as it comes, until it ends, `on_data` returns false, or nothing came for timeout_ms (kDeadline). If the
  // status is not 200, on_data is not called and the body is in the reply.
  virtual Result<HttpReply> stream(const HttpRequest& request, int timeout_ms,
                                   const std::function<bool(std::string_view)>& on_data) = 0;
};

}  // namespace base
