// Nodes, their NICs and metadata: what administrators register, and what everybody sees of it.
#include <algorithm>
#include <map>

#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {
namespace {

constexpr std::size_t kMaxAddress = 255, kMaxBmcUser = 64, kMaxSealed = 1'024;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

base::Status check_bmc(const BmcAccess& bmc) {
  TARN_TRY(check_name("BMC's type", bmc.type));
  if (bmc.address.empty() || bmc.address.size() > kMaxAddress || !printable(bmc.address))
    return invalid("A BMC's address is HOST or HOST:PORT, of at most 255 characters");
  if (bmc.user.size() > kMaxBmcUser || !printable(bmc.user))
    return invalid("A BMC's user has at most 64 characters without spaces");
  if (bmc.sealed_password.size() > kMaxSealed) return invalid("A BMC's password is too long");
  return {};
}

base::Status must_be_idle(const Node& node) {
  if (node.state == NodeState::kIdle) return {};
  return conflict(named("node", node.name) + " is in a project: release it first, and wait until it is idle");
}

base::Result<Nic> nic_of(Transaction& store, const Node& node, std::string_view name) {
  return need(store.find_nic(node.id, name), "NIC", name);
}

}  // namespace

void Rules::hide(Node& node) const {
  node.bmc.sealed_password.clear();
  if (!sees_everything()) {
    node.bmc = {};
    node.problem.clear();  // names addresses
  }
  if (may(caller_, Action::kShowNode, node.project) || may(caller_, Action::kShowNode, node.owner)) return;
  node.project.reset();
  node.lent_until.reset();
  node.bmc_enabled = false;
}

// What is stored about another project's node is not to be found out by searching for it either.
Rows<Node> Rules::nodes(const NodeFilter& filter, const Page& page) {
  TARN_TRY(allowed(caller_, Action::kListNodes));
  if (filter.project) TARN_TRY(allowed(caller_, Action::kShowProject, filter.project));
  if (filter.owner) TARN_TRY(allowed(caller_, Action::kShowProject, filter.owner));
  const bool visible = filter.project || filter.owner || filter.free.value_or(false) || sees_everything();
  if (!filter.metadata.empty() && !visible)
    return invalid("A search by metadata is among free nodes or those of a project: say which");
  TARN_ASSIGN(std::vector<Node> nodes, store_.nodes(filter, bounded(page)));
  for (Node& node : nodes) {
    hide(node);
    node.bmc = {};
  }
  return nodes;
}

// The owner of a lent node sees the server, not what its borrower does with it.
base::Result<NodeView> Rules::node(std::string_view name) {
  NodeView view;
  TARN_ASSIGN(view.node, need(store_.find_node(name), "node", name));
  const bool free = view.node.state == NodeState::kIdle && !view.node.owner;
  const bool inside = may(caller_, Action::kShowNode, view.node.project);
  if (free) TARN_TRY(allowed(caller_, Action::kShowFreeNode));
  if (!free && !inside) TARN_TRY(allowed(caller_, Action::kShowNode, view.node.owner));
  TARN_ASSIGN(view.project, project_name(store_, view.node.project));
  TARN_ASSIGN(view.owner, project_name(store_, view.node.owner));
  TARN_ASSIGN(view.metadata, store_.metadata(view.node.id));
  TARN_ASSIGN(const std::vector<Nic> nics, store_.nics_of(view.node.id));
  for (const Nic& nic : nics) {
    TARN_ASSIGN(NodeView::NicView nic_seen, nic_view(nic, inside));
    view.nics.push_back(std::move(nic_seen));
  }
  hide(view.node);
  return view;
}

base::Result<NodeView::NicView> Rules::nic_view(const Nic& nic, bool inside) {
  NodeView::NicView view;
  view.nic = nic;
  if (!sees_everything()) {
    view.nic.port.reset();
  } else if (nic.port) {
    TARN_ASSIGN(const Port port, need_row(store_.find_port(*nic.port)));
    TARN_ASSIGN(const SwitchRecord record, need_row(store_.find_switch(port.switch_id)));
    view.switch_name = record.name;
    view.port_name = port.name;
  }
  if (!inside) return view;
  TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_nic(nic.id));
  for (const Attachment& attachment : attachments) {
    TARN_ASSIGN(Network network, need_row(store_.find_network(attachment.network)));
    view.attachments.emplace_back(attachment, std::move(network));
  }
  ChangeFilter pending;
  pending.nic = nic.id;
  pending.state = Change::State::kPending;
  pending.limit = 1;
  TARN_ASSIGN(const std::vector<Change> found, store_.changes(pending));
  view.busy = !found.empty();
  return view;
}

base::Status Rules::create_node(const NewNode& wanted) {
  TARN_TRY(allowed(caller_, Action::kCreateNode));
  TARN_TRY(check_name("node", wanted.name));
  TARN_TRY(check_bmc(wanted.bmc));
  TARN_ASSIGN(const std::optional<Node> other, store_.find_node(wanted.name));
  if (other) return conflict("There is a " + named("node", wanted.name) + " already: choose another name");
  Node node;
  node.name = wanted.name;
  node.bmc = wanted.bmc;
  if (!wanted.owner.empty()) {
    TARN_ASSIGN(const Project owner, need(store_.find_project(wanted.owner), "project", wanted.owner));
    node.owner = owner.id;
  }
  TARN_TRY(store_.insert_node(node));
  return note("node.created", node.owner, "node/" + node.name);
}

base::Status Rules::delete_node(std::string_view name) {
  TARN_ASSIGN(const Node node, node_for(Action::kDeleteNode, name));
  TARN_TRY(must_be_idle(node));
  TARN_ASSIGN(const std::vector<Nic> nics, store_.nics_of(node.id));
  if (!nics.empty()) return conflict(named("node", name) + " has NICs: delete them first");
  TARN_TRY(store_.erase_node(node.id));
  return note("node.deleted", node.owner, "node/" + node.name);
}

base::Status Rules::set_metadata(std::string_view node_name, std::string_view label, std::string_view json) {
  TARN_ASSIGN(const Node node, node_for(Action::kSetMetadata, node_name));
  TARN_TRY(check_name("metadata label", label));
  TARN_TRY(check_text("Metadata", json));
  TARN_TRY(store_.set_metadata(node.id, label, json));
  return note("node.metadata", node.project, "node/" + node.name, "set " + std::string(label));
}

base::Status Rules::drop_metadata(std::string_view node_name, std::string_view label) {
  TARN_ASSIGN(const Node node, node_for(Action::kSetMetadata, node_name));
  TARN_ASSIGN(const bool was_there, store_.erase_metadata(node.id, label));
  if (!was_there) return not_found(named("node", node_name) + " has no " + named("metadata", label));
  return note("node.metadata", node.project, "node/" + node.name, "dropped " + std::string(label));
}

base::Status Rules::create_nic(std::string_view node_name, std::string_view nic_name, std::string_view mac) {
  TARN_ASSIGN(const Node node, node_for(Action::kCreateNic, node_name));
  TARN_TRY(check_name("NIC", nic_name));
  TARN_ASSIGN(std::string normal, normal_mac(mac));
  TARN_ASSIGN(const std::optional<Nic> other, store_.find_nic(node.id, nic_name));
  if (other) return conflict(named("node", node_name) + " has a " + named("NIC", nic_name) + " already");
  TARN_TRY(store_.insert_nic({0, node.id, std::string(nic_name), std::move(normal), {}}));
  return note("nic.created", node.project, "node/" + node.name, "NIC " + std::string(nic_name));
}

// A NIC that goes takes its port with it, so the rule for parting them holds here too.
base::Status Rules::delete_nic(std::string_view node_name, std::string_view nic_name) {
  TARN_ASSIGN(const Node node, node_for(Action::kDeleteNic, node_name));
  TARN_ASSIGN(const Nic nic, nic_of(store_, node, nic_name));
  TARN_TRY(must_be_idle(node));
  if (nic.port) return conflict(named("NIC", nic_name) + " is on a port: part them first");
  TARN_TRY(store_.erase_nic(nic.id));
  return note("nic.deleted", node.owner, "node/" + node.name, "NIC " + nic.name);
}

base::Status Rules::set_bmc_enabled(std::string_view name, bool enabled) {
  TARN_ASSIGN(Node node, node_for(Action::kUseBmc, name));
  if (node.state != NodeState::kHeld) return conflict(named("node", name) + " is in no project: allocate it first");
  if (node.bmc_enabled == enabled) return {};
  node.bmc_enabled = enabled;
  TARN_TRY(store_.update_node(node));
  return note(enabled ? "node.bmc_enabled" : "node.bmc_disabled", node.project, "node/" + node.name);
}

base::Result<BmcAccess> Rules::use_bmc(std::string_view name, BmcUse use) {
  TARN_ASSIGN(const Node node, node_for(Action::kUseBmc, name));
  if (!node.bmc_enabled && !may(caller_, Action::kUseBmc))
    return conflict("The BMC of " + named("node", name) + " is off-limits: enable it first");
  if (use == BmcUse::kAct && node.state == NodeState::kReleasing)
    return conflict(named("node", name) + " is being released, and stays off until then: wait until it is idle");
  return node.bmc;
}

}  // namespace isolation
