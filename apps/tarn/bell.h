// A bell: rung by anybody, waited for by one thread. A ring before the wait counts. Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace tarn {

class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    is_rung_ = true;
    rung_.notify_all();
  }
  // Until rung, stopped, or for so long.
  void wait(const std::stop_token& stop, std::int64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    (void)rung_.wait_for(lock, stop, std::chrono::milliseconds(timeout_ms), [&] { return is_rung_; });
    is_rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any rung_;
  bool is_rung_ = false;
};

}  // namespace tarn
