// A provider's [kubernetes]: the cluster on which its leases become namespaces. Values as they are written, checked as far
// as that goes without the cluster; fulfillers.cc makes a client of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tarn {

struct KubernetesConfig {
  std::string kubeconfig, context;   // a file and one of its contexts (empty: its own choice); or
  bool in_cluster = false;           // the service account of the pod that this runs in
  std::string api_address;           // https://host:port, as tenants reach the API server; empty: as we do
  std::string api_authority;         // file, PEM: by which they know it; empty: as we know it
  std::string home = "tarn-system";  // the namespace with what Tarn keeps in the cluster
  std::string tenant_role = "tarn-tenant";
  std::string pod_security = "restricted";
  bool internet_egress = false;
  std::vector<std::string> blocked_ranges;  // besides the private ones
  std::vector<std::string> dns_ranges;
  std::vector<std::string> withheld;  // devices that are not to be had unless bought, besides the well-known ones
  std::int64_t token_ms = 3'600'000;
};

class Table;
// The section, if there is one; paths are relative to `directory`.
base::Status read_kubernetes(Table& top, const std::string& file, const std::string& directory,
                             std::optional<KubernetesConfig>& out);

}  // namespace tarn
