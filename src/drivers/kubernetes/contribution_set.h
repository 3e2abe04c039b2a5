// ContributionSet: the PoolContributions of a cluster (deploy/kubernetes/crds.yaml) as offers of an inventory. Each is
// taken or refused by itself: one that is wrong says so in its conditions, is not offered, and changes nothing else. An
// offer has its contribution's name, so what is promised of it stays promised whatever becomes of the contribution.
// The oldest come first; beyond kMaxOffers, which an announcement can hold, they wait.
// Pure; threads: one.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drivers/kubernetes/namespace_objects.h"
#include "drivers/kubernetes/pool_lease.h"
#include "inventory/inventory.h"

namespace drivers {

// kInvalidInput, with the field and what to write.
base::Result<inventory::Offer> read_contribution(const nlohmann::json& object, const NamespaceRules& rules);

class ContributionSet {
 public:
  static constexpr std::size_t kMaxOffers = 16, kMaxContributions = 1'000;

  explicit ContributionSet(NamespaceRules rules) : rules_(std::move(rules)) {}

  // All there are, as a list has them; what is not among them is gone.
  void replace(const nlohmann::json& items);
  // An event of a watch. True if it may have changed an offer: a written status does not.
  bool apply(const nlohmann::json& event);

  struct Item {
    nlohmann::json object;
    std::optional<inventory::Offer> offer;  // nothing: `refusal` says why
    std::string refusal;
    bool offered = false;
    Condition accepted() const;
    Condition in_pool() const;
    // As it should be, with `totals` of its offer, if there are any; equal to what the object has if nothing is to do.
    nlohmann::json status(const inventory::Totals* totals, std::int64_t now) const;
  };
  const std::map<std::string, Item>& items() const { return items_; }
  void wrote(const std::string& name, const nlohmann::json& object);  // the status of, as the server has it now
  std::vector<inventory::Offer> offers() const;

 private:
  bool put(const nlohmann::json& object);
  void choose();
  std::vector<std::string> by_age() const;

  const NamespaceRules rules_;
  std::map<std::string, Item> items_;  // by name
};

}  // namespace drivers
