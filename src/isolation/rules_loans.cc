// Whose a node is: from the free pool or its owner into a project, and the way back (release.h).
#include <algorithm>

#include "isolation/lookup.h"
#include "isolation/release.h"
#include "isolation/rules.h"

namespace isolation {
namespace {

constexpr std::size_t kCandidates = 16;  // looked at in one go

// Whether each port that it is on was seen to let nothing through.
base::Result<bool> was_seen_isolated(Transaction& store, const Node& node) {
  TARN_ASSIGN(const std::vector<Nic> nics, store.nics_of(node.id));
  for (const Nic& nic : nics) {
    if (!nic.port) continue;
    TARN_ASSIGN(const Port port, need_row(store.find_port(*nic.port)));
    if (!port.observed || !port.observed->isolated()) return false;
  }
  return true;
}

}  // namespace

base::Status Rules::hold(Node node, const Project& project, std::optional<std::int64_t> until) {
  TARN_ASSIGN(const bool ready, was_seen_isolated(store_, node));
  if (!ready)
    return conflict(named("node", node.name) +
                    " is not ready: that its network ports let nothing through has not been seen yet. Try again in a "
                    "moment; if it stays so, an administrator has to look at its switch");
  TARN_ASSIGN(const std::size_t held, store_.count_nodes_of(project.id));
  if (project.node_quota && held >= *project.node_quota)
    return conflict(named("project", project.name) +
                    " has as many nodes as its quota allows: release one, or ask for more");
  node.state = NodeState::kHeld;
  node.project = project.id;
  node.lent_until = until;
  node.bmc_enabled = false;
  node.problem.clear();
  TARN_TRY(store_.update_node(node));
  return note(until ? "node.lent" : "node.allocated", project.id, "node/" + node.name, "to " + project.name);
}

base::Status Rules::allocate_node(std::string_view node_name, std::string_view project_name) {
  TARN_ASSIGN(const Project project, project_for(Action::kAllocateNode, project_name));
  TARN_ASSIGN(const Node node, need(store_.find_node(node_name), "node", node_name));
  if (node.state != NodeState::kIdle) return conflict(named("node", node_name) + " is in a project: take a free one");
  if (node.owner && node.owner != project.id)
    return conflict(named("node", node_name) + " belongs to another project: only that can lend it");
  return hold(node, project, {});
}

base::Result<std::string> Rules::allocate_any(const NodeFilter& like, std::string_view project_name) {
  TARN_ASSIGN(const Project project, project_for(Action::kAllocateNode, project_name));
  NodeFilter filter;
  filter.free = true;
  filter.metadata = like.metadata;
  for (Page page{"", kCandidates};;) {
    TARN_ASSIGN(const std::vector<Node> found, store_.nodes(filter, page));
    for (const Node& node : found) {
      TARN_ASSIGN(const bool ready, was_seen_isolated(store_, node));
      if (!ready) continue;
      TARN_TRY(hold(node, project, {}));
      return node.name;
    }
    if (found.size() < page.limit) return conflict("No free node is like that: ask for less, or try later");
    page.after = found.back().name;
  }
}

base::Status Rules::detach_node(std::string_view node_name, std::string_view project_name) {
  TARN_ASSIGN(const Project project, project_for(Action::kReleaseNode, project_name));
  TARN_ASSIGN(Node node, need(store_.find_node(node_name), "node", node_name));
  if (node.project != project.id)
    return not_found(named("node", node_name) + " is not in " + named("project", project_name));
  const auto refused = [&](const char* why) { return conflict(named("node", node_name) + " " + why); };
  if (node.state != NodeState::kHeld) return refused("is being released already: wait until it is idle");
  ChangeFilter open;
  open.node = node.id;
  open.open = true;
  open.limit = 1;
  TARN_ASSIGN(const std::vector<Change> changes, store_.changes(open));
  if (!changes.empty()) return refused("has a change pending: wait until it is done");
  TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_node(node.id));
  if (!attachments.empty()) return refused("is attached to networks: detach them first");
  if (node.bmc_enabled) return refused("has its BMC enabled: disable it first");
  return begin_release(store_, node, context_.now, caller_.name);
}

// Asked for again, it is on its way already.
base::Status Rules::release_node(std::string_view name) {
  TARN_ASSIGN(Node node, node_for(Action::kReleaseNode, name));
  if (node.state == NodeState::kIdle) return conflict(named("node", name) + " is in no project: it is idle already");
  if (node.state == NodeState::kReleasing) return {};
  return begin_release(store_, node, context_.now, caller_.name);
}

// Whom the owner before let lend it, the next one has not.
base::Status Rules::set_owner(std::string_view name, std::string_view owner) {
  TARN_TRY(allowed(caller_, Action::kSetOwner));
  TARN_ASSIGN(Node node, need(store_.find_node(name), "node", name));
  if (node.state != NodeState::kIdle)
    return conflict(named("node", name) + " is in a project: its owner can change only while it is idle");
  std::optional<Id> next;
  if (!owner.empty()) {
    TARN_ASSIGN(const Project project, need(store_.find_project(owner), "project", owner));
    next = project.id;
  }
  if (next == node.owner) return {};
  TARN_ASSIGN(const std::vector<Id> brokers, store_.brokers_of(node.id));
  for (const Id broker : brokers) TARN_TRY(store_.set_listed(node.id, broker, false));
  node.owner = next;
  TARN_TRY(store_.update_node(node));
  return note("node.owned", next, "node/" + node.name, owner.empty() ? "by the pool" : "by " + std::string(owner));
}

// Who is no broker and who is nobody look alike: an owner learns no users' names here.
base::Status Rules::list_for_broker(std::string_view name, std::string_view broker_name, bool listed) {
  TARN_ASSIGN(const Node node, need(store_.find_node(name), "node", name));
  TARN_TRY(allowed(caller_, Action::kListForBroker, node.owner));
  if (!node.owner) return conflict(named("node", name) + " has no owner: set one first");
  TARN_ASSIGN(std::optional<User> found, store_.find_user(broker_name));
  TARN_ASSIGN(const std::vector<Id> brokers, store_.brokers_of(node.id));
  const bool is_listed = found && std::ranges::count(brokers, found->id) > 0;
  if (found && found->role != Role::kBroker && !is_listed) found.reset();
  TARN_ASSIGN(const User broker, need(Found<User>(found), "broker", broker_name));
  if (is_listed == listed)
    return conflict(named("node", name) + (listed ? " is listed for " : " is not listed for ") +
                    named("broker", broker.name) + " already: there is nothing to do");
  TARN_TRY(store_.set_listed(node.id, broker.id, listed));
  return note(listed ? "node.listed" : "node.unlisted", node.owner, "node/" + node.name, "for " + broker.name);
}

base::Status Rules::lend_node(std::string_view name, std::string_view borrower, std::int64_t until) {
  TARN_ASSIGN(const Node node, need(store_.find_node(name), "node", name));
  TARN_TRY(allowed(caller_, Action::kLendNode, node.owner));
  const bool of_owner = may(caller_, Action::kListForBroker, node.owner);
  TARN_ASSIGN(const std::vector<Id> brokers, store_.brokers_of(node.id));
  if (!of_owner && std::ranges::count(brokers, caller_.user) == 0)
    return base::Error{base::Code::kForbidden,
                       "lend-node is not allowed: the owner has not listed " + named("node", name) + " for you"};
  if (!node.owner) return conflict(named("node", name) + " is the pool's: allocate it, or set its owner first");
  TARN_ASSIGN(const Project project, need(store_.find_project(borrower), "project", borrower));
  if (project.id == *node.owner) return invalid(named("node", name) + " is its own: allocate it instead");
  if (until <= context_.now) return invalid("A loan ends later than now");
  if (node.state != NodeState::kIdle)
    return conflict(named("node", name) + " is in a project: lend it when it is back with its owner");
  return hold(node, project, until);
}

// Before a loan's time is over, only its borrower (or the administrator) may end it.
base::Status Rules::return_node(std::string_view name) {
  TARN_ASSIGN(Node node, need(store_.find_node(name), "node", name));
  const bool borrower = may(caller_, Action::kReturnNode, node.project);
  if (!borrower) TARN_TRY(allowed(caller_, Action::kReturnNode, node.owner));
  if (node.state == NodeState::kReleasing && node.owner) return {};
  if (!node.lent_until) return conflict(named("node", name) + " is not lent: release it instead");
  if (!borrower && context_.now < *node.lent_until)
    return conflict(named("node", name) + " is lent for some time yet: only who borrowed it can return it before");
  return begin_release(store_, node, context_.now, caller_.name);
}

}  // namespace isolation
