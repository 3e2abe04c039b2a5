// Turns: one at a time acts on a server. Whoever changes something at its controller takes the node's turn, looks again
// whether it may, acts, and gives the turn back; the Releaser has it for its whole pass over a node. So a call that began
// while the server was its project's cannot end after the server was freed.
// A turn is this process's, as one service at a time runs on a database: who dies has none.
// Threads: any. The rooms below name none, so who waits for a turn does it in an implementation further up
// (apps/tarn/isolation_turns.h; tests/support/memory_turns.h).
#pragma once

#include <optional>
#include <utility>

#include "isolation/types.h"

namespace isolation {

class Turns {
 public:
  virtual ~Turns() = default;
  virtual bool take(Id node, int timeout_ms) = 0;  // false: somebody else has it still
  virtual void give_back(Id node) = 0;
};

// A turn that was taken, given back when this goes.
class Turn {
 public:
  static std::optional<Turn> take(Turns& turns, Id node, int timeout_ms) {
    if (!turns.take(node, timeout_ms)) return std::nullopt;
    return Turn(turns, node);
  }
  Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), node_(other.node_) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (turns_ != nullptr) turns_->give_back(node_);
  }

 private:
  Turn(Turns& turns, Id node) : turns_(&turns), node_(node) {}

  Turns* turns_;
  Id node_;
};

}  // namespace isolation
