// Contributions: what a cluster puts up in the pool, as its administrators say it in PoolContributions
// (deploy/kubernetes/crds.yaml), becomes the offers of our inventory, and they read there what became of it.
//   follow()    reads all of them, then watches: blocks, for a thread of its own
//   run_once()  puts changes into the inventory and writes statuses; once a second
// One that cannot be offered is not offered, gets Accepted=False with reason and message, and touches no other. Changes
// and deletions take effect for what is sold from then on; what is promised stays promised (inventory/book.h). An offer
// is named NAME/xxxxxxxx after the contribution and its class, so that one of another class is another offer; but while
// anything of the former class is promised, the new one is not offered (ClassInUse): that capacity would be sold twice.
// While no API server answers, what was read last is offered on. Before the first answer nothing is.
// A status is written only if it would change, at most every status_ms an object, and never over somebody's newer one.
// Bounded: of more than kMostContributions the last by name are refused (TooMany), beyond kMostSeen they are not looked
// at. Threads: follow() from one, run_once() from one, the rest from any. Times: Unix milliseconds, unless said.
// Errors of follow() and run_once(): the API's, or the inventory's; call again, after a pause. Missing rights are
// kUnreachable.
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
#include "drivers/kubernetes/events.h"
#include "drivers/kubernetes/namespace_objects.h"
#include "inventory/inventory.h"

namespace drivers {

// Why there is no offer.
struct Refusal {
  std::string reason;   // InvalidSpec, ClassInUse, TooMany
  std::string message;  // names the field, not its value
  bool operator==(const Refusal&) const = default;
};

// One PoolContribution, whatever a server sent: either an offer or a refusal.
struct Contribution {
  std::string name, uid;
  std::int64_t generation = 0;
  std::optional<inventory::Offer> offer;
  Refusal refusal;
};
Contribution read_contribution(const nlohmann::json& object, const NamespaceRules& rules);

// The status of `object` for this contribution; `promised` is what the inventory says of its offer. Conditions: Accepted
// and Offered (nothing of it may be left, Offered is then False); those of others stay.
nlohmann::json contribution_status(const nlohmann::json& object, const Contribution& contribution,
                                   const inventory::Totals& promised, std::int64_t now);

struct ContributionOptions {
  std::string name_space = "tarn-system";
  NamespaceRules rules;            // what cannot be delivered is not offered
  std::int64_t status_ms = 5'000;  // between two writes of one object's status
  int watch_ms = 300'000;          // then everything is read again: what a watch missed is missing no longer
};

class Contributions {
 public:
  static constexpr std::size_t kMostContributions = 64, kMostSeen = 1024;

  Contributions(KubernetesApi& api, inventory::Inventory& inventory, Events& events, base::Log& log,
                const base::Clock& clock, ContributionOptions options);
  ~Contributions();

  // Returns when it is time to read everything again, by calling it again; ok also when the server ended the watch.
  base::Status follow();
  base::Status run_once();
  void stop();  // follow() returns at the next event, or when the API's calls are cancelled (ApiOptions::cancelled)

  struct Summary {
    bool read = false;  // at least once; before, a provider is not ready
    std::size_t accepted = 0, refused = 0;
    std::int64_t heard_steady_ms = 0;  // of the server, last
  };
  Summary summary() const;

 private:
  struct Seen;  // an object, and what we made of it
  using Objects = std::map<std::string, Seen>;

  std::string path() const;
  base::Status read_all(std::string& version);
  base::Status watch(std::string version);
  bool take(const nlohmann::json& event, std::string& version);
  void put(nlohmann::json object);
  bool settle();  // who is offered; true if the inventory has to know
  base::Status offer();
  base::Status tell(std::int64_t now);

  KubernetesApi& api_;
  inventory::Inventory& inventory_;
  Events& events_;
  base::Log& log_;
  const base::Clock& clock_;
  const ContributionOptions options_;
  std::atomic<bool> stopped_{false};

  mutable std::mutex mutex_;  // for what follows; not held while a server is asked
  std::unique_ptr<Objects> objects_;
  Summary summary_;
};

}  // namespace drivers
