#include <algorithm>
#include <chrono>
#include <thread>

#include "api/text.h"
#include "tarn/lab.h"
#include "tarn/service_client.h"
#include "tarn/stopwatch.h"

namespace tarn::lab {
namespace {

using api::Json;
using api::percent_encoded;

base::Status post(ServiceClient& service, const std::string& target, const Json& body) {
  const auto answer = service.call("POST", target, &body);
  return answer.ok() ? base::Status() : answer.error();
}

// The wire from a NIC to its port.
base::Status register_nic(ServiceClient& service, const Site& site, const Node& node, const Nic& nic) {
  const std::string ports = "/v1/switches/" + site.name + "/ports";
  TARN_TRY(post(service, "/v1/nodes/" + node.name + "/nics", Json::object({{"name", nic.name}, {"mac", nic.mac}})));
  TARN_TRY(post(service, ports, Json::object({{"name", nic.port}})));
  const Json wired = Json::object({{"node", node.name}, {"nic", nic.name}});
  const auto answer = service.call("PUT", ports + "/" + percent_encoded(nic.port) + "/nic", &wired);
  return answer.ok() ? base::Status() : answer.error();
}

base::Status register_node(ServiceClient& service, const Lab& lab, const Site& site, const Node& node) {
  Json body = Json::object({{"name", node.name},
                            {"bmc", Json::object({{"type", "ipmi"},
                                                  {"address", node.bmc_address},
                                                  {"user", lab.bmc_user},
                                                  {"password", lab.bmc_password}})}});
  TARN_TRY(post(service, "/v1/nodes", body));
  for (const Nic& nic : node.nics) TARN_TRY(register_nic(service, site, node, nic));
  return {};
}

constexpr std::int64_t kSeenMs = 30'000;

}  // namespace

// A node that was wired a moment ago is nobody's to have, before its ports were seen.
base::Status await_ports(ServiceClient& service, const std::string& switch_name) {
  const WallClock clock;
  const std::int64_t until = clock.steady_ms() + kSeenMs;
  while (true) {
    TARN_ASSIGN(const Json::Array ports, service.list("/v1/switches/" + switch_name + "/ports"));
    const bool isolated = std::ranges::all_of(
        ports, [](const Json& port) { return port.find("observed")->dump() == R"({"native":null,"tagged":[]})"; });
    if (isolated) return {};
    if (clock.steady_ms() > until)
      return base::Error{base::Code::kDeadline, "the ports of switch " + switch_name + " are not seen to pass nothing"};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

base::Status register_lab(const Lab& lab, ServiceClient& service) {
  for (const Site& site : lab.sites) {
    const Json settings = Json::object({{"endpoint", "unix:" + site.database()}, {"bridge", kBridge}});
    TARN_TRY(
        post(service, "/v1/switches", Json::object({{"name", site.name}, {"type", "ovsdb"}, {"settings", settings}})));
    for (const Node& node : site.nodes) TARN_TRY(register_node(service, lab, site, node));
  }
  for (const Site& site : lab.sites) TARN_TRY(await_ports(service, site.name));
  return {};
}

}  // namespace tarn::lab
