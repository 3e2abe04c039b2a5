// A whole isolation service in one process, but for its interface: rules and engine over a store, switches and servers in
// memory, on made-up time. The process may be killed at any write (store.die_at()) and booted again; what the world
// outside holds stays. violations() tells what must never be, whatever happened.
// Users: root (administrator), alice (of red), bob (of blue). Projects red and blue. No nodes: add_node().
// Threads: one.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "isolation/engine.h"
#include "support/memory_bmc.h"
#include "support/memory_isolation_store.h"
#include "support/memory_switch.h"
#include "support/memory_turns.h"

namespace support {

class SilentLog final : public base::Log {
 public:
  void write(base::LogLevel, std::string_view, std::span<const base::Field>) override {}
};

// What there must be, or the test is wrong.
template <class Answer>
auto must(Answer answer) {
  if (!answer.ok()) throw std::runtime_error(answer.error().message);
  if constexpr (requires { answer.value(); }) return std::move(answer).value();
}

class IsolationWorld {
 public:
  using Rules = isolation::Rules;
  using Kind = isolation::Change::Kind;

  // What a user gets for a call; an error has changed nothing.
  template <class Method, class... Arguments>
  auto call(const std::string& user, Method method, const Arguments&... arguments) {
    using Answer = decltype((std::declval<Rules&>().*method)(arguments...));
    std::optional<Answer> answer;
    const base::Status kept = store.write([&](isolation::Transaction& t) -> base::Status {
      Rules rules(t, caller(t, user), {now, &random_, &limits.settings});
      answer.emplace((rules.*method)(arguments...));
      return answer->ok() ? base::Status() : base::Status(answer->error());
    });
    if (!kept.ok()) answer.emplace(kept.error());
    return std::move(*answer);
  }

  IsolationWorld() : random_(base::view("isolation world")) {
    limits.settings.give_up_ms = 10'000;
    must(store.write([](isolation::Transaction& t) -> base::Status {
      TARN_TRY(t.insert_user({0, "root", "", isolation::Role::kAdministrator}));
      return {};
    }));
    for (const char* project : {"red", "blue"}) must(call("root", &Rules::create_project, project));
    add_user("alice", "red");
    add_user("bob", "blue");
  }

  void add_user(const std::string& name, const std::string& project) {
    must(call("root", &Rules::create_user, isolation::User{0, name, "", isolation::Role::kMember}));
    if (!project.empty()) must(call("root", &Rules::set_member, name, project, true));
  }
  // A server with these NICs, each on a port of its name (n1-eth0) of that switch, and its BMC at the address of its name.
  // Its switch was seen since.
  void add_node(const std::string& name, const std::string& on_switch, const std::vector<std::string>& nics = {"eth0"},
                const std::string& owner = "") {
    const isolation::BmcAccess bmc{"memory", name, "operator", {}};
    must(call("root", &Rules::create_node, isolation::NewNode{name, bmc, owner}));
    if (!call("root", &Rules::switch_record, on_switch).ok())
      must(call("root", &Rules::create_switch, isolation::SwitchRecord{0, on_switch, "memory", "{}"}));
    for (const std::string& nic : nics) {
      const std::string port = name + "-" + nic;
      must(call("root", &Rules::create_nic, name, nic, "02:00:00:00:00:01"));
      must(call("root", &Rules::create_port, on_switch, port));
      must(call("root", &Rules::connect_port, on_switch, port, name, nic));
      switches.at(on_switch).add_port(port);
    }
    boot();
    must(queue(on_switch).reconcile(now, true));
  }
  void add_network(const std::string& name, const std::string& project) {
    must(call("root", &Rules::create_network, isolation::NewNetwork{name, project, project, {}}));
  }

  base::Result<std::string> change(const std::string& user, Kind kind, const std::string& node, const std::string& nic,
                                   const std::string& network, const std::string& channel = "", bool wait = false) {
    return call(user, &Rules::change, std::vector<isolation::WantedChange>{{node, nic, kind, network, channel}}, wait);
  }
  // Where it is expected that it may be asked for: the operation's uuid.
  std::string connect(const std::string& user, const std::string& node, const std::string& network,
                      const std::string& channel = "", bool wait = false) {
    return must(change(user, Kind::kConnect, node, "eth0", network, channel, wait));
  }
  std::string detach(const std::string& user, const std::string& node, const std::string& network, bool wait = false) {
    return must(change(user, Kind::kDetach, node, "eth0", network, "", wait));
  }
  isolation::OperationView operation(const std::string& uuid) { return must(call("root", &Rules::operation, uuid)); }

  // What a new process does first.
  void boot() {
    queues_.clear();
    for (const auto& [id, record] : store.tables().switches)
      queues_[id] = std::make_unique<isolation::SwitchQueue>(store, switches, id, limits, log_);
    releaser_ = std::make_unique<isolation::Releaser>(
        store, turns, bmcs.opener(), [this](const isolation::Node& node) { return clean(node); }, limits, random_,
        log_);
  }
  isolation::SwitchQueue& queue(const std::string& name) { return *queues_.at(row(store.tables().switches, name).id); }
  isolation::Releaser& releaser() { return *releaser_; }
  // One pass of everything; when something is due again (0: nothing), or nothing if the process died.
  std::optional<std::int64_t> pass() {
    std::vector<std::int64_t> next;
    for (const auto& [id, queue] : queues_) {
      const auto outcome = queue->run_once(now);
      if (!outcome.ok()) return std::nullopt;
      next.push_back(outcome.value().next);
    }
    const auto outcome = releaser_->run_once(now);
    if (!outcome.ok()) return std::nullopt;
    next.push_back(outcome.value().next);
    std::erase(next, 0);
    return next.empty() ? 0 : *std::ranges::min_element(next);
  }
  // All that is due within that time; false: the process died.
  bool run_for(std::int64_t ms) {
    const std::int64_t end = now + ms;
    for (int passes = 0; passes < 10'000; ++passes) {
      const std::optional<std::int64_t> next = pass();
      if (!next) return false;
      if (*next == 0 || *next > end) break;
      now = std::max(now, *next);
    }
    now = end;
    return true;
  }
  void restart() {
    store.revive();
    boot();
  }

  isolation::Node node(const std::string& name) const { return row(store.tables().nodes, name); }
  // The attachment of eth0 to that network.
  std::optional<isolation::Attachment::State> attachment(const std::string& node_name,
                                                         const std::string& network) const {
    const MemoryTables tables = store.tables();
    for (const auto& [key, attachment] : tables.attachments) {
      const isolation::Nic& nic = tables.nics.at(key.first);
      if (nic.name == "eth0" && tables.nodes.at(nic.node).name == node_name &&
          tables.networks.at(key.second).name == network)
        return attachment.state;
    }
    return std::nullopt;
  }
  isolation::VlanId vlan(const std::string& network) const { return row(store.tables().networks, network).vlan; }
  isolation::Port port(const std::string& name) const { return row(store.tables().ports, name); }
  bool reaches(const std::string& one, const std::string& other) { return meet(live_vlans(one), live_vlans(other)); }
  static bool meet(const std::set<isolation::VlanId>& some, const std::set<isolation::VlanId>& others) {
    return std::ranges::any_of(some, [&](isolation::VlanId vlan) { return others.contains(vlan); });
  }
  // What its ports let through at this moment, whatever the store says.
  std::set<isolation::VlanId> live_vlans(const std::string& node_name) {
    const MemoryTables tables = store.tables();
    std::set<isolation::VlanId> all;
    for (const auto& [id, nic] : tables.nics)
      if (nic.port && tables.nodes.at(nic.node).name == node_name) all.merge(vlans(actual(tables, *nic.port)));
    return all;
  }
  // How what is not a name is called in a channel: vlan/native, or vlan/<id>; of no network, one that cannot be.
  std::string channel(const std::string& network, bool tagged) const {
    for (const auto& [id, row] : store.tables().networks)
      if (tagged && row.name == network) return "vlan/" + std::to_string(row.vlan);
    return tagged ? "vlan/4095" : "vlan/native";
  }

  // Nothing is live on a port that has no row; what is idle is off, and reaches nothing; and what is said to be connected
  // is so.
  std::vector<std::string> violations() {
    std::vector<std::string> found;
    const MemoryTables tables = store.tables();
    for (const auto& [id, nic] : tables.nics) {
      if (!nic.port) continue;
      const isolation::Node& node = tables.nodes.at(nic.node);
      const isolation::PortState state = actual(tables, *nic.port);
      std::set<isolation::VlanId> live = vlans(state);
      for (const auto& [key, attachment] : tables.attachments) {
        if (key.first != id) continue;
        const isolation::VlanId vlan = tables.networks.at(key.second).vlan;
        if (live.erase(vlan) == 0 && attachment.state == isolation::Attachment::State::kConnected)
          found.push_back(node.name + " is said to be connected to " + tables.networks.at(key.second).name);
      }
      for (const isolation::VlanId vlan : live)
        found.push_back(node.name + "-" + nic.name + " has VLAN " + std::to_string(vlan) + " live, without a row");
      if (node.state == isolation::NodeState::kIdle && !state.isolated())
        found.push_back(node.name + " is idle, and not isolated");
    }
    for (const auto& [id, node] : tables.nodes)
      if (node.state == isolation::NodeState::kIdle && (node.bmc_enabled || node.project || bmcs.server(node.name).on))
        found.push_back(node.name + " is idle, and still somebody's, or on");
    return found;
  }

  MemoryIsolationStore store;
  MemorySwitches switches;
  MemoryBmcs bmcs;
  MemoryTurns turns;
  isolation::EngineLimits limits;
  std::int64_t now = 1'000'000;
  std::function<base::Status(const isolation::Node&)> clean = [](const isolation::Node&) { return base::Status(); };

 private:
  static isolation::Caller caller(isolation::Transaction& t, const std::string& name) {
    const isolation::User user = t.find_user(name).value().value();
    const std::vector<isolation::Id> projects = t.projects_of(user.id).value();
    return {user.id, user.name, user.role, {projects.begin(), projects.end()}};
  }
  template <class Row>
  static Row row(const MemoryTable<Row>& table, const std::string& name) {
    for (const auto& [id, row] : table)
      if (row.name == name) return row;
    throw std::runtime_error("no row " + name);
  }
  isolation::PortState actual(const MemoryTables& tables, isolation::Id id) {
    const isolation::Port& port = tables.ports.at(id);
    return switches.at(tables.switches.at(port.switch_id).name).state(port.name);
  }
  static std::set<isolation::VlanId> vlans(const isolation::PortState& state) {
    std::set<isolation::VlanId> all = state.tagged;
    if (state.native) all.insert(*state.native);
    return all;
  }
  crypto::SeededRandom random_;
  SilentLog log_;
  std::map<isolation::Id, std::unique_ptr<isolation::SwitchQueue>> queues_;
  std::unique_ptr<isolation::Releaser> releaser_;
};

}  // namespace support
