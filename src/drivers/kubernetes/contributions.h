// Contributions: what a cluster puts up in the pool, as its administrators say it in PoolContributions (contribution.h),
// becomes the offers of our inventory, all of them, and they read there what became of it.
//   follow()    reads all of them, then watches: blocks, for a thread of its own
//   run_once()  puts changes into the inventory and writes statuses; once a second, by the leader alone
// One that cannot be offered is not offered, gets Accepted=False with reason and message, and touches no other. Changes
// and deletions take effect for what is sold from then on; what is promised stays promised (inventory/book.h). While
// anything of a former class of it is promised, the new one is not offered (ClassInUse): that capacity is not there.
// While no API server answers, what was read last is offered on. Before the first answer the inventory is left alone.
// A status is written only if it would change, at most every status_ms an object, and never over somebody's newer one.
// Bounded: kMostContributions are offered, the oldest, as many as an announcement has room for; others are refused
// (TooMany), beyond kMostSeen not looked at. run_once() writes kMostWrites statuses at most.
// Threads: follow() from one, run_once() from one, the rest from any. Nothing is locked while a server is asked.
// Errors of follow() and run_once(): the API's, or the inventory's; missing rights are kUnreachable.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/contribution.h"
#include "drivers/kubernetes/events.h"

namespace drivers {

struct ContributionOptions {
  std::string name_space = "tarn-system";
  NamespaceRules rules;
  std::int64_t status_ms = 5'000;
  int watch_ms = 300'000;  // then all are read again: what a watch has missed is missing no longer
};

class Contributions {
 public:
  static constexpr std::size_t kMostContributions = 16, kMostSeen = 1024, kMostWrites = 16;

  Contributions(KubernetesApi& api, inventory::Inventory& inventory, Events& events, base::Log& log,
                const base::Clock& clock, ContributionOptions options);
  ~Contributions();

  // Returns when all are to be read again: call it again, after a pause of a second, whether it is ok or not.
  base::Status follow();
  base::Status run_once();
  // follow() returns at the next event, or as soon as the API's calls are cancelled (ApiOptions::cancelled).
  void stop() { stopped_ = true; }

  struct Summary {
    bool read = false;  // at least once: before, a provider is not ready
    std::size_t accepted = 0, refused = 0;
  };
  Summary summary() const;

 private:
  struct Seen;    // an object, and what we made of it
  struct Choice;  // what is offered
  using Objects = std::map<std::string, Seen>;
  using Versions = std::map<std::string, std::pair<std::string, std::int64_t>>;  // offer → uid, generation

  std::string path() const;
  base::Result<std::string> read_all();
  base::Status watch(const std::string& version);
  void take(const nlohmann::json& event);
  void put(Objects& objects, nlohmann::json object);
  Choice choose();
  void judge(Seen& seen, Choice& choice, const std::vector<inventory::Totals>& totals,
             const std::vector<inventory::Offer>& current);
  base::Status offer();
  void say(Seen& seen);
  std::vector<nlohmann::json> due();
  base::Status write(const nlohmann::json& patch);

  KubernetesApi& api_;
  inventory::Inventory& inventory_;
  Events& events_;
  base::Log& log_;
  const base::Clock& clock_;
  const ContributionOptions options_;
  std::atomic<bool> stopped_{false};
  std::optional<Versions> offered_;  // run_once() alone

  mutable std::mutex mutex_;  // for what follows
  std::unique_ptr<Objects> objects_;
  Summary summary_;
};

}  // namespace drivers
