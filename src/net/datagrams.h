// Datagrams: a non-blocking UDP socket, each datagram with the time at which we saw it; what is sent may leave a fixed
// time later, so that a bench on one machine has distances. What cannot be sent is lost, as datagrams may be.
// Errors: kInvalidInput (the address cannot be bound). Threads: one at a time. Bounded: a full queue drops.
#pragma once

#include <deque>

#include "base/bytes.h"
#include "net/socket.h"

namespace net {

struct Datagram {
  Endpoint peer;
  base::Bytes bytes;
  Time at;  // seen, or to be sent
};

// Bound to an endpoint; port 0 lets the kernel choose (local_endpoint tells).
base::Result<Fd> bind_datagrams(const Endpoint& endpoint);

class Datagrams {
 public:
  static constexpr std::size_t kMaxWaiting = 4096;

  Datagrams(Fd socket, int one_way_delay_ms) : socket_(std::move(socket)), delay_(one_way_delay_ms) {}

  int fd() const { return socket_.get(); }
  void send(const Endpoint& to, base::Bytes bytes);
  void send_due();        // what has waited long enough
  Time next_due() const;  // Time::max() if nothing waits
  // What has arrived, at most kBatch of them; longer ones than max_bytes are not looked at.
  std::vector<Datagram> receive(std::size_t max_bytes);

 private:
  static constexpr std::size_t kBatch = 64;
  Fd socket_;
  std::chrono::milliseconds delay_;
  std::deque<Datagram> waiting_;
};

}  // namespace net
