// WorkerPool: n threads that do jobs from a queue of limited length, in the order in which they came.
// Threads: submit() from any. Its end waits for the jobs that run, and drops those that wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace net {

class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  bool submit(std::function<void()> job);  // false: the queue is full, and the job is dropped

 private:
  void work(const std::stop_token& stop);

  const std::size_t queue_;
  std::mutex mutex_;
  std::condition_variable_any something_to_do_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;               // threads; a job that one of them will take does not count as waiting
  std::vector<std::jthread> threads_;  // last, so that they end first
};

}  // namespace net
