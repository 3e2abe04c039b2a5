// The few socket calls of this room, non-blocking and close-on-exec, with a file descriptor that closes itself.
// Threads: an Fd belongs to one thread at a time; the functions keep no state.
#pragma once

#include <poll.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace net {

using Time = std::chrono::steady_clock::time_point;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : number_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = other.release();
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  void reset();
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }

 private:
  int number_ = -1;
};

std::string system_error(int number);  // strerror, safe with threads

// Bound, not yet listening: until start_listening() the kernel refuses connections, but the port is ours.
// Port 0 in the endpoint lets the kernel choose; local_endpoint() tells.
base::Result<Fd> bind_at(const Endpoint& endpoint);
base::Result<Fd> bind_at(const Address& address);  // at the first of its endpoints that can be had
base::Status start_listening(const Fd& socket);
base::Result<Endpoint> local_endpoint(const Fd& socket);

// An invalid Fd if nobody waits; `failure` is then errno (EAGAIN: just nobody).
Fd accept_one(const Fd& listener, Endpoint& from, int& failure);

// Begins to connect. Writable means decided: ask dial_outcome (0 or an errno).
base::Result<Fd> begin_dial(const Endpoint& endpoint);
int dial_outcome(const Fd& socket);

// poll(), interrupted at the latest every 100 ms if `often`; false if nothing happened.
bool wait_for(pollfd* watched, std::size_t count, Time until, bool often);

// No Nagle delay, and dead hosts are noticed within half a minute even on a silent link.
void tune(const Fd& socket);

}  // namespace net
