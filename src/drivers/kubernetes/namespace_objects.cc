#include "drivers/kubernetes/namespace_objects.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/kubernetes_quantity.h"

namespace drivers {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMost = INT64_MAX;  // what Kubernetes counts exactly

// Numbers of objects: enough to work with, and few enough that no tenant fills the cluster's database.
constexpr std::pair<const char*, const char*> kCounts[] = {{"configmaps", "64"},
                                                           {"secrets", "64"},
                                                           {"services", "32"},
                                                           {"services.nodeports", "0"},
                                                           {"services.loadbalancers", "0"},
                                                           {"replicationcontrollers", "0"},
                                                           {"count/deployments.apps", "64"},
                                                           {"count/replicasets.apps", "512"},
                                                           {"count/statefulsets.apps", "32"},
                                                           {"count/jobs.batch", "256"},
                                                           {"count/cronjobs.batch", "32"}};
constexpr std::uint64_t kClaims = 32;
constexpr std::uint64_t kPodsOfUnit = 10, kMostPods = 1000;  // where no pods were bought
constexpr std::uint64_t kEndedPods = 100;                    // that may lie about, beside as many as may run

// What a container gets that says nothing: at most so much, and never more than a unit.
struct Default {
  const char* resource;
  std::uint64_t limit, request;
};
constexpr Default kDefaults[] = {{"cpu", 500, 100},
                                 {"memory", std::uint64_t{512} << 20, std::uint64_t{128} << 20},
                                 {"ephemeral-storage", std::uint64_t{512} << 20, std::uint64_t{64} << 20}};

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

base::Result<std::uint64_t> times(std::uint64_t amount, std::uint64_t units, const std::string& resource) {
  std::uint64_t out = 0;
  if (__builtin_mul_overflow(amount, units, &out) || out > kMost)
    return refused(resource + ": so many units are more than Kubernetes can count");
  return out;
}

std::uint64_t bought(const model::ResourceClass& unit, const std::string& resource) {
  const auto found = unit.amounts.find(resource);
  return found == unit.amounts.end() ? 0 : found->second;
}

std::uint64_t node_storage(const model::ResourceClass& unit, const NamespaceRules& rules) {
  const std::uint64_t own = bought(unit, "ephemeral-storage");
  return own > 0 ? own : rules.node_storage;
}

json object(const char* version, const char* kind, const std::string& name, const Owner& owner) {
  return {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}, {"labels", labels_of(owner)}}}};
}

json dns_ports() { return json::array({{{"protocol", "UDP"}, {"port", 53}}, {{"protocol", "TCP"}, {"port", 53}}}); }

json ranges_but(const char* everything, const std::vector<std::string>& blocked) {
  const bool six = std::string(everything).find(':') != std::string::npos;
  json except = json::array();
  for (const std::string& range : blocked)
    if ((range.find(':') != std::string::npos) == six) except.push_back(range);
  return {{"ipBlock", {{"cidr", everything}, {"except", except}}}};
}

}  // namespace

std::string namespace_name(const inventory::Id& lease) {
  return "tarn-" + base::to_hex(base::ByteView(lease).first(8));
}

std::map<std::string, std::string> labels_of(const Owner& owner) {
  return {
      {"app.kubernetes.io/managed-by", "tarn"}, {"tarn.dev/lease", owner.lease}, {"tarn.dev/provider", owner.provider}};
}

base::Result<std::map<std::string, std::string>> quota_of(const model::ResourceClass& unit, std::uint64_t units,
                                                          const NamespaceRules& rules) {
  if (units == 0) return refused("a namespace of no units");
  if (bought(unit, "cpu") == 0 || bought(unit, "memory") == 0)
    return refused("a class that is delivered as a Kubernetes namespace has cpu and memory: no pod runs without");

  std::map<std::string, std::string> hard(std::begin(kCounts), std::end(kCounts));
  for (const std::string& name : rules.withheld) hard["requests." + name] = "0";
  for (const auto& [name, amount] : unit.amounts) {
    if (name == "ephemeral-storage" || name == "pods") continue;  // below
    TARN_ASSIGN(const std::uint64_t total, times(amount, units, name));
    hard["requests." + name] = model::quantity_text(name, total);
    if (name == "cpu" || name == "memory") hard["limits." + name] = model::quantity_text(name, total);
  }

  TARN_ASSIGN(const std::uint64_t on_nodes, times(node_storage(unit, rules), units, "ephemeral-storage"));
  for (const char* kind : {"requests.", "limits."})
    hard[std::string(kind) + "ephemeral-storage"] = model::quantity_text("ephemeral-storage", on_nodes);

  std::uint64_t pods = units > kMostPods / kPodsOfUnit ? kMostPods : units * kPodsOfUnit;
  if (const std::uint64_t own = bought(unit, "pods"); own > 0) {
    TARN_ASSIGN(pods, times(own, units, "pods"));
  }
  hard["pods"] = std::to_string(pods);
  hard["count/pods"] = std::to_string(std::min(kMost, pods + std::min(pods, kMost - pods) + kEndedPods));

  const bool volumes = bought(unit, "storage") > 0;
  if (!volumes) hard["requests.storage"] = "0";
  hard["persistentvolumeclaims"] = std::to_string(volumes ? kClaims : 0);
  return hard;
}

json namespace_object(const std::string& name, const Owner& owner, const NamespaceRules& rules) {
  json out = object("v1", "Namespace", name, owner);
  for (const char* mode : {"enforce", "warn", "audit"})
    out["metadata"]["labels"][std::string("pod-security.kubernetes.io/") + mode] = rules.pod_security;
  return out;
}

json quota_object(const std::map<std::string, std::string>& hard, const Owner& owner) {
  json out = object("v1", "ResourceQuota", kQuotaName, owner);
  out["spec"]["hard"] = hard;
  return out;
}

json limits_object(const model::ResourceClass& unit, const Owner& owner, const NamespaceRules& rules) {
  json limits = {{"type", "Container"}};
  for (const Default& d : kDefaults) {
    const std::string name = d.resource;
    const std::uint64_t of_unit = name == "ephemeral-storage" ? node_storage(unit, rules) : bought(unit, name);
    limits["default"][name] = model::quantity_text(name, std::min(d.limit, of_unit));
    limits["defaultRequest"][name] = model::quantity_text(name, std::min(d.request, of_unit));
  }
  json out = object("v1", "LimitRange", kLimitsName, owner);
  out["spec"]["limits"] = json::array({limits});
  return out;
}

json policy_object(const Owner& owner, const NamespaceRules& rules) {
  const json own_pods = {{"podSelector", json::object()}};
  json dns = json::array({{{"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", "kube-system"}}}}},
                           {"podSelector", {{"matchLabels", {{"k8s-app", "kube-dns"}}}}}}});
  for (const std::string& range : rules.dns_ranges) dns.push_back({{"ipBlock", {{"cidr", range}}}});

  json egress = json::array({{{"to", json::array({own_pods})}}, {{"to", dns}, {"ports", dns_ports()}}});
  if (rules.internet)
    egress.push_back({{"to", json::array({ranges_but("0.0.0.0/0", rules.blocked_ranges),
                                          ranges_but("::/0", rules.blocked_ranges)})}});
  json out = object("networking.k8s.io/v1", "NetworkPolicy", kPolicyName, owner);
  out["spec"] = {{"podSelector", json::object()},
                 {"policyTypes", {"Ingress", "Egress"}},
                 {"ingress", json::array({{{"from", json::array({own_pods})}}})},
                 {"egress", egress}};
  return out;
}

json account_object(const Owner& owner) {
  json out = object("v1", "ServiceAccount", kTenantName, owner);
  out["automountServiceAccountToken"] = false;
  return out;
}

json anchor_object(const Owner& owner) { return object("v1", "Secret", kAnchorName, owner); }

json binding_object(const std::string& name_of_namespace, const Owner& owner, const NamespaceRules& rules) {
  json out = object("rbac.authorization.k8s.io/v1", "RoleBinding", kBindingName, owner);
  out["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", rules.tenant_role}};
  out["subjects"] =
      json::array({{{"kind", "ServiceAccount"}, {"name", kTenantName}, {"namespace", name_of_namespace}}});
  return out;
}

}  // namespace drivers
