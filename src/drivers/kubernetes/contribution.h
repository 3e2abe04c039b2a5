// PoolContribution (deploy/kubernetes/crds.yaml): one object, as a server sends it, becomes an offer of our inventory or
// a reason why not, and a status that says so.
// The offer is named NAME/xxxxxxxx after the contribution and its class: what is promised is promised of a class, so one
// of another class is another offer (inventory/book.h). A NAME has no slash, so the offers of a contribution, also of
// former classes, are those that begin with its prefix.
// Pure, any thread. Times: Unix milliseconds. Refusals name the field, never its value.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "drivers/kubernetes/namespace_objects.h"
#include "inventory/inventory.h"

namespace drivers {

inline constexpr char kInvalidSpec[] = "InvalidSpec", kClassInUse[] = "ClassInUse", kTooMany[] = "TooMany";

// Why there is no offer: one word for programs, a text for people.
struct Refusal {
  std::string reason, message;
  bool operator==(const Refusal&) const = default;
};

struct Contribution {
  std::string name, uid;
  std::int64_t generation = 0;
  std::optional<inventory::Offer> offer;
  Refusal refusal;  // if there is no offer
};

// Whatever `object` is. An offer can be taken by any inventory, and delivered under these rules.
Contribution read_contribution(const nlohmann::json& object, const NamespaceRules& rules);

std::string offer_prefix(const std::string& name);  // NAME/
// Of all offers of this contribution together.
inventory::Totals promised_of(const std::string& name, std::span<const inventory::Totals> totals);

// The status of `object`. Conditions of ours are Accepted and, False also while nothing of it is to be had, Offered;
// others' stay.
nlohmann::json contribution_status(const nlohmann::json& object, const Contribution& contribution,
                                   const inventory::Totals& promised, std::int64_t now);
// What the status of `object` says of its acceptance: nothing yet, a refusal, or one without a reason: accepted.
std::optional<Refusal> told(const nlohmann::json& object);

}  // namespace drivers
