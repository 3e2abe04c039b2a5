// DeliveryThread: the thread that drives inventory::Deliveries, and the desk at which those wait who ask for what they
// bought. It works when something is due, or at once when a lease was signed, renewed or ended: wake().
// At most kMaxWaiting wait at the desk; who comes after them gets its answer as it is now, so that no requester can take
// the workers of all the others.
// Threads: start() and stop() from one, the rest from any. on_event is called by the thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "inventory/deliveries.h"
#include "pool/delivery_desk.h"

namespace tarn {

class DeliveryThread final : public pool::DeliveryDesk {
 public:
  static constexpr std::size_t kMaxWaiting = 8;

  DeliveryThread(inventory::Inventory& inventory, inventory::Fulfiller& fulfiller, const base::Clock& clock,
                 inventory::DeliveryPace pace, std::function<void(const inventory::DeliveryEvent&)> on_event)
      : clock_(clock), deliveries_(inventory, fulfiller, clock, pace, std::move(on_event)) {}

  void start();
  void stop();  // waits for the call that is under way
  void wake();
  Answer ask(const inventory::Id& lease, bool with_access, int wait_ms) override;
  inventory::Deliveries::Counts counts() const { return deliveries_.counts(); }

 private:
  void run(const std::stop_token& stop);

  const base::Clock& clock_;
  inventory::Deliveries deliveries_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::uint64_t rounds_ = 0;
  std::size_t waiting_ = 0;
  bool woken_ = false;
  std::jthread thread_;  // last: ends before the rest goes
};

}  // namespace tarn
