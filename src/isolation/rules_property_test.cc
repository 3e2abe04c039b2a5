// Random calls by random users, with switches that answer or do not: after each, the rows themselves are looked at, by
// code that shares nothing with the rules. The numbers are those of the invariants in rules.h.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "isolation/rules.h"
#include "support/isolation_desk.h"

namespace isolation {
namespace {

using support::IsolationDesk;
using support::MemoryTables;
using Step = std::tuple<int, int, int, int, int>;  // what, who, and what about

constexpr int kWhats = 24;

bool open(const Change& change) {
  return change.state == Change::State::kWaiting || change.state == Change::State::kPending;
}

bool usable(const MemoryTables& t, const Network& network, std::optional<Id> project) {
  return project &&
         (network.is_public || network.owner == project || t.access.contains(std::pair(network.id, *project)));
}

void check_nodes(const MemoryTables& t) {
  for (const auto& [id, node] : t.nodes) {
    RC_ASSERT((node.state == NodeState::kIdle) == !node.project);  // 1
    if (node.state != NodeState::kHeld) RC_ASSERT(!node.bmc_enabled);
    if (node.lent_until) RC_ASSERT(node.state == NodeState::kHeld && node.owner && node.owner != node.project);
    if (node.owner && node.project && node.owner != node.project && node.state == NodeState::kHeld)
      RC_ASSERT(node.lent_until.has_value());
  }
  for (const auto& [key, attachment] : t.attachments) {
    const Node& node = t.nodes.at(t.nics.at(attachment.nic).node);
    const Network& network = t.networks.at(attachment.network);
    RC_ASSERT(node.project.has_value());                    // 1: an idle node is on nothing
    RC_ASSERT(usable(t, network, node.project));            // 2
    RC_ASSERT(t.nics.at(attachment.nic).port.has_value());  // 4
    if (node.state == NodeState::kReleasing) RC_ASSERT(attachment.state == Attachment::State::kDetaching);
  }
}

void check_changes(const MemoryTables& t) {
  std::map<Id, int> pending, waiting;
  for (const auto& [id, change] : t.changes) {
    if (!open(change)) continue;
    const Node& node = t.nodes.at(t.nics.at(change.nic).node);
    RC_ASSERT(change.kind == Change::Kind::kRevert || node.state == NodeState::kHeld);  // 1
    RC_ASSERT(t.operations.at(change.operation).finished == 0);
    if (change.network) RC_ASSERT(t.networks.contains(*change.network));  // 5
    ++(change.state == Change::State::kPending ? pending : waiting)[change.nic];
  }
  for (const auto& [nic, count] : pending) RC_ASSERT(count == 1);  // 3
  for (const auto& [nic, count] : waiting) RC_ASSERT(count <= 2 && pending.contains(nic));
  for (const auto& [key, attachment] : t.attachments)  // what is on its way has somebody who carries it
    if (attachment.state == Attachment::State::kConnecting) RC_ASSERT(pending.contains(attachment.nic));
}

void check_networks(const MemoryTables& t) {
  std::set<VlanId> vlans;
  for (const auto& [id, network] : t.networks) {
    RC_ASSERT(network.vlan >= 1 && network.vlan <= 4094);
    RC_ASSERT(vlans.insert(network.vlan).second);                                // 5
    if (network.owner) RC_ASSERT(!network.is_public && network.vlan_from_pool);  // 6
  }
}

// What a single call may have done to what was there.
void check_step(const MemoryTables& before, const MemoryTables& after, const User& who) {
  for (const auto& [id, nic] : before.nics) {
    const auto now = after.nics.find(id);
    const bool same = now != after.nics.end() && now->second.port == nic.port;
    if (nic.port && !same) RC_ASSERT(before.nodes.at(nic.node).state == NodeState::kIdle);  // 4
    if (now != after.nics.end() && now->second.port && !nic.port && before.nodes.at(nic.node).state != NodeState::kIdle)
      RC_ASSERT(before.ports.at(*now->second.port).observed == PortState{});
  }
  for (const auto& [id, network] : before.networks) {
    const auto now = after.networks.find(id);
    if (now != after.networks.end()) {
      RC_ASSERT(now->second.is_public == network.is_public && now->second.vlan == network.vlan);  // 6
      continue;
    }
    for (const auto& [key, attachment] : before.attachments) RC_ASSERT(attachment.network != id);  // 5
    for (const auto& [key, change] : before.changes) RC_ASSERT(!open(change) || change.network != id);
  }
  for (const auto& [id, network] : after.networks)
    if (!before.networks.contains(id) && who.role != Role::kAdministrator)
      RC_ASSERT(network.owner && before.members.contains(std::pair(who.id, *network.owner)));  // 6
  for (const auto& [id, node] : before.nodes) {
    const auto now = after.nodes.find(id);
    if (now == after.nodes.end()) continue;
    if (node.project && node.project != now->second.project) RC_ASSERT(false);  // 8, 9: only the Releaser does
    if (node.owner != now->second.owner) RC_ASSERT(who.role == Role::kAdministrator);
    if (node.state != NodeState::kHeld && now->second.state == NodeState::kHeld)
      for (const auto& [key, nic] : before.nics)  // nobody gets what may not be isolated
        if (nic.node == id && nic.port) RC_ASSERT(before.ports.at(*nic.port).observed == PortState{});
  }
}

struct Fuzz {
  Fuzz() {
    desk.settings.most_waiting = 2;
    desk.node("n3", "red");
    desk.must(desk.call("alice", &Rules::list_for_broker, "n3", "carl", true));
    desk.must(desk.call("root", &Rules::create_network, NewNetwork{"all", "", std::nullopt, {}}));
    desk.network("alice", "a", "red");
    desk.network("bob", "b", "blue");
    desk.must(desk.call("alice", &Rules::grant, "a", "blue"));
    desk.must(desk.call("bob", &Rules::grant, "b", "red"));
    desk.must(desk.call("alice", &Rules::allocate_node, "n1", "red"));
    desk.must(desk.call("bob", &Rules::allocate_node, "n2", "blue"));
  }
  static std::string pick(const std::vector<std::string>& from, int which) {
    return from[static_cast<std::size_t>(which) % from.size()];
  }
  static User user_of(const MemoryTables& t, const std::string& name) {
    for (const auto& [id, user] : t.users)
      if (user.name == name) return user;
    throw std::runtime_error("no user " + name);
  }

  void step(const Step& step) {
    const auto& [what, who, x, y, z] = step;
    const std::string user = pick({"root", "alice", "alice", "bob", "bob", "carl", "audit", "dora"}, who);
    const MemoryTables before = desk.store.tables();
    if (what < kWhats - 4) {
      call(what, user, x, y, z);
      check_step(before, desk.store.tables(), user_of(before, user));
    } else if (what == kWhats - 4) {
      look(x, y, z);
    } else if (what == kWhats - 1) {
      desk.finish_releases();
    } else {
      desk.switch_answers(what == kWhats - 2 || x % 4 != 0);
    }
    ++desk.now;
    const MemoryTables after = desk.store.tables();
    check_nodes(after);
    check_changes(after);
    check_networks(after);
  }

  // A comparison of the switch, that finds a port of an idle node isolated, or not, or cannot tell.
  void look(int x, int y, int z) {
    const std::string name = pick({"n1", "n2", "n3"}, x);
    if (desk.node_row(name).state != NodeState::kIdle) return;
    std::optional<PortState> seen;
    if (z % 4 != 0) seen.emplace();
    if (z % 4 == 1) seen->native = VlanId{100};
    desk.see(name + "-" + pick({"eth0", "eth1"}, y), seen);
  }
  void call(int what, const std::string& user, int x, int y, int z) {
    const std::string node = pick({"n1", "n2", "n3"}, x), nic = pick({"eth0", "eth1"}, y), port = node + "-" + nic;
    const std::string project = pick({"red", "blue"}, y), network = pick({"all", "a", "b", "c"}, z);
    const std::string channel = pick({"", "vlan/100", "vlan/101", "vlan/102"}, x + z);
    const bool flag = z % 2 == 0;
    switch (what) {
      case 0: answered(desk.call(user, &Rules::allocate_node, node, project)); break;
      case 1: answered(desk.call(user, &Rules::allocate_any, NodeFilter{}, project)); break;
      case 2: answered(desk.call(user, &Rules::detach_node, node, project)); break;
      case 3: answered(desk.call(user, &Rules::release_node, node)); break;
      case 4: answered(desk.call(user, &Rules::set_bmc_enabled, node, flag)); break;
      case 5: answered(desk.call(user, &Rules::set_owner, node, flag ? project : "")); break;
      case 6: answered(desk.call(user, &Rules::lend_node, node, project, desk.now + z)); break;
      case 7: answered(desk.call(user, &Rules::return_node, node)); break;
      case 8: answered(desk.call(user, &Rules::list_for_broker, node, "carl", flag)); break;
      case 9: answered(desk.call(user, &Rules::create_network, new_network(network, x, project))); break;
      case 10: answered(desk.call(user, &Rules::delete_network, network)); break;
      case 11: answered(desk.call(user, &Rules::grant, network, project)); break;
      case 12: answered(desk.call(user, &Rules::revoke, network, project)); break;
      case 13: answered(desk.call(user, &Rules::part_port, "s1", port)); break;
      case 14: answered(desk.call(user, &Rules::connect_port, "s1", port, node, nic)); break;
      case 15: answered(desk.call(user, &Rules::revert_port, "s1", port)); break;
      case 16: answered(desk.change(user, IsolationDesk::detach(node, nic, network), flag)); break;
      case 17: answered(desk.call(user, &Rules::delete_nic, node, nic)); break;
      default: answered(desk.change(user, IsolationDesk::connect(node, nic, network, channel), x % 2 == 0)); break;
    }
  }
  static NewNetwork new_network(const std::string& name, int x, const std::string& project) {
    NewNetwork network{name, x % 3 == 0 ? "" : project, project, {}};
    if (x % 5 == 0) network.access.reset();
    if (x % 7 == 0) network.vlan = static_cast<VlanId>(100 + x % 3);
    return network;
  }
  template <class Answer>
  void answered(const Answer& answer) {
    if (answer.ok()) ++done;
    if (!answer.ok()) RC_ASSERT(answer.error().code != base::Code::kStorage);
  }

  IsolationDesk desk;
  int done = 0;
};

RC_GTEST_PROP(RulesInvariants, HoldAfterAnyCallsOfAnybody, ()) {
  const auto number = rc::gen::inRange(0, 64);
  const auto steps = *rc::gen::scale(12.0, rc::gen::container<std::vector<Step>>(rc::gen::tuple(
                                               rc::gen::inRange(0, kWhats), number, number, number, number)));
  Fuzz fuzz;
  for (const Step& step : steps) fuzz.step(step);
  RC_CLASSIFY(fuzz.done > 20, "more than 20 calls did something");
}

}  // namespace
}  // namespace isolation
