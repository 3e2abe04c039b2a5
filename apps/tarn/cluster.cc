#include "tarn/cluster.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "net/http_client.h"
#include "tarn/config.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxAuthorities = 48 * 1024;
constexpr int kSliceMs = 100;

std::string environment(const char* name) {
  const char* const set = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return set == nullptr ? "" : set;
}

base::Result<drivers::ClusterAccess> access_of(const KubernetesConfig& config) {
  if (!config.in_cluster) return drivers::read_kubeconfig(config.kubeconfig, config.context);
  return drivers::in_cluster_access(drivers::kServiceAccountDirectory, environment("KUBERNETES_SERVICE_HOST"),
                                    environment("KUBERNETES_SERVICE_PORT"));
}

void pause(int ms, const std::function<bool()>& cancelled) {
  for (int left = ms; left > 0 && !(cancelled && cancelled()); left -= kSliceMs)
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(left, kSliceMs)));
}

}  // namespace

base::Result<std::unique_ptr<Cluster>> Cluster::open(const KubernetesConfig& config, const base::Clock& clock,
                                                     Options options) {
  std::unique_ptr<Cluster> out(new Cluster);
  TARN_ASSIGN(out->access_, access_of(config));
  const drivers::ClusterAccess& access = out->access_;
  out->tenant_server_ = config.api_address.empty() ? access.url() : config.api_address;
  out->tenant_authorities_ = access.authorities;
  if (!config.api_authority.empty()) {
    TARN_ASSIGN(out->tenant_authorities_, read_text_file(config.api_authority, kMaxAuthorities));
  }
  net::HttpClientOptions http;
  http.host = access.host;
  http.port = access.port;
  http.tls = access.tls;
  http.authorities = access.authorities;
  http.server_name = access.server_name;
  http.certificate = access.certificate;
  http.key = access.key;
  if (access.has_token()) http.bearer = [&access] { return access.current_token(); };
  http.cancelled = options.cancelled;
  TARN_ASSIGN(out->http_, net::HttpClient::create(std::move(http)));
  drivers::ApiOptions api;
  api.prefix = access.prefix;
  api.timeout_ms = options.timeout_ms;
  api.cancelled = options.cancelled;
  api.pause = [cancelled = options.cancelled](int ms) { pause(ms, cancelled); };
  api.on_call = std::move(options.on_call);
  out->api_ = std::make_unique<drivers::KubernetesApi>(*out->http_, clock, std::move(api));
  return out;
}

}  // namespace tarn
