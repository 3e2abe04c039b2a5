// A client of the HTTP server that says and hears bytes, for tests. Only tests include this.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "net/loopback.h"

namespace net {

class HttpPeer {
 public:
  explicit HttpPeer(const Endpoint& server) : socket_(dial(server)) {}
  void send(std::string_view text) {
    for (std::size_t sent = 0; sent < text.size() && wait_fd(socket_.get(), POLLOUT);) {
      const auto n = ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n < 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }
  // Up to and with `end`, or until the server closes.
  std::string read_to(std::string_view end) {
    while (received_.find(end) == std::string::npos && more()) {
    }
    const std::size_t at = received_.find(end);
    const std::size_t size = at == std::string::npos ? received_.size() : at + end.size();
    std::string out = received_.substr(0, size);
    received_.erase(0, size);
    return out;
  }
  std::string read_all() {
    while (more()) {
    }
    return std::exchange(received_, {});
  }
  int fd() const { return socket_.get(); }
  void finish() { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  bool more() {
    char chunk[4096];
    if (!wait_fd(socket_.get(), POLLIN)) return false;
    const auto n = ::read(socket_.get(), chunk, sizeof chunk);
    if (n <= 0) return false;
    received_.append(chunk, static_cast<std::size_t>(n));
    return true;
  }
  Fd socket_;
  std::string received_;
};

}  // namespace net
