// /v1/switches: switches, their ports, what hangs on them and how they differ from what is wanted. Administrators' calls.
#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().switches(and_one(page)));
  return page_reply<isolation::SwitchRecord>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> get(Call& call) {
  TARN_ASSIGN(const auto record, call.rules().switch_record(call.at("switch")));
  return Reply{.body = shown(record)};
}

Result<Reply> create(Call& call) {
  const std::string name = call.body.text("name");
  TARN_TRY(call.create_switch(
      {.id = 0, .name = name, .type = call.body.text("type"), .settings = call.body.find("settings")->dump()}));
  call.path.emplace_back("switch", name);
  return get(call);
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_switch(call.at("switch")));
  return Reply{};
}

Result<Reply> ports(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().ports(call.at("switch"), and_one(page)));
  return page_reply<isolation::Port>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> get_port(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().port(call.at("switch"), call.at("port")));
  return Reply{.body = shown(view)};
}

Result<Reply> create_port(Call& call) {
  TARN_TRY(call.rules().create_port(call.at("switch"), call.body.text("name")));
  TARN_TRY(call.look_at(*call.store, call.at("switch")));
  call.path.emplace_back("port", call.body.text("name"));
  return get_port(call);
}

Result<Reply> remove_port(Call& call) {
  TARN_TRY(call.rules().delete_port(call.at("switch"), call.at("port")));
  return Reply{};
}

Result<Reply> connect_nic(Call& call) {
  TARN_TRY(
      call.rules().connect_port(call.at("switch"), call.at("port"), call.body.text("node"), call.body.text("nic")));
  TARN_TRY(call.look_at(*call.store, call.at("switch")));
  return get_port(call);
}

Result<Reply> part_nic(Call& call) {
  TARN_TRY(call.rules().part_port(call.at("switch"), call.at("port")));
  return Reply{};
}

Result<Reply> revert(Call& call) {
  TARN_ASSIGN(const std::string uuid, call.rules().revert_port(call.at("switch"), call.at("port")));
  TARN_TRY(call.wake_for(*call.store, uuid));
  TARN_ASSIGN(const auto view, call.rules().operation(uuid));
  TARN_ASSIGN(Json body, shown(view, *call.store, call.sees_topology()));
  return Reply{.body = std::move(body), .headers = {{"Location", "/v1/operations/" + uuid}}};
}

Result<Reply> compared(Call& call, Action action, bool repair) {
  TARN_TRY(isolation::allowed(call.caller, action));
  isolation::Id id = 0;
  TARN_TRY(call.read([&](isolation::Rules& rules, isolation::Transaction&) -> base::Status {
    TARN_ASSIGN(const auto record, rules.switch_record(call.at("switch")));
    id = record.id;
    return {};
  }));
  TARN_ASSIGN(const auto rows, call.service.parts().drift(id, repair));
  Json items = Json::array();
  for (const auto& row : rows) items.push(shown(row));
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<Reply> drift(Call& call) { return compared(call, Action::kShowSwitches, false); }
Result<Reply> reconcile(Call& call) { return compared(call, Action::kManageSwitches, true); }

constexpr Route kRoutes[] = {
    {"GET", "/v1/switches", Kind::kRead, Action::kShowSwitches, list, 200, "All switches.", "", "SwitchPage",
     "after limit"},
    {"POST", "/v1/switches", Kind::kWrite, Action::kManageSwitches, create, 201,
     "Register a switch: its driver, and that driver's settings.", "NewSwitch", "Switch"},
    {"GET", "/v1/switches/{switch}", Kind::kRead, Action::kShowSwitches, get, 200, "One switch.", "", "Switch"},
    {"DELETE", "/v1/switches/{switch}", Kind::kWrite, Action::kManageSwitches, remove, 204,
     "Delete a switch that has no ports.", "", ""},
    {"GET", "/v1/switches/{switch}/ports", Kind::kRead, Action::kShowSwitches, ports, 200, "A switch's ports.", "",
     "PortPage", "after limit"},
    {"POST", "/v1/switches/{switch}/ports", Kind::kWrite, Action::kManageSwitches, create_port, 201, "Register a port.",
     "NewPort", "Port"},
    {"GET", "/v1/switches/{switch}/ports/{port}", Kind::kRead, Action::kShowSwitches, get_port, 200,
     "One port: what hangs on it, what is wanted of it, what it was last seen to have.", "", "Port"},
    {"DELETE", "/v1/switches/{switch}/ports/{port}", Kind::kWrite, Action::kManageSwitches, remove_port, 204,
     "Delete a port that no NIC hangs on.", "", ""},
    {"PUT", "/v1/switches/{switch}/ports/{port}/nic", Kind::kWrite, Action::kManageSwitches, connect_nic, 200,
     "Say which NIC hangs on a port.", "PortNic", "Port"},
    {"DELETE", "/v1/switches/{switch}/ports/{port}/nic", Kind::kWrite, Action::kManageSwitches, part_nic, 204,
     "Say that nothing hangs on a port; its node must be idle.", "", ""},
    {"POST", "/v1/switches/{switch}/ports/{port}/revert", Kind::kWrite, Action::kManageSwitches, revert, 202,
     "Take everything off a port.", "", "Operation"},
    {"GET", "/v1/switches/{switch}/drift", Kind::kOutside, Action::kShowSwitches, drift, 200,
     "Ask the switch, and say where it differs from what is wanted.", "", "DriftPage"},
    {"POST", "/v1/switches/{switch}/reconcile", Kind::kOutside, Action::kManageSwitches, reconcile, 200,
     "Ask the switch, set it right, and say where it differed.", "", "DriftPage"},
};

}  // namespace

std::span<const Route> switch_routes() { return kRoutes; }

}  // namespace api
