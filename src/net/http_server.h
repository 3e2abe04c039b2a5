// HttpServer: HTTP/1.1, with TLS 1.3 or without. As HttpLimits come it serves people and monitors of one's own: GET and
// HEAD, small pages made in memory, on a loopback address or behind a proxy. With more of them set it carries a service:
// requests with bodies, a pool of threads for the handler, answers that go on for as long as somebody listens.
// Everything is limited: connections, in all and a peer's (further ones are closed at once); a request's head (431) and
// body (413); what waits for a thread (503 with Retry-After); streams (503); and the time for shaking hands, a head, a
// body, an answer and idling (closed). Bytes of a connection are read only when they can be used.
// All sockets and TLS are served by the one thread that calls run(); nobody who is slow there holds up anybody else.
// Boost.Beast parses, but only http_server.cc knows, because its headers take 15 s to compile.
// Threads: open() anywhere, then run() once, on a thread of its own; stop from any thread. The handler is called on the
// run() thread, or, with HttpLimits::threads, on several at once; a stream has a thread for itself.
// Stop: no further requests; those that are being answered are, if that takes no longer than a second; streams end. run()
// returns when the handler, too, is back.
// Errors: kInvalidInput, if the socket cannot listen.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/server_tls.h"
#include "net/socket.h"

namespace net {

struct HttpRequest {
  std::string path;   // as sent, up to the question mark
  std::string query;  // behind it
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer;  // the address that it came from, without a port
  // The Ed25519 key that the client proved to hold, where the server asks for one (ServerTls) and it showed one.
  std::optional<std::array<std::uint8_t, 32>> client_key = {};

  const std::string* header(std::string_view name) const;  // the first of that name, in any case; none: nullptr
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  // Instead of a body: called on a thread of its own, again and again, for what comes next; an empty text is nothing yet,
  // none is the end. It waits a second at most. It is not called any more once the client has left, also only half.
  std::function<std::optional<std::string>()> next = {};
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpLimits {
  std::size_t connections = 64;
  std::size_t connections_a_peer = 64;  // one address's
  std::size_t head_bytes = 8192;
  std::size_t body_bytes = 0;  // 0: GET and HEAD only; else PUT, POST, PATCH and DELETE, too
  std::size_t threads = 0;     // for the handler; 0: the one of run()
  std::size_t queue = 64;      // requests that wait for one of them
  std::size_t streams = 0;     // at once
  int head_ms = 10'000;        // for a request's head; for shaking hands
  int body_ms = 10'000;
  int answer_ms = 10'000;  // for taking an answer, or one piece of a stream
  int idle_ms = 10'000;    // between requests
};

class HttpServer {
 public:
  static base::Result<HttpServer> open(Fd bound, HttpHandler handler, HttpLimits limits = {});
  static base::Result<HttpServer> open(Fd bound, HttpHandler handler, HttpLimits limits, ServerTls tls);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  void run(const std::stop_token& stop);  // until stop is requested; as said above

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
