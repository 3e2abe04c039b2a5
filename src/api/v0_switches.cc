// /v0: HIL's switches and ports, and what of HIL's extensions there is.
#include <algorithm>
#include <utility>

#include "api/call.h"
#include "api/views.h"
#include "isolation/lookup.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::Page;

constexpr std::int64_t kLookAgainMs = 1'000;  // whatever is told

// As for OBMs: of "http://schema.massopencloud.org/haas/v0/switches/ovsdb" the end counts.
std::string driver_of(std::string_view type) { return std::string(type.substr(type.rfind('/') + 1)); }

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::SwitchRecord>([&](const Page& page) { return call.rules().switches(page); }));
  Json out = Json::array();
  for (const auto& row : rows) out.push(row.name);
  return Reply{.body = std::move(out)};
}

// All but the type are the driver's settings.
Result<Reply> create(Call& call) {
  Json settings = Json::object();
  for (const auto& [name, value] : *call.body.members())
    if (name != "type") settings.set(name, value);
  TARN_TRY(call.create_switch(
      {.id = 0, .name = call.at("switch"), .type = driver_of(call.body.text("type")), .settings = settings.dump()}));
  return Reply{};
}

Result<Reply> show(Call& call) {
  const std::string name = call.at("switch");
  TARN_ASSIGN(const auto record, call.rules().switch_record(name));
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::Port>([&](const Page& page) { return call.rules().ports(name, page); }));
  Json ports = Json::array();
  for (const auto& row : rows) ports.push(Json::object({{"label", row.name}}));
  return Reply{.body = Json::object({{"name", record.name},
                                     {"ports", std::move(ports)},
                                     {"capabilities", Json::array({"nativeless-trunk-mode"})}})};
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_switch(call.at("switch")));
  return Reply{};
}

Result<Reply> create_port(Call& call) {
  TARN_TRY(call.rules().create_port(call.at("switch"), call.at("port")));
  TARN_TRY(call.look_at(*call.store, call.at("switch")));
  return Reply{};
}

Result<Reply> show_port(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().port(call.at("switch"), call.at("port")));
  if (view.node.empty()) return Reply{.body = Json::object()};
  TARN_ASSIGN(const auto node, call.rules().node(view.node));
  Json networks = Json::object();
  for (const auto& nic : node.nics)
    for (const auto& [attachment, network] : nic.attachments)
      if (nic.nic.name == view.nic && attachment.state != isolation::Attachment::State::kConnecting)
        networks.set(isolation::channel_name(network, attachment.channel), network.name);
  return Reply{.body = Json::object({{"node", view.node}, {"nic", view.nic}, {"networks", std::move(networks)}})};
}

Result<Reply> remove_port(Call& call) {
  TARN_TRY(call.rules().delete_port(call.at("switch"), call.at("port")));
  return Reply{};
}

// Whether the port was seen to let nothing through since its NIC is on it.
Result<bool> seen_isolated(Call& call) {
  bool seen = false;
  TARN_TRY(call.read([&](isolation::Rules& rules, isolation::Transaction&) -> base::Status {
    TARN_ASSIGN(const auto view, rules.port(call.at("switch"), call.at("port")));
    seen = view.port.observed && view.port.observed->isolated();
    return {};
  }));
  return seen;
}

// HIL's scripts allocate a node as soon as they have wired it, which is refused until its ports were seen: so wait for
// the engine a little. A switch that does not answer now is looked at later; the NIC is on its port anyway.
Result<Reply> connect_nic(Call& call) {
  const base::Status written = call.write([&](isolation::Rules& rules, isolation::Transaction& store) -> base::Status {
    TARN_TRY(rules.connect_port(call.at("switch"), call.at("port"), call.body.text("node"), call.body.text("nic")));
    return call.look_at(store, call.at("switch"));
  });
  if (!written.ok()) return written.error();
  for (const isolation::Id id : std::exchange(call.look_at_switches, {})) call.service.parts().look_at_switch(id);
  const base::Clock& clock = call.service.parts().clock;
  const std::int64_t until = clock.steady_ms() + call.service.parts().look_timeout_ms;
  while (true) {
    const std::uint64_t news = call.service.news();
    const auto seen = seen_isolated(call);
    const std::int64_t time = until - clock.steady_ms();
    if (!seen.ok() || *seen || time <= 0) return Reply{};
    call.service.wait_for_news(news, static_cast<int>(std::min<std::int64_t>(time, kLookAgainMs)));
  }
}

Result<Reply> detach_nic(Call& call) {
  TARN_TRY(call.rules().part_port(call.at("switch"), call.at("port")));
  return Reply{};
}

Result<Reply> revert(Call& call) {
  TARN_ASSIGN(const std::string uuid, call.rules().revert_port(call.at("switch"), call.at("port")));
  TARN_TRY(call.wake_for(*call.store, uuid));
  return Reply{.body = Json::object({{"status_id", uuid}})};
}

// By the names that they had in HIL's configuration, or would have had.
Result<Reply> extensions(Call& call) {
  TARN_TRY(isolation::allowed(call.caller, Action::kShowSwitches));
  return Reply{.body = Json::array({"hil.ext.auth.database", "hil.ext.network_allocators.vlan_pool", "hil.ext.obm.ipmi",
                                    "hil.ext.switches.ovsdb"})};
}

constexpr Route kRoutes[] = {
    {"GET", "/v0/active_extensions", Kind::kRead, Action::kShowSwitches, extensions, 200, "list_active_extensions", "",
     "Names"},
    {"GET", "/v0/switches", Kind::kRead, Action::kShowSwitches, list, 200, "list_switches", "", "Names"},
    creating({"PUT", "/v0/switch/{switch}", Kind::kWrite, Action::kManageSwitches, create, 200, "switch_register",
              "HilNewSwitch", ""}),
    {"GET", "/v0/switch/{switch}", Kind::kRead, Action::kShowSwitches, show, 200, "show_switch", "", "HilSwitch"},
    {"DELETE", "/v0/switch/{switch}", Kind::kWrite, Action::kManageSwitches, remove, 200, "switch_delete", "", ""},
    creating({"PUT", "/v0/switch/{switch}/port/{port*}", Kind::kWrite, Action::kManageSwitches, create_port, 200,
              "switch_register_port", "", ""}),
    {"GET", "/v0/switch/{switch}/port/{port*}", Kind::kRead, Action::kShowSwitches, show_port, 200, "show_port", "",
     "HilPort"},
    {"DELETE", "/v0/switch/{switch}/port/{port*}", Kind::kWrite, Action::kManageSwitches, remove_port, 200,
     "switch_delete_port", "", ""},
    creating({"POST", "/v0/switch/{switch}/port/{port*}/connect_nic", Kind::kOutside, Action::kManageSwitches,
              connect_nic, 200, "port_connect_nic", "HilPortNic", ""}),
    {"POST", "/v0/switch/{switch}/port/{port*}/detach_nic", Kind::kWrite, Action::kManageSwitches, detach_nic, 200,
     "port_detach_nic", "", ""},
    {"POST", "/v0/switch/{switch}/port/{port*}/revert", Kind::kWrite, Action::kManageSwitches, revert, 202,
     "port_revert", "", "HilStatusId"},
};

}  // namespace

std::span<const Route> hil_switch_routes() { return kRoutes; }

}  // namespace api
