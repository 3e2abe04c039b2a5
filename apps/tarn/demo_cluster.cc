#include "tarn/demo_cluster.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/bytes.h"
#include "crypto/random.h"
#include "tarn/local_process.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using Json = nlohmann::json;

constexpr char kInstall[] = "kubectl apply -f deploy/kubernetes/crds.yaml -f deploy/kubernetes/tenant-role.yaml";
constexpr std::chrono::milliseconds kPatience{90'000}, kStep{200};

base::Result<std::unique_ptr<Cluster>> open_cluster(const std::string& kubeconfig, const base::Clock& clock) {
  KubernetesConfig config;
  config.kubeconfig = kubeconfig;
  return Cluster::open(config, clock, {interrupted, {}});
}

std::string core(const std::string& name_space) { return "/api/v1/namespaces/" + name_space; }

base::Error unexpected(const std::string& what, const drivers::ApiReply& reply) {
  return {base::Code::kUnreachable, what + ": " + reply.message()};
}

// A pod that asks for more than all that was bought.
Json greedy_pod() {
  const Json all = {{"cpu", "1000000"}, {"memory", "1Pi"}};
  return {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", "too-much"}}},
      {"spec",
       {{"automountServiceAccountToken", false},
        {"containers", {{{"name", "c"}, {"image", "none"}, {"resources", {{"requests", all}, {"limits", all}}}}}}}}};
}

}  // namespace

base::Result<std::unique_ptr<DemoCluster>> DemoCluster::open(const std::string& kubeconfig) {
  std::unique_ptr<DemoCluster> out(new DemoCluster(kubeconfig));
  TARN_ASSIGN(out->cluster_, open_cluster(kubeconfig, out->clock_));
  TARN_TRY(out->check_installed());
  std::array<std::uint8_t, 4> name{};
  crypto::OsRandom().fill(name);
  out->home_ = "tarn-demo-" + base::to_hex(name);
  TARN_ASSIGN(
      const auto made,
      out->cluster_->api().create("/api/v1/namespaces",
                                  {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", out->home_}}}}));
  if (!made.ok()) return unexpected("a namespace for the demo cannot be made on " + out->server(), made);
  out->made_home_ = true;
  return out;
}

DemoCluster::~DemoCluster() {
  // Also after Ctrl-C, so with a connection that it does not end.
  if (!made_home_) return;
  KubernetesConfig config;
  config.kubeconfig = kubeconfig_;
  auto cluster = Cluster::open(config, clock_, {});
  if (cluster.ok()) (void)(*cluster)->api().remove(core(home_), Json::object());
}

base::Status DemoCluster::check_installed() const {
  for (const char* const path : {"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/poolleases.tarn.dev",
                                 "/apis/rbac.authorization.k8s.io/v1/clusterroles/tarn-tenant"}) {
    TARN_ASSIGN(const auto reply, cluster_->api().get(path));
    if (reply.status == 404)
      return base::Error{
          base::Code::kInvalidInput,
          "the cluster " + server() + " does not know Tarn's resources yet; as its administrator: " + kInstall};
    if (!reply.ok()) return unexpected("the cluster " + server() + " refuses to show what is installed", reply);
  }
  return {};
}

std::string DemoCluster::provider_section() const {
  return "[kubernetes]\nkubeconfig = " + toml_text(kubeconfig_) + "\nnamespace = " + toml_text(home_) + "\n";
}

base::Status DemoCluster::make_something(Handover& lease) const {
  TARN_ASSIGN(const auto tenant, open_cluster(lease.kubeconfig, clock_));
  lease.tenant_namespace = tenant->access().default_namespace;
  TARN_ASSIGN(const auto made,
              tenant->api().create(core(lease.tenant_namespace) + "/configmaps", {{"apiVersion", "v1"},
                                                                                  {"kind", "ConfigMap"},
                                                                                  {"metadata", {{"name", "hello"}}},
                                                                                  {"data", {{"from", "the tenant"}}}}));
  if (!made.ok()) return unexpected("the tenant cannot make a ConfigMap", made);
  lease.made = true;
  return {};
}

base::Status DemoCluster::try_out(Handover& lease) const {
  TARN_TRY(make_something(lease));
  TARN_ASSIGN(const auto tenant, open_cluster(lease.kubeconfig, clock_));
  drivers::KubernetesApi& api = tenant->api();
  const std::string here = core(lease.tenant_namespace);
  TARN_ASSIGN(const auto beyond, api.create(here + "/pods", greedy_pod()));
  if (beyond.status != 403) return unexpected("a pod beyond the quota was not refused", beyond);
  lease.beyond = beyond.message();
  TARN_ASSIGN(const auto elsewhere, api.get(core("kube-system") + "/secrets"));
  if (elsewhere.status != 403) return unexpected("another namespace was not refused", elsewhere);
  lease.elsewhere = elsewhere.message();
  TARN_ASSIGN(const auto quotas, api.get(here + "/resourcequotas"));
  const Json list = quotas.json();
  if (!quotas.ok() || !list.is_object() || !list.contains("items")) return unexpected("no quota is to be seen", quotas);
  for (const Json& quota : list["items"]) {
    const Json status = quota.value("status", Json::object());
    const Json used = status.value("used", Json::object());
    const Json hard = status.value("hard", Json::object());
    for (const auto& [resource, granted] : hard.items())
      lease.quota.push_back({resource, granted.get<std::string>(), used.value(resource, "0")});
  }
  return {};
}

base::Status DemoCluster::await_gone(Handover& lease) const {
  const auto begin = std::chrono::steady_clock::now();
  TARN_ASSIGN(const auto tenant, open_cluster(lease.kubeconfig, clock_));
  for (; std::chrono::steady_clock::now() - begin < kPatience; std::this_thread::sleep_for(kStep)) {
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    TARN_ASSIGN(const auto there, cluster_->api().get(core(lease.tenant_namespace)));
    if (there.status != 404) continue;
    // A server may believe its cache of a token for ten seconds.
    TARN_ASSIGN(const auto used, tenant->api().get(core(lease.tenant_namespace) + "/configmaps"));
    if (used.status != 401) continue;
    lease.token_void = true;
    lease.gone_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
    return {};
  }
  return base::Error{base::Code::kDeadline, "the namespace " + lease.tenant_namespace + " does not go"};
}

}  // namespace tarn
