#include "tarn/fulfillers.h"

#include "drivers/kubernetes/fulfiller.h"
#include "tarn/cluster.h"

namespace tarn {
namespace {

drivers::DeliveryOptions options_of(const KubernetesConfig& config, const Cluster& cluster,
                                    const crypto::PublicKey& provider) {
  drivers::DeliveryOptions out;
  out.provider = base::to_hex(base::ByteView(provider).first(8));
  out.home = config.home;
  out.server = cluster.tenant_server();
  out.ca_pem = cluster.tenant_authorities();
  if (config.api_address.empty()) out.server_name = cluster.access().server_name;
  out.token_ms = config.token_ms;
  out.rules = rules_of(config);
  return out;
}

// With the connection that it works over.
class OnCluster final : public inventory::Fulfiller {
 public:
  OnCluster(std::unique_ptr<Cluster> cluster, const KubernetesConfig& config, const crypto::PublicKey& provider,
            const base::Clock& clock)
      : cluster_(std::move(cluster)), kubernetes_(cluster_->api(), clock, options_of(config, *cluster_, provider)) {}

  base::Result<inventory::Place> deliver(const inventory::Order& order) override { return kubernetes_.deliver(order); }
  base::Result<inventory::Place> withdraw(const inventory::Id& lease) override { return kubernetes_.withdraw(lease); }
  base::Result<inventory::Access> access(const inventory::Order& order) override { return kubernetes_.access(order); }
  base::Result<inventory::Usage> usage(const inventory::Id& lease) override { return kubernetes_.usage(lease); }
  base::Result<std::vector<inventory::Id>> present() override { return kubernetes_.present(); }
  base::Result<std::vector<inventory::Id>> recalled() override { return kubernetes_.recalled(); }

 private:
  std::unique_ptr<Cluster> cluster_;
  drivers::KubernetesFulfiller kubernetes_;
};

}  // namespace

drivers::NamespaceRules rules_of(const KubernetesConfig& config) {
  drivers::NamespaceRules out;
  out.pod_security = config.pod_security;
  out.tenant_role = config.tenant_role;
  out.internet = config.internet_egress;
  out.blocked_ranges.insert(out.blocked_ranges.end(), config.blocked_ranges.begin(), config.blocked_ranges.end());
  out.dns_ranges = config.dns_ranges;
  out.withheld.insert(out.withheld.end(), config.withheld.begin(), config.withheld.end());
  return out;
}

base::Result<std::unique_ptr<inventory::Fulfiller>> open_kubernetes(const KubernetesConfig& config,
                                                                    const crypto::PublicKey& provider,
                                                                    const base::Clock& clock,
                                                                    Cluster::Options options) {
  TARN_ASSIGN(auto cluster, Cluster::open(config, clock, std::move(options)));
  return std::unique_ptr<inventory::Fulfiller>(
      std::make_unique<OnCluster>(std::move(cluster), config, provider, clock));
}

std::function<void(const drivers::ApiCall&)> logged_to(base::Log& log) {
  return [&log](const drivers::ApiCall& call) {
    log.debug("api_call", {{"verb", call.verb}, {"path", call.path}, {"status", call.status}, {"ms", call.took_ms}});
  };
}

}  // namespace tarn
