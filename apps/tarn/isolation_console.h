// ConsoleStream: a server's serial console as an HTTP answer takes it: piece by piece, asked for. A thread of its own
// watches the hub, into a buffer of kBuffer bytes at most; who does not fetch it loses the oldest.
// Threads: next() from one; the stream ends its thread when it goes, within about a second.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace tarn {

class ConsoleStream {
 public:
  static constexpr std::size_t kBuffer = 64 * 1024;
  static constexpr int kWaitMs = 900;
  // Watches until it breaks or what it is given returns false, which it calls about once a second at least.
  using Watch = std::function<base::Status(const std::function<bool(std::string_view)>& on_data)>;

  explicit ConsoleStream(Watch watch);
  ConsoleStream(const ConsoleStream&) = delete;
  ConsoleStream& operator=(const ConsoleStream&) = delete;

  std::optional<std::string> next();  // what came; empty: nothing yet; none: it is over

 private:
  void take(std::string_view data);

  std::mutex mutex_;
  std::condition_variable came_;
  std::string buffer_;
  bool over_ = false;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace tarn
