#include "tarn/isolation_threads.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "crypto/random.h"

namespace tarn {
namespace {

using isolation::Id;

constexpr std::int64_t kIdleMs = 60'000, kTroubleMs = 1'000, kHouseMs = 5'000, kForgetEveryMs = 600'000;
constexpr std::size_t kMostSwitches = 10'000, kMostReleasing = 10'000;

// Until `next` (0: nothing is known of), at most kIdleMs.
std::int64_t rest_until(std::int64_t next, std::int64_t now) {
  return next == 0 ? kIdleMs : std::clamp<std::int64_t>(next - now, 0, kIdleMs);
}

}  // namespace

IsolationThreads::Worker::Worker(IsolationThreads& all, const isolation::SwitchRecord& record)
    : id(record.id),
      name(record.name),
      queue(all.parts_.store, all.parts_.switches, record.id, all.pace_.engine, all.parts_.log) {}

IsolationThreads::IsolationThreads(Parts parts, const IsolationPace& pace) : parts_(std::move(parts)), pace_(pace) {}

IsolationThreads::~IsolationThreads() { stop(); }

// Without names of switches: anybody may read it. Those are in the log.
void IsolationThreads::declare(net::Metrics& metrics) {
  metrics.declare_counter("tarn_isolation_changes_total", "Changes of switch ports, by how they ended.");
  metrics.declare_counter("tarn_isolation_releases_total", "Nodes that were given back and are idle again.");
  metrics.declare_gauge("tarn_isolation_releasing", "Nodes on their way back.");
  metrics.declare_counter("tarn_isolation_drift_total", "Ports that were not as wanted, and were set right.");
  metrics.declare_counter("tarn_isolation_unreadable_total", "Times that a switch could not be compared.");
}

void IsolationThreads::start() {
  (void)well(match_switches(), "switches");
  for (ReleaserThread& one : releasers_)
    one.thread = std::jthread([this, &one](const std::stop_token& stop) { serve_releases(one.bell, stop); });
  house_ = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
}

void IsolationThreads::stop() {
  house_.request_stop();
  for (ReleaserThread& one : releasers_) one.thread.request_stop();
  if (house_.joinable()) house_.join();
  for (ReleaserThread& one : releasers_)
    if (one.thread.joinable()) one.thread.join();
  std::map<Id, std::shared_ptr<Worker>> ending;  // nobody starts any now
  {
    const std::lock_guard lock(mutex_);
    ending.swap(workers_);
  }
  for (auto& [id, worker] : ending) worker->thread.request_stop();
  for (auto& [id, worker] : ending)
    if (worker->thread.joinable()) worker->thread.join();
}

void IsolationThreads::wake_switch(Id id) {
  if (const auto found = worker(id))
    found->bell.ring();
  else
    house_bell_.ring();  // a new one: its thread looks at once
}

void IsolationThreads::look_at_switch(Id id) {
  if (const auto found = worker(id)) found->look = true;  // the thread of one that is new begins with that
  wake_switch(id);
}

void IsolationThreads::wake_releaser() {
  for (ReleaserThread& one : releasers_) one.bell.ring();
}

void IsolationThreads::wake_all_switches() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, worker] : workers_) worker->bell.ring();
}

std::shared_ptr<IsolationThreads::Worker> IsolationThreads::worker(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : found->second;
}

base::Result<IsolationThreads::Drift> IsolationThreads::drift(Id id, bool repair) {
  if (!worker(id)) TARN_TRY(match_switches());
  const auto found = worker(id);
  if (!found) return base::Error{base::Code::kNotFound, "there is no such switch"};
  const std::lock_guard lock(found->mutex);
  return found->queue.reconcile(parts_.clock.unix_ms(), repair);
}

// False, and logged, if the store does not work.
bool IsolationThreads::well(const base::Status& status, std::string_view doing) {
  storage_well_ = status.ok();
  if (!status.ok()) parts_.log.error("storage", {{"doing", doing}, {"error", status.error().message}});
  return status.ok();
}

void IsolationThreads::serve_switch(Worker& worker, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::int64_t rest = run_switch(worker);
    if (rest > 0) worker.bell.wait(stop, rest);
  }
}

std::int64_t IsolationThreads::run_switch(Worker& worker) {
  reconcile(worker);
  base::Result<isolation::SwitchQueue::Outcome> ran = [&] {
    const std::lock_guard lock(worker.mutex);
    return worker.queue.run_once(parts_.clock.unix_ms());
  }();
  if (!ran.ok()) {
    (void)well(ran.error(), "switch");
    return kTroubleMs;
  }
  storage_well_ = true;
  if (parts_.metrics != nullptr) {
    parts_.metrics->add("tarn_isolation_changes_total", {{"ended", "done"}}, static_cast<double>(ran->done));
    parts_.metrics->add("tarn_isolation_changes_total", {{"ended", "error"}}, static_cast<double>(ran->failed));
  }
  if (ran->done + ran->failed > 0) {
    parts_.on_change();
    wake_releaser();  // it may be what a node on its way back waits for
  }
  const std::int64_t after = parts_.clock.unix_ms();
  return std::min(rest_until(ran->next, after), rest_until(worker.compare_at, after));
}

// When it is time, or something is new on it. One that cannot be compared is tried again sooner, but later each time:
// nobody gets what hangs on its new ports until then.
void IsolationThreads::reconcile(Worker& worker) {
  const std::int64_t now = parts_.clock.unix_ms();
  const bool asked = worker.look.exchange(false);
  const bool due = now >= worker.compare_at || now < worker.compare_at - pace_.reconcile_every_ms;
  if (!asked && !due) return;
  if (compare(worker, now)) {
    worker.again_ms = 0;
    worker.compare_at = now + pace_.reconcile_every_ms;
    return;
  }
  worker.again_ms = std::min(std::max(2 * worker.again_ms, kTroubleMs), pace_.reconcile_every_ms);
  worker.compare_at = parts_.clock.unix_ms() + worker.again_ms;
}

bool IsolationThreads::compare(Worker& worker, std::int64_t now) {
  const auto found = [&] {
    const std::lock_guard lock(worker.mutex);
    return worker.queue.reconcile(now, true);
  }();
  if (!found.ok()) {
    parts_.log.warning("switch_not_compared", {{"switch", worker.name}, {"error", found.error().message}});
    if (parts_.metrics != nullptr) parts_.metrics->add("tarn_isolation_unreadable_total");
    return false;
  }
  for (const auto& drift : *found) parts_.log.warning("drift", {{"switch", worker.name}, {"port", drift.port}});
  if (!found->empty() && parts_.metrics != nullptr)
    parts_.metrics->add("tarn_isolation_drift_total", {}, static_cast<double>(found->size()));
  parts_.on_change();  // a port that was seen may be all that somebody waits for
  if (!found->empty()) wake_releaser();
  return true;
}

void IsolationThreads::serve_releases(Bell& bell, const std::stop_token& stop) {
  crypto::OsRandom random;
  isolation::Releaser releaser(parts_.store, parts_.turns, parts_.open_bmc, parts_.clean, pace_.engine, random,
                               parts_.log);
  while (!stop.stop_requested()) {
    const auto ran = releaser.run_once(parts_.clock.unix_ms());
    if (!ran.ok()) {
      (void)well(ran.error(), "release");
      bell.wait(stop, kTroubleMs);
      continue;
    }
    if (parts_.metrics != nullptr)
      parts_.metrics->add("tarn_isolation_releases_total", {}, static_cast<double>(ran->freed));
    if (ran->freed > 0) parts_.on_change();
    if (ran->waiting > 0) wake_all_switches();  // a step of a release is changes in their queues
    const std::int64_t rest = rest_until(ran->next, parts_.clock.unix_ms());
    if (rest > 0) bell.wait(stop, rest);
  }
}

void IsolationThreads::keep_house(const std::stop_token& stop) {
  std::int64_t forgot_at = 0;
  while (!stop.stop_requested()) {
    (void)well(match_switches(), "switches");
    if (parts_.metrics != nullptr) (void)well(count_releasing(), "releases");
    const std::int64_t now = parts_.clock.unix_ms();
    if (now < forgot_at || now - forgot_at >= kForgetEveryMs) {
      forgot_at = now;
      (void)well(forget_old(now), "what is old");
    }
    house_bell_.wait(stop, kHouseMs);
  }
}

base::Status IsolationThreads::match_switches() {
  std::map<Id, isolation::SwitchRecord> there;
  TARN_TRY(parts_.store.read([&](isolation::Transaction& store) -> base::Status {
    isolation::Page page{"", 1'000};
    for (bool more = true; more && there.size() < kMostSwitches;) {
      TARN_ASSIGN(const auto some, store.switches(page));
      for (const auto& record : some) there.emplace(record.id, record);
      more = some.size() == page.limit;
      if (more) page.after = some.back().name;
    }
    return {};
  }));
  std::vector<std::shared_ptr<Worker>> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = workers_.begin(); at != workers_.end();) {
      const bool stays = there.contains(at->first);
      if (!stays) gone.push_back(std::move(at->second));
      at = stays ? std::next(at) : workers_.erase(at);
    }
    for (const auto& [id, record] : there) {
      if (workers_.contains(id)) continue;
      auto made = std::make_shared<Worker>(*this, record);
      made->thread = std::jthread([this, at = made.get()](const std::stop_token& stop) { serve_switch(*at, stop); });
      workers_.emplace(id, std::move(made));
    }
  }
  for (auto& worker : gone) {
    worker->thread.request_stop();
    worker->thread.join();
  }
  return {};
}

base::Status IsolationThreads::forget_old(std::int64_t now) {
  return parts_.store.write([&](isolation::Transaction& store) -> base::Status {
    TARN_TRY(store.erase_events_before(now - pace_.keep_events_ms));
    TARN_TRY(store.erase_operations_before(now - pace_.keep_events_ms));
    return store.erase_replies_before(now - pace_.keep_replies_ms);
  });
}

base::Status IsolationThreads::count_releasing() {
  return parts_.store.read([&](isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(const auto nodes, store.nodes_releasing(std::numeric_limits<std::int64_t>::max(), kMostReleasing));
    parts_.metrics->set("tarn_isolation_releasing", {}, static_cast<double>(nodes.size()));
    return {};
  });
}

}  // namespace tarn
