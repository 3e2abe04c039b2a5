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

Json parameters(const Endpoint& endpoint) {
  Json out = Json::array();
  for (std::string_view rest = endpoint.path; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    out.push(parameter(rest.substr(0, rest.find_first_of("*}")), "path"));
  }
  for (std::string_view rest = endpoint.query; !rest.empty();) {
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
  if (endpoint.method != "GET") {
    Json key = parameter("Idempotency-Key", "header");
    out.push(key.set("description", "the same key and request within a day: the same answer, done once"));
  }
  return out;
}

// GET /v1/nodes/{node}/nics → get_v1_nodes_node_nics
std::string operation_id(const Endpoint& endpoint) {
  std::string out;
  for (const char c : std::string(endpoint.method) + std::string(endpoint.path)) {
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

std::string tag(const Endpoint& endpoint) {
  if (endpoint.path.rfind("/v0/", 0) == 0) return "hil";
  const std::string_view rest = endpoint.path.substr(endpoint.path.rfind("/v1/", 0) == 0 ? 4 : 1);
  return std::string(rest.substr(0, rest.find('/')));
}

Json operation(const Endpoint& endpoint) {
  const bool hil = endpoint.path.rfind("/v0/", 0) == 0;
  Json success = Json::object({{"description", endpoint.summary}});
  if (!endpoint.response.empty()) {
    success.set("content", content(endpoint.type, reference(endpoint.response)));
  } else if (endpoint.type != "application/json") {
    success.set("content", content(endpoint.type, Json::object({{"type", "string"}})));
  }
  Json error = Json::object({{"description", "why not"}});
  error.set("content",
            content(hil ? "application/json" : "application/problem+json", reference(hil ? "HilError" : "Problem")));
  Json out = Json::object({{"operationId", operation_id(endpoint)},
                           {"tags", Json::array({tag(endpoint)})},
                           {"summary", endpoint.summary},
                           {"parameters", parameters(endpoint)}});
  if (!endpoint.request.empty())
    out.set("requestBody",
            Json::object({{"required", true}, {"content", content("application/json", reference(endpoint.request))}}));
  if (!endpoint.action.empty()) out.set("x-action", endpoint.action);
  if (endpoint.kind == Kind::kOpen) out.set("security", Json::array());
  out.set("responses",
          Json::object({{std::to_string(endpoint.status), std::move(success)}, {"default", std::move(error)}}));
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

Json paths(const Endpoints& endpoints) {
  Json out = Json::object();
  for (const Endpoint& endpoint : endpoints.all()) {
    if (out.find(plain(endpoint.path)) != nullptr) continue;
    Json methods = Json::object();
    for (const Endpoint& one : endpoints.all())
      if (one.path == endpoint.path) methods.set(lower(one.method), operation(one));
    out.set(plain(endpoint.path), std::move(methods));
  }
  return out;
}

}  // namespace

Json openapi(const ApiText& of) {
  Json security = Json::array();
  for (const auto& [name, scheme] : *of.security_schemes.members())
    security.push(Json::object({{name, Json::array()}}));
  return Json::object(
      {{"openapi", "3.1.0"},
       {"info", Json::object({{"title", of.title}, {"version", "1"}, {"description", of.description}})},
       {"security", std::move(security)},
       {"paths", paths(of.endpoints)},
       {"components", Json::object({{"securitySchemes", of.security_schemes}, {"schemas", of.schemas}})}});
}

Json openapi() {
  return openapi(
      {.title = "Tarn isolation service",
       .description = "Servers and networks, handed between projects. /v0 is HIL's API.",
       .endpoints = endpoints(),
       .schemas = schemas(),
       .security_schemes = Json::object({{"basic", Json::object({{"type", "http"}, {"scheme", "basic"}})},
                                         {"token", Json::object({{"type", "http"}, {"scheme", "bearer"}})}})});
}

}  // namespace api
