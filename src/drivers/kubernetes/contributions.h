// Contributions: follows the PoolContributions of a namespace and hands over what they offer whenever that changes: a
// list, then a watch, and a list again when the watch has lost its place (410), failed, or every ten minutes. Writes
// their status back: whether each is accepted and offered, and how much of it is free, held and leased; and an Event when
// that turns.
// While the API server cannot be reached the last offers stand. Threads: one. Errors: as KubernetesApi, and those of
// `set_offers`; after an error call round() again, later.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/contribution_set.h"
#include "drivers/kubernetes/events.h"

namespace drivers {

struct ContributionsOptions {
  std::string home = "tarn-system";
  NamespaceRules rules;
  std::function<base::Status(std::vector<inventory::Offer>)> set_offers;
  std::function<std::vector<inventory::Totals>()> totals;
};

class Contributions {
 public:
  static constexpr std::int64_t kResyncMs = 600'000;

  Contributions(KubernetesApi& api, const base::Clock& clock, EventRecorder& events, ContributionsOptions options);

  // Takes in what has changed, waits up to watch_s for changes, and tells the statuses. Changes are handed over at once.
  base::Status round(int watch_s);
  const ContributionSet& set() const { return set_; }

 private:
  base::Status list();
  base::Status watch(int watch_s);
  base::Status hand_over();
  base::Status tell();
  void tell_turn(const ContributionSet::Item& item, const Condition& condition);

  KubernetesApi& api_;
  const base::Clock& clock_;
  EventRecorder& events_;
  const ContributionsOptions options_;
  const std::string path_;
  ContributionSet set_;
  std::string version_;  // where the watch goes on; empty: list first
  std::int64_t listed_at_ = 0;
  bool handed_over_ = false;  // the offers are those of the set
};

}  // namespace drivers
