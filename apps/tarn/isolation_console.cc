#include "tarn/isolation_console.h"

#include <chrono>
#include <utility>

namespace tarn {

ConsoleStream::ConsoleStream(Watch watch)
    : thread_([this, watch = std::move(watch)](const std::stop_token& stop) {
        const base::Status ended = watch([&](std::string_view data) {
          take(data);
          return !stop.stop_requested();
        });
        const std::lock_guard lock(mutex_);
        if (!ended.ok()) buffer_ += "\r\n[" + ended.error().message + "]\r\n";
        over_ = true;
        came_.notify_all();
      }) {}

void ConsoleStream::take(std::string_view data) {
  const std::lock_guard lock(mutex_);
  buffer_ += data;
  if (buffer_.size() > kBuffer) buffer_.erase(0, buffer_.size() - kBuffer);
  if (!data.empty()) came_.notify_all();
}

std::optional<std::string> ConsoleStream::next() {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, std::chrono::milliseconds(kWaitMs), [&] { return over_ || !buffer_.empty(); });
  if (over_ && buffer_.empty()) return std::nullopt;
  return std::exchange(buffer_, {});
}

}  // namespace tarn
