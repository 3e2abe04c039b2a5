// The OpenAPI 3.1 document of a whole API, made from the table of its calls and from the schemas that check bodies.
// Threads: any.
#pragma once

#include <string_view>

#include "api/endpoint.h"
#include "api/json.h"

namespace api {

struct ApiText {
  std::string_view title, description;
  const Endpoints& endpoints;
  const Json& schemas;
  Json security_schemes;  // by name; any of them will do
};
Json openapi(const ApiText& of);

Json openapi();  // of the isolation service

}  // namespace api
