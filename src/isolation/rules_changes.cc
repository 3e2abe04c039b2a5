// Operations: what NICs are to be connected to, one change a NIC, thousands in one call.
#include <functional>
#include <map>

#include "base/check.h"
#include "isolation/line.h"
#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {
namespace {

std::string_view verb(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::kConnect: return "connect";
    case Change::Kind::kDetach: return "detach";
    case Change::Kind::kRevert: return "revert";
  }
  return "change";
}

// One wanted change with what it is about; Nodes and Networks live in the Planner's maps.
struct Planned {
  const Node* node = nullptr;
  Nic nic;
  const std::optional<Network>* network = nullptr;
  Change change;
};

// From names to rows. What the changes of one operation have in common is looked up and checked once.
class Planner {
 public:
  Planner(Transaction& store, const Caller& caller) : store_(store), caller_(caller) {}

  base::Result<Planned> plan(const WantedChange& wanted) {
    Planned planned;
    planned.change.kind = wanted.kind;
    TARN_ASSIGN(planned.node, node(wanted.node));
    TARN_TRY(check_caller(*planned.node, wanted.kind));
    TARN_ASSIGN(planned.nic, need(store_.find_nic(planned.node->id, wanted.nic), "NIC", wanted.nic));
    planned.change.nic = planned.nic.id;
    planned.network = &no_network_;
    if (wanted.kind == Change::Kind::kRevert) return planned;
    TARN_ASSIGN(planned.network, network(wanted.network));
    const Network& network = **planned.network;
    planned.change.network = network.id;
    if (wanted.kind == Change::Kind::kDetach) return planned;
    TARN_TRY(check_usable(network, *planned.node->project));
    TARN_ASSIGN(planned.change.channel, parse_channel(network, wanted.channel));
    return planned;
  }

 private:
  base::Result<const Node*> node(const std::string& name) {
    const auto known = nodes_.find(name);
    if (known != nodes_.end()) return &known->second;
    TARN_ASSIGN(Node found, need(store_.find_node(name), "node", name));
    return &nodes_.emplace(name, std::move(found)).first->second;
  }
  base::Result<const std::optional<Network>*> network(const std::string& name) {
    const auto known = networks_.find(name);
    if (known != networks_.end()) return &known->second;
    TARN_ASSIGN(std::optional<Network> found, store_.find_network(name));
    if (found) {
      TARN_ASSIGN(const bool visible, may_see(store_, caller_, *found));
      if (!visible) found.reset();
    }
    TARN_ASSIGN(Network there, need(Found<Network>(std::move(found)), "network", name));
    return &networks_.emplace(name, std::move(there)).first->second;
  }
  base::Status check_caller(const Node& node, Change::Kind kind) {
    if (kind == Change::Kind::kRevert) {
      TARN_TRY(allowed(caller_, Action::kManageSwitches));
    } else {
      if (!node.project) return conflict(named("node", node.name) + " is in no project: allocate it first");
      TARN_TRY(
          allowed(caller_, kind == Change::Kind::kConnect ? Action::kConnectNic : Action::kDetachNic, node.project));
    }
    if (node.state != NodeState::kReleasing) return {};
    return conflict(named("node", node.name) + " is being released: wait until it is idle");
  }
  base::Status check_usable(const Network& network, Id project) {
    const auto known = usable_.find({network.id, project});
    if (known == usable_.end()) {
      TARN_ASSIGN(const bool may, may_use(store_, network, project));
      usable_.emplace(std::pair(network.id, project), may);
      return check_usable(network, project);
    }
    if (known->second) return {};
    return conflict("The node's project may not use " + named("network", network.name) + ": ask its owner for access");
  }

  Transaction& store_;
  const Caller& caller_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, std::optional<Network>> networks_;
  std::map<std::pair<Id, Id>, bool> usable_;  // (network, project)
  const std::optional<Network> no_network_;
};

// Those open at the NIC, but no more than it takes to say that there are too many.
base::Result<std::size_t> count_open(Transaction& store, Id nic, std::size_t limit) {
  ChangeFilter filter;
  filter.nic = nic;
  filter.open = true;
  filter.limit = limit;
  TARN_ASSIGN(const std::vector<Change> open, store.changes(filter));
  return open.size();
}

// A change that finds the NIC busy gets in line. What attachments will be by its turn, is looked at then.
base::Status take_place(Transaction& store, const Context& context, Planned& planned, bool wait) {
  const std::size_t most = std::size_t{context.settings->most_waiting} + 1;
  TARN_ASSIGN(const std::size_t ahead, count_open(store, planned.nic.id, most));
  const std::string place = named("NIC", planned.node->name + "/" + planned.nic.name);
  if (ahead == 0) return begin_change(store, context, *planned.node, planned.nic, *planned.network, planned.change);
  if (!planned.nic.port) return not_found(place + " is on no port of a switch: have an administrator connect it");
  if (!wait) return conflict(place + " has a change pending: wait until it is done, or ask to wait in line");
  if (ahead >= most) return conflict(place + " has too many changes in line: try again later");
  planned.change.state = Change::State::kWaiting;
  return {};
}

OperationView::State state_of(const std::vector<OperationView::ChangeView>& changes) {
  bool failed = false;
  for (const auto& [change, node, nic, network] : changes) {
    if (change.state == Change::State::kPending || change.state == Change::State::kWaiting)
      return OperationView::State::kPending;
    failed = failed || change.state == Change::State::kError;
  }
  return failed ? OperationView::State::kError : OperationView::State::kDone;
}

std::string summary(const std::vector<WantedChange>& wanted) {
  const WantedChange& first = wanted.front();
  if (wanted.size() > 1) return std::to_string(wanted.size()) + " changes";
  std::string text = std::string(verb(first.kind)) + " " + first.node + " " + first.nic;
  if (first.kind == Change::Kind::kConnect) text += " to " + first.network;
  if (first.kind == Change::Kind::kDetach) text += " from " + first.network;
  return text;
}

template <class T>
base::Result<std::string> name_of(const Found<T>& found) {
  if (!found.ok()) return found.error();
  return *found ? (*found)->name : std::string();
}

}  // namespace

base::Result<std::string> Rules::change(const std::vector<WantedChange>& wanted, bool wait) {
  CHECK(context_.random != nullptr && context_.settings != nullptr);
  if (wanted.empty()) return invalid("An operation has at least one change: say which");
  if (wanted.size() > context_.settings->most_changes)
    return invalid("An operation has at most " + std::to_string(context_.settings->most_changes) +
                   " changes: make several");
  Planner planner(store_, caller_);
  std::vector<Planned> plan;
  plan.reserve(wanted.size());
  for (const WantedChange& one : wanted) {
    TARN_ASSIGN(Planned planned, planner.plan(one));
    if (!plan.empty() && planned.node->project != plan.front().node->project)
      return invalid("The nodes of an operation are in one project: make an operation for each");
    plan.push_back(std::move(planned));
  }
  Operation operation{0, make_uuid(*context_.random), plan.front().node->project, caller_.name, context_.now, 0};
  TARN_ASSIGN(operation.id, store_.insert_operation(operation));
  for (Planned& planned : plan) {
    planned.change.operation = operation.id;
    TARN_TRY(take_place(store_, context_, planned, wait));
    TARN_TRY(store_.insert_change(planned.change));
  }
  TARN_TRY(note("operation.created", operation.project, "operation/" + operation.uuid, summary(wanted)));
  return operation.uuid;
}

// Who may not see it cannot tell it from one that never was.
base::Result<OperationView> Rules::operation(std::string_view uuid) {
  TARN_ASSIGN(std::optional<Operation> found, store_.find_operation(uuid));
  if (found && !may(caller_, Action::kShowOperation, found->project)) found.reset();
  TARN_ASSIGN(Operation operation, need(Found<Operation>(std::move(found)), "operation", uuid));
  return view(std::move(operation));
}

// What a change was about may be gone by now; then its name is empty.
base::Result<OperationView> Rules::view(Operation operation) {
  OperationView view;
  ChangeFilter filter;
  filter.operation = operation.id;
  filter.limit = kAllChanges;
  TARN_ASSIGN(std::vector<Change> changes, store_.changes(filter));
  std::map<Id, std::string> nodes, networks;
  for (Change& change : changes) {
    OperationView::ChangeView one;
    TARN_ASSIGN(const std::optional<Nic> nic, store_.find_nic(change.nic));
    if (nic) {
      one.nic = nic->name;
      if (!nodes.contains(nic->node)) {
        TARN_ASSIGN(nodes[nic->node], name_of(store_.find_node(nic->node)));
      }
      one.node = nodes[nic->node];
    }
    if (change.network) {
      if (!networks.contains(*change.network)) {
        TARN_ASSIGN(networks[*change.network], name_of(store_.find_network(*change.network)));
      }
      one.network = networks[*change.network];
    }
    one.change = std::move(change);
    view.changes.push_back(std::move(one));
  }
  view.state = state_of(view.changes);
  view.operation = std::move(operation);
  return view;
}

Rows<OperationView> Rules::operations(const Page& wanted) {
  TARN_TRY(allowed(caller_, Action::kListOperations));
  const Page page = bounded(wanted);
  std::map<Id, Operation, std::greater<>> newest_first;
  std::vector<std::optional<Id>> whose(caller_.projects.begin(), caller_.projects.end());
  if (may(caller_, Action::kShowOperation)) whose = {std::nullopt};
  for (const std::optional<Id> project : whose) {
    TARN_ASSIGN(std::vector<Operation> some, store_.operations(project, page));
    for (Operation& operation : some) newest_first.emplace(operation.id, std::move(operation));
  }
  std::vector<OperationView> views;
  for (auto& [id, operation] : newest_first) {
    if (views.size() == page.limit) break;
    TARN_ASSIGN(OperationView one, view(std::move(operation)));
    views.push_back(std::move(one));
  }
  return views;
}

}  // namespace isolation
