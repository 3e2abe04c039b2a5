// What a leased namespace consists of, as JSON for the API server: from what was bought and what the owner of the
// cluster decides, and from nothing else, so that making them again changes nothing.
//   Namespace       labels of ours, Pod Security level restricted (enforced, warned of and audited)
//   ResourceQuota   units × quantum of all that was bought, as requests and as limits, and numbers of objects. What was
//                   not bought is not unlimited: node-local storage is a little, volumes, devices and huge pages are 0
//   LimitRange      what containers that say nothing get: without it a quota refuses them
//   NetworkPolicy   nothing in or out but DNS, the namespace's own pods and, if the owner allows, the internet
//   ServiceAccount, Secret   whom the tenant's tokens are for, and the object that they are bound to: none outlives it
//   RoleBinding     the tenant's rights (deploy/kubernetes/tenant-role.yaml); what makes all of it usable, so it is last
// Pure, any thread. Errors: kInvalidInput, what of the order cannot be delivered.
// Source: Kubernetes API v1, rbac.authorization.k8s.io/v1, networking.k8s.io/v1; Pod Security Standards.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "inventory/fulfiller.h"

namespace drivers {

inline constexpr char kQuotaName[] = "tarn-quota", kLimitsName[] = "tarn-limits", kPolicyName[] = "tarn-isolation",
                      kTenantName[] = "tenant", kAnchorName[] = "tarn-access", kBindingName[] = "tarn-tenant";

struct NamespaceRules {
  std::string pod_security = "restricted";
  std::string tenant_role = "tarn-tenant";  // a ClusterRole
  bool internet = false;
  // Never reached, also with `internet`: private and link-local addresses, where nodes, pods, API servers and metadata
  // services are. Who has them elsewhere adds those ranges.
  std::vector<std::string> blocked_ranges{"10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8", "169.254.0.0/16",
                                          "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4", "fc00::/7",
                                          "fe80::/10",     "ff00::/8",       "::1/128",     "64:ff9b::/96"};
  std::vector<std::string> dns_ranges;  // of a DNS cache on the nodes, such as 169.254.20.10/32; DNS only
  // Not to be had unless bought: a quota does not limit what it does not name.
  std::vector<std::string> withheld{"nvidia.com/gpu", "amd.com/gpu", "hugepages-2Mi", "hugepages-1Gi"};
  std::uint64_t node_storage = std::uint64_t{1} << 30;  // bytes a unit, where no ephemeral-storage was bought
};

// Whose the objects are; on all of them as labels.
struct Owner {
  std::string lease;     // 32 hexadecimal digits
  std::string provider;  // 16: the beginning of its key
};

std::string namespace_name(const inventory::Id& lease);  // tarn-<16 hexadecimal digits>
std::map<std::string, std::string> labels_of(const Owner& owner);

// What spec.hard says.
base::Result<std::map<std::string, std::string>> quota_of(const model::ResourceClass& unit, std::uint64_t units,
                                                          const NamespaceRules& rules);

nlohmann::json namespace_object(const std::string& name, const Owner& owner, const NamespaceRules& rules);
nlohmann::json quota_object(const std::map<std::string, std::string>& hard, const Owner& owner);
nlohmann::json limits_object(const model::ResourceClass& unit, const Owner& owner, const NamespaceRules& rules);
nlohmann::json policy_object(const Owner& owner, const NamespaceRules& rules);
nlohmann::json account_object(const Owner& owner);
nlohmann::json anchor_object(const Owner& owner);
nlohmann::json binding_object(const std::string& name_of_namespace, const Owner& owner, const NamespaceRules& rules);

}  // namespace drivers
