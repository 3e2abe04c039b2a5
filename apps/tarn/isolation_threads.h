// IsolationThreads: what the isolation service does by itself (isolation/engine.h), on threads: one for each registered
// switch, so that one that does not answer holds up no other; some (kReleasers) for nodes on their way back, so that a
// controller that does not answer holds up no other node, unless as many as that are dead at the same time; one that keeps
// house: threads come and go with switches; events, operations and replies go when they are old, and nobody else
// removes any. Each thread sleeps until something is due or somebody wakes it. Nothing is kept here that is not in the
// store: a process that dies at any point leaves work that the next one takes up.
// Trouble with the store is logged, and tried again a second later; trouble with a switch or server is the engine's.
// Threads: wake_…(), look_at_switch(), drift() and healthy() from any; start() and stop() once, from one.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "isolation/engine.h"
#include "net/metrics.h"
#include "tarn/bell.h"

namespace tarn {

struct IsolationPace {
  isolation::EngineLimits engine;
  std::int64_t reconcile_every_ms = 60'000;
  std::int64_t keep_events_ms = std::int64_t{90} * 86'400'000, keep_replies_ms = 86'400'000;
};

class IsolationThreads {
 public:
  struct Parts {
    isolation::Store& store;
    isolation::SwitchDrivers& switches;
    isolation::Turns& turns;  // shared with whoever else acts on servers
    isolation::OpenBmc open_bmc;
    isolation::Clean clean;
    const base::Clock& clock;
    base::Log& log;
    net::Metrics* metrics = nullptr;
    std::function<void()> on_change;  // something that somebody may wait for is done
  };
  using Drift = std::vector<isolation::SwitchQueue::Drift>;

  IsolationThreads(Parts parts, const IsolationPace& pace);
  ~IsolationThreads();
  static void declare(net::Metrics& metrics);

  void start();
  void stop();  // waits for what is under way: a switch's or server's time limit at most
  void wake_switch(isolation::Id id);
  void look_at_switch(isolation::Id id);  // compared at once, whenever it would be its time
  void wake_releaser();
  base::Result<Drift> drift(isolation::Id id, bool repair);  // kNotFound: there is no such switch
  bool healthy() const { return storage_well_; }             // when the store was last used, it worked

 private:
  static constexpr std::size_t kReleasers = 8;

  // A switch's thread, and its queue, which one caller at a time may use.
  struct Worker {
    Worker(IsolationThreads& all, const isolation::SwitchRecord& record);
    isolation::Id id;
    std::string name;
    std::mutex mutex;
    isolation::SwitchQueue queue;
    Bell bell;
    std::atomic<bool> look = true;  // is to be compared now; the rest is its thread's alone
    std::int64_t compare_at = 0, again_ms = 0;
    std::jthread thread;  // last: it ends before what it uses
  };
  // One that works on nodes on their way back.
  struct ReleaserThread {
    Bell bell;
    std::jthread thread;
  };

  void serve_switch(Worker& worker, const std::stop_token& stop);
  std::int64_t run_switch(Worker& worker);  // how long to wait then
  void reconcile(Worker& worker);
  bool compare(Worker& worker, std::int64_t now);  // whether it could be
  void serve_releases(Bell& bell, const std::stop_token& stop);
  void keep_house(const std::stop_token& stop);
  base::Status match_switches();  // threads for those that there are, and no others
  base::Status forget_old(std::int64_t now);
  base::Status count_releasing();
  std::shared_ptr<Worker> worker(isolation::Id id);
  void wake_all_switches();
  bool well(const base::Status& status, std::string_view doing);

  Parts parts_;
  IsolationPace pace_;
  std::atomic<bool> storage_well_ = true;
  std::mutex mutex_;
  std::map<isolation::Id, std::shared_ptr<Worker>> workers_;
  Bell house_bell_;
  std::array<ReleaserThread, kReleasers> releasers_;
  std::jthread house_;
};

}  // namespace tarn
