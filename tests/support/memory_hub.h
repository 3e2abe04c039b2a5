// Links between parties in one process: queues that a test can starve, close and look into. A receive that waits longer
// than the deadline fails as it would over a network; a party that left is unreachable once its messages are read.
// Nobody waits for nothing: once every party that is still there waits for a message that is not, the one that has
// waited longest reaches its deadline at once, so that silence costs a test no time and no race with a busy machine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mpc/channel.h"

namespace support {

class MemoryHub {
 public:
  explicit MemoryHub(std::size_t parties, std::chrono::milliseconds deadline = std::chrono::seconds(60))
      : deadline_(deadline), boxes_(parties * parties), gone_(parties), waits_(parties) {}

  std::size_t parties() const { return gone_.size(); }

  void push(std::size_t from, std::size_t to, base::Bytes message) {
    const std::lock_guard lock(mutex_);
    boxes_[from * parties() + to].push_back(std::move(message));
    changed_.notify_all();
  }
  base::Result<base::Bytes> pop(std::size_t from, std::size_t to) {
    std::unique_lock lock(mutex_);
    auto& box = boxes_[from * parties() + to];
    waits_[to] = Wait{from, ++waits_so_far_};
    expire_if_stuck();
    const bool woken =
        changed_.wait_for(lock, deadline_, [&] { return !box.empty() || gone_[from] || waits_[to]->expired; });
    const bool expired = !woken || waits_[to]->expired;
    waits_[to].reset();
    if (box.empty() && expired) return base::Error{base::Code::kDeadline, "no message in time", from};
    if (box.empty()) return base::Error{base::Code::kUnreachable, "left", from};
    base::Bytes message = std::move(box.front());
    box.pop_front();
    return message;
  }
  void leave(std::size_t party) {
    const std::lock_guard lock(mutex_);
    gone_[party] = true;
    expire_if_stuck();
    changed_.notify_all();
  }

 private:
  struct Wait {
    std::size_t from;
    std::uint64_t turn;
    bool expired = false;
  };
  void expire_if_stuck() {
    std::optional<Wait>* longest = nullptr;
    for (std::size_t p = 0; p < parties(); ++p) {
      if (gone_[p]) continue;
      std::optional<Wait>& wait = waits_[p];
      if (!wait || wait->expired || gone_[wait->from] || !boxes_[wait->from * parties() + p].empty()) return;
      if (longest == nullptr || wait->turn < (*longest)->turn) longest = &wait;
    }
    if (longest == nullptr) return;
    (*longest)->expired = true;
    changed_.notify_all();
  }

  std::chrono::milliseconds deadline_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::deque<base::Bytes>> boxes_;
  std::vector<bool> gone_;
  std::vector<std::optional<Wait>> waits_;  // by party: what it waits for
  std::uint64_t waits_so_far_ = 0;
};

class MemoryChannel final : public mpc::Channel {
 public:
  MemoryChannel(MemoryHub& hub, std::size_t self) : hub_(hub), self_(self) {}
  ~MemoryChannel() override { hub_.leave(self_); }
  std::size_t parties() const override { return hub_.parties(); }
  std::size_t self() const override { return self_; }
  base::Status send(std::size_t peer, base::Bytes message) override {
    sent_bytes += message.size();
    if (on_send) on_send(peer, message);
    if (!wire) {
      hub_.push(self_, peer, std::move(message));
      return {};
    }
    for (base::Bytes& frame : wire(peer, std::move(message))) hub_.push(self_, peer, std::move(frame));
    return {};
  }
  base::Result<base::Bytes> receive(std::size_t peer, std::size_t max_bytes) override {
    auto message = hub_.pop(peer, self_);
    if (message.ok() && message->size() > max_bytes)
      return base::Error{base::Code::kPeerMisbehaved, "sent a message longer than possible", peer};
    return message;
  }

  std::function<void(std::size_t, const base::Bytes&)> on_send;
  std::function<std::vector<base::Bytes>(std::size_t, base::Bytes)> wire;  // what is sent instead
  std::size_t sent_bytes = 0;

 private:
  MemoryHub& hub_;
  std::size_t self_;
};

}  // namespace support
