// The HTTP server, asked over loopback with whatever the fuzzer sends. It answers in whole responses or closes; a page
// is given only for what asks for one, with at most one answer a request; and it is there for the next client.
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "fuzz/input.h"
#include "net/http_server.h"

namespace {

constexpr std::string_view kPage = "a page";

net::Endpoint start_server() {
  auto bound = net::bind_at(net::resolve({"127.0.0.1", 0})->front());
  CHECK(bound.ok());
  const net::Endpoint at = *net::local_endpoint(*bound);
  auto server = net::HttpServer::open(
      std::move(*bound),
      [](const net::HttpRequest& request) {
        CHECK(!request.path.empty() && request.path.front() == '/' && request.path.find('?') == std::string::npos);
        return net::HttpResponse{200, "text/plain", std::string(kPage)};
      },
      {.connections = 4, .head_bytes = 512, .timeout_ms = 5'000});
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

std::string ask(const net::Endpoint& server, base::ByteView request) {
  const WithoutAlarm undisturbed;
  const net::Fd client(::socket(server.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(::connect(client.get(), reinterpret_cast<const sockaddr*>(&server.storage), server.size) == 0);
  (void)::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const net::Endpoint server = start_server();
  const std::string_view request = fuzz::text({data, size});
  const std::string answer = ask(server, {data, size});
  if (!answer.empty()) {
    CHECK(answer.starts_with("HTTP/1.1 "));
    CHECK(occurrences(answer, "HTTP/1.1 200 ") <= occurrences(request, "GET ") + occurrences(request, "HEAD "));
    CHECK(occurrences(answer, kPage) <= occurrences(request, "GET "));
    CHECK(answer.ends_with("\r\n\r\n") || answer.ends_with(kPage) || answer.ends_with("\n"));
  }
  const std::string next = ask(server, base::view("GET / HTTP/1.0\r\n\r\n"));
  CHECK(next.starts_with("HTTP/1.1 200 ") && next.ends_with(kPage));
  return 0;
}
