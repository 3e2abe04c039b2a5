#include "drivers/dht/value_stream.h"

namespace drivers {

std::size_t ValueStream::begin(std::size_t key) {
  const std::lock_guard lock(mutex_);
  return ++asked_[key];
}

bool ValueStream::offer(std::size_t key, base::ByteView value) {
  const std::lock_guard lock(mutex_);
  if (closed_ || interrupted_) return false;
  if (bytes_ + value.size() > kMaxBytes) return true;
  const auto [place, fresh] = values_.emplace(key, base::Bytes(value.begin(), value.end()));
  if (!fresh) return true;
  bytes_ += value.size();
  unread_.push_back(&*place);
  news_.notify_all();
  return true;
}

void ValueStream::end(std::size_t key, std::size_t search, bool to_end) {
  const std::lock_guard lock(mutex_);
  if (closed_ || searched_[key] || search != asked_[key]) return;
  if (to_end) {
    searched_[key] = true;
    --unsearched_;
  } else {
    ++asked_[key];  // so that a second end of this search is none
    failed_.push_back(key);
  }
  news_.notify_all();
}

ValueStream::Next ValueStream::next(TimePoint until) {
  std::unique_lock lock(mutex_);
  news_.wait_until(lock, until,
                   [&] { return interrupted_ || !unread_.empty() || !failed_.empty() || unsearched_ == 0; });
  if (interrupted_) return {Event::kInterrupted, 0, {}};
  if (!unread_.empty()) {
    const Value& value = *unread_.front();
    unread_.pop_front();
    return {Event::kValue, value.first, value.second};
  }
  if (!failed_.empty()) {
    const std::size_t key = failed_.front();
    failed_.pop_front();
    return {Event::kFailed, key, {}};
  }
  return {unsearched_ == 0 ? Event::kAllSearched : Event::kTimeout, 0, {}};
}

void ValueStream::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void ValueStream::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  news_.notify_all();
}

}  // namespace drivers
