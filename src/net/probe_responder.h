// ProbeResponder: answers probes at a provider's port with a signature and where it believes to be. Signing costs CPU
// time for anybody's datagram, so answers are limited to so many a second in all (token bucket); what is above the limit
// is dropped in silence, as is everything that is no request.
// Threads: one runs it; set_coordinate() and the counters are for any.
#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

#include "net/datagrams.h"
#include "net/probe_message.h"

namespace net {

struct ProbeResponderOptions {
  int answers_per_s = 2000;
  int one_way_delay_ms = 0;  // answers leave so much later; for benches
};

class ProbeResponder {
 public:
  // `identity` outlives the responder; `socket` is of bind_datagrams().
  ProbeResponder(const crypto::Identity& identity, Fd socket, const ProbeResponderOptions& options);

  void set_coordinate(const discovery::Coordinate& coordinate);
  void run(const std::stop_token& stop);  // until asked to stop

  std::uint64_t answered() const { return answered_; }
  std::uint64_t dropped() const { return dropped_; }  // above the limit

 private:
  void answer_all();
  bool take_token(Time now);

  const crypto::Identity& identity_;
  const double rate_;  // a millisecond
  const double burst_;
  Datagrams datagrams_;
  double tokens_;
  Time counted_;  // when tokens_ was right
  std::mutex mutex_;
  discovery::Coordinate coordinate_;
  std::atomic<std::uint64_t> answered_ = 0, dropped_ = 0;
};

}  // namespace net
