// Tenant: who got the credentials of a lease, as drivers::KubernetesFulfiller::access() gives them, and uses them; and
// the objects that tenants make.
#pragma once

#include <memory>
#include <string>

#include "support/cluster.h"

namespace support {

// The token in a kubeconfig of ours.
inline std::string token_in(const std::string& kubeconfig) {
  const std::size_t begin = kubeconfig.find("eyJ");  // how every JWT begins
  return begin == std::string::npos ? "" : kubeconfig.substr(begin, kubeconfig.find_first_of("\"'\n", begin) - begin);
}

inline nlohmann::json named(const char* version, const char* kind, const std::string& name) {
  return {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}}}};
}
inline nlohmann::json config_map(const std::string& name) { return named("v1", "ConfigMap", name); }
// A pod that asks for `resources` as requests and limits; for nothing, if there are none.
inline nlohmann::json pod(const std::string& name, const std::map<std::string, std::string>& resources = {}) {
  nlohmann::json out = named("v1", "Pod", name);
  nlohmann::json container = {{"name", "main"}, {"image", "example.com/image"}};
  if (!resources.empty()) container["resources"] = {{"requests", resources}, {"limits", resources}};
  out["spec"] = {{"containers", nlohmann::json::array({container})}};
  return out;
}
inline nlohmann::json claim(const std::string& name, const std::string& size) {
  nlohmann::json out = named("v1", "PersistentVolumeClaim", name);
  out["spec"] = {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", size}}}}}};
  return out;
}
inline nlohmann::json service(const std::string& name, const std::string& type) {
  nlohmann::json out = named("v1", "Service", name);
  out["spec"] = {{"type", type}, {"ports", nlohmann::json::array({{{"port", 80}}})}};
  return out;
}

class Tenant {
 public:
  Tenant(const ControlPlane& plane, const inventory::Order& order, std::string token)
      : account_(plane, token), space_("/api/v1/namespaces/" + drivers::namespace_name(order.lease)) {}

  unsigned makes(const std::string& resource, const nlohmann::json& object) {
    return account_.status_of_create(space_ + "/" + resource, object);
  }
  unsigned reads(const std::string& resource) { return account_.status_of_get(space_ + "/" + resource); }
  // An API server takes a moment to believe rights that it has just written down.
  bool is_believed() {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30); reads("pods") != 200;) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  Account& account() { return account_; }
  const std::string& space() const { return space_; }

 private:
  Account account_;
  std::string space_;
};

}  // namespace support
