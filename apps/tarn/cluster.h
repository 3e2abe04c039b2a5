// A Kubernetes cluster, as [kubernetes] says: the connection, who we are there, and its API. For the provider that
// delivers on it and for the operator that runs in it.
// Errors: kInvalidInput (kubeconfig, service account), as drivers/kubernetes/kubeconfig.h says; nothing is dialled here.
// Threads: the api from any.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/kubeconfig.h"
#include "tarn/kubernetes_config.h"

namespace tarn {

class Cluster {
 public:
  struct Options {
    std::function<bool()> cancelled;  // ends calls, and the waiting between them
    std::function<void(const drivers::ApiCall&)> on_call;
    int timeout_ms = 10'000;  // of a call with its repetitions
  };
  static base::Result<std::unique_ptr<Cluster>> open(const KubernetesConfig& config, const base::Clock& clock,
                                                     Options options);

  drivers::KubernetesApi& api() { return *api_; }
  const drivers::ClusterAccess& access() const { return access_; }
  // As tenants reach the API server, and by which authority they know it, PEM.
  const std::string& tenant_server() const { return tenant_server_; }
  const std::string& tenant_authorities() const { return tenant_authorities_; }

 private:
  Cluster() = default;
  drivers::ClusterAccess access_;
  std::string tenant_server_, tenant_authorities_;
  std::unique_ptr<base::HttpClient> http_;
  std::unique_ptr<drivers::KubernetesApi> api_;
};

}  // namespace tarn
