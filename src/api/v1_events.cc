// /v1/events: what has happened, by cursor, or as server-sent events for who says Accept: text/event-stream.
#include "api/call.h"
#include "api/events.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

Result<std::vector<ShownEvent>> read(IsolationService& service, const isolation::Caller& known, isolation::Id after,
                                     std::size_t limit) {
  std::vector<ShownEvent> out;
  const isolation::Context context = service.context();
  TARN_TRY(service.parts().store.read([&](isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(const isolation::Caller caller, service.again(store, known));
    const bool with_topology = isolation::may(caller, Action::kShowTopology);
    TARN_ASSIGN(const auto events, isolation::Rules(store, caller, context).events(after, limit));
    for (const isolation::Event& event : events) out.push_back({event.id, event.kind, shown(event, with_topology)});
    return {};
  }));
  return out;
}

Result<Reply> list(Call& call) {
  return events_reply(call, call.service, call.caller.user,
                      [&service = call.service, caller = call.caller](isolation::Id after, std::size_t limit) {
                        return read(service, caller, after, limit);
                      });
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/events", Kind::kOutside, Action::kShowEvents, list, 200,
     "What has happened in the caller's projects; wait_ms: not before there is something or the time is over. As "
     "server-sent events with Accept: text/event-stream.",
     "", "EventPage", "after limit wait_ms"},
};

}  // namespace

std::span<const Route> event_routes() { return kRoutes; }

}  // namespace api
