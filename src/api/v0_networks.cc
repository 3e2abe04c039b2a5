// /v0: HIL's networks.
#include "api/call.h"
#include "api/views.h"
#include "isolation/lookup.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

Json projects_of(const isolation::NetworkView& view) {
  if (view.network.is_public) return {};
  Json out = Json::array();
  for (const std::string& project : view.access) out.push(project);
  return out;
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::Network>([&](const isolation::Page& page) { return call.rules().networks(page); }));
  Json out = Json::object();
  for (const auto& row : rows) {
    TARN_ASSIGN(const auto view, call.rules().network(row.name));
    out.set(row.name, Json::object({{"network_id", std::to_string(row.vlan)}, {"projects", projects_of(view)}}));
  }
  return Reply{.body = std::move(out)};
}

// owner "admin": the administrator's; access "": public; net_id "": from the pool.
Result<Reply> create(Call& call) {
  isolation::NewNetwork network{.name = call.at("network"), .owner = call.body.text("owner"), .access = {}, .vlan = {}};
  if (network.owner == "admin") network.owner.clear();
  if (!call.body.text("access").empty()) network.access = call.body.text("access");
  if (!call.body.text("net_id").empty()) {
    const auto vlan = from_digits(call.body.text("net_id"));
    if (!vlan || *vlan < 1 || *vlan > isolation::kMaxVlan)
      return base::Error{base::Code::kInvalidInput, "net_id must be a VLAN id, 1 to 4094, or empty"};
    network.vlan = static_cast<isolation::VlanId>(*vlan);
  }
  TARN_ASSIGN(const auto other, call.store->find_network(network.name));
  if (!other) call.hil_conflict = "BlockedError";  // a VLAN that is taken, a quota
  TARN_TRY(call.rules().create_network(network));
  return Reply{};
}

using Attachments = std::vector<isolation::Rules::AttachmentView>;

// One object a node, as in HIL; a node that has several NICs in the network has all of them in "nics".
Json by_node(const Attachments& rows) {
  Json out = Json::object();
  for (const auto& row : rows) {
    if (out.find(row.node) != nullptr) continue;
    Json nics = Json::array();
    for (const auto& one : rows)
      if (one.node == row.node) nics.push(Json::object({{"nic", one.nic}, {"channel", one.channel}}));
    out.set(row.node, Json::object({{"nic", row.nic},
                                    {"channel", row.channel},
                                    {"project", or_null(row.project)},
                                    {"nics", std::move(nics)}}));
  }
  return out;
}

Json nics_by_node(const Attachments& rows) {
  Json out = Json::object();
  for (const auto& row : rows) {
    if (out.find(row.node) != nullptr) continue;
    Json nics = Json::array();
    for (const auto& one : rows)
      if (one.node == row.node) nics.push(one.nic);
    out.set(row.node, std::move(nics));
  }
  return out;
}

Result<Reply> show(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().network(call.at("network")));
  const auto rows = call.rules().attachments(call.at("network"), std::nullopt);
  if (!rows.ok() && rows.error().code != base::Code::kForbidden) return rows.error();
  const isolation::Network& network = view.network;
  return Reply{
      .body = Json::object({{"name", network.name},
                            {"channels", Json::array({isolation::channel_name(network, isolation::Channel::kNative),
                                                      isolation::channel_name(network, isolation::Channel::kTagged)})},
                            {"owner", view.owner.empty() ? "admin" : view.owner},
                            {"access", projects_of(view)},
                            {"connected-nodes", rows.ok() ? nics_by_node(*rows) : Json::object()}})};
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_network(call.at("network")));
  return Reply{};
}

Result<Reply> attachments(Call& call) {
  TARN_ASSIGN(const Attachments rows, call.rules().attachments(call.at("network"), call.asked("project")));
  return Reply{.body = by_node(rows)};
}

Result<Reply> grant(Call& call) {
  TARN_TRY(call.rules().grant(call.at("network"), call.at("project")));
  return Reply{};
}

Result<Reply> revoke(Call& call) {
  TARN_TRY(call.rules().revoke(call.at("network"), call.at("project")));
  return Reply{};
}

constexpr Route kRoutes[] = {
    {"GET", "/v0/networks", Kind::kRead, Action::kListNetworks, list, 200, "list_networks", "", "HilNetworks"},
    creating({"PUT", "/v0/network/{network}", Kind::kWrite, Action::kCreateOwnNetwork, create, 200, "network_create",
              "HilNetwork", ""}),
    {"GET", "/v0/network/{network}", Kind::kRead, Action::kShowNetwork, show, 200, "show_network", "",
     "HilNetworkView"},
    {"DELETE", "/v0/network/{network}", Kind::kWrite, Action::kDeleteNetwork, remove, 200, "network_delete", "", ""},
    {"GET", "/v0/network/{network}/attachments", Kind::kRead, Action::kShowOwnAttachments, attachments, 200,
     "list_network_attachments", "", "HilAttachments", "project"},
    creating({"PUT", "/v0/network/{network}/access/{project}", Kind::kWrite, Action::kGrantAccess, grant, 200,
              "network_grant_project_access", "", ""}),
    {"DELETE", "/v0/network/{network}/access/{project}", Kind::kWrite, Action::kRevokeAccess, revoke, 200,
     "network_revoke_project_access", "", ""},
};

}  // namespace

std::span<const Route> hil_network_routes() { return kRoutes; }

}  // namespace api
