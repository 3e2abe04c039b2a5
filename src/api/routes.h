// The calls of the API: one row each, in one table, which is all that the dispatcher, the OpenAPI document and the test
// of who may do what know of them. A call that is not in the table does not exist, and one that is has a summary, schemas
// and an action (isolation/access.h).
// Threads: any.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/endpoint.h"
#include "base/result.h"
#include "isolation/access.h"

namespace api {

struct Call;
struct Reply;
using Handler = base::Result<Reply> (*)(Call&);

struct Route {
  std::string_view method, path;  // "/v1/nodes/{node}"; {port*} takes several segments
  Kind kind;
  std::optional<isolation::Action> action;  // none: anybody's
  Handler handler;
  unsigned status;                             // of success
  std::string_view summary;                    // a sentence
  std::string_view request;                    // the body's schema; empty: no body
  std::string_view response;                   // empty: no body
  std::string_view query = {};                 // names, separated by spaces; "metadata." is a prefix
  std::string_view type = "application/json";  // of the answer
  Handler prepare = nullptr;  // kWrite: what takes long, before the transaction; its reply is not looked at
  bool creates = false;       // /v0: a conflict is with something that is there already, not with something in the way
};

constexpr Route creating(Route route) {
  route.creates = true;
  return route;
}

std::span<const Route> routes();

const Endpoints& endpoints();  // the same, in the same order

// The tables that routes() is put together from.
std::span<const Route> hil_project_routes();  // v0_….cc
std::span<const Route> hil_node_routes();
std::span<const Route> hil_network_routes();
std::span<const Route> hil_switch_routes();
std::span<const Route> service_routes();  // v1_….cc
std::span<const Route> project_routes();
std::span<const Route> node_routes();
std::span<const Route> bmc_routes();
std::span<const Route> network_routes();
std::span<const Route> change_routes();
std::span<const Route> switch_routes();
std::span<const Route> user_routes();
std::span<const Route> event_routes();

}  // namespace api
