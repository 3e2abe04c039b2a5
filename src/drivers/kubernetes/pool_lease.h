// PoolLease: what a cluster knows of a lease (deploy/kubernetes/crds.yaml), as JSON, and how its status is told.
// It is the journal of a delivery: there before anything else of the lease is, and, held by our finalizer, until nothing
// else is there any more. The finalizer is on it and not on the namespace, so that nobody's namespace can be kept.
// Pure, any thread. Times are Unix milliseconds; in the cluster RFC 3339, in seconds.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drivers/kubernetes/namespace_objects.h"

namespace drivers {

inline constexpr char kFinalizer[] = "tarn.dev/lease";

std::string lease_name(const inventory::Id& lease);  // lease-<32 hexadecimal digits>
nlohmann::json pool_lease(const inventory::Order& order, const Owner& owner);

// Of any object that a server sent, whatever it is: absent, or of another kind than a string or array, is empty.
std::string text_at(const nlohmann::json& object, const char* pointer);
bool belongs_to(const nlohmann::json& object, const Owner& owner);    // all labels are there
std::optional<inventory::Id> lease_of(const nlohmann::json& object);  // by its label
bool being_deleted(const nlohmann::json& object);                     // has a deletionTimestamp
bool has_finalizer(const nlohmann::json& object, const std::string& finalizer);
nlohmann::json finalizers_without(const nlohmann::json& object, const std::string& finalizer);
// Of a namespace that is being deleted: what is in the way; empty if nothing is known.
std::string obstacles(const nlohmann::json& name_space);

struct Condition {
  std::string type, status, reason, message;  // none empty; status: True, False, Unknown
};
// The conditions of `object` with these, others untouched. lastTransitionTime changes only with `status`.
nlohmann::json conditions_with(const nlohmann::json& object, const std::vector<Condition>& conditions,
                               std::int64_t now);
// The status of `lease` with these conditions.
nlohmann::json status_with(const nlohmann::json& lease, const std::string& phase, const std::string& blocked_by,
                           const std::vector<Condition>& conditions, std::int64_t now);

std::string short_text(const std::string& text);  // at most 1000 bytes and …
std::string timestamp(std::int64_t unix_ms);
std::optional<std::int64_t> parse_timestamp(const std::string& text);  // YYYY-MM-DDTHH:MM:SS[.fraction]Z

}  // namespace drivers
