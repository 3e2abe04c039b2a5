// Workers: threads for lines that came in at a door, as many as there are lines and never more than a limit.
// Threads: start() from one thread, the others from any.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace tarn {

class Workers {
 public:
  explicit Workers(std::size_t most) : most_(most) {}
  ~Workers() { join(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False if all are busy: nothing was started.
  bool start(std::function<void()> work) {
    reap();
    const std::lock_guard lock(mutex_);
    if (threads_.size() >= most_) return false;
    Entry& entry = threads_.emplace_back();
    entry.thread = std::thread([this, &entry, work = std::move(work)] {
      work();
      const std::lock_guard inner(mutex_);
      entry.done = true;
    });
    return true;
  }
  // Waits for all.
  void join() {
    for (;;) {
      std::list<Entry> last;
      {
        const std::lock_guard lock(mutex_);
        if (threads_.empty()) return;
        last.splice(last.begin(), threads_, threads_.begin());
      }
      last.front().thread.join();
    }
  }
  std::size_t busy() const {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  struct Entry {
    std::thread thread;
    bool done = false;
  };
  void reap() {
    std::list<Entry> ended;
    {
      const std::lock_guard lock(mutex_);
      for (auto it = threads_.begin(); it != threads_.end();) {
        const auto next = std::next(it);
        if (it->done) ended.splice(ended.end(), threads_, it);
        it = next;
      }
    }
    for (Entry& entry : ended) entry.thread.join();
  }

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::list<Entry> threads_;
};

}  // namespace tarn
