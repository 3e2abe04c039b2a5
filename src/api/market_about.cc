// What is about the service itself: health, metrics, its document and key, who one is, and what has happened.
#include "api/events.h"
#include "api/market_call.h"
#include "api/market_views.h"

namespace api {

namespace {

using base::Result;
using market::Action;

bool is_well(const MarketParts& parts) {
  const bool works = !parts.healthy || parts.healthy();
  const base::Status readable = parts.store.read([](market::Transaction& store) -> base::Status {
    TARN_TRY(store.fence());
    return {};
  });
  return works && readable.ok();
}

Result<Reply> health(MarketCall& call) {
  const bool well = is_well(call.service.parts());
  return Reply{.status = well ? 200U : 503U,
               .body = Json::object({{"status", well ? "ok" : "failing"}, {"time", rfc3339(call.now())}})};
}

// Not a matter of health: a restart, which is what monitors do to what is not healthy, takes any time for right.
Result<Reply> readiness(MarketCall& call) {
  const MarketParts& parts = call.service.parts();
  const base::Status decides = parts.may_decide ? parts.may_decide() : base::Status();
  std::string reason = decides.ok() ? "" : decides.error().message;
  if (reason.empty() && !is_well(parts)) reason = "the service is failing: see its log";
  const bool ready = reason.empty();
  return Reply{.status = ready ? 200U : 503U,
               .body = Json::object({{"status", ready ? "ready" : "not_ready"},
                                     {"time", rfc3339(call.now())},
                                     {"reason", ready ? Json() : Json(reason)}})};
}

Result<Reply> metrics(MarketCall& call) {
  const MarketParts& parts = call.service.parts();
  if (parts.metrics == nullptr) return base::Error{base::Code::kNotFound, "metrics are not served here"};
  return Reply{.content_type = "text/plain; version=0.0.4; charset=utf-8", .text = parts.metrics->text()};
}

Result<Reply> document(MarketCall&) {
  static const std::string kText = market_openapi().dump();
  return Reply{.text = kText};
}

Result<Reply> key(MarketCall& call) {
  const market::OrganisationId id{call.service.parts().signer.public_key()};
  return Reply{.body = Json::object({{"id", id.text()}})};
}

Result<Reply> whoami(MarketCall& call) {
  const market::Caller& caller = call.caller;
  return Reply{.body =
                   Json::object({{"name", caller.name},
                                 {"role", market_views::role_name(caller.role)},
                                 {"organisation", caller.organisation ? Json(caller.organisation->text()) : Json()}})};
}

Result<std::vector<ShownEvent>> read(MarketService& service, const market::Caller& known, std::int64_t after,
                                     std::size_t limit, std::optional<market::Id> of) {
  std::vector<ShownEvent> out;
  const market::Context context = service.context();
  TARN_TRY(service.parts().store.read([&](market::Transaction& store) -> base::Status {
    TARN_ASSIGN(const market::Caller caller, service.again(store, known));
    TARN_ASSIGN(const auto events, market::Rules(store, caller, context).events(after, limit, of));
    for (const market::Event& event : events) out.push_back({event.id, event.kind, market_views::shown(event)});
    return {};
  }));
  return out;
}

Result<std::optional<market::Id>> asked_market(MarketCall& call) {
  const auto name = call.asked("market");
  if (!name) return std::optional<market::Id>();
  std::optional<market::Id> found;
  TARN_TRY(call.service.read(call.caller, [&](market::Rules& rules, market::Transaction&) -> base::Status {
    TARN_ASSIGN(const market::Market market, rules.market(*name));
    found = market.id;
    return {};
  }));
  return found;
}

Result<Reply> events(MarketCall& call) {
  TARN_ASSIGN(const std::optional<market::Id> market, asked_market(call));
  return events_reply(
      call, call.service, call.user(),
      [&service = call.service, caller = call.caller, market](std::int64_t after, std::size_t limit) {
        return read(service, caller, after, limit, market);
      },
      [&call]() -> Result<std::int64_t> {
        std::int64_t last = 0;
        TARN_TRY(call.service.read(call.caller, [&](market::Rules& rules, market::Transaction&) -> base::Status {
          TARN_ASSIGN(last, rules.last_event());
          return {};
        }));
        return last;
      });
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/healthz", Kind::kOpen, std::nullopt, health, 200, "Whether the service can work.", "", "Health"},
    {"GET", "/readyz", Kind::kOpen, std::nullopt, readiness, 200,
     "Whether calls that change something are taken now, and if not, why.", "", "Readiness"},
    {"GET", "/metrics", Kind::kOpen, std::nullopt, metrics, 200, "Figures for Prometheus, where they are enabled.", "",
     "", "", "text/plain"},
    {"GET", "/v1/openapi.json", Kind::kOpen, std::nullopt, document, 200, "This document.", "", "Document"},
    {"GET", "/v1/key", Kind::kOpen, std::nullopt, key, 200, "The key that the market signs contracts with.", "",
     "MarketKey"},
    {"GET", "/v1/whoami", Kind::kRead, std::nullopt, whoami, 200, "The caller, as the service sees it.", "", "WhoAmI"},
    {"GET", "/v1/events", Kind::kOutside, Action::kShowOwn, events, 200,
     "What has happened, in all markets and beside them, or only in one; wait_ms: not before there is something or the "
     "time is over; after=latest: only what comes. As server-sent events with Accept: text/event-stream.",
     "", "EventPage", "market after limit wait_ms"},
};

}  // namespace

std::span<const MarketRoute> market_service_routes() { return kRoutes; }

}  // namespace api
