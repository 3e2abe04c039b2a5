// DemoCluster: what `tarn demo` does on the Kubernetes cluster that KUBECONFIG names: a namespace of its own for what
// the providers keep there, and then, as the tenant with the delivered credentials and nothing else, what a tenant tries
// first: look at the quota, make something, ask for more than was bought, look into other people's namespaces. With the
// user's own rights it looks only whether the leased namespace is gone in the end.
// Tarn's resource definitions and the tenants' role must be there: installing them is the administrator's to decide.
// Errors: kInvalidInput with what to do, kUnreachable, kCancelled. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tarn/cluster.h"
#include "tarn/stopwatch.h"

namespace tarn {

// Of one lease.
struct Handover {
  struct Quota {
    std::string resource, granted, used;
  };
  std::string lease, kubeconfig, tenant_namespace;
  std::vector<Quota> quota;
  bool made = false;                      // a ConfigMap
  std::string beyond, elsewhere;          // the server's refusals: of a pod beyond the quota, of another namespace
  std::optional<std::int64_t> gone_ms{};  // after the release
  bool token_void = false;                // then
};

class DemoCluster {
 public:
  static base::Result<std::unique_ptr<DemoCluster>> open(const std::string& kubeconfig);
  DemoCluster(const DemoCluster&) = delete;
  DemoCluster& operator=(const DemoCluster&) = delete;
  ~DemoCluster();  // the namespace goes

  std::string server() const { return cluster_->access().url(); }
  std::string provider_section() const;                // of a provider's configuration
  base::Status make_something(Handover& lease) const;  // the first thing that a tenant does
  base::Status try_out(Handover& lease) const;         // and all the rest
  base::Status await_gone(Handover& lease) const;

 private:
  explicit DemoCluster(std::string kubeconfig) : kubeconfig_(std::move(kubeconfig)) {}
  base::Status check_installed() const;

  std::string kubeconfig_, home_;
  WallClock clock_;
  std::unique_ptr<Cluster> cluster_;
  bool made_home_ = false;
};

}  // namespace tarn
