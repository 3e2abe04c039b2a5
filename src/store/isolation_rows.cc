#include "store/isolation_rows.h"

#include <algorithm>
#include <charconv>

namespace store {

using namespace isolation;

namespace {

// A port's state as text: the native VLAN or "-", then the tagged ones, in order: "100 200 300", "-".
std::optional<std::string> text_of(const std::optional<PortState>& state) {
  if (!state) return std::nullopt;
  std::string out = state->native ? std::to_string(*state->native) : "-";
  for (const VlanId vlan : state->tagged) out += " " + std::to_string(vlan);
  return out;
}

PortState port_state_of(std::string_view text) {
  PortState state;
  for (bool first = true; !text.empty(); first = false) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    VlanId vlan = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), vlan).ec != std::errc()) continue;  // "-"
    if (first)
      state.native = vlan;
    else
      state.tagged.insert(vlan);
  }
  return state;
}

std::optional<PortState> maybe_port_state(const std::optional<std::string>& text) {
  return text ? std::optional(port_state_of(*text)) : std::nullopt;
}

}  // namespace

// In braces, what reads the columns is evaluated in its order.
Project Mapping<Project>::read(SqlColumns in) {
  return {in.id(), in.text(), in.maybe<std::uint32_t>(), in.maybe<std::uint32_t>()};
}
SqlValues Mapping<Project>::write(const Project& project) {
  return {project.name, project.node_quota, project.network_quota};
}

Node Mapping<Node>::read(SqlColumns in) {
  return {in.id(),
          in.text(),
          {in.text(), in.text(), in.text(), in.bytes()},
          in.as<NodeState>(),
          in.maybe<Id>(),
          in.maybe<Id>(),
          in.maybe<std::int64_t>(),
          in.as<bool>(),
          in.text(),
          in.integer(),
          in.as<std::uint32_t>()};
}
SqlValues Mapping<Node>::write(const Node& node) {
  return {node.name,    node.bmc.type,  node.bmc.address, node.bmc.user,   node.bmc.sealed_password,
          node.state,   node.project,   node.owner,       node.lent_until, node.bmc_enabled,
          node.problem, node.try_again, node.attempts};
}

Nic Mapping<Nic>::read(SqlColumns in) { return {in.id(), in.id(), in.text(), in.text(), in.maybe<Id>()}; }
SqlValues Mapping<Nic>::write(const Nic& nic) { return {nic.node, nic.name, nic.mac, nic.port}; }

SwitchRecord Mapping<SwitchRecord>::read(SqlColumns in) { return {in.id(), in.text(), in.text(), in.text()}; }
SqlValues Mapping<SwitchRecord>::write(const SwitchRecord& record) {
  return {record.name, record.type, record.settings};
}

Port Mapping<Port>::read(SqlColumns in) {
  return {in.id(), in.id(), in.text(), maybe_port_state(in.maybe_text()), in.integer()};
}
SqlValues Mapping<Port>::write(const Port& port) {
  return {port.switch_id, port.name, text_of(port.observed), port.observed_at};
}

Network Mapping<Network>::read(SqlColumns in) {
  return {in.id(), in.text(), in.maybe<Id>(), in.as<bool>(), in.as<VlanId>(), in.as<bool>()};
}
SqlValues Mapping<Network>::write(const Network& network) {
  return {network.name, network.owner, network.is_public, network.vlan, network.vlan_from_pool};
}

Operation Mapping<Operation>::read(SqlColumns in) {
  return {in.id(), in.text(), in.maybe<Id>(), in.text(), in.integer(), in.integer()};
}
SqlValues Mapping<Operation>::write(const Operation& operation) {
  return {operation.uuid, operation.project, operation.by, operation.created, operation.finished};
}

Change Mapping<Change>::read(SqlColumns in) {
  return {in.id(),
          in.id(),
          in.id(),
          in.as<Change::Kind>(),
          in.maybe<Id>(),
          in.as<Channel>(),
          in.as<Change::State>(),
          in.text(),
          in.integer(),
          in.integer(),
          in.as<std::uint32_t>()};
}
SqlValues Mapping<Change>::write(const Change& change) {
  return {change.operation, change.nic,   change.kind,      change.network, change.channel,
          change.state,     change.error, change.try_again, change.give_up, change.attempts};
}

User Mapping<User>::read(SqlColumns in) { return {in.id(), in.text(), in.text(), in.as<Role>()}; }
SqlValues Mapping<User>::write(const User& user) { return {user.name, user.password_hash, user.role}; }

ApiToken Mapping<ApiToken>::read(SqlColumns in) {
  return {in.id(), in.id(), in.text(), in.bytes(), in.integer(), in.maybe<std::int64_t>()};
}
SqlValues Mapping<ApiToken>::write(const ApiToken& token) {
  return {token.user, token.label, token.hash, token.created, token.expires};
}

Event Mapping<Event>::read(SqlColumns in) {
  return {in.id(), in.integer(), in.text(), in.maybe<Id>(), in.text(), in.text(), in.text()};
}
SqlValues Mapping<Event>::write(const Event& event) {
  return {event.at, event.kind, event.project, event.subject, event.by, event.detail};
}

}  // namespace store
