#include "net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace net {

namespace {

constexpr int kBacklog = 64;
constexpr std::chrono::milliseconds kSlice{100};

void set(const Fd& socket, int level, int option, int value) {
  // Best effort: none of these decides correctness.
  (void)setsockopt(socket.get(), level, option, &value, sizeof value);
}

base::Error failed(base::Code code, const std::string& what) { return {code, what + ": " + system_error(errno)}; }

}  // namespace

void Fd::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

std::string system_error(int number) { return std::generic_category().message(number); }

base::Result<Fd> bind_at(const Endpoint& endpoint) {
  Fd socket(::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return failed(base::Code::kInvalidInput, "cannot make a socket");
  set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.size) != 0) {
    return failed(base::Code::kInvalidInput, "cannot listen at " + endpoint.text());
  }
  return socket;
}

base::Result<Fd> bind_at(const Address& address) {
  TARN_ASSIGN(const auto endpoints, resolve(address));
  base::Error failure{base::Code::kInvalidInput, "cannot listen"};
  for (const Endpoint& endpoint : endpoints) {
    auto bound = bind_at(endpoint);
    if (bound.ok()) return bound;
    failure = bound.error();
  }
  return failure;
}

base::Status start_listening(const Fd& socket) {
  const int flags = fcntl(socket.get(), F_GETFL);  // a socket handed to us may block
  if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return base::Error{base::Code::kInvalidInput, "the listening socket: " + system_error(errno)};
  if (listen(socket.get(), kBacklog) != 0) return failed(base::Code::kInvalidInput, "cannot listen");
  return {};
}

base::Result<Endpoint> local_endpoint(const Fd& socket) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size) != 0) {
    return failed(base::Code::kInvalidInput, "cannot tell the socket's address");
  }
  return endpoint;
}

Fd accept_one(const Fd& listener, Endpoint& from, int& failure) {
  from.size = sizeof from.storage;
  Fd socket(
      accept4(listener.get(), reinterpret_cast<sockaddr*>(&from.storage), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  failure = socket.valid() ? 0 : errno;
  return socket;
}

base::Result<Fd> begin_dial(const Endpoint& endpoint) {
  Fd socket(::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return failed(base::Code::kUnreachable, "cannot make a socket");
  const int outcome = connect(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.size);
  if (outcome != 0 && errno != EINPROGRESS) {
    return failed(base::Code::kUnreachable, "cannot connect to " + endpoint.text());
  }
  return socket;
}

int dial_outcome(const Fd& socket) {
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) return errno;
  return outcome;
}

bool wait_for(pollfd* watched, std::size_t count, Time until, bool often) {
  auto rest = until - std::chrono::steady_clock::now();
  if (often) rest = std::min<decltype(rest)>(rest, kSlice);
  rest = std::max<decltype(rest)>(rest, rest.zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest);
  const timespec time{static_cast<time_t>(seconds.count()),
                      static_cast<long>(std::chrono::duration_cast<std::chrono::nanoseconds>(rest - seconds).count())};
  return ppoll(watched, count, &time, nullptr) > 0;
}

void tune(const Fd& socket) {
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace net
