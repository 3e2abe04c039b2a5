#include "net/datagrams.h"

#include <cerrno>

namespace net {

namespace {

void send_now(const Fd& socket, const Datagram& datagram) {
  ssize_t sent = 0;
  do {
    sent = sendto(socket.get(), datagram.bytes.data(), datagram.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                  reinterpret_cast<const sockaddr*>(&datagram.peer.storage), datagram.peer.size);
  } while (sent < 0 && errno == EINTR);
}

}  // namespace

base::Result<Fd> bind_datagrams(const Endpoint& endpoint) {
  Fd socket(::socket(endpoint.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid() || bind(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.size) != 0) {
    return base::Error{base::Code::kInvalidInput, "cannot bind UDP " + endpoint.text() + ": " + system_error(errno)};
  }
  return socket;
}

void Datagrams::send(const Endpoint& to, base::Bytes bytes) {
  if (waiting_.size() >= kMaxWaiting) return;
  waiting_.push_back({to, std::move(bytes), std::chrono::steady_clock::now() + delay_});
  send_due();
}

void Datagrams::send_due() {
  const Time now = std::chrono::steady_clock::now();
  for (; !waiting_.empty() && waiting_.front().at <= now; waiting_.pop_front()) send_now(socket_, waiting_.front());
}

Time Datagrams::next_due() const { return waiting_.empty() ? Time::max() : waiting_.front().at; }

std::vector<Datagram> Datagrams::receive(std::size_t max_bytes) {
  std::vector<Datagram> received;
  base::Bytes buffer(max_bytes + 1);
  for (std::size_t tries = 0; tries < kBatch; ++tries) {
    Endpoint from;
    from.size = sizeof from.storage;
    const ssize_t size = recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&from.storage), &from.size);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (size < 0 || static_cast<std::size_t>(size) > max_bytes) continue;
    received.push_back({from, {buffer.begin(), buffer.begin() + size}, std::chrono::steady_clock::now()});
  }
  return received;
}

}  // namespace net
