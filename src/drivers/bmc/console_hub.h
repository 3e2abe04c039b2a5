// ConsoleHub: one serial console, many watchers. A management controller gives its console to one session at a time, so
// the hub reads it once, in a thread of its own, and fans it out. Each watcher has a buffer; who is too slow loses the
// oldest and is told so in the stream, and never holds up anybody else. A newcomer first gets the last few lines that came
// while somebody watched.
// The first watcher starts the reading; when the last one leaves it ends, within about a second.
// end() is for a console that changes hands: nobody who watched before sees what comes after it, and nobody who comes
// after it sees what came before.
// Errors: what the source ends with, to each watcher; kDeadline.
// Threads: any number of watchers; on_data is called in the watcher's own. All have left before the hub goes.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace drivers {

class ConsoleHub {
 public:
  static constexpr std::size_t kHistory = 8192, kBuffer = 65536, kMaxWatchers = 32;  // bytes, bytes, of one console

  using OnData = std::function<bool(std::string_view)>;
  // Reads until it breaks or on_data returns false; calls it with nothing about once a second.
  using Source = std::function<base::Status(const OnData& on_data, int timeout_ms)>;

  ConsoleHub() = default;
  ConsoleHub(const ConsoleHub&) = delete;
  ConsoleHub& operator=(const ConsoleHub&) = delete;

  // Until on_data returns false or the console breaks. `key` says which console; `source` is used if nobody reads it yet.
  base::Status watch(const std::string& key, Source source, const OnData& on_data, int timeout_ms);
  // All who watch it are ended, and what was kept of it is gone when this returns; its session ends soon after.
  void end(const std::string& key);

 private:
  class Feed;
  struct Watcher;
  base::Result<std::shared_ptr<Feed>> join(const std::string& key, Source source, Watcher& watcher, int timeout_ms);
  void leave(const std::string& key, const std::shared_ptr<Feed>& feed, Watcher& watcher);

  std::mutex mutex_;
  std::condition_variable gone_;  // a feed
  std::map<std::string, std::shared_ptr<Feed>> feeds_;
};

}  // namespace drivers
