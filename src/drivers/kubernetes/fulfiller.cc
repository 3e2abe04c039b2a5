#include "drivers/kubernetes/fulfiller.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "drivers/kubernetes/kubeconfig.h"

namespace drivers {
namespace {

using inventory::Place;
using nlohmann::json;
using State = Place::State;

constexpr int kPatience = 5;                        // times that somebody else may have been faster
constexpr std::int64_t kShortestTokenMs = 600'000;  // Kubernetes makes none that is shorter

base::Error invalid(const std::string& what) { return {base::Code::kInvalidInput, what}; }
base::Error again(const std::string& what) { return {base::Code::kUnreachable, what}; }

// What an answer that is no success means to who asked for `what`.
base::Error refusal(const std::string& what, const ApiReply& reply) {
  const std::string text = "Kubernetes: " + what + ": " + reply.message();
  const bool wrong = reply.status == 400 || reply.status == 413 || reply.status == 422;
  return wrong ? invalid(text) : again(text);
}

std::string last_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

base::Result<json> object_in(const std::string& what, const ApiReply& reply) {
  if (!reply.ok()) return refusal(what, reply);
  json out = reply.json();
  if (!out.is_object()) return again("Kubernetes: " + what + ": the answer is no object");
  return out;
}

Place waiting(State state, const std::string& detail) { return {state, detail}; }

}  // namespace

KubernetesFulfiller::KubernetesFulfiller(KubernetesApi& api, const base::Clock& clock, DeliveryOptions options)
    : api_(api), clock_(clock), options_(std::move(options)) {}

KubernetesFulfiller::Site KubernetesFulfiller::site_of(const inventory::Id& lease) const {
  const std::string name = namespace_name(lease);
  return {{base::to_hex(lease), options_.provider},
          name,
          "/api/v1/namespaces/" + name,
          "/api/v1/namespaces/" + name + "/",
          leases_path() + "/" + lease_name(lease)};
}

std::string KubernetesFulfiller::leases_path() const {
  return "/apis/tarn.dev/v1alpha1/namespaces/" + options_.home + "/poolleases";
}

base::Result<json> KubernetesFulfiller::found(const std::string& path) {
  TARN_ASSIGN(const ApiReply reply, api_.get(path));
  if (reply.status == 404) return json();
  return object_in("reading " + last_of(path), reply);
}

base::Result<json> KubernetesFulfiller::applied(const std::string& path, const json& object) {
  for (int attempt = 1;; ++attempt) {
    TARN_ASSIGN(const ApiReply reply, api_.apply(path, object));
    if (reply.status == 409 && attempt < kPatience) continue;
    return object_in("writing " + last_of(path), reply);
  }
}

// Never changes what is there already. An answer that was lost is looked up.
base::Result<json> KubernetesFulfiller::created(const std::string& collection, const std::string& path,
                                                const json& object) {
  const auto reply = api_.create(collection, object);
  if (reply.ok() && reply->ok()) return object_in("making " + last_of(path), *reply);
  if (!reply.ok() && reply.error().code != base::Code::kUnreachable) return reply.error();
  if (reply.ok() && reply->status != 409) return refusal("making " + last_of(path), *reply);
  TARN_ASSIGN(json there, found(path));
  if (there.is_null()) return reply.ok() ? refusal("making " + last_of(path), *reply) : reply.error();
  return there;
}

base::Status KubernetesFulfiller::removed(const std::string& path, const std::string& uid) {
  json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  if (!uid.empty()) options["preconditions"] = {{"uid", uid}};
  TARN_ASSIGN(const ApiReply reply, api_.remove(path, options));
  // 409: another object has that name by now, or the namespace is on its way out; who asks looks again.
  if (reply.ok() || reply.status == 404 || reply.status == 409) return {};
  return refusal("deleting " + last_of(path), reply);
}

base::Result<std::vector<json>> KubernetesFulfiller::listed(const std::string& path) {
  TARN_ASSIGN(const ApiReply reply,
              api_.list(path, "app.kubernetes.io/managed-by=tarn,tarn.dev/provider=" + options_.provider));
  TARN_ASSIGN(const json list, object_in("listing " + last_of(path), reply));
  const auto items = list.find("items");
  if (items == list.end() || !items->is_array()) return again("Kubernetes: a list without items");
  return items->get<std::vector<json>>();
}

// The PoolLease, and what it says is what was ordered.
base::Result<json> KubernetesFulfiller::journal(const inventory::Order& order, const Site& site) {
  const json wanted = pool_lease(order, site.owner);
  TARN_ASSIGN(json lease, found(site.lease_path));
  if (lease.is_null()) {
    TARN_ASSIGN(lease, created(leases_path(), site.lease_path, wanted));
  }
  if (!belongs_to(lease, site.owner))
    return invalid("a PoolLease of this name is somebody else's: " + lease_name(order.lease));
  if (being_deleted(lease)) return invalid("the lease is being ended in the cluster: its PoolLease is deleted");
  const auto spec = lease.find("spec");
  if (spec != lease.end() && *spec == wanted["spec"] && has_finalizer(lease, kFinalizer)) return lease;
  return applied(site.lease_path, wanted);
}

// The lease's namespace, made if there is none.
base::Result<json> KubernetesFulfiller::space(const Site& site) {
  json wanted = namespace_object(site.name, site.owner, options_.rules);
  TARN_ASSIGN(json there, found(site.space_path));
  if (there.is_null()) {
    TARN_ASSIGN(there, created("/api/v1/namespaces", site.space_path, wanted));
    if (belongs_to(there, site.owner)) return there;
  }
  if (!belongs_to(there, site.owner))
    return invalid("the namespace " + site.name + " exists and is not this lease's; it is left alone");
  if (being_deleted(there)) return there;
  bool labelled = true;
  for (const auto& [key, value] : wanted["metadata"]["labels"].items())
    labelled = labelled && there["metadata"]["labels"].value(key, json()) == value;
  if (labelled) return there;
  wanted["metadata"]["uid"] = text_at(there, "/metadata/uid");  // this very one, or none
  return applied(site.space_path, wanted);
}

base::Status KubernetesFulfiller::furnish(const inventory::Order& order, const Site& site,
                                          const std::map<std::string, std::string>& hard) {
  const NamespaceRules& rules = options_.rules;
  const std::pair<std::string, json> objects[] = {
      {site.core_path + "resourcequotas/" + kQuotaName, quota_object(hard, site.owner)},
      {site.core_path + "limitranges/" + kLimitsName, limits_object(order.unit, site.owner, rules)},
      {"/apis/networking.k8s.io/v1/namespaces/" + site.name + "/networkpolicies/" + kPolicyName,
       policy_object(site.owner, rules)},
      {site.core_path + "serviceaccounts/" + kTenantName, account_object(site.owner)},
      {site.core_path + "secrets/" + kAnchorName, anchor_object(site.owner)}};
  for (const auto& [path, object] : objects) {
    TARN_TRY(applied(path, object));
  }
  return {};
}

// What is not there yet that the cluster puts in: empty, once the namespace may be used.
base::Result<std::string> KubernetesFulfiller::missing(const Site& site) {
  TARN_ASSIGN(const json quota, found(site.core_path + "resourcequotas/" + kQuotaName));
  const json::json_pointer wanted("/spec/hard"), in_force("/status/hard");
  if (!quota.contains(wanted) || !quota.contains(in_force) || quota.at(wanted) != quota.at(in_force))
    return std::string("the quota to be in force (does kube-controller-manager run?)");
  for (const char* object : {"serviceaccounts/default", "configmaps/kube-root-ca.crt"}) {
    TARN_ASSIGN(const json there, found(site.core_path + object));
    if (there.is_null()) return std::string(object) + ", which kube-controller-manager makes";
  }
  return std::string();
}

// For pods that name no account: they get no token. It would open nothing, and a server before 1.24 makes it a moment
// after the account, and refuses such pods until then.
base::Status KubernetesFulfiller::keep_tokens_from_pods(const Site& site) {
  const std::string path = site.core_path + "serviceaccounts/default";
  TARN_ASSIGN(const ApiReply reply, api_.merge(path, {{"automountServiceAccountToken", false}}));
  return reply.ok() ? base::Status() : refusal("ServiceAccount default", reply);
}

base::Status KubernetesFulfiller::tell(const Site& site, const json& lease, const std::string& phase,
                                       const std::string& blocked_by, const std::vector<Condition>& conditions) {
  const json status = status_with(lease, phase, blocked_by, conditions, clock_.unix_ms());
  const auto old = lease.find("status");
  if (old != lease.end() && *old == status) return {};
  json patch = status;
  if (blocked_by.empty()) patch["blockedBy"] = nullptr;  // taken out
  TARN_ASSIGN(const ApiReply reply, api_.merge(site.lease_path + "/status", {{"status", patch}}));
  if (!reply.ok() && reply.status != 404) return refusal("writing the status of the PoolLease", reply);
  return {};
}

base::Result<Place> KubernetesFulfiller::deliver(const inventory::Order& order) {
  const Site site = site_of(order.lease);
  TARN_ASSIGN(const auto hard, quota_of(order.unit, order.units, options_.rules));
  TARN_ASSIGN(const json lease, journal(order, site));

  const auto name_space = space(site);
  if (!name_space.ok()) {
    if (name_space.error().code == base::Code::kInvalidInput)
      TARN_TRY(tell(site, lease, "Failed", "",
                    {{"Provisioned", "False", "NamespaceRefused", name_space.error().message},
                     {"Ready", "False", "NotProvisioned", "see Provisioned"}}));
    return name_space.error();
  }
  if (being_deleted(*name_space)) {
    const std::string detail = "somebody deleted the namespace; it is made again when it is gone";
    TARN_TRY(tell(site, lease, "Pending", obstacles(*name_space),
                  {{"Provisioned", "False", "NamespaceDeleted", detail},
                   {"Ready", "False", "NotProvisioned", "see Provisioned"}}));
    return waiting(State::kComing, detail);
  }

  TARN_TRY(furnish(order, site, hard));
  TARN_ASSIGN(const std::string wanting, missing(site));
  if (!wanting.empty()) {
    TARN_TRY(tell(site, lease, "Pending", "",
                  {{"Provisioned", "False", "Waiting", "waits for " + wanting},
                   {"Ready", "False", "NotProvisioned", "see Provisioned"}}));
    return waiting(State::kComing, "waits for " + wanting);
  }
  TARN_TRY(keep_tokens_from_pods(site));
  TARN_TRY(applied("/apis/rbac.authorization.k8s.io/v1/namespaces/" + site.name + "/rolebindings/" + kBindingName,
                   binding_object(site.name, site.owner, options_.rules)));
  TARN_TRY(tell(site, lease, "Ready", "",
                {{"Provisioned", "True", "Provisioned", "the quota is in force"},
                 {"Ready", "True", "Delivered", "the tenant has its rights"},
                 {"Terminating", "False", "Running", "the lease goes on"}}));
  return waiting(State::kReady, "");
}

// Everything by which anybody gets in: tokens, also those that pods of the tenant hold, and rights.
base::Status KubernetesFulfiller::revoke(const Site& site) {
  TARN_TRY(removed(site.core_path + "secrets/" + kAnchorName, ""));
  TARN_TRY(removed("/apis/rbac.authorization.k8s.io/v1/namespaces/" + site.name + "/rolebindings/" + kBindingName, ""));
  return removed(site.core_path + "serviceaccounts/" + kTenantName, "");
}

// The PoolLease goes: nothing else of the lease is there.
base::Status KubernetesFulfiller::strike(const Site& site) {
  for (int attempt = 0; attempt < kPatience; ++attempt) {
    TARN_ASSIGN(const json lease, found(site.lease_path));
    if (lease.is_null() || !belongs_to(lease, site.owner)) return {};
    if (!being_deleted(lease)) {
      TARN_TRY(removed(site.lease_path, text_at(lease, "/metadata/uid")));
      continue;
    }
    if (!has_finalizer(lease, kFinalizer)) return {};  // somebody else's finalizers hold it, and it is theirs now
    const json patch = {{"metadata",
                         {{"resourceVersion", text_at(lease, "/metadata/resourceVersion")},
                          {"finalizers", finalizers_without(lease, kFinalizer)}}}};
    TARN_ASSIGN(const ApiReply reply, api_.merge(site.lease_path, patch));
    if (reply.ok() || reply.status == 404) return {};
    if (reply.status != 409) return refusal("releasing the PoolLease", reply);
  }
  return again("Kubernetes: the PoolLease changes faster than it can be released");
}

base::Result<Place> KubernetesFulfiller::withdraw(const inventory::Id& id) {
  const Site site = site_of(id);
  TARN_ASSIGN(json lease, found(site.lease_path));
  if (!belongs_to(lease, site.owner)) lease = json();
  TARN_ASSIGN(json name_space, found(site.space_path));
  if (belongs_to(name_space, site.owner)) {
    TARN_TRY(revoke(site));
    if (!being_deleted(name_space)) {
      TARN_TRY(removed(site.space_path, text_at(name_space, "/metadata/uid")));
      TARN_ASSIGN(name_space, found(site.space_path));
    }
  }
  if (!belongs_to(name_space, site.owner)) {
    TARN_TRY(strike(site));
    return waiting(State::kGone, "");
  }

  const std::string in_the_way = obstacles(name_space);
  const std::string detail = in_the_way.empty() ? "the namespace is being deleted" : in_the_way;
  if (!lease.is_null()) {
    TARN_TRY(tell(site, lease, "Terminating", in_the_way,
                  {{"Ready", "False", "Revoked", "the tenant's tokens and rights are gone"},
                   {"Terminating", "True", in_the_way.empty() ? "Deleting" : "Blocked", detail}}));
  }
  return waiting(State::kLeaving, detail);
}

base::Result<inventory::Access> KubernetesFulfiller::access(const inventory::Order& order) {
  const Site site = site_of(order.lease);
  const std::int64_t left = order.end_unix_ms - clock_.unix_ms();
  if (left <= 0) return invalid("the lease is over");
  TARN_ASSIGN(const json name_space, found(site.space_path));
  if (!belongs_to(name_space, site.owner) || being_deleted(name_space))
    return again("the lease's namespace is not there (yet)");
  TARN_ASSIGN(const json anchor, applied(site.core_path + "secrets/" + kAnchorName, anchor_object(site.owner)));

  const std::int64_t life = std::max(kShortestTokenMs, std::min(options_.token_ms, left));
  const json request = {{"apiVersion", "authentication.k8s.io/v1"},
                        {"kind", "TokenRequest"},
                        {"spec",
                         {{"expirationSeconds", life / 1000},
                          {"boundObjectRef",
                           {{"apiVersion", "v1"},
                            {"kind", "Secret"},
                            {"name", kAnchorName},
                            {"uid", text_at(anchor, "/metadata/uid")}}}}}};
  TARN_ASSIGN(ApiReply reply, api_.create(site.core_path + "serviceaccounts/" + kTenantName + "/token", request));
  const auto issued = object_in("asking for a token", reply);
  base::wipe(reply.body.data(), reply.body.size());
  if (!issued.ok()) return issued.error();
  std::string token = text_at(*issued, "/status/token");
  const auto expires = parse_timestamp(text_at(*issued, "/status/expirationTimestamp"));
  if (token.empty() || !expires) return again("Kubernetes: the answer to a TokenRequest has no token");
  TenantAccess tenant;
  tenant.name = site.name;
  tenant.server = options_.server;
  tenant.authorities = options_.ca_pem;
  tenant.server_name = options_.server_name;
  tenant.tenant_namespace = site.name;
  tenant.credential = token;
  inventory::Access out{tenant_kubeconfig(tenant), std::min(*expires, order.end_unix_ms)};
  for (std::string* secret : {&token, &std::get<std::string>(tenant.credential)})
    base::wipe(secret->data(), secret->size());
  return out;
}

base::Result<inventory::Usage> KubernetesFulfiller::usage(const inventory::Id& lease) {
  const Site site = site_of(lease);
  TARN_ASSIGN(const json quota, found(site.core_path + "resourcequotas/" + kQuotaName));
  if (!belongs_to(quota, site.owner)) return again("the lease's quota is not there (yet)");
  inventory::Usage out;
  const json::json_pointer hard("/status/hard"), used("/status/used");
  if (!quota.contains(hard) || !quota.at(hard).is_object()) return out;
  for (const auto& [name, granted] : quota.at(hard).items()) {
    if (!granted.is_string()) continue;
    const bool known = quota.contains(used) && quota.at(used).contains(name) && quota.at(used).at(name).is_string();
    out[name] = {granted.get<std::string>(), known ? quota.at(used).at(name).get<std::string>() : "0"};
  }
  return out;
}

base::Result<std::vector<inventory::Id>> KubernetesFulfiller::present() {
  std::set<inventory::Id> ids;
  TARN_ASSIGN(const auto leases, listed(leases_path()));
  for (const json& lease : leases) {
    if (being_deleted(lease) && !has_finalizer(lease, kFinalizer)) continue;  // ours is done
    if (const auto id = lease_of(lease)) ids.insert(*id);
  }
  TARN_ASSIGN(const auto spaces, listed("/api/v1/namespaces"));
  for (const json& name_space : spaces) {
    const auto id = lease_of(name_space);
    if (id && text_at(name_space, "/metadata/name") == namespace_name(*id)) ids.insert(*id);
  }
  return std::vector<inventory::Id>(ids.begin(), ids.end());
}

base::Result<std::vector<inventory::Id>> KubernetesFulfiller::recalled() {
  std::vector<inventory::Id> out;
  TARN_ASSIGN(const auto leases, listed(leases_path()));
  for (const json& lease : leases)
    if (const auto id = lease_of(lease); id && being_deleted(lease) && has_finalizer(lease, kFinalizer))
      out.push_back(*id);
  return out;
}

}  // namespace drivers
