#include "drivers/switch/ovsdb_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;

Error broken(int number) { return {Code::kUnreachable, std::error_code(number, std::generic_category()).message()}; }

bool later(int number) { return number == EAGAIN || number == EWOULDBLOCK || number == EINTR; }

}  // namespace

Result<std::unique_ptr<OvsdbConnection>> OvsdbConnection::open(const OvsdbSettings& settings, Until until) {
  const int socket = ::socket(settings.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return broken(errno);
  std::unique_ptr<OvsdbConnection> connection(new OvsdbConnection(socket));
  TARN_TRY(connection->connect(settings, until));
  return connection;
}

OvsdbConnection::~OvsdbConnection() { ::close(socket_); }

Status OvsdbConnection::connect(const OvsdbSettings& settings, Until until) {
  const int yes = 1;
  if (settings.address.ss_family != AF_UNIX) (void)::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&settings.address), settings.address_size) == 0) return {};
  if (errno != EINPROGRESS) return broken(errno);
  short ready = 0;
  TARN_TRY(wait(POLLOUT, ready, until));
  int failure = 0;
  socklen_t size = sizeof failure;
  if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
  if (failure != 0) return broken(failure);
  return {};
}

Status OvsdbConnection::wait(short events, short& ready, Until until) const {
  for (;;) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd watched{socket_, events, 0};
    const int timeout = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(rest, 0, 60'000));
    const int count = ::poll(&watched, 1, timeout);
    if (count > 0) {
      ready = watched.revents;
      return {};
    }
    if (count < 0 && errno != EINTR) return broken(errno);
    if (rest <= 0) return Error{Code::kDeadline, "no answer in time"};
  }
}

Status OvsdbConnection::read_some() {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got > 0) return decoder_.feed({buffer.data(), static_cast<std::size_t>(got)});
  if (got == 0) return Error{Code::kUnreachable, "the server closed the connection"};
  if (later(errno)) return {};
  return broken(errno);
}

Status OvsdbConnection::send(std::string_view message, Until until) {
  while (!message.empty()) {
    const ssize_t sent = ::send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      message.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (!later(errno)) return broken(errno);
    short ready = 0;
    TARN_TRY(wait(POLLIN | POLLOUT, ready, until));
    if ((ready & ~POLLOUT) != 0) TARN_TRY(read_some());
  }
  return {};
}

Result<std::string> OvsdbConnection::receive(Until until) {
  for (;;) {
    if (auto message = decoder_.next()) return std::move(*message);
    short ready = 0;
    TARN_TRY(wait(POLLIN, ready, until));
    TARN_TRY(read_some());
    // One that never stops sending half a message is no way around the deadline.
    if (std::chrono::steady_clock::now() >= until) return Error{Code::kDeadline, "no answer in time"};
  }
}

Result<std::optional<std::string>> OvsdbConnection::receive_now() {
  if (auto message = decoder_.next()) return message;
  pollfd watched{socket_, POLLIN, 0};
  if (::poll(&watched, 1, 0) > 0) TARN_TRY(read_some());
  return decoder_.next();
}

}  // namespace drivers
