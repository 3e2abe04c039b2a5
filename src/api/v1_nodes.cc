// /v1/nodes: nodes, their NICs, metadata, owners, loans and attachments.
#include <algorithm>

#include "api/call.h"
#include "api/views.h"
#include "isolation/lookup.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

Result<Reply> show(Call& call, std::string_view name) {
  TARN_ASSIGN(const auto view, call.rules().node(name));
  return Reply{.body = shown(view, call.sees_topology(), call.sees_topology())};
}

base::Status filter_by_project(Call& call, std::string_view which, std::optional<isolation::Id>& out) {
  const auto name = call.asked(which);
  if (!name) return {};
  TARN_ASSIGN(const auto project, call.store->find_project(*name));
  out = project ? project->id : 0;  // nobody's: what is not there looks like what is another's
  return {};
}

Result<isolation::NodeFilter> filter_of(Call& call) {
  isolation::NodeFilter out;
  if (const auto free = call.asked("free")) {
    if (*free != "true" && *free != "false") return call.refuse("free", "must be true or false");
    out.free = *free == "true";
  }
  TARN_TRY(filter_by_project(call, "project", out.project));
  TARN_TRY(filter_by_project(call, "owner", out.owner));
  if (const auto state = call.asked("state")) {
    for (const auto one : {isolation::NodeState::kIdle, isolation::NodeState::kHeld, isolation::NodeState::kReleasing})
      if (state_name(one) == *state) out.state = one;
    if (!out.state) return call.refuse("state", "must be idle, held or releasing");
  }
  // A value is JSON where it can be read as such, else a text: metadata.rack=7, metadata.zone=east, metadata.gpu= (any).
  constexpr std::string_view kPrefix = "metadata.";
  for (const auto& [name, value] : call.query) {
    if (name.rfind(kPrefix, 0) != 0) continue;
    const auto json = Json::parse(value);
    out.metadata.emplace_back(name.substr(kPrefix.size()), value.empty() ? ""
                                                           : json.ok()   ? json->dump()
                                                                         : Json(value).dump());
  }
  return out;
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(const isolation::NodeFilter filter, filter_of(call));
  TARN_ASSIGN(auto rows, call.rules().nodes(filter, and_one(page)));
  return page_reply<isolation::Node>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> create(Call& call) {
  const Json& bmc = *call.body.find("bmc");
  const isolation::NewNode node{.name = call.body.text("name"),
                                .bmc = {.type = bmc.text("type"),
                                        .address = bmc.text("address"),
                                        .user = bmc.text("user"),
                                        .sealed_password = {}},
                                .owner = call.body.text("owner")};
  TARN_TRY(call.create_node(node, *bmc.find("password")->string()));
  TARN_ASSIGN(Reply reply, show(call, node.name));
  reply.headers = {{"Location", "/v1/nodes/" + percent_encoded(node.name)}};
  return reply;
}

Result<Reply> get(Call& call) { return show(call, call.at("node")); }

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_node(call.at("node")));
  return Reply{};
}

Result<Reply> release(Call& call) {
  TARN_TRY(call.rules().release_node(call.at("node")));
  call.wake_releaser = true;
  return show(call, call.at("node"));
}

Result<Reply> put_owner(Call& call) {
  TARN_TRY(call.rules().set_owner(call.at("node"), call.body.text("owner")));
  return show(call, call.at("node"));
}

Result<Reply> put_loan(Call& call) {
  TARN_ASSIGN(const std::int64_t until, call.time("until"));
  TARN_TRY(call.rules().lend_node(call.at("node"), call.body.text("project"), until));
  // Who lends need not see inside of what it lent: the entry, not the whole.
  TARN_ASSIGN(const auto node, call.store->find_node(call.at("node")));
  if (!node) return base::Error{base::Code::kNotFound, "the node is gone"};
  return Reply{.body = shown(*node)};
}

Result<Reply> end_loan(Call& call) {
  TARN_TRY(call.rules().return_node(call.at("node")));
  call.wake_releaser = true;
  return Reply{};
}

Result<Reply> list_for(Call& call) {
  TARN_TRY(call.rules().list_for_broker(call.at("node"), call.at("user"), true));
  return Reply{};
}

Result<Reply> unlist_for(Call& call) {
  TARN_TRY(call.rules().list_for_broker(call.at("node"), call.at("user"), false));
  return Reply{};
}

Result<Reply> put_label(Call& call) {
  if (call.request.body.empty()) return call.refuse("body", "must be a JSON value");
  TARN_TRY(call.rules().set_metadata(call.at("node"), call.at("label"), call.body.dump()));
  return Reply{};
}

Result<Reply> drop_label(Call& call) {
  TARN_TRY(call.rules().drop_metadata(call.at("node"), call.at("label")));
  return Reply{};
}

Result<Reply> nics(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().node(call.at("node")));
  Json items = Json::array();
  for (const auto& nic : view.nics) items.push(shown(nic, call.sees_topology()));
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<Reply> get_nic(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().node(call.at("node")));
  for (const auto& nic : view.nics)
    if (nic.nic.name == call.at("nic")) return Reply{.body = shown(nic, call.sees_topology())};
  return base::Error{base::Code::kNotFound, "the node has no such NIC"};
}

Result<Reply> create_nic(Call& call) {
  TARN_TRY(call.rules().create_nic(call.at("node"), call.body.text("name"), call.body.text("mac")));
  call.path.emplace_back("nic", call.body.text("name"));
  return get_nic(call);
}

Result<Reply> remove_nic(Call& call) {
  TARN_TRY(call.rules().delete_nic(call.at("node"), call.at("nic")));
  return Reply{};
}

// Whether the port, as it was last read from its switch, lets the network through as the attachment says.
Json seen_on(const std::optional<isolation::Port>& port, const isolation::Attachment& attachment,
             const isolation::Network& network) {
  if (!port || !port->observed) return {};
  if (attachment.channel == isolation::Channel::kNative) return port->observed->native == network.vlan;
  return port->observed->tagged.contains(network.vlan);
}

Result<Reply> attachments(Call& call) {
  TARN_ASSIGN(const auto view, call.rules().node(call.at("node")));
  Json items = Json::array();
  for (const auto& nic : view.nics) {
    // Not which port it is, but what it was seen to let through, is the tenant's to know.
    std::optional<isolation::Port> port;
    TARN_ASSIGN(const auto row, call.store->find_nic(nic.nic.id));
    if (row && row->port) {
      TARN_ASSIGN(port, call.store->find_port(*row->port));
    }
    for (const auto& [attachment, network] : nic.attachments)
      items.push(Json::object({{"nic", nic.nic.name},
                               {"network", network.name},
                               {"channel", isolation::channel_name(network, attachment.channel)},
                               {"state", state_name(attachment.state)},
                               {"observed", seen_on(port, attachment, network)},
                               {"observed_at", port ? time_or_null(port->observed_at) : Json()}}));
  }
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/nodes", Kind::kRead, Action::kListNodes, list, 200,
     "Nodes, searched by what they are and by metadata.", "", "NodePage",
     "after limit free project owner state metadata."},
    {"POST", "/v1/nodes", Kind::kWrite, Action::kCreateNode, create, 201,
     "Register a node with its management controller.", "NewNode", "Node"},
    {"GET", "/v1/nodes/{node}", Kind::kRead, Action::kShowNode, get, 200, "One node.", "", "Node"},
    {"DELETE", "/v1/nodes/{node}", Kind::kWrite, Action::kDeleteNode, remove, 204,
     "Delete a node that is idle and has no NICs.", "", ""},
    {"POST", "/v1/nodes/{node}/release", Kind::kWrite, Action::kReleaseNode, release, 202,
     "Give a node back: off, detached, read back, then free or with its owner.", "", "Node"},
    {"PUT", "/v1/nodes/{node}/owner", Kind::kWrite, Action::kSetOwner, put_owner, 200,
     "Say whose an idle node is; null: the free pool's.", "NewOwner", "Node"},
    {"PUT", "/v1/nodes/{node}/loan", Kind::kWrite, Action::kLendNode, put_loan, 200,
     "Lend a node to a project until a time.", "NewLoan", "NodeEntry"},
    {"DELETE", "/v1/nodes/{node}/loan", Kind::kWrite, Action::kReturnNode, end_loan, 202, "Return a node to its owner.",
     "", ""},
    {"PUT", "/v1/nodes/{node}/brokers/{user}", Kind::kWrite, Action::kListForBroker, list_for, 204,
     "Let a broker lend this node.", "", ""},
    {"DELETE", "/v1/nodes/{node}/brokers/{user}", Kind::kWrite, Action::kListForBroker, unlist_for, 204,
     "Let a broker lend this node no longer.", "", ""},
    {"PUT", "/v1/nodes/{node}/metadata/{label}", Kind::kWrite, Action::kSetMetadata, put_label, 204,
     "Note something about a node: any JSON value.", "Anything", ""},
    {"DELETE", "/v1/nodes/{node}/metadata/{label}", Kind::kWrite, Action::kSetMetadata, drop_label, 204,
     "Forget something about a node.", "", ""},
    {"GET", "/v1/nodes/{node}/nics", Kind::kRead, Action::kShowNode, nics, 200, "A node's NICs.", "", "NicPage"},
    {"POST", "/v1/nodes/{node}/nics", Kind::kWrite, Action::kCreateNic, create_nic, 201, "Add a NIC to a node.",
     "NewNic", "Nic"},
    {"GET", "/v1/nodes/{node}/nics/{nic}", Kind::kRead, Action::kShowNode, get_nic, 200, "One NIC.", "", "Nic"},
    {"DELETE", "/v1/nodes/{node}/nics/{nic}", Kind::kWrite, Action::kDeleteNic, remove_nic, 204,
     "Delete a NIC that hangs on no port.", "", ""},
    {"GET", "/v1/nodes/{node}/attachments", Kind::kRead, Action::kShowNode, attachments, 200,
     "A node's attachments, and whether its switches were seen to have them.", "", "ObservedAttachmentPage"},
};

}  // namespace

std::span<const Route> node_routes() { return kRoutes; }

}  // namespace api
