// The delivery thread: it works when it is woken, answers who waits as soon as it can, and keeps nobody for ever.
#include "tarn/delivery_thread.h"

#include <gtest/gtest.h>

#include <atomic>

#include "support/memory_fulfiller.h"
#include "support/memory_inventory.h"
#include "support/process.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

struct Site {
  Site() : inventory({offer()}) {}
  static inventory::Offer offer() {
    inventory::Offer out;
    out.name = "a";
    out.unit = *model::ResourceClass::parse("cpu=1");
    out.capacity = 100;
    out.per_session = 1;
    out.delivered = true;
    return out;
  }
  inventory::Id lease(std::uint8_t number) {
    const std::int64_t now = clock.unix_ms();
    inventory::Lease lease;
    lease.id = {number};
    lease.offer = "a";
    lease.unit = offer().unit;
    lease.units = 1;
    lease.start_unix_ms = now;
    lease.end_unix_ms = now + 3'600'000;
    lease.confirm_by_unix_ms = now + 60'000;
    EXPECT_TRUE(inventory.hold(lease.id, {offer().unit}, now, now + 60'000).ok());
    EXPECT_TRUE(inventory.lease(lease.id, lease, now).ok());
    EXPECT_TRUE(inventory.confirm(lease.id, {1}, now).ok());
    return lease.id;
  }
  WallClock clock;
  support::MemoryInventory inventory;
  support::MemoryFulfiller cluster;
  std::atomic<int> events = 0;
  DeliveryThread thread{inventory, cluster, clock, {}, [this](const inventory::DeliveryEvent&) { ++events; }};
};

TEST(DeliveryThread, DeliversWhenItIsWokenAndTellsWhoWaits) {
  Site site;
  site.cluster.slowness = [] { return 2; };
  site.thread.start();
  const auto id = site.lease(1);
  site.thread.wake();
  const auto answer = site.thread.ask(id, true, 10'000);
  EXPECT_TRUE(answer.ready);
  ASSERT_TRUE(answer.access);
  EXPECT_EQ(answer.access->credentials, "kubeconfig of " + base::to_hex(id));
  EXPECT_EQ(answer.usage.at("pods").used, "3");
  EXPECT_EQ(site.thread.counts().ready, 1U);
  EXPECT_FALSE(site.thread.ask(id, false, 10'000).access);
  site.thread.stop();
  EXPECT_EQ(site.events, 1);
}

TEST(DeliveryThread, AnswersInTimeWhateverTheClusterDoes) {
  Site site;
  site.cluster.fails = [] { return std::optional(base::Error{base::Code::kUnreachable, "10.0.0.1: no route"}); };
  site.thread.start();
  const auto answer = site.thread.ask(site.lease(1), true, 50);
  EXPECT_FALSE(answer.ready);
  EXPECT_EQ(answer.detail.find("10.0.0.1"), std::string::npos);
}

TEST(DeliveryThread, LetsNoMoreWaitThanItMay) {
  Site site;  // nobody works yet: what is asked for does not come
  const auto id = site.lease(1);
  std::vector<std::jthread> patient;
  for (std::size_t i = 0; i < DeliveryThread::kMaxWaiting; ++i)
    patient.emplace_back([&] {
      while (!site.thread.ask(id, true, 60'000).ready) std::this_thread::yield();  // again, where it was one too many
    });
  // Once all of those wait another one has its answer before its time.
  EXPECT_TRUE(support::eventually([&] {
    const std::int64_t begin = site.clock.steady_ms();
    EXPECT_FALSE(site.thread.ask(id, true, 1'000).ready);
    return site.clock.steady_ms() - begin < 1'000;
  }));
  site.thread.start();
}

}  // namespace
}  // namespace tarn
