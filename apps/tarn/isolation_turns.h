// isolation::Turns (isolation/turns.h) for threads: who comes while somebody has the turn waits for it.
// Threads: any. Errors: none.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "isolation/turns.h"

namespace tarn {

class IsolationTurns final : public isolation::Turns {
 public:
  bool take(isolation::Id node, int timeout_ms) override;
  void give_back(isolation::Id node) override;

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::set<isolation::Id> taken_;
};

}  // namespace tarn
