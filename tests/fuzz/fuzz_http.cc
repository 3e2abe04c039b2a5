// The HTTP server, small and as a service (bodies, threads), asked over loopback with whatever the fuzzer sends. It answers
// in whole responses or closes; a page is given only for what asks for one, with at most one answer a request; no body is
// longer than allowed; where the bytes are cut changes nothing; and it is there for the next client.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "fuzz/input.h"
#include "net/http_server.h"

namespace {

constexpr std::string_view kPage = "a page";

constexpr std::size_t kHead = 512, kBody = 256;

net::Endpoint start_server(const net::HttpLimits& limits) {
  auto bound = net::bind_at(net::resolve({"127.0.0.1", 0})->front());
  CHECK(bound.ok());
  const net::Endpoint at = *net::local_endpoint(*bound);
  auto server = net::HttpServer::open(
      std::move(*bound),
      [limits](const net::HttpRequest& request) {
        CHECK(!request.path.empty() && request.path.front() == '/' && request.path.find('?') == std::string::npos);
        CHECK(request.body.size() <= limits.body_bytes && request.peer == "127.0.0.1");
        return net::HttpResponse{200, "text/plain", std::string(kPage)};
      },
      limits);
  CHECK(server.ok());
  std::thread([own = std::move(*server)]() mutable { own.run({}); }).detach();  // until the process ends
  return at;
}

// The fuzzer's own alarm would cut short whatever waits for the server.
class WithoutAlarm {
 public:
  WithoutAlarm() {
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    CHECK(::pthread_sigmask(SIG_BLOCK, &alarm, &before_) == 0);
  }
  ~WithoutAlarm() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WithoutAlarm(const WithoutAlarm&) = delete;
  WithoutAlarm& operator=(const WithoutAlarm&) = delete;

 private:
  sigset_t before_{};
};

// The request goes out in two pieces, the second from `cut` on.
std::string ask(const net::Endpoint& server, base::ByteView request, std::size_t cut = 0) {
  const WithoutAlarm undisturbed;
  const net::Fd client(::socket(server.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(::connect(client.get(), reinterpret_cast<const sockaddr*>(&server.storage), server.size) == 0);
  const int now = 1;
  (void)::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
  (void)::send(client.get(), request.data(), cut, MSG_NOSIGNAL);
  if (cut > 0) std::this_thread::yield();
  (void)::send(client.get(), request.data() + cut, request.size() - cut, MSG_NOSIGNAL);
  (void)::shutdown(client.get(), SHUT_WR);
  std::string answer;
  char chunk[4096];
  for (ssize_t size = 0; (size = ::read(client.get(), chunk, sizeof chunk)) > 0;)
    answer.append(chunk, static_cast<std::size_t>(size));
  return answer;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

void check(const std::string& answer, std::size_t most_answers, std::size_t most_pages) {
  if (answer.empty()) return;
  CHECK(answer.starts_with("HTTP/1.1 "));
  CHECK(occurrences(answer, "HTTP/1.1 200 ") <= most_answers);
  CHECK(occurrences(answer, kPage) <= most_pages);
  CHECK(answer.ends_with("\r\n\r\n") || answer.ends_with(kPage) || answer.ends_with("\n"));
}

void check_next(const net::Endpoint& server) {
  const std::string next = ask(server, base::view("GET / HTTP/1.0\r\n\r\n"));
  CHECK(next.starts_with("HTTP/1.1 200 ") && next.ends_with(kPage));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const net::Endpoint small = start_server({.connections = 4, .head_bytes = kHead, .head_ms = 5'000});
  static const net::Endpoint service = start_server(
      {.connections = 4, .head_bytes = kHead, .body_bytes = kBody, .threads = 2, .head_ms = 5'000, .body_ms = 5'000});
  const base::ByteView bytes{data, size};
  const std::string_view request = fuzz::text(bytes);
  const std::size_t gets = occurrences(request, "GET "), heads = occurrences(request, "HEAD ");
  check(ask(small, bytes), gets + heads, gets);
  check_next(small);

  std::size_t others = 0;
  for (const std::string_view method : {"PUT ", "POST ", "PATCH ", "DELETE "}) others += occurrences(request, method);
  const std::string answer = ask(service, bytes);
  check(answer, gets + heads + others, gets + others);
  if (size <= kHead)
    CHECK(occurrences(ask(service, bytes, size / 2), "HTTP/1.1 200 ") == occurrences(answer, "HTTP/1.1 200 "));
  check_next(service);
  return 0;
}
