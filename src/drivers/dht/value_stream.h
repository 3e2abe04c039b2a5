// ValueStream: what the hash table finds, on its way from the table's threads to the one that asked. Shared by both, so a
// callback that comes late finds it alive and closed. Values come once each, however many nodes send them, and no more
// than kMaxBytes of them: who floods a key loses the rest of it, not our memory.
// Threads: any. Invariant: after close() or interrupt() nothing is taken in.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace drivers {

class ValueStream {
 public:
  static constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ValueStream(std::size_t keys) : asked_(keys), searched_(keys), unsearched_(keys) {}

  // A search for the key begins; its number goes with its end, as ends may come twice or late.
  std::size_t begin(std::size_t key);
  bool offer(std::size_t key, base::ByteView value);           // false: nobody listens any more
  void end(std::size_t key, std::size_t search, bool to_end);  // to_end: the nodes nearest to the key have answered

  enum class Event { kValue, kFailed, kAllSearched, kInterrupted, kTimeout };
  struct Next {
    Event event;
    std::size_t key = 0;   // kValue, kFailed: this key's search did not get to its end
    base::ByteView value;  // valid as long as the stream
  };
  Next next(TimePoint until);

  void close();      // by the reader
  void interrupt();  // by anybody: next() says so, whatever else there is

 private:
  using Value = std::pair<std::size_t, base::Bytes>;
  std::mutex mutex_;
  std::condition_variable news_;
  std::set<Value> values_;
  std::deque<const Value*> unread_;
  std::deque<std::size_t> failed_;
  std::vector<std::size_t> asked_;
  std::vector<bool> searched_;
  std::size_t unsearched_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  bool interrupted_ = false;
};

}  // namespace drivers
