#include "tarn/isolation_threads.h"

#include <gtest/gtest.h>

#include <latch>

#include "support/isolation_world.h"
#include "support/process.h"
#include "tarn/isolation_turns.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using isolation::NodeState;
using isolation::Rules;
using support::eventually;
using support::must;

// The threads over a world in memory, whose own engine only sees to what is registered.
class IsolationThreadsTest : public testing::Test {
 protected:
  IsolationThreadsTest()
      : threads({world.store, world.switches, turns, world.bmcs.opener(),
                 [](const isolation::Node&) { return base::Status(); }, clock, log, nullptr, [] {}},
                {world.limits, 3'600'000}) {}
  void release(const std::string& node) {
    must(world.call("root", &Rules::release_node, node));
    threads.wake_releaser();
  }
  bool idle(const std::string& node) { return world.node(node).state == NodeState::kIdle; }

  support::IsolationWorld world;
  WallClock clock;
  support::SilentLog log;
  IsolationTurns turns;
  IsolationThreads threads;
};

TEST_F(IsolationThreadsTest, DeadControllersHoldUpNoOtherNode) {
  constexpr int kDead = 7;
  std::latch answer(1);
  std::atomic<int> waiting{0};
  world.bmcs.during = [&](const std::string& address, const std::string&) {
    if (!address.starts_with("dead")) return;
    ++waiting;
    answer.wait();
  };
  for (int i = 0; i < kDead; ++i) {
    const std::string name = "dead" + std::to_string(i);
    world.add_node(name, "s1");
    must(world.call("alice", &Rules::allocate_node, name, "red"));
  }
  world.add_node("n1", "s1");
  must(world.call("bob", &Rules::allocate_node, "n1", "blue"));
  threads.start();
  for (int i = 0; i < kDead; ++i) release("dead" + std::to_string(i));
  EXPECT_TRUE(eventually([&] { return waiting == kDead; }));
  release("n1");
  EXPECT_TRUE(eventually([&] { return idle("n1"); })) << "seven others wait for their controllers";
  EXPECT_FALSE(idle("dead0"));
  answer.count_down();
  EXPECT_TRUE(eventually([&] {
    bool all = true;
    for (int i = 0; i < kDead; ++i) all = all && idle("dead" + std::to_string(i));
    return all;
  }));
  threads.stop();
}

TEST_F(IsolationThreadsTest, APortThatIsNewIsSeenLongBeforeItsTime) {
  world.add_node("n1", "s1");
  threads.start();  // compares, and then not for an hour
  must(world.call("root", &Rules::create_nic, "n1", "eth1", "02:00:00:00:00:02"));
  must(world.call("root", &Rules::create_port, "s1", "p"));
  world.switches.at("s1").add_port("p", {100, {101}});  // as it comes from the shop
  EXPECT_TRUE(eventually([&] { return world.port("n1-eth0").observed_at > 1'000'000'000; })) << "the first look";
  must(world.call("root", &Rules::connect_port, "s1", "p", "n1", "eth1"));
  EXPECT_FALSE(world.call("alice", &Rules::allocate_node, "n1", "red").ok());
  threads.look_at_switch(world.port("p").switch_id);
  EXPECT_TRUE(eventually([&] { return world.port("p").observed == isolation::PortState{}; }));
  EXPECT_TRUE(world.switches.at("s1").state("p").isolated());
  EXPECT_TRUE(world.call("alice", &Rules::allocate_node, "n1", "red").ok());
  threads.stop();
}

TEST_F(IsolationThreadsTest, ASwitchThatWasAwayIsComparedSoonAfterItIsBack) {
  world.add_node("n1", "s1");
  world.switches.at("s1").meddle("n1-eth0", {100, {}});
  world.switches.at("s1").set_fault(support::MemorySwitch::Fault::kUnreachable);
  threads.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  world.switches.at("s1").heal();
  EXPECT_TRUE(eventually([&] { return world.switches.at("s1").state("n1-eth0").isolated(); }));
  threads.stop();
}

constexpr std::int64_t kDayMs = 86'400'000;

// What is kept and told, over a store alone.
class IsolationHouseTest : public testing::Test {
 protected:
  void write(const std::function<base::Status(isolation::Transaction&)>& body) { ASSERT_TRUE(store_.write(body).ok()); }
  // Runs until it is so.
  template <class So>
  bool run_until(const IsolationPace& pace, const So& so) {
    IsolationThreads::declare(metrics_);
    IsolationThreads threads(
        {store_, switches_, turns_, [](const auto&) { return base::Error{base::Code::kUnreachable, ""}; },
         [](const auto&) { return base::Status(); }, clock_, log_, &metrics_, [] {}},
        pace);
    threads.start();
    const std::int64_t until = clock_.steady_ms() + 20'000;
    while (!so() && clock_.steady_ms() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    healthy_ = threads.healthy();
    return so();
  }

  support::MemoryIsolationStore store_;
  support::MemorySwitches switches_;
  IsolationTurns turns_;
  WallClock clock_;
  support::SilentLog log_;
  net::Metrics metrics_;
  bool healthy_ = false;
};

TEST_F(IsolationHouseTest, ForgetWhatIsOlderThanTheConfigurationSays) {
  const std::int64_t now = clock_.unix_ms();
  write([&](isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(const isolation::Id ann, store.insert_user({0, "ann", "", isolation::Role::kMember}));
    for (const int days : {1, 3}) {
      const std::int64_t at = now - days * kDayMs;
      const std::string age = std::to_string(days);
      TARN_TRY(store.insert_event({0, at, "node.freed", {}, "node/n" + age, "tarn", ""}));
      TARN_TRY(store.insert_operation({0, "done" + age, {}, "ann", at, at}));
      TARN_TRY(store.insert_operation({0, "open" + age, {}, "ann", at, 0}));
      TARN_TRY(store.keep_reply(ann, "key" + age, {{1}, 200, "", at}));
    }
    return {};
  });
  IsolationPace pace;
  pace.keep_events_ms = 2 * kDayMs;
  pace.keep_replies_ms = 4 * kDayMs;
  EXPECT_TRUE(run_until(pace, [&] { return store_.tables().events.size() == 1; }));
  const auto left = store_.tables();
  EXPECT_EQ(left.events.begin()->second.subject, "node/n1");
  EXPECT_EQ(left.operations.size(), 3U) << "those that are open, and what is young";
  EXPECT_EQ(left.replies.size(), 2U);
  EXPECT_TRUE(healthy_);
}

TEST_F(IsolationHouseTest, MeasureWithoutNamesOfSwitches) {
  write([&](isolation::Transaction& store) -> base::Status {
    for (const char* name : {"rack-seventeen", "rack-eighteen"}) {
      TARN_ASSIGN(const isolation::Id id, store.insert_switch({0, name, "memory", "{}"}));
      TARN_TRY(store.insert_port({0, id, "p1", {}, 0}));
    }
    return {};
  });
  switches_.at("rack-seventeen").add_port("p1", {7, {}});
  switches_.at("rack-eighteen").add_port("p1");
  switches_.at("rack-eighteen").set_fault(support::MemorySwitch::Fault::kUnreachable);
  const auto measured = [&](const char* what) { return metrics_.text().find(what) != std::string::npos; };
  EXPECT_TRUE(run_until({}, [&] {
    return measured("\ntarn_isolation_drift_total 1") && measured("\ntarn_isolation_unreadable_total 1");
  })) << metrics_.text();
  EXPECT_FALSE(measured("rack-")) << metrics_.text();
}

TEST_F(IsolationHouseTest, AreNotHealthyWhileTheStoreIsNot) {
  store_.die_at(1);
  EXPECT_FALSE(store_
                   .write([](isolation::Transaction& store) -> base::Status {
                     TARN_TRY(store.insert_project({0, "p", {}, {}}));
                     return {};
                   })
                   .ok());
  int looks = 0;
  EXPECT_TRUE(run_until({}, [&] { return ++looks > 20; }));
  EXPECT_FALSE(healthy_);
}

}  // namespace
}  // namespace tarn
