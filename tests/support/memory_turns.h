// isolation::Turns for tests: nobody waits; whoever comes while somebody has the turn does not get it.
// Threads: any.
#pragma once

#include <mutex>
#include <set>

#include "isolation/turns.h"

namespace support {

class MemoryTurns final : public isolation::Turns {
 public:
  bool take(isolation::Id node, int) override {
    const std::lock_guard lock(mutex_);
    return taken_.insert(node).second;
  }
  void give_back(isolation::Id node) override {
    const std::lock_guard lock(mutex_);
    taken_.erase(node);
  }

 private:
  std::mutex mutex_;
  std::set<isolation::Id> taken_;
};

}  // namespace support
