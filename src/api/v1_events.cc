// /v1/events: what has happened, by cursor, or as server-sent events for who says Accept: text/event-stream.
#include <algorithm>
#include <memory>
#include <utility>

#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::Event;

constexpr int kLookAgainMs = 250, kStreamWaitMs = 900;
constexpr std::size_t kMostAtOnce = 100;
// Then the client comes again, with Last-Event-ID, and shows who it is.
constexpr std::int64_t kLongestStreamMs = 15LL * 60 * 1'000;

Json page_of(const std::vector<Event>& events, isolation::Id after, bool with_topology) {
  Json items = Json::array();
  for (const Event& event : events) items.push(shown(event, with_topology));
  // Always a cursor: later there is more behind it.
  return Json::object(
      {{"items", std::move(items)}, {"next", std::to_string(events.empty() ? after : events.back().id)}});
}

Result<isolation::Id> cursor(Call& call) {
  if (const auto after = call.asked("after")) return call.digits("after", *after);
  if (const std::string* last = call.request.header("Last-Event-ID")) return call.digits("Last-Event-ID", *last);
  return isolation::Id{0};
}

std::string as_text(const std::vector<Event>& events, bool with_topology) {
  std::string out;
  for (const Event& event : events)
    out += "id: " + std::to_string(event.id) + "\nevent: " + event.kind +
           "\ndata: " + shown(event, with_topology).dump() + "\n\n";
  return out;
}

// One client's place in the events.
class EventStream {
 public:
  EventStream(IsolationService& service, Places::Place place, isolation::Caller caller, isolation::Id after)
      : service_(service),
        place_(std::move(place)),
        caller_(std::move(caller)),
        after_(after),
        until_(now() + kLongestStreamMs) {}

  std::optional<std::string> next() {
    const std::int64_t wait_until = now() + kStreamWaitMs;
    while (now() < until_) {
      const std::uint64_t seen = service_.news();
      std::vector<Event> events;
      bool with_topology = false;
      if (!read(events, with_topology).ok()) return std::nullopt;
      if (!events.empty()) after_ = events.back().id;
      const std::int64_t left = wait_until - now();
      if (!events.empty() || left <= 0) return as_text(events, with_topology);
      service_.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(left, kLookAgainMs)));
    }
    return std::nullopt;
  }

 private:
  std::int64_t now() const { return service_.parts().clock.steady_ms(); }
  base::Status read(std::vector<Event>& out, bool& with_topology) {
    const isolation::Context context = service_.context();
    return service_.parts().store.read([&](isolation::Transaction& store) -> base::Status {
      TARN_ASSIGN(const isolation::Caller caller, service_.again(store, caller_));
      with_topology = isolation::may(caller, Action::kShowTopology);
      TARN_ASSIGN(out, isolation::Rules(store, caller, context).events(after_, kMostAtOnce));
      return {};
    });
  }

  IsolationService& service_;
  Places::Place place_;
  isolation::Caller caller_;
  isolation::Id after_;
  std::int64_t until_;
};

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Id after, cursor(call));
  const std::string* accept = call.request.header("Accept");
  const bool stream = accept != nullptr && accept->find("text/event-stream") != std::string::npos;
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(const std::int64_t wait, call.wait_ms());
  const base::Clock& clock = call.service.parts().clock;
  // Where too many wait, one gets what there is, at once.
  const Places::Place waits = wait > 0 && !stream ? call.service.polls().take(call.caller.user) : Places::Place();
  const std::int64_t until = clock.steady_ms() + (waits ? wait : 0);
  while (true) {
    const std::uint64_t seen = call.service.news();
    std::vector<Event> events;
    TARN_TRY(call.read([&](isolation::Rules& rules, isolation::Transaction&) -> base::Status {
      TARN_ASSIGN(events, rules.events(after, page.limit));
      return {};
    }));
    if (stream) {
      Places::Place seat = call.service.streams().take(call.caller.user);
      if (!seat) return call.come_later();
      auto place = std::make_shared<EventStream>(call.service, std::move(seat), call.caller, after);
      return Reply{.headers = {{"Cache-Control", "no-store"}},
                   .stream = [place] { return place->next(); },
                   .content_type = "text/event-stream"};
    }
    const std::int64_t left = until - clock.steady_ms();
    if (!events.empty() || left <= 0) return Reply{.body = page_of(events, after, call.sees_topology())};
    call.service.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(left, kLookAgainMs)));
  }
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
