#include "api/openapi.h"

#include <algorithm>
#include <string>

#include "api/routes.h"
#include "api/schema.h"

namespace api {

namespace {

Json reference(std::string_view schema) {
  return Json::object({{"$ref", "#/components/schemas/" + std::string(schema)}});
}

Json content(std::string_view type, Json schema) {
  return Json::object({{std::string(type), Json::object({{"schema", std::move(schema)}})}});
}

Json parameter(std::string_view name, std::string_view in) {
  return Json::object(
      {{"name", name}, {"in", in}, {"required", in == "path"}, {"schema", Json::object({{"type", "string"}})}});
}

Json parameters(const Route& route) {
  Json out = Json::array();
  for (std::string_view rest = route.path; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    out.push(parameter(rest.substr(0, rest.find_first_of("*}")), "path"));
  }
  for (std::string_view rest = route.query; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name.back() != '.') {
      out.push(parameter(name, "query"));
      continue;
    }
    // metadata.LABEL=VALUE: one parameter that stands for any number of them.
    out.push(Json::object({{"name", std::string(name.substr(0, name.size() - 1))},
                           {"in", "query"},
                           {"description", "as " + std::string(name) + "LABEL=VALUE, any number of times"},
                           {"schema", Json::object({{"type", "object"}})}}));
  }
  if (route.method != "GET") {
    Json key = parameter("Idempotency-Key", "header");
    out.push(key.set("description", "the same key and request within a day: the same answer, done once"));
  }
  return out;
}

// GET /v1/nodes/{node}/nics → get_v1_nodes_node_nics
std::string operation_id(const Route& route) {
  std::string out;
  for (const char c : std::string(route.method) + std::string(route.path)) {
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += c;
    } else if (c != '}' && c != '{' && c != '*' && out.back() != '_') {
      out += '_';
    }
  }
  return out;
}

std::string tag(const Route& route) {
  if (route.path.rfind("/v0/", 0) == 0) return "hil";
  const std::string_view rest = route.path.substr(route.path.rfind("/v1/", 0) == 0 ? 4 : 1);
  return std::string(rest.substr(0, rest.find('/')));
}

Json operation(const Route& route) {
  const bool hil = route.path.rfind("/v0/", 0) == 0;
  Json success = Json::object({{"description", route.summary}});
  if (!route.response.empty()) {
    success.set("content", content(route.type, reference(route.response)));
  } else if (route.type != "application/json") {
    success.set("content", content(route.type, Json::object({{"type", "string"}})));
  }
  Json error = Json::object({{"description", "why not"}});
  error.set("content",
            content(hil ? "application/json" : "application/problem+json", reference(hil ? "HilError" : "Problem")));
  Json out = Json::object({{"operationId", operation_id(route)},
                           {"tags", Json::array({tag(route)})},
                           {"summary", route.summary},
                           {"parameters", parameters(route)}});
  if (!route.request.empty())
    out.set("requestBody",
            Json::object({{"required", true}, {"content", content("application/json", reference(route.request))}}));
  if (route.action) out.set("x-action", isolation::rule(*route.action).name);
  if (route.kind == Kind::kOpen) out.set("security", Json::array());
  out.set("responses",
          Json::object({{std::to_string(route.status), std::move(success)}, {"default", std::move(error)}}));
  return out;
}

std::string lower(std::string_view method) {
  std::string out(method);
  for (char& c : out) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// OpenAPI has no word for several segments.
std::string plain(std::string_view path) {
  std::string out(path);
  out.erase(std::remove(out.begin(), out.end(), '*'), out.end());
  return out;
}

Json paths() {
  Json out = Json::object();
  for (const Route& route : routes()) {
    if (out.find(plain(route.path)) != nullptr) continue;
    Json methods = Json::object();
    for (const Route& one : routes())
      if (one.path == route.path) methods.set(lower(one.method), operation(one));
    out.set(plain(route.path), std::move(methods));
  }
  return out;
}

}  // namespace

Json openapi() {
  const Json schemes = Json::object({{"basic", Json::object({{"type", "http"}, {"scheme", "basic"}})},
                                     {"token", Json::object({{"type", "http"}, {"scheme", "bearer"}})}});
  Json security = Json::array();
  for (const char* scheme : {"basic", "token"}) security.push(Json::object({{scheme, Json::array()}}));
  return Json::object(
      {{"openapi", "3.1.0"},
       {"info", Json::object({{"title", "Tarn isolation service"},
                              {"version", "1"},
                              {"description", "Servers and networks, handed between projects. /v0 is HIL's API."}})},
       {"security", std::move(security)},
       {"paths", paths()},
       {"components", Json::object({{"securitySchemes", schemes}, {"schemas", schemas()}})}});
}

}  // namespace api
