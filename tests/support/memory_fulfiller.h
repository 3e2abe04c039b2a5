// A fulfiller in memory, the twin of a cluster: what is there stays when its "process" dies. A test may make it slow,
// let it fail before or after an effect, forget, and stop whoever calls it between any two effects.
// Threads: any, as fulfiller.h asks for; set the knobs while nobody calls.
#pragma once

#include <functional>
#include <mutex>
#include <set>

#include "inventory/fulfiller.h"

namespace support {

class MemoryFulfiller final : public inventory::Fulfiller {
 public:
  using Id = inventory::Id;
  using State = inventory::Place::State;
  struct Spot {
    inventory::Order order;
    int coming = 0, leaving = 0;  // so many more questions until it is ready or gone
    bool ends = false;
  };

  // Called before and after each effect; may throw, as a process that dies does.
  std::function<void()> between = [] {};
  // Asked once a call; an error is the call's answer: if `late`, after its effect.
  std::function<std::optional<base::Error>()> fails = [] { return std::nullopt; };
  std::function<bool()> late = [] { return false; };
  std::function<int()> slowness = [] { return 0; };

  base::Result<inventory::Place> deliver(const inventory::Order& order) override {
    return change([&]() -> inventory::Place {
      Spot& spot = there_.try_emplace(order.lease, Spot{order, slowness(), 0, false}).first->second;
      if (spot.ends) {
        if (spot.leaving-- > 0) return {State::kLeaving, "what was there before has to go first"};
        spot = Spot{order, slowness(), 0, false};
      }
      spot.order = order;
      if (spot.coming-- > 0) return {State::kComing, "the quota is not counted yet"};
      spot.coming = 0;
      return {State::kReady, ""};
    });
  }
  base::Result<inventory::Place> withdraw(const Id& lease) override {
    return change([&]() -> inventory::Place {
      recalled_.erase(lease);
      const auto found = there_.find(lease);
      if (found == there_.end()) return {State::kGone, ""};
      if (!found->second.ends) found->second.leaving = slowness();
      found->second.ends = true;
      if (found->second.leaving-- > 0) return {State::kLeaving, "waits for pods"};
      there_.erase(found);
      return {State::kGone, ""};
    });
  }
  base::Result<inventory::Access> access(const inventory::Order& order) override {
    const std::lock_guard lock(mutex_);
    if (const auto error = fails()) return *error;
    return inventory::Access{"kubeconfig of " + base::to_hex(order.lease), order.end_unix_ms};
  }
  base::Result<inventory::Usage> usage(const Id&) override {
    const std::lock_guard lock(mutex_);
    if (const auto error = fails()) return *error;
    return inventory::Usage{{"limits.cpu", {"4", "1500m"}}, {"pods", {"40", "3"}}};
  }
  base::Result<std::vector<Id>> present() override {
    const std::lock_guard lock(mutex_);
    if (const auto error = fails()) return *error;
    std::vector<Id> out;
    for (const auto& [id, spot] : there_) out.push_back(id);
    return out;
  }
  base::Result<std::vector<Id>> recalled() override {
    const std::lock_guard lock(mutex_);
    if (const auto error = fails()) return *error;
    return std::vector<Id>(recalled_.begin(), recalled_.end());
  }

  std::map<Id, Spot> there() const {
    const std::lock_guard lock(mutex_);
    return there_;
  }
  void forget(const Id& lease) {
    const std::lock_guard lock(mutex_);
    there_.erase(lease);
  }
  void plant(const Id& lease) {
    const std::lock_guard lock(mutex_);
    there_[lease] = {};
  }
  void recall(const Id& lease) {
    const std::lock_guard lock(mutex_);
    recalled_.insert(lease);
  }

 private:
  template <class Act>
  base::Result<inventory::Place> change(const Act& act) {
    between();
    base::Result<inventory::Place> out = inventory::Place{};
    {
      const std::lock_guard lock(mutex_);
      const auto error = fails();
      if (error && !late()) return *error;
      out = act();
      if (error) out = *error;
    }
    between();
    return out;
  }

  mutable std::mutex mutex_;
  std::map<Id, Spot> there_;
  std::set<Id> recalled_;
};

}  // namespace support
