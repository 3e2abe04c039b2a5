#include "api/routes.h"

#include <vector>

namespace api {

namespace {

std::vector<Route> all_routes() {
  std::vector<Route> out;
  for (const auto& table : {hil_project_routes(), hil_node_routes(), hil_network_routes(), hil_switch_routes(),
                            service_routes(), project_routes(), node_routes(), bmc_routes(), network_routes(),
                            change_routes(), switch_routes(), user_routes(), event_routes()})
    out.insert(out.end(), table.begin(), table.end());
  return out;
}

std::vector<Endpoint> all_endpoints() {
  std::vector<Endpoint> out;
  for (const Route& route : routes())
    out.push_back(endpoint_of(route, route.action ? isolation::rule(*route.action).name : ""));
  return out;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> kRoutes = all_routes();
  return kRoutes;
}

const Endpoints& endpoints() {
  static const Endpoints kEndpoints(all_endpoints());
  return kEndpoints;
}

}  // namespace api
