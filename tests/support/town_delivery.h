// Delivery in a pool in memory (pool_town.h): each provider's leases are made real in a cluster of its own in memory
// (memory_fulfiller.h). The desk does what the daemon's thread does, whenever it is asked or a test says so.
#pragma once

#include "support/memory_fulfiller.h"
#include "support/pool_town.h"

namespace support {

class TownDesk final : public pool::DeliveryDesk {
 public:
  // The cluster and the inventory are there longer than the process that this is part of.
  TownDesk(TownProvider& provider, MemoryFulfiller& cluster, const base::Clock& clock)
      : clock_(clock), deliveries_(*provider.inventory, cluster, clock, {}, [](const inventory::DeliveryEvent&) {}) {}

  Answer ask(const inventory::Id& lease, bool with_access, int wait_ms) override {
    const std::lock_guard lock(mutex_);
    for (const std::int64_t begin = clock_.steady_ms();;) {
      deliveries_.run_once();
      Answer out = pool::answer_now(deliveries_, lease, with_access);
      if (!out.later || clock_.steady_ms() - begin >= wait_ms) return out;
    }
  }
  void work() {
    const std::lock_guard lock(mutex_);
    deliveries_.run_once();
  }

 private:
  const base::Clock& clock_;
  std::mutex mutex_;
  inventory::Deliveries deliveries_;
};

// Every provider of a town delivers.
class TownDelivery {
 public:
  explicit TownDelivery(PoolTown& town) : town_(town) {
    for (const auto& p : town.providers) {
      auto offers = p->inventory->offers();
      offers[0].delivered = true;
      EXPECT_TRUE(p->inventory->set_offers(offers).ok());
      start(*p);
    }
  }
  ~TownDelivery() {
    town_.settle();
    for (const auto& p : town_.providers) {
      p->desk = nullptr;
      town_.restart(*p);
    }
  }
  MemoryFulfiller& cluster(const TownProvider& p) { return clusters_[p.number]; }
  TownDesk& desk(const TownProvider& p) { return *desks_[p.number]; }
  // As a process that was killed starts again; nobody is being served.
  void start(TownProvider& p) {
    desks_[p.number] = std::make_unique<TownDesk>(p, clusters_[p.number], town_.clock);
    p.desk = desks_[p.number].get();
    town_.restart(p);
  }

 private:
  PoolTown& town_;
  std::map<std::size_t, MemoryFulfiller> clusters_;
  std::map<std::size_t, std::unique_ptr<TownDesk>> desks_;
};

}  // namespace support
