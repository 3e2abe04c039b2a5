// The isolation service as its design describes it, in maps: who holds which node, who may use which network, what hangs
// on which NIC. It shares nothing with isolation::Rules, so that a test can put both (or a whole service, over HTTP, with
// packets) side by side: each call's answer, and which nodes reach each other.
//   refusals(call): why it must be refused: every reason that applies, as the service may name any of them; none: it
//                   must be accepted. What a caller may not know of is kForbidden or kNotFound.
//   accepted(call): the service said yes
// What takes time ends when the service says so, and the model is told: ended() a change, expired() a loan, cleared() a NIC
// and freed() a node of a release, settled() what was uncertain. Meanwhile, and where a switch failed, it is not known
// whether the nodes concerned reach each other: so there is must_reach(), and may_reach().
// random_call() draws calls that are mostly sensible, out of numbers that the test draws (pick(n): 0 to n − 1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace support {

struct IsolationCall {
  enum class Kind {
    kCreateProject,
    kDeleteProject,
    kSetQuota,  // of nodes: number
    kJoin,      // caller lets `user` into `project`
    kLeave,
    kAllocate,
    kDetachNode,  // only when nothing is left on it
    kRelease,
    kEnableBmc,
    kDisableBmc,
    kLend,  // until `number`
    kReturn,
    kCreateNetwork,  // owner: project; access; number: a fixed VLAN, 0: from the pool
    kDeleteNetwork,
    kGrant,
    kRevoke,
    kConnect,
    kDetach,
  };
  static constexpr int kKinds = static_cast<int>(Kind::kDetach) + 1;
  Kind kind = Kind::kCreateProject;
  std::string caller, user, project, node, nic, network;
  std::optional<std::string> access;  // of a new network; none: public
  bool tagged = false;                // connect: not vlan/native but vlan/<id>
  std::int64_t number = 0;
  bool operator==(const IsolationCall&) const = default;
};

inline std::string to_string(const IsolationCall& call) {
  static const std::vector<std::string> names = {
      "create_project", "delete_project", "set_quota",  "join",        "leave",   "allocate",
      "detach_node",    "release",        "enable_bmc", "disable_bmc", "lend",    "return",
      "create_network", "delete_network", "grant",      "revoke",      "connect", "detach"};
  std::string text = call.caller + ": " + names[static_cast<std::size_t>(call.kind)];
  for (const std::string& part : {call.user, call.project, call.node, call.nic, call.network})
    if (!part.empty()) text += " " + part;
  if (call.kind == IsolationCall::Kind::kCreateNetwork) text += " access " + call.access.value_or("public");
  if (call.tagged) text += " tagged";
  if (call.number != 0) text += " " + std::to_string(call.number);
  return text;
}

class IsolationModel {
 public:
  using Call = IsolationCall;
  using Kind = IsolationCall::Kind;
  using Refusals = std::set<base::Code>;
  using Pick = std::function<std::uint32_t(std::uint32_t)>;
  enum class NodeState { kIdle, kHeld, kReleasing };
  enum class Ended { kDone, kFailed, kUncertain };  // kFailed: and it is known that nothing is connected

  struct Node {
    NodeState state = NodeState::kIdle;
    std::string project, owner;
    std::optional<std::int64_t> until;
    bool bmc = false;
  };
  struct Attachment {
    enum class State { kConnecting, kConnected, kDetaching, kUncertain };
    bool tagged = false;
    State state = State::kConnecting;
  };
  struct Nic {
    bool has_port = false;
    std::optional<std::pair<Kind, std::string>> pending;  // what, and the network
    std::map<std::string, Attachment> attachments;        // by network
  };
  struct Network {
    std::string owner;  // empty: the administrator's
    bool is_public = false;
    std::set<std::string> access;
    std::int64_t fixed_vlan = 0;
  };
  struct User {
    bool administrator = false;
    std::set<std::string> projects;
  };
  using NicKey = std::pair<std::string, std::string>;  // node, NIC

  // What is there from the beginning.
  void add_user(const std::string& name, bool administrator) { users_[name].administrator = administrator; }
  void add_node(const std::string& name, const std::string& owner = "") { nodes_[name].owner = owner; }
  void add_nic(const std::string& node, const std::string& nic, bool has_port) {
    nics_[{node, nic}].has_port = has_port;
  }
  void add_project(const std::string& name) { projects_[name]; }
  void join(const std::string& user, const std::string& project) { users_[user].projects.insert(project); }

  const std::map<std::string, Node>& nodes() const { return nodes_; }
  const std::map<NicKey, Nic>& nics() const { return nics_; }
  const std::map<std::string, Network>& networks() const { return networks_; }
  const std::map<std::string, User>& users() const { return users_; }
  const std::map<std::string, std::int64_t>& projects() const { return projects_; }

  Refusals refusals(const Call& call) const {
    Refusals no;
    switch (call.kind) {
      case Kind::kCreateProject:
      case Kind::kDeleteProject:
      case Kind::kSetQuota:
      case Kind::kJoin:
      case Kind::kLeave: refuse_project_call(call, no); break;
      case Kind::kAllocate:
      case Kind::kDetachNode:
      case Kind::kRelease:
      case Kind::kEnableBmc:
      case Kind::kDisableBmc: refuse_node_call(call, no); break;
      case Kind::kLend:
      case Kind::kReturn: refuse_loan_call(call, no); break;
      case Kind::kCreateNetwork: refuse_new_network(call, no); break;
      case Kind::kDeleteNetwork:
      case Kind::kGrant:
      case Kind::kRevoke: refuse_network_call(call, no); break;
      case Kind::kConnect:
      case Kind::kDetach: refuse_nic_call(call, no); break;
    }
    return no;
  }

  void accepted(const Call& call) {
    Node& node = call.node.empty() ? nowhere_ : nodes_[call.node];
    switch (call.kind) {
      case Kind::kCreateProject: projects_[call.project]; break;
      case Kind::kDeleteProject: forget_project(call.project); break;
      case Kind::kSetQuota: projects_[call.project] = call.number; break;
      case Kind::kJoin: users_[call.user].projects.insert(call.project); break;
      case Kind::kLeave: users_[call.user].projects.erase(call.project); break;
      case Kind::kAllocate:
        node.state = NodeState::kHeld;
        node.project = call.project;
        break;
      case Kind::kDetachNode:
      case Kind::kRelease:
      case Kind::kReturn: release(call.node); break;
      case Kind::kEnableBmc: node.bmc = true; break;
      case Kind::kDisableBmc: node.bmc = false; break;
      case Kind::kLend:
        node.state = NodeState::kHeld;
        node.project = call.project;
        node.until = call.number;
        break;
      case Kind::kCreateNetwork: networks_[call.network] = new_network(call); break;
      case Kind::kDeleteNetwork: networks_.erase(call.network); break;
      case Kind::kGrant: networks_[call.network].access.insert(call.project); break;
      case Kind::kRevoke: networks_[call.network].access.erase(call.project); break;
      case Kind::kConnect:
        nics_[{call.node, call.nic}].attachments[call.network] = {call.tagged, Attachment::State::kConnecting};
        nics_[{call.node, call.nic}].pending = {call.kind, call.network};
        break;
      case Kind::kDetach:
        nics_[{call.node, call.nic}].attachments[call.network].state = Attachment::State::kDetaching;
        nics_[{call.node, call.nic}].pending = {call.kind, call.network};
        break;
    }
  }

  // The pending change of this NIC has ended.
  void ended(const std::string& node, const std::string& name, Ended how) {
    Nic& nic = nics_[{node, name}];
    if (!nic.pending) return;
    const auto [kind, network] = *nic.pending;
    nic.pending.reset();
    if (how == Ended::kUncertain) nic.attachments[network].state = Attachment::State::kUncertain;
    if (how == Ended::kDone && kind == Kind::kConnect)
      nic.attachments[network].state = Attachment::State::kConnected;
    else if (how != Ended::kUncertain)
      nic.attachments.erase(network);
    if (how == Ended::kDone)  // the port was brought to what is wanted: nothing uncertain is left on it
      std::erase_if(nic.attachments, [](const auto& row) { return row.second.state == Attachment::State::kUncertain; });
  }
  // The switch was read, and is as it should be.
  void settled(const std::string& node, const std::string& nic, const std::string& network, bool live) {
    auto& attachments = nics_[{node, nic}].attachments;
    const auto found = attachments.find(network);
    if (found == attachments.end() || found->second.state != Attachment::State::kUncertain) return;
    found->second.state = Attachment::State::kConnected;
    if (!live) attachments.erase(found);
  }
  // The release of a node, which goes on, has taken everything off this NIC.
  void cleared(const std::string& node, const std::string& nic) { nics_[{node, nic}].attachments.clear(); }
  // The release of a node has ended.
  void freed(const std::string& name) {
    Node idle;
    idle.owner = nodes_[name].owner;
    nodes_[name] = idle;
    for (auto& [key, nic] : nics_)
      if (key.first == name) cleared(name, key.second);
  }
  void set_now(std::int64_t now) { now_ = now; }
  // Whether the time of this loan has come; if so, and it is being released by now, expired() says so.
  bool is_over(const std::string& name) const {
    const Node& node = nodes_.at(name);
    return node.state == NodeState::kHeld && node.until && *node.until <= now_;
  }
  void expired(const std::string& name) { release(name); }

  // By the networks that both are on for certain.
  bool must_reach(const std::string& one, const std::string& other) const {
    return meet(networks_of(one, true), networks_of(other, true));
  }
  // By the networks that both may be on.
  bool may_reach(const std::string& one, const std::string& other) const {
    return meet(networks_of(one, false), networks_of(other, false));
  }

  Call random_call(const Pick& pick) const {
    Call call;
    call.kind = random_kind(pick);
    call.caller = some(users_, pick);
    call.user = call.kind == Kind::kJoin || call.kind == Kind::kLeave ? some(users_, pick) : "";
    call.project = random_project(call, pick);
    const bool new_one = call.kind == Kind::kCreateNetwork;
    if (new_one || needs_network(call.kind))
      call.network = pick(new_one ? 1 : 10) == 0 ? fresh("net", pick) : some(networks_, pick);
    if (needs_node(call.kind)) call.node = pick(30) == 0 ? "no-node" : some(nodes_, pick);
    if (call.kind == Kind::kConnect || call.kind == Kind::kDetach) {
      const NicKey key = random_nic(call, pick);
      call.node = key.first;
      call.nic = key.second;
      call.tagged = pick(2) == 0;
      if (!nodes_.at(call.node).project.empty() && pick(8) != 0)
        call.caller = somebody_in(nodes_.at(call.node).project, pick);
    } else if (!call.project.empty() && pick(4) != 0) {
      call.caller = somebody_in(call.project, pick);
    }
    if (new_one && pick(4) != 0)
      call.access = call.project.empty() || pick(4) == 0 ? some(projects_, pick) : call.project;
    if (new_one && pick(10) == 0) call.number = 3990 + pick(8);
    if (new_one && pick(40) == 0) call.number = 4095 + pick(3);
    if (call.kind == Kind::kSetQuota) call.number = 1 + pick(6);
    if (call.kind == Kind::kLend) call.number = now_ + 1 + pick(30'000);
    return call;
  }

 private:
  static bool meet(const std::set<std::string>& some, const std::set<std::string>& others) {
    return std::ranges::any_of(some, [&](const std::string& network) { return others.contains(network); });
  }
  std::set<std::string> networks_of(const std::string& node, bool for_certain) const {
    std::set<std::string> found;
    const bool held = nodes_.at(node).state == NodeState::kHeld;
    for (const auto& [key, nic] : nics_)
      for (const auto& [network, attachment] : nic.attachments)
        if (key.first == node && (!for_certain || (held && attachment.state == Attachment::State::kConnected)))
          found.insert(network);
    return found;
  }

  // A release: nothing more is begun, everything is on its way off.
  void release(const std::string& name) {
    Node& node = nodes_[name];
    if (node.state == NodeState::kReleasing) return;
    node.state = NodeState::kReleasing;
    node.bmc = false;
    node.until.reset();
    for (auto& [key, nic] : nics_) {
      if (key.first != name) continue;
      nic.pending.reset();
      for (auto& [network, attachment] : nic.attachments) attachment.state = Attachment::State::kDetaching;
    }
  }
  void forget_project(const std::string& name) {
    projects_.erase(name);
    for (auto& [user, row] : users_) row.projects.erase(name);
    for (auto& [network, row] : networks_) row.access.erase(name);
  }
  static Network new_network(const Call& call) {
    Network network{call.project, !call.access, {}, call.number};
    if (call.access && *call.access != call.project) network.access.insert(*call.access);
    return network;
  }

  bool is_administrator(const std::string& user) const {
    return users_.contains(user) && users_.at(user).administrator;
  }
  // P of the design: access to the project, administrators implied.
  bool has_access(const std::string& user, const std::string& project) const {
    return is_administrator(user) || (!project.empty() && users_.at(user).projects.contains(project));
  }
  bool may_use(const std::string& project, const Network& network) const {
    return network.is_public || network.owner == project || network.access.contains(project);
  }
  bool may_see(const std::string& user, const Network& network) const {
    if (is_administrator(user)) return true;
    const auto& projects = users_.at(user).projects;
    return std::ranges::any_of(projects, [&](const std::string& project) { return may_use(project, network); });
  }
  std::int64_t nodes_in(const std::string& project) const {
    return std::ranges::count_if(nodes_, [&](const auto& row) { return row.second.project == project; });
  }
  // Somebody's attachment to it, or a change.
  bool in_use(const std::string& network, const std::string& project) const {
    return std::ranges::any_of(nics_, [&](const auto& row) {
      return row.second.attachments.contains(network) &&
             (project.empty() || nodes_.at(row.first.first).project == project);
    });
  }
  bool on_a_nic(const std::string& node) const {
    return std::ranges::any_of(nics_, [&](const auto& row) {
      return row.first.first == node && (row.second.pending || !row.second.attachments.empty());
    });
  }
  static void hidden(Refusals& no) { no.insert({base::Code::kForbidden, base::Code::kNotFound}); }

  void refuse_project_call(const Call& call, Refusals& no) const {
    const bool there = projects_.contains(call.project);
    if (!is_administrator(call.caller)) no.insert(base::Code::kForbidden);
    if (call.kind == Kind::kCreateProject) {
      if (there) no.insert(base::Code::kConflict);
      return;
    }
    if (!there) no.insert(base::Code::kNotFound);
    const bool member = users_.contains(call.user) && users_.at(call.user).projects.contains(call.project);
    if ((call.kind == Kind::kJoin && member) || (call.kind == Kind::kLeave && !member))
      no.insert(base::Code::kConflict);
    if (call.kind != Kind::kDeleteProject) return;
    const bool has_nodes = std::ranges::any_of(nodes_, [&](const auto& row) {
      return row.second.project == call.project || row.second.owner == call.project;
    });
    const bool has_networks =
        std::ranges::any_of(networks_, [&](const auto& row) { return row.second.owner == call.project; });
    const bool is_let_in =
        std::ranges::any_of(networks_, [&](const auto& row) { return row.second.access.contains(call.project); });
    if (has_nodes || has_networks || is_let_in) no.insert(base::Code::kConflict);
  }

  void refuse_node_call(const Call& call, Refusals& no) const {
    const auto found = nodes_.find(call.node);
    if (found == nodes_.end()) {
      no.insert(base::Code::kNotFound);
      if (!is_administrator(call.caller)) no.insert(base::Code::kForbidden);
      return;
    }
    const Node& node = found->second;
    if (call.kind == Kind::kAllocate) return refuse_allocation(call, node, no);
    if (call.kind == Kind::kDetachNode) {
      if (!projects_.contains(call.project)) no.insert(base::Code::kNotFound);
      if (!has_access(call.caller, call.project)) hidden(no);
      if (node.project != call.project) no.insert(base::Code::kNotFound);
      if (node.state == NodeState::kReleasing || node.bmc || on_a_nic(call.node)) no.insert(base::Code::kConflict);
      return;
    }
    if (!has_access(call.caller, node.project)) hidden(no);
    const bool on_its_way = call.kind == Kind::kRelease && node.state == NodeState::kReleasing;
    if (node.state != NodeState::kHeld && !on_its_way) no.insert(base::Code::kConflict);
  }
  void refuse_allocation(const Call& call, const Node& node, Refusals& no) const {
    const auto project = projects_.find(call.project);
    if (project == projects_.end()) no.insert(base::Code::kNotFound);
    if (!has_access(call.caller, call.project)) hidden(no);
    if (node.state != NodeState::kIdle || (!node.owner.empty() && node.owner != call.project))
      no.insert(base::Code::kConflict);
    if (project != projects_.end() && project->second != 0 && nodes_in(call.project) >= project->second)
      no.insert(base::Code::kConflict);
  }

  // Only what has an owner can be lent, by the owner, while it is at home, to another project. It is given back by who
  // has it.
  void refuse_loan_call(const Call& call, Refusals& no) const {
    const auto found = nodes_.find(call.node);
    if (found == nodes_.end()) {
      no.insert({base::Code::kNotFound, base::Code::kForbidden});
      return;
    }
    const Node& node = found->second;
    if (call.kind == Kind::kReturn) {
      const bool borrower = has_access(call.caller, node.project);
      if (!borrower && !has_access(call.caller, node.owner)) hidden(no);
      if (node.state == NodeState::kReleasing && !node.owner.empty()) return;  // it is on its way
      const bool lent = node.state == NodeState::kHeld && node.until;
      if (!lent || (!borrower && now_ < *node.until)) no.insert(base::Code::kConflict);
      return;
    }
    const auto project = projects_.find(call.project);
    if (project == projects_.end()) no.insert(base::Code::kNotFound);
    if (!has_access(call.caller, node.owner)) hidden(no);
    if (node.state != NodeState::kIdle || node.owner.empty()) no.insert(base::Code::kConflict);
    if (call.number <= now_) no.insert(base::Code::kInvalidInput);
    if (node.owner == call.project) no.insert({base::Code::kConflict, base::Code::kInvalidInput});
    if (project != projects_.end() && project->second != 0 && nodes_in(call.project) >= project->second)
      no.insert(base::Code::kConflict);
  }

  // A project's network is for that project and those it lets in; public ones, and VLANs of one's choice, are the
  // administrator's.
  void refuse_new_network(const Call& call, Refusals& no) const {
    const bool own = !call.project.empty() && call.access == call.project && call.number == 0;
    if (!is_administrator(call.caller) && !(own && has_access(call.caller, call.project)))
      no.insert({base::Code::kForbidden, base::Code::kNotFound});
    if (!is_administrator(call.caller) && !own) no.insert(base::Code::kInvalidInput);
    for (const std::string& project : {call.project, call.access.value_or("")})
      if (!project.empty() && !projects_.contains(project)) no.insert(base::Code::kNotFound);
    if (!call.project.empty() && !own) no.insert(base::Code::kInvalidInput);
    if (call.number > 4094) no.insert(base::Code::kInvalidInput);
    const bool vlan_taken = std::ranges::any_of(
        networks_, [&](const auto& row) { return call.number != 0 && row.second.fixed_vlan == call.number; });
    if (vlan_taken || networks_.contains(call.network)) no.insert(base::Code::kConflict);
  }

  void refuse_network_call(const Call& call, Refusals& no) const {
    const auto found = networks_.find(call.network);
    const bool has_project = call.kind == Kind::kDeleteNetwork || projects_.contains(call.project);
    if (!has_project) no.insert(base::Code::kNotFound);
    if (found == networks_.end()) {
      no.insert(base::Code::kNotFound);
      return;
    }
    const Network& network = found->second;
    const bool itself = call.kind == Kind::kRevoke && has_project && has_access(call.caller, call.project);
    if (!has_access(call.caller, network.owner) && !itself) hidden(no);
    if (call.kind == Kind::kDeleteNetwork) {
      if (in_use(call.network, "")) no.insert(base::Code::kConflict);
      return;
    }
    const bool let_in = network.access.contains(call.project);
    if (call.project == network.owner) no.insert(base::Code::kConflict);
    if (call.kind == Kind::kGrant && (let_in || network.is_public)) no.insert(base::Code::kConflict);
    if (call.kind == Kind::kRevoke && !let_in) no.insert({base::Code::kConflict, base::Code::kNotFound});
    if (call.kind == Kind::kRevoke && in_use(call.network, call.project)) no.insert(base::Code::kConflict);
  }

  void refuse_nic_call(const Call& call, Refusals& no) const {
    const auto nic = nics_.find({call.node, call.nic});
    if (nic == nics_.end()) {
      no.insert({base::Code::kNotFound, base::Code::kForbidden, base::Code::kConflict});
      return;
    }
    const Node& node = nodes_.at(call.node);
    if (!has_access(call.caller, node.project)) hidden(no);
    if (node.state != NodeState::kHeld) no.insert(base::Code::kConflict);
    if (!nic->second.has_port) no.insert(base::Code::kNotFound);
    if (nic->second.pending) no.insert(base::Code::kConflict);
    const auto network = networks_.find(call.network);
    const auto attachment = nic->second.attachments.find(call.network);
    const bool attached = attachment != nic->second.attachments.end();
    if (network == networks_.end()) {
      no.insert(base::Code::kNotFound);
    } else if (!may_see(call.caller, network->second)) {
      hidden(no);
    }
    if (call.kind == Kind::kDetach) {
      if (!attached) no.insert(base::Code::kInvalidInput);
      return;
    }
    if (network != networks_.end() && !may_use(node.project, network->second))
      no.insert({base::Code::kConflict, base::Code::kForbidden});
    const bool native_taken =
        std::ranges::any_of(nic->second.attachments, [](const auto& row) { return !row.second.tagged; });
    if (attached || (!call.tagged && native_taken)) no.insert(base::Code::kConflict);
  }

  // Drawing.
  static Kind random_kind(const Pick& pick) {
    static const std::vector<std::pair<Kind, std::uint32_t>> weights = {
        {Kind::kCreateProject, 1}, {Kind::kDeleteProject, 1}, {Kind::kSetQuota, 1},   {Kind::kJoin, 2},
        {Kind::kLeave, 1},         {Kind::kAllocate, 12},     {Kind::kDetachNode, 4}, {Kind::kRelease, 4},
        {Kind::kEnableBmc, 2},     {Kind::kDisableBmc, 2},    {Kind::kLend, 4},       {Kind::kReturn, 2},
        {Kind::kCreateNetwork, 6}, {Kind::kDeleteNetwork, 2}, {Kind::kGrant, 4},      {Kind::kRevoke, 3},
        {Kind::kConnect, 40},      {Kind::kDetach, 12}};
    std::uint32_t all = 0;
    for (const auto& [kind, weight] : weights) all += weight;
    std::uint32_t at = pick(all);
    for (const auto& [kind, weight] : weights) {
      if (at < weight) return kind;
      at -= weight;
    }
    return Kind::kConnect;
  }
  template <class Map>
  static std::string some(const Map& map, const Pick& pick) {
    if (map.empty()) return "none";
    return std::next(map.begin(), pick(static_cast<std::uint32_t>(map.size())))->first;
  }
  static std::string fresh(const std::string& kind, const Pick& pick) { return kind + std::to_string(pick(12)); }
  static bool needs_node(Kind kind) {
    return (kind >= Kind::kAllocate && kind <= Kind::kReturn) || kind == Kind::kConnect || kind == Kind::kDetach;
  }
  static bool needs_network(Kind kind) { return kind >= Kind::kCreateNetwork; }
  std::string random_project(const Call& call, const Pick& pick) const {
    switch (call.kind) {
      case Kind::kCreateProject:
      case Kind::kDeleteProject: return fresh("p", pick);
      case Kind::kSetQuota:
      case Kind::kJoin:
      case Kind::kLeave:
      case Kind::kAllocate:
      case Kind::kDetachNode:
      case Kind::kLend:
      case Kind::kGrant:
      case Kind::kRevoke: return some(projects_, pick);
      case Kind::kCreateNetwork: return pick(5) == 0 ? "" : some(projects_, pick);
      default: return "";
    }
  }
  // Mostly one of a node that is held.
  NicKey random_nic(const Call& call, const Pick& pick) const {
    std::vector<NicKey> likely;
    for (const auto& [key, nic] : nics_)
      if (nodes_.at(key.first).state == NodeState::kHeld &&
          (call.kind == Kind::kConnect || nic.attachments.contains(call.network)))
        likely.push_back(key);
    if (likely.empty() || pick(8) == 0)
      return std::next(nics_.begin(), pick(static_cast<std::uint32_t>(nics_.size())))->first;
    return likely[pick(static_cast<std::uint32_t>(likely.size()))];
  }
  std::string somebody_in(const std::string& project, const Pick& pick) const {
    std::vector<std::string> members;
    for (const auto& [name, user] : users_)
      if (user.administrator || user.projects.contains(project)) members.push_back(name);
    return members.empty() ? some(users_, pick) : members[pick(static_cast<std::uint32_t>(members.size()))];
  }

  std::map<std::string, std::int64_t> projects_;  // and their quota of nodes; 0: none
  std::map<std::string, User> users_;
  std::map<std::string, Node> nodes_;
  std::map<NicKey, Nic> nics_;
  std::map<std::string, Network> networks_;
  Node nowhere_;
  std::int64_t now_ = 0;
};

}  // namespace support
