// DelayedSocket: OpenDHT's UDP socket whose datagrams leave a fixed time after they were sent, in order, so that a bench
// on one machine has the distances of a continent. Only the module includes this.
// Threads: any; has one of its own. A full queue drops, as a network does.
#pragma once

#include <opendht/network_utils.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace drivers {

class DelayedSocket final : public dht::net::UdpSocket {
 public:
  DelayedSocket(const dht::SockAddr& bind4, const dht::SockAddr& bind6, std::chrono::milliseconds delay)
      : UdpSocket(bind4, bind6), delay_(delay), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  int sendTo(const dht::SockAddr& to, const std::uint8_t* data, std::size_t size, bool /*replied*/) override {
    const std::lock_guard hold(mutex_);
    if (waiting_.size() >= kMaxWaiting) return 0;
    waiting_.push_back({std::chrono::steady_clock::now() + delay_, to, {data, data + size}});
    news_.notify_one();
    return 0;
  }

 private:
  static constexpr std::size_t kMaxWaiting = 16 * 1024;

  struct Datagram {
    std::chrono::steady_clock::time_point due;
    dht::SockAddr to;
    dht::Blob data;
  };

  void run(const std::stop_token& stop) {
    std::unique_lock hold(mutex_);
    while (news_.wait(hold, stop, [this] { return !waiting_.empty(); })) {
      if (news_.wait_until(hold, stop, waiting_.front().due, [] { return false; }); stop.stop_requested()) return;
      const Datagram first = std::move(waiting_.front());
      waiting_.pop_front();
      hold.unlock();
      (void)UdpSocket::sendTo(first.to, first.data.data(), first.data.size(), false);
      hold.lock();
    }
  }

  const std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::condition_variable_any news_;
  std::deque<Datagram> waiting_;
  std::jthread thread_;  // last: the first to go
};

}  // namespace drivers
