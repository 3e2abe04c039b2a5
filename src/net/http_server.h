// HttpServer: HTTP/1.1 for people and monitors of one's own: GET and HEAD, small pages made in memory. No TLS and no
// login, so it belongs on a loopback address or behind a proxy.
// Everything is limited: connections (further ones are closed at once), size of a request's head (431), time for a
// request, an answer, or idling (closed). Requests with a body, and other methods, are refused.
// Boost.Beast parses; its headers, which take 15 s to compile, stay in http_server.cc.
// Threads: open() anywhere, then run() once, on a thread of its own, which calls the handler; stop from any thread.
// Errors: kInvalidInput, if the socket cannot listen.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "net/socket.h"

namespace net {

struct HttpRequest {
  std::string path;  // as sent, up to the question mark
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpLimits {
  std::size_t connections = 64;
  std::size_t head_bytes = 8192;
  int timeout_ms = 10'000;
};

class HttpServer {
 public:
  static base::Result<HttpServer> open(Fd bound, HttpHandler handler, HttpLimits limits = {});
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  void run(const std::stop_token& stop);  // until stop is requested; then all connections are closed

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
