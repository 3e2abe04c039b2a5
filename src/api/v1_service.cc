// What is about the service itself: health, metrics, its document, and who one is.
#include "api/call.h"
#include "api/openapi.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;

Result<Reply> health(Call& call) {
  const IsolationParts& parts = call.service.parts();
  const bool works = !parts.healthy || parts.healthy();
  const base::Status readable = parts.store.read([](isolation::Transaction& store) -> base::Status {
    TARN_TRY(store.find_project(isolation::Id{0}));
    return {};
  });
  const bool well = works && readable.ok();
  return Reply{.status = well ? 200U : 503U,
               .body = Json::object({{"status", well ? "ok" : "failing"}, {"time", rfc3339(parts.clock.unix_ms())}})};
}

Result<Reply> metrics(Call& call) {
  const IsolationParts& parts = call.service.parts();
  if (parts.metrics == nullptr) return base::Error{base::Code::kNotFound, "metrics are not served here"};
  return Reply{.content_type = "text/plain; version=0.0.4; charset=utf-8", .text = parts.metrics->text()};
}

Result<Reply> document(Call&) {
  static const std::string kText = openapi().dump();
  return Reply{.text = kText};
}

Result<Reply> whoami(Call& call) {
  Json projects = Json::array();
  for (const isolation::Id id : call.caller.projects) {
    TARN_ASSIGN(const auto project, call.store->find_project(id));
    if (project) projects.push(project->name);
  }
  return Reply{
      .body = Json::object(
          {{"name", call.caller.name}, {"role", role_name(call.caller.role)}, {"projects", std::move(projects)}})};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/health", Kind::kOpen, std::nullopt, health, 200, "Whether the service can work.", "", "Health"},
    {"GET", "/metrics", Kind::kOpen, std::nullopt, metrics, 200, "Figures for Prometheus, where they are enabled.", "",
     "", "", "text/plain"},
    {"GET", "/v1/openapi.json", Kind::kOpen, std::nullopt, document, 200, "This document.", "", "Document"},
    {"GET", "/v1/whoami", Kind::kRead, std::nullopt, whoami, 200, "The caller, as the service sees it.", "", "WhoAmI"},
};

}  // namespace

std::span<const Route> service_routes() { return kRoutes; }

}  // namespace api
