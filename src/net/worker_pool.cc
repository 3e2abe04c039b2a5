#include "net/worker_pool.h"

namespace net {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue) : queue_(queue), idle_(threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

WorkerPool::~WorkerPool() {
  for (auto& thread : threads_) thread.request_stop();
}

bool WorkerPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= queue_ + idle_) return false;
    waiting_.push_back(std::move(job));
  }
  something_to_do_.notify_one();
  return true;
}

void WorkerPool::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (something_to_do_.wait(lock, stop, [this] { return !waiting_.empty(); }) && !stop.stop_requested()) {
    std::function<void()> job = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_;
    lock.unlock();
    job();
    job = nullptr;  // what it holds goes before we wait again
    lock.lock();
    ++idle_;
  }
}

}  // namespace net
