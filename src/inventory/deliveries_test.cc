// Deliveries: what leads to what, and, against a cluster in memory that fails, forgets and is slow, with a process that
// dies between any two steps: nothing is oversold, nothing is left over, and capacity is free only when it is.
#include "inventory/deliveries.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "support/memory_fulfiller.h"
#include "support/memory_inventory.h"

namespace inventory {
namespace {

using State = Place::State;
using Kind = DeliveryEvent::Kind;

constexpr std::uint64_t kCapacity = 12;
constexpr std::int64_t kStart = 1'750'000'000'000;

Id id(std::uint8_t number) { return {number}; }
base::Error unreachable() { return {base::Code::kUnreachable, "no answer"}; }

struct HandClock final : base::Clock {
  std::int64_t unix_ms() const override { return kStart + now; }
  std::int64_t steady_ms() const override { return now; }
  std::int64_t now = 0;
};

struct Died {};

// An inventory whose process may die before and after what it writes.
class MortalInventory final : public support::MemoryInventory {
 public:
  using MemoryInventory::MemoryInventory;
  std::function<void()> between = [] {};
  base::Status returned(const Id& lease) override {
    between();
    const base::Status out = MemoryInventory::returned(lease);
    between();
    return out;
  }
  base::Status end_lease(const Id& lease, std::int64_t now) override {
    between();
    const base::Status out = MemoryInventory::end_lease(lease, now);
    between();
    return out;
  }
};

Offer offer() {
  Offer out;
  out.name = "a";
  out.unit = *model::ResourceClass::parse("cpu=1 memory=1Gi");
  out.capacity = kCapacity;
  out.delivered = true;
  return out;
}

struct Site {
  Site() { start(); }
  void start() {
    deliveries = std::make_unique<Deliveries>(inventory, cluster, clock, pace,
                                              [this](const DeliveryEvent& event) { events.push_back(event); });
  }
  bool lease(std::uint8_t number, std::uint64_t units = 3, bool confirmed = true, std::int64_t for_ms = 3'600'000) {
    const std::int64_t now = clock.unix_ms();
    Lease lease;
    lease.id = id(number);
    lease.offer = "a";
    lease.requester = {7};
    lease.unit = offer().unit;
    lease.units = units;
    lease.start_unix_ms = now;
    lease.end_unix_ms = now + for_ms;
    lease.confirm_by_unix_ms = now + 5'000;
    if (!inventory.hold(id(number), {offer().unit}, now, now + 1000).ok()) return false;
    const bool made = inventory.lease(id(number), lease, now).ok();
    (void)inventory.release_hold(id(number));
    if (!made || !confirmed) return made;
    return inventory.confirm(id(number), {1}, now).ok();
  }
  // Time passes, and whoever wants to be called is.
  void run(std::int64_t for_ms) {
    for (const std::int64_t until = clock.now + for_ms; clock.now < until;) {
      const std::int64_t wait = deliveries->run_once();
      clock.now = std::min(until, clock.now + std::max<std::int64_t>(wait, 1));
    }
  }
  std::size_t count(Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const auto& event) { return event.kind == kind; }));
  }
  State state(std::uint8_t number) const { return deliveries->find(id(number)).place.state; }
  std::uint64_t free() const { return inventory.totals(clock.now)[0].free; }

  HandClock clock;
  DeliveryPace pace;
  MortalInventory inventory{{offer()}};
  support::MemoryFulfiller cluster;
  std::vector<DeliveryEvent> events;
  std::unique_ptr<Deliveries> deliveries;
};

TEST(Deliveries, MakeAnActiveLeaseRealAndAskUntilItIs) {
  Site site;
  site.cluster.slowness = [] { return 2; };
  ASSERT_TRUE(site.lease(1));
  ASSERT_TRUE(site.lease(2, 3, false));
  EXPECT_EQ(site.state(1), State::kNone);
  EXPECT_LE(site.deliveries->run_once(), site.pace.ask_first_ms);
  EXPECT_EQ(site.state(1), State::kComing);
  EXPECT_EQ(site.deliveries->find(id(1)).place.detail, "the quota is not counted yet");
  EXPECT_EQ(site.deliveries->access(id(1)).error().code, base::Code::kDeadline);
  site.run(1'000);
  EXPECT_EQ(site.state(1), State::kReady);
  ASSERT_EQ(site.count(Kind::kReady), 1U);
  EXPECT_EQ(site.events[0].took_ms, site.pace.ask_first_ms + 3 * site.pace.ask_first_ms / 2);
  const auto order = site.cluster.there().at(id(1)).order;
  EXPECT_EQ(order.units, 3U);
  EXPECT_EQ(order.unit.text(), "cpu=1 memory=1Gi");
  EXPECT_EQ(order.end_unix_ms, kStart + 3'600'000);
  EXPECT_EQ(order.requester, Key{7});
  EXPECT_TRUE(site.deliveries->access(id(1)).ok());
  EXPECT_EQ(site.deliveries->usage(id(1))->at("limits.cpu").granted, "4");
  EXPECT_FALSE(site.cluster.there().contains(id(2)));  // not countersigned
  EXPECT_EQ(site.deliveries->access(id(2)).error().code, base::Code::kInvalidInput);
}

TEST(Deliveries, FreeUnitsOnlyWhenTheirPlaceIsGone) {
  Site site;
  ASSERT_TRUE(site.lease(1));
  site.run(100);
  site.cluster.slowness = [] { return 3; };
  ASSERT_TRUE(site.inventory.end_lease(id(1), site.clock.unix_ms()).ok());
  site.deliveries->run_once();
  EXPECT_EQ(site.free(), kCapacity - 3);
  EXPECT_EQ(site.state(1), State::kLeaving);
  EXPECT_EQ(site.deliveries->find(id(1)).place.detail, "waits for pods");
  EXPECT_FALSE(site.deliveries->access(id(1)).ok());
  site.run(2'000);
  EXPECT_EQ(site.free(), kCapacity);
  EXPECT_EQ(site.count(Kind::kGone), 1U);
  EXPECT_EQ(site.deliveries->counts().leaving, 0U);
}

TEST(Deliveries, BringUpToDateWhatIsRenewedAndMakeAgainWhatVanishes) {
  Site site;
  ASSERT_TRUE(site.lease(1));
  site.run(100);
  ASSERT_TRUE(site.inventory.renew(id(1), 1, kStart + 7'200'000, {2}, site.clock.unix_ms()).ok());
  site.deliveries->run_once();
  EXPECT_EQ(site.cluster.there().at(id(1)).order.end_unix_ms, kStart + 7'200'000);
  EXPECT_EQ(site.count(Kind::kRenewed), 1U);
  EXPECT_EQ(site.count(Kind::kReady), 1U);
  site.cluster.forget(id(1));
  site.run(site.pace.look_ms + 1'000);
  EXPECT_EQ(site.count(Kind::kVanished), 1U);
  EXPECT_TRUE(site.cluster.there().contains(id(1)));
  EXPECT_EQ(site.state(1), State::kReady);
}

TEST(Deliveries, SweepWhatNobodyLeasesButTheUnknownOnlyAfterAGrace) {
  Site site;
  ASSERT_TRUE(site.lease(1));
  site.run(100);
  ASSERT_TRUE(site.inventory.end_lease(id(1), site.clock.unix_ms()).ok());
  site.run(100);
  site.cluster.plant(id(1));  // has ended
  site.cluster.plant(id(9));  // never heard of
  site.run(site.pace.look_ms + 100);
  EXPECT_FALSE(site.cluster.there().contains(id(1)));
  EXPECT_TRUE(site.cluster.there().contains(id(9)));
  site.run(site.pace.grace_ms + 100);
  EXPECT_TRUE(site.cluster.there().empty());
  EXPECT_EQ(site.count(Kind::kOrphan), 2U);
  EXPECT_EQ(site.free(), kCapacity);
}

TEST(Deliveries, EndWhatIsRecalled) {
  Site site;
  ASSERT_TRUE(site.lease(1));
  ASSERT_TRUE(site.lease(2));
  site.run(100);
  site.cluster.recall(id(1));
  site.cluster.recall(id(8));
  site.run(site.pace.recall_ms + 100);
  EXPECT_EQ(site.inventory.find(id(1))->state, Lease::State::kEnded);
  EXPECT_EQ(site.inventory.find(id(2))->state, Lease::State::kActive);
  EXPECT_EQ(site.count(Kind::kRecalled), 1U);
  EXPECT_EQ(site.free(), kCapacity - 3);
}

TEST(Deliveries, TryAgainMoreAndMoreSlowlyAndSayWhy) {
  Site site;
  int calls = 0;
  site.cluster.fails = [&] {
    ++calls;
    return std::optional(unreachable());
  };
  ASSERT_TRUE(site.lease(1));
  site.run(600'000);
  EXPECT_LT(calls, 170);  // of them 141 for what is there and what is recalled
  EXPECT_EQ(site.deliveries->find(id(1)).error, "no answer");
  EXPECT_EQ(site.deliveries->counts().failing, 1U);
  EXPECT_FALSE(site.deliveries->counts().reachable);
  EXPECT_FALSE(site.events[0].again);
  site.cluster.fails = [] { return std::nullopt; };
  site.run(site.pace.retry_last_ms + 1);
  EXPECT_EQ(site.state(1), State::kReady);
  EXPECT_EQ(site.deliveries->find(id(1)).error, "");
  EXPECT_TRUE(site.deliveries->counts().reachable);
  EXPECT_EQ(site.inventory.find(id(1))->state, Lease::State::kActive);  // an outage ends no lease
}

TEST(Deliveries, DoNoMoreInARoundThanTheyMayAndLeaveNobodyOut) {
  Site site;
  site.pace.calls = 2;
  site.start();
  for (std::uint8_t n = 1; n <= 12; ++n) ASSERT_TRUE(site.lease(n, 1));
  int calls = 0;
  site.cluster.between = [&] { ++calls; };
  EXPECT_EQ(site.deliveries->run_once(), 0);
  EXPECT_EQ(calls, 4);  // before and after each
  for (int round = 1; round < 6; ++round) site.deliveries->run_once();
  EXPECT_EQ(site.deliveries->counts().ready, 12U);
}

TEST(Deliveries, DeliverAfterARestartWhatWasSignedBefore) {
  Site site;
  ASSERT_TRUE(site.lease(1));
  site.start();
  site.run(10);
  EXPECT_EQ(site.state(1), State::kReady);
  ASSERT_TRUE(site.inventory.end_lease(id(1), site.clock.unix_ms()).ok());
  site.start();
  site.run(10);
  EXPECT_TRUE(site.cluster.there().empty());
  EXPECT_EQ(site.free(), kCapacity);
}

// A site whose parts fail as chance has it.
struct Unlucky : Site {
  explicit Unlucky(bool mortal) {
    cluster.slowness = [] { return *rc::gen::inRange(0, 3); };
    cluster.late = [] { return *rc::gen::arbitrary<bool>(); };
    cluster.fails = [] { return *rc::gen::inRange(0, 5) == 0 ? std::optional(unreachable()) : std::nullopt; };
    if (!mortal) return;
    const auto step = [this] {
      if (steps_left > 0 && --steps_left == 0) throw Died{};
    };
    cluster.between = inventory.between = step;
  }
  // What is there, of leases that are leases, is not for sale.
  void nothing_oversold() const {
    std::uint64_t there = 0;
    for (const auto& [id, spot] : cluster.there()) there += spot.order.units;
    const Totals totals = inventory.totals(clock.now)[0];
    RC_ASSERT(totals.free + totals.held + there <= kCapacity);
    RC_ASSERT(totals.free + totals.held + totals.leased == kCapacity);
  }
  void round() {
    steps_left = *rc::gen::inRange(0, 12);
    try {
      clock.now += std::min<std::int64_t>(deliveries->run_once(), 20'000);
    } catch (const Died&) {
      start();
    }
    steps_left = 0;
  }
  void chance(std::uint8_t number) {
    const std::int64_t now = clock.unix_ms();
    switch (*rc::gen::inRange(0, 9)) {
      case 0:
      case 1:
      case 2: lease(number, *rc::gen::inRange<std::uint64_t>(1, 6), *rc::gen::inRange(0, 4) > 0, 200'000); break;
      case 3: (void)inventory.end_lease(id(number), now); break;
      case 4:
        if (const auto lease = inventory.find(id(number)))
          (void)inventory.renew(id(number), lease->revision + 1, lease->end_unix_ms + 50'000, {2}, now);
        break;
      case 5: cluster.recall(id(number)); break;
      case 6: cluster.forget(id(number)); break;
      case 7: cluster.plant(id(static_cast<std::uint8_t>(number + 100))); break;
      case 8: RC_ASSERT(inventory.expire(now).ok()); break;
    }
  }
  int steps_left = 0;
};

RC_GTEST_PROP(Deliveries, OversellNothingAndLeaveNothingWhateverFailsAndWhoeverDies, ()) {
  Unlucky site(true);
  for (int steps = *rc::gen::inRange(0, 60); steps > 0; --steps) {
    if (*rc::gen::arbitrary<bool>()) site.chance(*rc::gen::inRange<std::uint8_t>(1, 8));
    site.round();
    site.nothing_oversold();
  }
  // All is well again: what is leased is there as it was signed, and nothing else.
  site.cluster.fails = [] { return std::nullopt; };
  RC_ASSERT(site.inventory.expire(site.clock.unix_ms()).ok());
  site.run(2 * site.pace.grace_ms + site.pace.repair_ms);
  const auto there = site.cluster.there();
  const auto leases = site.inventory.leases();
  std::size_t active = 0;
  for (const Lease& lease : leases) {
    if (lease.state == Lease::State::kOffered) continue;
    RC_ASSERT(lease.state == Lease::State::kActive);
    RC_ASSERT(there.contains(lease.id));
    RC_ASSERT(there.at(lease.id).order.revision == lease.revision);
    ++active;
  }
  RC_ASSERT(there.size() == active);
  for (const Lease& lease : leases) RC_ASSERT(site.inventory.end_lease(lease.id, site.clock.unix_ms()).ok());
  site.run(60'000);
  RC_ASSERT(site.cluster.there().empty());
  RC_ASSERT(site.free() == kCapacity);
}

}  // namespace
}  // namespace inventory
