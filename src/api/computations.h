// Computations: a door for what costs much memory and time (Argon2id): few are inside at once, of each key one; few
// different keys wait before it. Those who wait behind their own key are not counted: it is soon done, and then what it
// found out usually spares them the computation.
// Threads: any. Entry is an object that leaves when it goes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace api {

class Computations {
 public:
  Computations(std::size_t inside, std::size_t waiting, std::chrono::milliseconds patience)
      : inside_(inside), waiting_(waiting), patience_(patience) {}

  class Entry {
   public:
    Entry(Computations& door, std::uint64_t key) : door_(door), key_(key), inside_(door.enter(key)) {}
    ~Entry() {
      if (inside_) door_.leave(key_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    explicit operator bool() const { return inside_; }  // false: too many wait, or it took too long

   private:
    Computations& door_;
    std::uint64_t key_;
    bool inside_;
  };

 private:
  bool enter(std::uint64_t key) {
    std::unique_lock lock(mutex_);
    const auto free = [&] { return keys_.size() < inside_ && !keys_.contains(key); };
    if (!free()) {
      const bool counts = !keys_.contains(key);
      if (counts && in_line_ >= waiting_) return false;
      in_line_ += counts ? 1 : 0;
      const bool in_time = somebody_left_.wait_for(lock, patience_, free);
      in_line_ -= counts ? 1 : 0;
      if (!in_time) return false;
    }
    keys_.insert(key);
    return true;
  }
  void leave(std::uint64_t key) {
    {
      const std::lock_guard lock(mutex_);
      keys_.erase(key);
    }
    somebody_left_.notify_all();
  }

  const std::size_t inside_, waiting_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable somebody_left_;
  std::set<std::uint64_t> keys_;  // of those inside
  std::size_t in_line_ = 0;
};

}  // namespace api
