#include "net/probe_responder.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace net {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongest = std::chrono::hours(1);  // between two looks at nothing

}  // namespace

ProbeResponder::ProbeResponder(const crypto::Identity& identity, Fd socket, const ProbeResponderOptions& options)
    : identity_(identity),
      rate_(options.answers_per_s / 1000.0),
      burst_(std::max(1.0, options.answers_per_s / 10.0)),
      datagrams_(std::move(socket), options.one_way_delay_ms),
      tokens_(burst_),
      counted_(Clock::now()) {}

void ProbeResponder::set_coordinate(const discovery::Coordinate& coordinate) {
  const std::lock_guard lock(mutex_);
  coordinate_ = coordinate;
}

bool ProbeResponder::take_token(Time now) {
  const double passed_ms = std::chrono::duration<double, std::milli>(now - counted_).count();
  counted_ = now;
  tokens_ = std::min(burst_, tokens_ + passed_ms * rate_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void ProbeResponder::answer_all() {
  for (const Datagram& datagram : datagrams_.receive(kProbeRequestSize)) {
    const auto nonce = decode_probe_request(datagram.bytes);
    if (!nonce) continue;
    if (!take_token(Clock::now())) {
      ++dropped_;
      continue;
    }
    std::unique_lock lock(mutex_);
    const discovery::Coordinate at = coordinate_;
    lock.unlock();
    ++answered_;  // before anybody can have the answer
    datagrams_.send(datagram.peer, ProbeReply::make(identity_, *nonce, at).encode());
  }
}

void ProbeResponder::run(const std::stop_token& stop) {
  const Fd woken(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  CHECK(woken.valid());
  const std::stop_callback wake(stop, [&] {
    const std::uint64_t one = 1;
    (void)!write(woken.get(), &one, sizeof one);
  });
  while (!stop.stop_requested()) {
    pollfd watched[] = {{datagrams_.fd(), POLLIN, 0}, {woken.get(), POLLIN, 0}};
    (void)wait_for(watched, 2, std::min(datagrams_.next_due(), Clock::now() + kLongest), false);
    answer_all();
    datagrams_.send_due();
  }
}

}  // namespace net
