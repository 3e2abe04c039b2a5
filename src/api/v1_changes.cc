// /v1/changes and /v1/operations: NICs into networks and out of them, many at once, and how far that is.
#include <algorithm>

#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::OperationView;

constexpr int kLookAgainMs = 250;  // where nobody tells of a change

Result<Reply> start(Call& call) {
  std::vector<isolation::WantedChange> wanted;
  for (const Json& change : call.body.list("changes"))
    wanted.push_back(
        {.node = change.text("node"),
         .nic = change.text("nic"),
         .kind = change.text("kind") == "detach" ? isolation::Change::Kind::kDetach : isolation::Change::Kind::kConnect,
         .network = change.text("network"),
         .channel = change.text("channel")});
  TARN_ASSIGN(const std::string uuid, call.rules().change(wanted, call.body.flag("wait")));
  TARN_TRY(call.wake_for(*call.store, uuid));
  TARN_ASSIGN(const OperationView view, call.rules().operation(uuid));
  TARN_ASSIGN(Json body, shown(view, *call.store, call.sees_topology()));
  return Reply{.body = std::move(body), .headers = {{"Location", "/v1/operations/" + uuid}}};
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(const auto rows, call.rules().operations(and_one(page)));
  Json items = Json::array(), next;
  for (std::size_t i = 0; i < std::min(rows.size(), page.limit); ++i) {
    TARN_ASSIGN(Json item, shown(rows[i], *call.store, call.sees_topology()));
    items.push(std::move(item));
  }
  if (rows.size() > page.limit) next = rows[page.limit - 1].operation.uuid;
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", std::move(next)}})};
}

// With ?wait_ms=: when it is finished, or then; at once where too many wait.
Result<Reply> get(Call& call) {
  TARN_ASSIGN(const std::int64_t wait, call.wait_ms());
  const base::Clock& clock = call.service.parts().clock;
  const Places::Place place = wait > 0 ? call.service.polls().take(call.caller.user) : Places::Place();
  const std::int64_t until = clock.steady_ms() + (place ? wait : 0);
  while (true) {
    const std::uint64_t seen = call.service.news();
    Json body;
    bool pending = false;
    TARN_TRY(call.read([&](isolation::Rules& rules, isolation::Transaction& store) -> base::Status {
      TARN_ASSIGN(const OperationView view, rules.operation(call.at("operation")));
      pending = view.state == OperationView::State::kPending;
      TARN_ASSIGN(body, shown(view, store, call.sees_topology()));
      return {};
    }));
    const std::int64_t left = until - clock.steady_ms();
    if (!pending || left <= 0) return Reply{.body = std::move(body)};
    call.service.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(left, kLookAgainMs)));
  }
}

constexpr Route kRoutes[] = {
    {"POST", "/v1/changes", Kind::kWrite, Action::kConnectNic, start, 202,
     "Connect NICs to networks and detach them: all of it one operation. wait: stand in line at a busy NIC.",
     "NewChanges", "Operation"},
    {"GET", "/v1/operations", Kind::kRead, Action::kListOperations, list, 200, "Operations, newest first.", "",
     "OperationPage", "after limit"},
    {"GET", "/v1/operations/{operation}", Kind::kOutside, Action::kShowOperation, get, 200,
     "How far an operation is; wait_ms: not before it is finished or the time is over.", "", "Operation", "wait_ms"},
};

}  // namespace

std::span<const Route> change_routes() { return kRoutes; }

}  // namespace api
