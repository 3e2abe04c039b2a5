// KubernetesFulfiller: a lease as a namespace of a cluster, with exactly the quota that was bought, and a token that
// opens it. All its memory is in the cluster: a PoolLease a lease, written first and removed last, and labels.
//   deliver   PoolLease, namespace, then what restricts it; once quotas are in force and what the cluster itself puts
//             into a namespace is there, the tenant's rights. Before that nobody can use it, so nobody can use more
//   withdraw  what tokens hang on and the rights, the namespace, and once that is really gone, the PoolLease
//   access    a token bound to an object of the lease and to its service account: with these gone it is void, though a
//             server may believe its cache for ten seconds. It lives an hour, or what is left of the lease, but ten
//             minutes at least, which is the shortest that Kubernetes makes
// A namespace of the same name that is not this lease's is never touched: kInvalidInput. So is what a server refuses as
// wrong (400, 413, 422). All other refusals, missing rights among them, may end by themselves or be ended: kUnreachable.
// Threads: as KubernetesApi's; one call at a time for a lease.
// Source: Kubernetes API conventions; TokenRequest of authentication.k8s.io/v1; namespace life cycle.
#pragma once

#include <functional>

#include "base/clock.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/namespace_objects.h"
#include "drivers/kubernetes/pool_lease.h"

namespace drivers {

struct DeliveryOptions {
  std::string provider;               // 16 hexadecimal digits, the beginning of our key
  std::string home = "tarn-system";   // the namespace with the PoolLeases
  std::string server;                 // https://HOST:PORT, as tenants reach it
  std::string ca_pem;                 // by which they know it
  std::string server_name;            // that its certificate has, if not the one in `server`
  std::int64_t token_ms = 3'600'000;  // 10 minutes … 1 day
  NamespaceRules rules;
};

class KubernetesFulfiller final : public inventory::Fulfiller {
 public:
  KubernetesFulfiller(KubernetesApi& api, const base::Clock& clock, DeliveryOptions options);

  base::Result<inventory::Place> deliver(const inventory::Order& order) override;
  base::Result<inventory::Place> withdraw(const inventory::Id& lease) override;
  base::Result<inventory::Access> access(const inventory::Order& order) override;
  base::Result<inventory::Usage> usage(const inventory::Id& lease) override;
  base::Result<std::vector<inventory::Id>> present() override;
  base::Result<std::vector<inventory::Id>> recalled() override;

 private:
  // Of one lease: names, paths and whose it is.
  struct Site {
    Owner owner;
    std::string name, space_path, core_path, lease_path;
  };
  Site site_of(const inventory::Id& lease) const;
  std::string leases_path() const;

  base::Result<nlohmann::json> found(const std::string& path);  // null if there is none
  base::Result<nlohmann::json> applied(const std::string& path, const nlohmann::json& object);
  base::Result<nlohmann::json> created(const std::string& collection, const std::string& path,
                                       const nlohmann::json& object);
  base::Status removed(const std::string& path, const std::string& uid);
  base::Result<std::vector<nlohmann::json>> listed(const std::string& path);

  base::Result<nlohmann::json> journal(const inventory::Order& order, const Site& site);
  base::Result<nlohmann::json> space(const Site& site);
  base::Status furnish(const inventory::Order& order, const Site& site, const std::map<std::string, std::string>& hard);
  base::Result<std::string> missing(const Site& site);
  base::Status keep_tokens_from_pods(const Site& site);
  base::Status tell(const Site& site, const nlohmann::json& lease, const std::string& phase,
                    const std::string& blocked_by, const std::vector<Condition>& conditions);
  base::Status revoke(const Site& site);
  base::Status strike(const Site& site);

  KubernetesApi& api_;
  const base::Clock& clock_;
  const DeliveryOptions options_;
};

}  // namespace drivers
