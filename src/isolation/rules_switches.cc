// Switches and their ports, and which NIC is on which.
#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {

Rows<SwitchRecord> Rules::switches(const Page& page) {
  TARN_TRY(allowed(caller_, Action::kShowSwitches));
  return store_.switches(bounded(page));
}

base::Result<SwitchRecord> Rules::switch_record(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kShowSwitches));
  return need(store_.find_switch(name), "switch", name);
}

base::Status Rules::create_switch(const SwitchRecord& record) {
  TARN_TRY(allowed(caller_, Action::kManageSwitches));
  TARN_TRY(check_name("switch", record.name));
  TARN_TRY(check_name("switch's type", record.type));
  TARN_TRY(check_text("A switch's settings", record.settings));
  TARN_ASSIGN(const std::optional<SwitchRecord> other, store_.find_switch(record.name));
  if (other) return conflict("There is a " + named("switch", record.name) + " already: choose another name");
  TARN_TRY(store_.insert_switch(record));
  return note("switch.created", {}, "switch/" + record.name);
}

base::Status Rules::delete_switch(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageSwitches));
  TARN_ASSIGN(const SwitchRecord record, need(store_.find_switch(name), "switch", name));
  TARN_ASSIGN(const std::vector<Port> ports, store_.ports_of(record.id, {"", 1}));
  if (!ports.empty()) return conflict(named("switch", name) + " has ports: delete them first");
  TARN_TRY(store_.erase_switch(record.id));
  return note("switch.deleted", {}, "switch/" + record.name);
}

base::Result<std::pair<SwitchRecord, Port>> Rules::port_for(Action action, std::string_view switch_name,
                                                            std::string_view port_name) {
  TARN_TRY(allowed(caller_, action));
  TARN_ASSIGN(SwitchRecord record, need(store_.find_switch(switch_name), "switch", switch_name));
  TARN_ASSIGN(Port port, need(store_.find_port(record.id, port_name), "port", port_name));
  return std::pair(std::move(record), std::move(port));
}

Rows<Port> Rules::ports(std::string_view switch_name, const Page& page) {
  TARN_ASSIGN(const SwitchRecord record, switch_record(switch_name));
  return store_.ports_of(record.id, bounded(page));
}

base::Result<Rules::PortView> Rules::port(std::string_view switch_name, std::string_view port_name) {
  TARN_ASSIGN(const auto found, port_for(Action::kShowSwitches, switch_name, port_name));
  PortView view{found.second, "", "", {}};
  TARN_ASSIGN(const std::optional<Nic> nic, store_.find_nic_at(view.port.id));
  if (!nic) return view;
  TARN_ASSIGN(const Node node, need_row(store_.find_node(nic->node)));
  view.node = node.name;
  view.nic = nic->name;
  TARN_ASSIGN(view.wanted, wanted_state(store_, nic->id));
  return view;
}

base::Status Rules::create_port(std::string_view switch_name, std::string_view port_name) {
  TARN_TRY(allowed(caller_, Action::kManageSwitches));
  TARN_ASSIGN(const SwitchRecord record, need(store_.find_switch(switch_name), "switch", switch_name));
  TARN_TRY(check_port_name(port_name));
  TARN_ASSIGN(const std::optional<Port> other, store_.find_port(record.id, port_name));
  if (other) return conflict(named("switch", switch_name) + " has a " + named("port", port_name) + " already");
  TARN_TRY(store_.insert_port({0, record.id, std::string(port_name), {}, 0}));
  return note("port.created", {}, "switch/" + record.name, "port " + std::string(port_name));
}

base::Status Rules::delete_port(std::string_view switch_name, std::string_view port_name) {
  TARN_ASSIGN(const auto found, port_for(Action::kManageSwitches, switch_name, port_name));
  const auto& [record, port] = found;
  TARN_ASSIGN(const std::optional<Nic> nic, store_.find_nic_at(port.id));
  if (nic) return conflict(named("port", port_name) + " has a NIC: part them first");
  TARN_TRY(store_.erase_port(port.id));
  return note("port.deleted", {}, "switch/" + record.name, "port " + port.name);
}

base::Status Rules::connect_port(std::string_view switch_name, std::string_view port_name, std::string_view node_name,
                                 std::string_view nic_name) {
  TARN_ASSIGN(const auto found, port_for(Action::kManageSwitches, switch_name, port_name));
  auto [record, port] = found;
  TARN_ASSIGN(const Node node, need(store_.find_node(node_name), "node", node_name));
  TARN_ASSIGN(Nic nic, need(store_.find_nic(node.id, nic_name), "NIC", nic_name));
  if (nic.port) return conflict(named("NIC", node.name + "/" + nic.name) + " is on a port already: part them first");
  TARN_ASSIGN(const std::optional<Nic> other, store_.find_nic_at(port.id));
  if (other) return conflict(named("port", port_name) + " has a NIC already: part them first");
  // Who holds the node sends at once into whatever the port lets through.
  if (node.state != NodeState::kIdle && (!port.observed || !port.observed->isolated()))
    return conflict(named("port", port_name) + " was not seen to let nothing through yet, and " +
                    named("node", node.name) + " is in a project: try again in a moment, or release it first");
  nic.port = port.id;
  TARN_TRY(store_.update_nic(nic));
  port.observed.reset();
  TARN_TRY(store_.update_port(port));
  return note("port.connected", {}, "switch/" + record.name, "port " + port.name + " to " + node.name + " " + nic.name);
}

// A NIC whose node somebody holds stays on its port: parted, what is live there would be nobody's to take off.
base::Status Rules::part_port(std::string_view switch_name, std::string_view port_name) {
  TARN_ASSIGN(const auto found, port_for(Action::kManageSwitches, switch_name, port_name));
  const auto& [record, port] = found;
  TARN_ASSIGN(std::optional<Nic> nic, store_.find_nic_at(port.id));
  if (!nic) return not_found(named("port", port_name) + " has no NIC: there is nothing to part");
  TARN_ASSIGN(const Node node, need_row(store_.find_node(nic->node)));
  if (node.state != NodeState::kIdle)
    return conflict(named("node", node.name) + " is in a project: release it first, and wait until it is idle");
  ChangeFilter open;
  open.nic = nic->id;
  open.open = true;
  open.limit = 1;
  TARN_ASSIGN(const std::vector<Change> changes, store_.changes(open));
  if (!changes.empty()) return conflict(named("port", port_name) + " has a change pending: wait until it is done");
  nic->port.reset();
  TARN_TRY(store_.update_nic(*nic));
  return note("port.parted", {}, "switch/" + record.name, "port " + port.name + " from " + node.name + " " + nic->name);
}

base::Result<std::string> Rules::revert_port(std::string_view switch_name, std::string_view port_name) {
  TARN_ASSIGN(const auto found, port_for(Action::kManageSwitches, switch_name, port_name));
  TARN_ASSIGN(const std::optional<Nic> nic, store_.find_nic_at(found.second.id));
  if (!nic) return not_found(named("port", port_name) + " has no NIC: there is nothing to revert");
  TARN_ASSIGN(const Node node, need_row(store_.find_node(nic->node)));
  return change({{node.name, nic->name, Change::Kind::kRevert, "", ""}}, false);
}

}  // namespace isolation
