#include "api/events.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace api {

namespace {

using base::Result;

constexpr int kLookAgainMs = 250, kStreamWaitMs = 900;
constexpr std::size_t kMostAtOnce = 100;
// Then the client comes again, with Last-Event-ID, and shows who it is.
constexpr std::int64_t kLongestStreamMs = 15LL * 60 * 1'000;

Json page_of(std::vector<ShownEvent> events, std::int64_t after) {
  const std::int64_t next = events.empty() ? after : events.back().id;
  Json items = Json::array();
  for (ShownEvent& event : events) items.push(std::move(event.body));
  // Always a cursor: later there is more behind it.
  return Json::object({{"items", std::move(items)}, {"next", std::to_string(next)}});
}

// Who comes again to a stream goes on where it was, also if it had begun with the latest.
Result<std::int64_t> cursor(Exchange& exchange, const NewestEvent& newest) {
  const auto after = exchange.asked("after");
  const bool latest = newest && after == "latest";
  if (after && !latest) return exchange.digits("after", *after);
  if (const std::string* last = exchange.request.header("Last-Event-ID"))
    return exchange.digits("Last-Event-ID", *last);
  return latest ? newest() : std::int64_t{0};
}

std::string as_text(const std::vector<ShownEvent>& events) {
  std::string out;
  for (const ShownEvent& event : events)
    out += "id: " + std::to_string(event.id) + "\nevent: " + event.kind + "\ndata: " + event.body.dump() + "\n\n";
  return out;
}

// One client's place in the events.
class EventStream {
 public:
  EventStream(Front& front, Places::Place place, ReadEvents read, std::int64_t after)
      : front_(front),
        place_(std::move(place)),
        read_(std::move(read)),
        after_(after),
        until_(now() + kLongestStreamMs) {}

  std::optional<std::string> next() {
    const std::int64_t wait_until = now() + kStreamWaitMs;
    while (now() < until_) {
      const std::uint64_t seen = front_.news();
      const auto events = read_(after_, kMostAtOnce);
      if (!events.ok()) return std::nullopt;
      if (!events->empty()) after_ = events->back().id;
      const std::int64_t left = wait_until - now();
      if (!events->empty() || left <= 0) return as_text(*events);
      front_.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(left, kLookAgainMs)));
    }
    return std::nullopt;
  }

 private:
  std::int64_t now() const { return front_.clock().steady_ms(); }

  Front& front_;
  Places::Place place_;
  ReadEvents read_;
  std::int64_t after_;
  std::int64_t until_;
};

}  // namespace

Result<Reply> events_reply(Exchange& exchange, Front& front, Places::User user, const ReadEvents& read,
                           const NewestEvent& newest) {
  TARN_ASSIGN(const std::int64_t after, cursor(exchange, newest));
  const std::string* accept = exchange.request.header("Accept");
  const bool stream = accept != nullptr && accept->find("text/event-stream") != std::string::npos;
  TARN_ASSIGN(const std::size_t limit, exchange.limit());
  TARN_ASSIGN(const std::int64_t wait, exchange.wait_ms());
  // Where too many wait, one gets what there is, at once.
  const Places::Place waits = wait > 0 && !stream ? front.polls().take(user) : Places::Place();
  const std::int64_t until = front.clock().steady_ms() + (waits ? wait : 0);
  while (true) {
    const std::uint64_t seen = front.news();
    TARN_ASSIGN(auto events, read(after, limit));
    if (stream) {
      Places::Place seat = front.streams().take(user);
      if (!seat) return exchange.come_later();
      auto place = std::make_shared<EventStream>(front, std::move(seat), read, after);
      return Reply{.headers = {{"Cache-Control", "no-store"}},
                   .stream = [place] { return place->next(); },
                   .content_type = "text/event-stream"};
    }
    const std::int64_t left = until - front.clock().steady_ms();
    if (!events.empty() || left <= 0) return Reply{.body = page_of(std::move(events), after)};
    front.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(left, kLookAgainMs)));
  }
}

}  // namespace api
