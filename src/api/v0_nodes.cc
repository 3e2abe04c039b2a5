// /v0: HIL's nodes, NICs, metadata and their management controllers ("OBM").
#include "api/bmc_calls.h"
#include "api/call.h"
#include "api/views.h"
#include "isolation/lookup.h"
#include "isolation/telling.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::Attachment;
using isolation::BmcUse;

// HIL names drivers by address, "http://schema.massopencloud.org/haas/v0/obm/ipmi": what counts is its end.
std::string driver_of(std::string_view type) { return std::string(type.substr(type.rfind('/') + 1)); }

Result<Reply> names(Call& call, bool only_free) {
  isolation::NodeFilter filter;
  if (only_free) filter.free = true;
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::Node>([&](const isolation::Page& page) { return call.rules().nodes(filter, page); }));
  Json out = Json::array();
  for (const auto& row : rows) out.push(row.name);
  return Reply{.body = std::move(out)};
}

Result<Reply> free_nodes(Call& call) { return names(call, true); }
Result<Reply> all_nodes(Call& call) { return names(call, false); }

// HIL's clients wait for a network to show up here, so it does when the switch has it, and until it has it no more.
Json networks_on(const isolation::NodeView::NicView& nic) {
  Json out = Json::object();
  for (const auto& [attachment, network] : nic.attachments)
    if (attachment.state != Attachment::State::kConnecting)
      out.set(isolation::channel_name(network, attachment.channel), network.name);
  return out;
}

Result<Reply> show(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().node(call.at("node")));
  Json nics = Json::array(), metadata = Json::object();
  for (const auto& nic : view.nics) {
    Json one = Json::object({{"label", nic.nic.name}, {"macaddr", nic.nic.mac}, {"networks", networks_on(nic)}});
    if (call.sees_topology()) one.set("port", or_null(nic.port_name)).set("switch", or_null(nic.switch_name));
    nics.push(std::move(one));
  }
  for (const auto& [label, text] : view.metadata) metadata.set(label, text);  // HIL gives the JSON as a text
  return Reply{.body = Json::object({{"name", view.node.name},
                                     {"project", or_null(view.project)},
                                     {"nics", std::move(nics)},
                                     {"metadata", std::move(metadata)}})};
}

struct Obm {
  isolation::BmcAccess access;
  std::string password;
  ~Obm() { base::wipe(password.data(), password.size()); }
};

base::Status read_obm(Call& call, const Json& obm, Obm& out) {
  for (const auto& [name, value] : *obm.members()) {
    if (value.string() == nullptr) return call.refuse("obm." + name.substr(0, 64), "must be of type string");
    if (name == "type") {
      out.access.type = driver_of(*value.string());
    } else if (name == "host") {
      out.access.address = *value.string();
    } else if (name == "user") {
      out.access.user = *value.string();
    } else if (name == "password") {
      out.password = *value.string();
    } else {
      return call.refuse("obm." + name.substr(0, 64), "is not known here");
    }
  }
  if (out.access.type.empty() || out.access.address.empty())
    return call.refuse("obm", "needs type, host, user, password");
  return {};
}

// HIL's later clients know only obmd, a service between HIL and controllers, which is not spoken here: but what they send
// has room for a controller, {"uri": "ipmi://USER@HOST", "admin_token": PASSWORD}.
base::Status read_obmd(Call& call, const Json& obmd, Obm& out) {
  constexpr std::string_view kScheme = "ipmi://";
  const std::string uri = obmd.text("uri");
  const std::size_t at = uri.rfind('@');
  const bool known = uri.starts_with(kScheme) && at != std::string::npos && at > kScheme.size() &&
                     at + 1 < uri.size() && uri.find_first_of("/?#", kScheme.size()) == std::string::npos;
  if (!known)
    return call.refuse("obmd",
                       "is not spoken here: give the controller itself, as uri ipmi://USER@HOST with its password as "
                       "admin_token, or as obm with type, host, user, password");
  out.access.type = "ipmi";
  out.access.user = uri.substr(kScheme.size(), at - kScheme.size());
  out.access.address = uri.substr(at + 1);
  out.password = obmd.text("admin_token");
  return {};
}

// Clients of between the two send both: then the obm counts.
Result<Reply> create(Call& call) {
  TARN_TRY(isolation::allowed(call.caller, Action::kCreateNode));
  const Json* const obm = call.body.find("obm");
  const Json* const obmd = call.body.find("obmd");
  if (obm == nullptr && obmd == nullptr) return call.refuse("obm", "is missing");
  Obm read;
  TARN_TRY(obm != nullptr ? read_obm(call, *obm, read) : read_obmd(call, *obmd, read));
  TARN_TRY(call.create_node({.name = call.at("node"), .bmc = read.access, .owner = ""}, read.password));
  if (const Json* metadata = call.body.find("metadata"))
    for (const auto& [label, value] : *metadata->members())
      TARN_TRY(call.rules().set_metadata(call.at("node"), label, value.dump()));
  return Reply{};
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_node(call.at("node")));
  return Reply{};
}

Result<Reply> create_nic(Call& call) {
  TARN_TRY(call.rules().create_nic(call.at("node"), call.at("nic"), call.body.text("macaddr")));
  return Reply{};
}

Result<Reply> remove_nic(Call& call) {
  TARN_TRY(call.rules().delete_nic(call.at("node"), call.at("nic")));
  return Reply{};
}

Result<Reply> put_label(Call& call) {
  TARN_TRY(call.rules().set_metadata(call.at("node"), call.at("label"), call.body.find("value")->dump()));
  return Reply{};
}

Result<Reply> drop_label(Call& call) {
  TARN_TRY(call.rules().drop_metadata(call.at("node"), call.at("label")));
  return Reply{};
}

// Of a node in no project the controller is the administrators' without that, so there is nothing to change.
Result<Reply> put_obm(Call& call) {
  if (isolation::may(call.caller, Action::kUseBmc)) {
    TARN_ASSIGN(const auto node, call.store->find_node(call.at("node")));
    if (node && node->state == isolation::NodeState::kIdle) return Reply{};
  }
  TARN_TRY(call.rules().set_bmc_enabled(call.at("node"), call.body.flag("enabled")));
  return Reply{};
}

Result<Reply> power_on(Call& call) {
  TARN_TRY(with_bmc(call, BmcUse::kAct, [](isolation::Bmc& bmc, int timeout_ms) { return bmc.power_on(timeout_ms); }));
  return Reply{};
}

// HIL turned servers off at once, and its client says nothing of force.
Result<Reply> power_off(Call& call) {
  const bool force = call.body.flag("force", true);
  TARN_TRY(with_bmc(call, BmcUse::kTurnOff,
                    [&](isolation::Bmc& bmc, int timeout_ms) { return bmc.power_off(force, timeout_ms); }));
  return Reply{};
}

Result<Reply> power_cycle(Call& call) {
  const bool force = call.body.flag("force");
  TARN_TRY(with_bmc(call, BmcUse::kAct,
                    [&](isolation::Bmc& bmc, int timeout_ms) { return bmc.power_cycle(force, timeout_ms); }));
  return Reply{};
}

Result<Reply> power_status(Call& call) {
  bool on = false;
  TARN_TRY(with_bmc(call, BmcUse::kLook, [&](isolation::Bmc& bmc, int timeout_ms) -> base::Status {
    TARN_ASSIGN(on, bmc.powered(timeout_ms));
    return {};
  }));
  return Reply{.body = Json::object({{"power_status", on ? "on" : "off"}})};
}

Result<Reply> boot_device(Call& call) {
  const std::string name = call.body.text("bootdev");
  if (name != "none" && name != "disk" && name != "pxe")
    return base::Error{base::Code::kInvalidInput, "bootdev must be none, disk or pxe"};
  const isolation::BootDevice device = boot_device_of(name);
  TARN_TRY(with_bmc(call, BmcUse::kAct,
                    [&](isolation::Bmc& bmc, int timeout_ms) { return bmc.set_boot_device(device, timeout_ms); }));
  return Reply{};
}

// Whether the node is in no project, or in one that may not use the network: the rules only say that it is a conflict,
// for which HIL has a type of its own.
bool mismatch(isolation::Transaction& store, const isolation::WantedChange& wanted) {
  const auto node = store.find_node(wanted.node);
  if (!node.ok() || !*node) return false;
  if (!(*node)->project) return true;
  const auto network = store.find_network(wanted.network);
  if (wanted.kind != isolation::Change::Kind::kConnect || !network.ok() || !*network) return false;
  const auto usable = isolation::may_use(store, **network, *(*node)->project);
  return usable.ok() && !*usable;
}

Result<Reply> started(Call& call, isolation::WantedChange wanted) {
  wanted.node = call.at("node");
  wanted.nic = call.at("nic");
  wanted.network = call.body.text("network");
  if (mismatch(*call.store, wanted)) call.hil_conflict = "ProjectMismatchError";
  TARN_ASSIGN(const std::string uuid, call.rules().change({std::move(wanted)}, false));
  TARN_TRY(call.wake_for(*call.store, uuid));
  return Reply{.body = Json::object({{"status_id", uuid}})};
}

Result<Reply> connect_network(Call& call) {
  isolation::WantedChange wanted;
  wanted.kind = isolation::Change::Kind::kConnect;
  wanted.channel = call.body.text("channel");
  return started(call, std::move(wanted));
}

Result<Reply> detach_network(Call& call) {
  isolation::WantedChange wanted;
  wanted.kind = isolation::Change::Kind::kDetach;
  return started(call, std::move(wanted));
}

Result<Reply> action(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().operation(call.at("operation")));
  if (view.changes.empty()) return base::Error{base::Code::kNotFound, "there is no such action"};
  const auto& [change, node, nic, network] = view.changes.front();
  const bool connect = change.kind == isolation::Change::Kind::kConnect;
  TARN_ASSIGN(const std::string channel, channel_of(change, *call.store));
  using State = isolation::OperationView::State;
  Json out = Json::object({{"status", view.state == State::kDone    ? "DONE"
                                      : view.state == State::kError ? "ERROR"
                                                                    : "PENDING"},
                           {"node", node},
                           {"nic", nic},
                           {"type", change.kind == isolation::Change::Kind::kRevert ? "revert_port" : "modify_port"},
                           {"channel", channel},
                           {"new_network", connect ? or_null(network) : Json()}});
  if (!change.error.empty()) out.set("error", isolation::told_to(call.sees_topology(), change.error));
  return Reply{.body = std::move(out)};
}

constexpr Route kRoutes[] = {
    {"GET", "/v0/nodes/free", Kind::kRead, Action::kListNodes, free_nodes, 200, "list_nodes, the free ones", "",
     "Names"},
    {"GET", "/v0/nodes/all", Kind::kRead, Action::kListNodes, all_nodes, 200, "list_nodes, all", "", "Names"},
    {"GET", "/v0/node/{node}", Kind::kRead, Action::kShowNode, show, 200, "show_node", "", "HilNodeView"},
    creating(
        {"PUT", "/v0/node/{node}", Kind::kWrite, Action::kCreateNode, create, 200, "node_register", "HilNewNode", ""}),
    {"DELETE", "/v0/node/{node}", Kind::kWrite, Action::kDeleteNode, remove, 200, "node_delete", "", ""},
    creating({"PUT", "/v0/node/{node}/nic/{nic}", Kind::kWrite, Action::kCreateNic, create_nic, 200,
              "node_register_nic", "HilNic", ""}),
    {"DELETE", "/v0/node/{node}/nic/{nic}", Kind::kWrite, Action::kDeleteNic, remove_nic, 200, "node_delete_nic", "",
     ""},
    {"PUT", "/v0/node/{node}/metadata/{label}", Kind::kWrite, Action::kSetMetadata, put_label, 200, "node_set_metadata",
     "HilValue", ""},
    {"DELETE", "/v0/node/{node}/metadata/{label}", Kind::kWrite, Action::kSetMetadata, drop_label, 200,
     "node_delete_metadata", "", ""},
    {"PUT", "/v0/node/{node}/obm", Kind::kWrite, Action::kUseBmc, put_obm, 200, "node_enable_disable_obm", "HilEnabled",
     ""},
    {"POST", "/v0/node/{node}/power_on", Kind::kOutside, Action::kUseBmc, power_on, 200, "node_power_on", "HilForce",
     ""},
    {"POST", "/v0/node/{node}/power_off", Kind::kOutside, Action::kUseBmc, power_off, 200, "node_power_off", "HilForce",
     ""},
    {"POST", "/v0/node/{node}/power_cycle", Kind::kOutside, Action::kUseBmc, power_cycle, 200, "node_power_cycle",
     "HilForce", ""},
    {"GET", "/v0/node/{node}/power_status", Kind::kOutside, Action::kUseBmc, power_status, 200, "node_power_status", "",
     "HilPowerStatus"},
    {"PUT", "/v0/node/{node}/boot_device", Kind::kOutside, Action::kUseBmc, boot_device, 200, "node_set_bootdev",
     "HilBootDevice", ""},
    {"GET", "/v0/node/{node}/console", Kind::kOutside, Action::kUseBmc, console, 200, "show_console", "", "", "",
     "application/octet-stream"},
    {"POST", "/v0/node/{node}/nic/{nic}/connect_network", Kind::kWrite, Action::kConnectNic, connect_network, 202,
     "node_connect_network", "HilConnect", "HilStatusId"},
    {"POST", "/v0/node/{node}/nic/{nic}/detach_network", Kind::kWrite, Action::kDetachNic, detach_network, 202,
     "node_detach_network", "HilDetach", "HilStatusId"},
    {"GET", "/v0/networking_action/{operation}", Kind::kRead, Action::kShowOperation, action, 200,
     "show_networking_action", "", "HilAction"},
};

}  // namespace

std::span<const Route> hil_node_routes() { return kRoutes; }

}  // namespace api
