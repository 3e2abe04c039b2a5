#include "api/views.h"

#include "api/text.h"
#include "isolation/lookup.h"
#include "isolation/telling.h"

namespace api {

using namespace isolation;

namespace {

Json quota(std::optional<std::uint32_t> most) { return most ? Json(*most) : Json(); }
Json observed(const std::optional<PortState>& state) { return state ? shown(*state) : Json(); }

Json channels_of(const Network& network) {
  return Json::array({channel_name(network, Channel::kNative), channel_name(network, Channel::kTagged)});
}

std::string_view kind_name(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::kConnect: return "connect";
    case Change::Kind::kDetach: return "detach";
    case Change::Kind::kRevert: return "revert";
  }
  return "";
}

std::string_view state_name(Change::State state) {
  switch (state) {
    case Change::State::kWaiting: return "waiting";
    case Change::State::kPending: return "pending";
    case Change::State::kDone: return "done";
    case Change::State::kError: return "error";
  }
  return "";
}

std::string_view state_name(OperationView::State state) {
  switch (state) {
    case OperationView::State::kPending: return "pending";
    case OperationView::State::kDone: return "done";
    case OperationView::State::kError: return "error";
  }
  return "";
}

}  // namespace

Json or_null(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json time_or_null(std::optional<std::int64_t> unix_ms) {
  return unix_ms && *unix_ms != 0 ? Json(rfc3339(*unix_ms)) : Json();
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kMember: return "member";
    case Role::kBroker: return "broker";
    case Role::kAuditor: return "auditor";
    case Role::kAdministrator: return "administrator";
  }
  return "";
}

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : {Role::kMember, Role::kBroker, Role::kAuditor, Role::kAdministrator})
    if (role_name(role) == name) return role;
  return std::nullopt;
}

std::string_view state_name(NodeState state) {
  switch (state) {
    case NodeState::kIdle: return "idle";
    case NodeState::kHeld: return "held";
    case NodeState::kReleasing: return "releasing";
  }
  return "";
}

std::string_view state_name(Attachment::State state) {
  switch (state) {
    case Attachment::State::kConnecting: return "connecting";
    case Attachment::State::kConnected: return "connected";
    case Attachment::State::kDetaching: return "detaching";
    case Attachment::State::kUncertain: return "uncertain";
  }
  return "";
}

Json shown(const Project& project) {
  return Json::object({{"name", project.name},
                       {"node_quota", quota(project.node_quota)},
                       {"network_quota", quota(project.network_quota)}});
}

Json shown(const Node& node) {
  return Json::object({{"name", node.name},
                       {"state", state_name(node.state)},
                       {"free", node.state == NodeState::kIdle && !node.owner},
                       {"bmc_enabled", node.bmc_enabled},
                       {"lent_until", time_or_null(node.lent_until)}});
}

Json shown(const NodeView::NicView& nic, bool with_topology) {
  Json attachments = Json::array();
  for (const auto& [attachment, network] : nic.attachments)
    attachments.push(Json::object({{"network", network.name},
                                   {"channel", channel_name(network, attachment.channel)},
                                   {"state", state_name(attachment.state)}}));
  Json out = Json::object({{"name", nic.nic.name}, {"mac", nic.nic.mac}});
  if (with_topology) out.set("switch", or_null(nic.switch_name)).set("port", or_null(nic.port_name));
  return out.set("busy", nic.busy).set("attachments", std::move(attachments));
}

Json shown(const NodeView& view, bool with_topology, bool with_bmc) {
  Json nics = Json::array(), metadata = Json::object();
  for (const auto& nic : view.nics) nics.push(shown(nic, with_topology));
  for (const auto& [label, text] : view.metadata) {
    auto value = Json::parse(text);
    metadata.set(label, value.ok() ? std::move(value).value() : Json());
  }
  const Node& node = view.node;
  Json out = Json::object({{"name", node.name},
                           {"state", state_name(node.state)},
                           {"project", or_null(view.project)},
                           {"owner", or_null(view.owner)},
                           {"lent_until", time_or_null(node.lent_until)},
                           {"bmc_enabled", node.bmc_enabled}});
  if (with_bmc)
    out.set("bmc", Json::object({{"type", node.bmc.type}, {"address", node.bmc.address}, {"user", node.bmc.user}}));
  return out.set("problem", or_null(node.problem)).set("nics", std::move(nics)).set("metadata", std::move(metadata));
}

Json shown(const Network& network) {
  return Json::object({{"name", network.name}, {"public", network.is_public}, {"channels", channels_of(network)}});
}

Json shown(const NetworkView& view) {
  Json access = Json::array();
  for (const std::string& project : view.access) access.push(project);
  return Json::object({{"name", view.network.name},
                       {"owner", or_null(view.owner)},
                       {"public", view.network.is_public},
                       {"access", std::move(access)},
                       {"channels", channels_of(view.network)}});
}

Json shown(const Rules::AttachmentView& attachment) {
  return Json::object({{"node", attachment.node},
                       {"nic", attachment.nic},
                       {"project", or_null(attachment.project)},
                       {"channel", attachment.channel},
                       {"state", state_name(attachment.state)}});
}

base::Result<std::string> channel_of(const Change& change, Transaction& store) {
  if (change.kind == Change::Kind::kRevert || !change.network) return std::string();
  // A detach learns its channel when it begins.
  const bool begun =
      change.state == Change::State::kPending || change.state == Change::State::kDone || change.attempts > 0;
  if (change.kind == Change::Kind::kDetach && !begun) return std::string();
  if (change.channel == Channel::kNative) return std::string("vlan/native");
  TARN_ASSIGN(const auto network, store.find_network(*change.network));
  return network ? channel_name(*network, change.channel) : std::string();
}

base::Result<Json> shown(const OperationView& view, Transaction& store, bool with_topology) {
  Json changes = Json::array();
  for (const auto& [change, node, nic, network] : view.changes) {
    TARN_ASSIGN(const std::string channel, channel_of(change, store));
    changes.push(Json::object({{"kind", kind_name(change.kind)},
                               {"node", node},
                               {"nic", nic},
                               {"network", or_null(network)},
                               {"channel", or_null(channel)},
                               {"state", state_name(change.state)},
                               {"error", or_null(told_to(with_topology, change.error))},
                               {"attempts", change.attempts}}));
  }
  return Json::object({{"id", view.operation.uuid},
                       {"state", state_name(view.state)},
                       {"by", view.operation.by},
                       {"created", rfc3339(view.operation.created)},
                       {"finished", time_or_null(view.operation.finished)},
                       {"changes", std::move(changes)}});
}

Json shown(const SwitchRecord& record) {
  auto settings = Json::parse(record.settings);
  return Json::object({{"name", record.name},
                       {"type", record.type},
                       {"settings", settings.ok() ? std::move(settings).value() : Json::object()}});
}

Json shown(const Port& port) {
  return Json::object(
      {{"name", port.name}, {"observed", observed(port.observed)}, {"observed_at", time_or_null(port.observed_at)}});
}

Json shown(const Rules::PortView& view) {
  return Json::object({{"name", view.port.name},
                       {"node", or_null(view.node)},
                       {"nic", or_null(view.nic)},
                       {"wanted", shown(view.wanted)},
                       {"observed", observed(view.port.observed)},
                       {"observed_at", time_or_null(view.port.observed_at)}});
}

// A port as its switch makes it may carry every VLAN: a page of such ports would be millions of numbers.
Json shown(const PortState& state) {
  const bool all = state.tagged.size() == isolation::kMaxVlan;
  Json tagged = Json::array();
  if (!all)
    for (const VlanId vlan : state.tagged) tagged.push(vlan);
  Json out = Json::object({{"native", state.native ? Json(*state.native) : Json()}, {"tagged", std::move(tagged)}});
  if (all) out.set("all", true);
  return out;
}

Json shown(const SwitchQueue::Drift& drift) {
  return Json::object({{"port", drift.port}, {"wanted", shown(drift.wanted)}, {"observed", shown(drift.observed)}});
}

Json shown(const User& user) { return Json::object({{"name", user.name}, {"role", role_name(user.role)}}); }

Json shown(const ApiToken& token) {
  return Json::object({{"id", token.id},
                       {"label", token.label},
                       {"created", rfc3339(token.created)},
                       {"expires", time_or_null(token.expires)}});
}

Json shown(const Event& event, bool with_topology) {
  return Json::object({{"id", event.id},
                       {"at", rfc3339(event.at)},
                       {"kind", event.kind},
                       {"subject", event.subject},
                       {"by", event.by},
                       {"detail", told_to(with_topology, event.detail)}});
}

}  // namespace api
