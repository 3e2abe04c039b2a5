#include "drivers/bmc/console_hub.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <optional>
#include <thread>
#include <utility>

namespace drivers {

using base::Code;
using base::Error;
using base::Result;
using base::Status;

struct ConsoleHub::Watcher {
  std::string waiting;
  bool lost = false;
};

// One console while somebody watches it: reads (kOpen), is told to end (kLeaving), has ended (kOver).
class ConsoleHub::Feed {
 public:
  enum class State { kOpen, kLeaving, kOver };

  ~Feed() { wait_for_the_end(); }

  void start(Source source, int timeout_ms) {
    reader_ = std::thread([this, source = std::move(source), timeout_ms] {
      const Status end = source([this](std::string_view data) { return take(data); }, timeout_ms);
      const std::lock_guard lock(mutex_);
      end_ = end;
      news_.notify_all();
    });
  }
  void wait_for_the_end() {
    if (reader_.joinable()) reader_.join();
  }
  State state() {
    const std::lock_guard lock(mutex_);
    return end_ ? State::kOver : left_ || closed_ ? State::kLeaving : State::kOpen;
  }

  // False: there are too many.
  bool join(Watcher& watcher) {
    const std::lock_guard lock(mutex_);
    if (watchers_.size() == kMaxWatchers) return false;
    watcher.waiting = history_;
    watchers_.push_back(&watcher);
    return true;
  }
  // True: nobody is left.
  bool leave(Watcher& watcher) {
    const std::lock_guard lock(mutex_);
    watchers_.remove(&watcher);
    left_ = watchers_.empty();
    return left_;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    history_.clear();
    for (Watcher* const watcher : watchers_) watcher->waiting.clear();
    news_.notify_all();
  }

  Status serve(Watcher& watcher, const OnData& on_data) {
    for (;;) {
      std::string data;
      std::optional<Status> end;
      {
        std::unique_lock lock(mutex_);
        news_.wait_for(lock, std::chrono::seconds(1),
                       [&] { return !watcher.waiting.empty() || end_.has_value() || closed_; });
        if (closed_) return {};
        data = std::exchange(watcher.waiting, {});
        if (std::exchange(watcher.lost, false)) data.insert(0, "\r\n[tarn: some output was lost here]\r\n");
        if (data.empty()) end = end_;
      }
      if (end) return *end;
      if (!on_data(data)) return {};
    }
  }

 private:
  bool take(std::string_view data) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    keep_last(history_, data, kHistory);
    for (Watcher* const watcher : watchers_)
      if (keep_last(watcher->waiting, data, kBuffer)) watcher->lost = true;
    if (!data.empty()) news_.notify_all();
    return !left_;
  }
  // Whether something had to go.
  static bool keep_last(std::string& text, std::string_view more, std::size_t limit) {
    text += more;
    if (text.size() <= limit) return false;
    text.erase(0, text.size() - limit);
    return true;
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::string history_;
  std::list<Watcher*> watchers_;
  bool left_ = false;    // by the last watcher
  bool closed_ = false;  // for all of them
  std::optional<Status> end_;
  std::thread reader_;
};

Status ConsoleHub::watch(const std::string& key, Source source, const OnData& on_data, int timeout_ms) {
  Watcher watcher;
  TARN_ASSIGN(const std::shared_ptr<Feed> feed, join(key, std::move(source), watcher, timeout_ms));
  const Status end = feed->serve(watcher, on_data);
  leave(key, feed, watcher);
  return end;
}

void ConsoleHub::end(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (const auto feed = feeds_.find(key); feed != feeds_.end()) feed->second->close();
}

Result<std::shared_ptr<ConsoleHub::Feed>> ConsoleHub::join(const std::string& key, Source source, Watcher& watcher,
                                                           int timeout_ms) {
  std::unique_lock lock(mutex_);
  // The controller gives its console to one session: the one before has to be closed.
  const bool free = gone_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    const auto feed = feeds_.find(key);
    return feed == feeds_.end() || feed->second->state() != Feed::State::kLeaving;
  });
  if (!free) return Error{Code::kDeadline, "the console is still being closed for somebody else"};
  std::shared_ptr<Feed>& place = feeds_[key];
  const bool fresh = place == nullptr || place->state() == Feed::State::kOver;
  if (fresh) place = std::make_shared<Feed>();
  if (!place->join(watcher)) return Error{Code::kConflict, "the console has as many watchers as it can have"};
  if (fresh) place->start(std::move(source), timeout_ms);
  return place;
}

void ConsoleHub::leave(const std::string& key, const std::shared_ptr<Feed>& feed, Watcher& watcher) {
  {
    const std::lock_guard lock(mutex_);  // so that nobody joins what is about to end
    if (!feed->leave(watcher)) return;
  }
  feed->wait_for_the_end();
  const std::lock_guard lock(mutex_);
  if (const auto place = feeds_.find(key); place != feeds_.end() && place->second == feed) feeds_.erase(place);
  gone_.notify_all();
}

}  // namespace drivers
