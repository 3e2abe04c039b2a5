#include "tarn/delivery_thread.h"

#include <algorithm>
#include <chrono>

namespace tarn {

using std::chrono::milliseconds;

void DeliveryThread::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void DeliveryThread::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void DeliveryThread::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void DeliveryThread::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::int64_t wait_ms = deliveries_.run_once();
    std::unique_lock lock(mutex_);
    ++rounds_;
    changed_.notify_all();
    changed_.wait_for(lock, stop, milliseconds(wait_ms), [&] { return woken_; });
    woken_ = false;
  }
}

pool::DeliveryDesk::Answer DeliveryThread::ask(const inventory::Id& lease, bool with_access, int wait_ms) {
  const std::int64_t until = clock_.steady_ms() + wait_ms;
  std::unique_lock lock(mutex_);
  const bool patient = waiting_ < kMaxWaiting;
  ++waiting_;
  for (;;) {
    const std::uint64_t seen = rounds_;
    lock.unlock();
    Answer out = pool::answer_now(deliveries_, lease, with_access);
    lock.lock();
    const std::int64_t left = until - clock_.steady_ms();
    if (!out.later || !patient || left <= 0) {
      --waiting_;
      return out;
    }
    changed_.wait_for(lock, milliseconds(std::min<std::int64_t>(left, 100)), [&] { return rounds_ != seen; });
  }
}

}  // namespace tarn
