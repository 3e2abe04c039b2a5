// /v1/networks: networks, who is let into them, what is attached.
#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

Result<Reply> show(Call& call, std::string_view name) {
  TARN_ASSIGN(const auto view, call.rules().network(name));
  return Reply{.body = shown(view)};
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().networks(and_one(page)));
  return page_reply<isolation::Network>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

// Without `access`: private, its owner's; the administrator's is public.
Result<Reply> create(Call& call) {
  isolation::NewNetwork network{
      .name = call.body.text("name"), .owner = call.body.text("owner"), .access = {}, .vlan = {}};
  if (call.body.has("access")) {
    network.access = call.body.text("access");
  } else if (!network.owner.empty()) {
    network.access = network.owner;
  }
  if (call.body.has("vlan")) network.vlan = static_cast<isolation::VlanId>(call.body.number("vlan"));
  TARN_TRY(call.rules().create_network(network));
  TARN_ASSIGN(Reply reply, show(call, network.name));
  reply.headers = {{"Location", "/v1/networks/" + percent_encoded(network.name)}};
  return reply;
}

Result<Reply> get(Call& call) { return show(call, call.at("network")); }

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_network(call.at("network")));
  return Reply{};
}

Result<Reply> grant(Call& call) {
  TARN_TRY(call.rules().grant(call.at("network"), call.at("project")));
  return Reply{};
}

Result<Reply> revoke(Call& call) {
  TARN_TRY(call.rules().revoke(call.at("network"), call.at("project")));
  return Reply{};
}

Result<Reply> attachments(Call& call) {
  TARN_ASSIGN(const auto rows, call.rules().attachments(call.at("network"), call.asked("project")));
  Json items = Json::array();
  for (const auto& row : rows) items.push(shown(row));
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/networks", Kind::kRead, Action::kListNetworks, list, 200, "The networks that the caller may see.", "",
     "NetworkPage", "after limit"},
    {"POST", "/v1/networks", Kind::kWrite, Action::kCreateOwnNetwork, create, 201,
     "Make a network: a project's own, or, as administrator, any.", "NewNetwork", "Network"},
    {"GET", "/v1/networks/{network}", Kind::kRead, Action::kShowNetwork, get, 200, "One network.", "", "Network"},
    {"DELETE", "/v1/networks/{network}", Kind::kWrite, Action::kDeleteNetwork, remove, 204,
     "Delete a network that nothing is attached to.", "", ""},
    {"PUT", "/v1/networks/{network}/access/{project}", Kind::kWrite, Action::kGrantAccess, grant, 204,
     "Let a project into a network.", "", ""},
    {"DELETE", "/v1/networks/{network}/access/{project}", Kind::kWrite, Action::kRevokeAccess, revoke, 204,
     "Let a project into a network no longer.", "", ""},
    {"GET", "/v1/networks/{network}/attachments", Kind::kRead, Action::kShowOwnAttachments, attachments, 200,
     "What is attached: for the network's owner everything, for others what is theirs.", "", "NetworkAttachmentPage",
     "project"},
};

}  // namespace

std::span<const Route> network_routes() { return kRoutes; }

}  // namespace api
