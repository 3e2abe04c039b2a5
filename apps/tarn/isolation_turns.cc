#include "tarn/isolation_turns.h"

#include <chrono>

namespace tarn {

bool IsolationTurns::take(isolation::Id node, int timeout_ms) {
  std::unique_lock lock(mutex_);
  const bool free =
      given_back_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return !taken_.contains(node); });
  return free && taken_.insert(node).second;
}

void IsolationTurns::give_back(isolation::Id node) {
  const std::lock_guard lock(mutex_);
  taken_.erase(node);
  given_back_.notify_all();
}

}  // namespace tarn
