// A desk at which users of an isolation service ask for things, over a store in memory: who asks is looked up as the API
// does it, each call is a transaction of its own, and the switches and controllers behind it do as the test says.
// Users: root (administrator), audit (auditor), alice (of red), bob (of blue), carl (broker, of nothing), dora (of
// nothing). Projects red and blue. Free nodes n1 and n2, each with NICs eth0 and eth1 on ports of the switch s1, which
// were seen to be isolated.
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "isolation/line.h"
#include "isolation/rules.h"
#include "support/memory_isolation_store.h"

namespace support {

inline std::string verdict(const base::Error& error) {
  switch (error.code) {
    case base::Code::kInvalidInput: return "invalid";
    case base::Code::kForbidden: return "forbidden";
    case base::Code::kNotFound: return "not found";
    case base::Code::kConflict: return "conflict";
    default: return "failed: " + error.message;
  }
}
template <class Answer>
std::string verdict(const Answer& answer) {
  return answer.ok() ? "ok" : verdict(answer.error());
}

class IsolationDesk {
 public:
  using Rules = isolation::Rules;
  using Wanted = std::vector<isolation::WantedChange>;

  // What `user` gets for it; an error has changed nothing.
  template <class Method, class... Arguments>
  auto call(const std::string& user, Method method, const Arguments&... arguments) {
    using Answer = decltype((std::declval<Rules&>().*method)(arguments...));
    std::optional<Answer> answer;
    const base::Status kept = store.write([&](isolation::Transaction& transaction) -> base::Status {
      Rules rules(transaction, caller(transaction, user), context());
      answer.emplace((rules.*method)(arguments...));
      return answer->ok() ? base::Status() : base::Status(answer->error());
    });
    CHECK(kept.ok() == answer->ok());
    return std::move(*answer);
  }
  template <class Method, class... Arguments>
  std::string said(const std::string& user, Method method, const Arguments&... arguments) {
    return verdict(call(user, method, arguments...));
  }

  IsolationDesk() : random_(base::view("isolation desk")) {
    must(store.write([](isolation::Transaction& t) -> base::Status {
      TARN_TRY(t.insert_user({0, "root", "", isolation::Role::kAdministrator}));
      return {};
    }));
    settings.first_vlan = 100;
    settings.last_vlan = 103;
    for (const char* project : {"red", "blue"}) must(call("root", &Rules::create_project, project));
    user("audit", isolation::Role::kAuditor);
    user("alice", isolation::Role::kMember, "red");
    user("bob", isolation::Role::kMember, "blue");
    user("carl", isolation::Role::kBroker);
    user("dora", isolation::Role::kMember);
    must(call("root", &Rules::create_switch, isolation::SwitchRecord{0, "s1", "memory", "{}"}));
    node("n1");
    node("n2");
  }

  void user(const std::string& name, isolation::Role role, const std::string& project = {}) {
    must(call("root", &Rules::create_user, isolation::User{0, name, "", role}));
    if (!project.empty()) must(call("root", &Rules::set_member, name, project, true));
  }
  // A node with two NICs on ports of s1, named after them: n1-eth0, n1-eth1.
  void node(const std::string& name, const std::string& owner = {}) {
    must(call("root", &Rules::create_node, isolation::NewNode{name, bmc(), owner}));
    for (const std::string& nic : {std::string("eth0"), std::string("eth1")}) {
      must(call("root", &Rules::create_nic, name, nic, "02:00:00:00:00:01"));
      must(call("root", &Rules::create_port, "s1", name + "-" + nic));
      must(call("root", &Rules::connect_port, "s1", name + "-" + nic, name, nic));
      see(name + "-" + nic, isolation::PortState{});
    }
  }
  // What the engine notes when it has looked at a port of s1.
  void see(const std::string& name, std::optional<isolation::PortState> state) {
    isolation::Port port = row(store.tables().ports, name);
    port.observed = std::move(state);
    port.observed_at = now;
    must(store.write([&](isolation::Transaction& t) { return t.update_port(port); }));
  }
  static isolation::BmcAccess bmc() { return {"memory", "bmc.example:623", "operator", {1, 2, 3}}; }
  void network(const std::string& user, const std::string& name, const std::string& project) {
    must(call(user, &Rules::create_network, isolation::NewNetwork{name, project, project, {}}));
  }
  static isolation::WantedChange connect(std::string node, std::string nic, std::string network,
                                         std::string channel = {}) {
    return {std::move(node), std::move(nic), isolation::Change::Kind::kConnect, std::move(network), std::move(channel)};
  }
  static isolation::WantedChange detach(std::string node, std::string nic, std::string network) {
    return {std::move(node), std::move(nic), isolation::Change::Kind::kDetach, std::move(network), ""};
  }
  base::Result<std::string> change(const std::string& user, isolation::WantedChange wanted, bool wait = false) {
    return call(user, &Rules::change, Wanted{std::move(wanted)}, wait);
  }

  // What the engine leaves behind when the switch did, or did not, take all that is pending.
  void switch_answers(bool takes) {
    for (const auto& [id, change] : store.tables().changes)
      if (change.state == isolation::Change::State::kPending) must(settle(change, takes));
  }
  // What the Releaser leaves behind: every node that was on its way is idle.
  void finish_releases() {
    must(store.write([](isolation::Transaction& t) -> base::Status {
      TARN_ASSIGN(const std::vector<isolation::Node> nodes, t.nodes_releasing(INT64_MAX, 1'000));
      for (isolation::Node node : nodes) {
        TARN_ASSIGN(const std::vector<isolation::Attachment> attachments, t.attachments_of_node(node.id));
        for (const isolation::Attachment& a : attachments) TARN_TRY(t.erase_attachment(a.nic, a.network));
        node.state = isolation::NodeState::kIdle;
        node.project.reset();
        TARN_TRY(t.update_node(node));
        TARN_ASSIGN(const std::vector<isolation::Nic> nics, t.nics_of(node.id));
        for (const isolation::Nic& nic : nics) {
          if (!nic.port) continue;
          TARN_ASSIGN(std::optional<isolation::Port> port, t.find_port(*nic.port));
          port->observed = isolation::PortState{};
          TARN_TRY(t.update_port(*port));
        }
      }
      return {};
    }));
  }

  isolation::Context context() { return {now, &random_, &settings}; }
  template <class Outcome>
  static void must(const Outcome& outcome) {
    if (!outcome.ok()) throw std::runtime_error(outcome.error().message);
  }
  // A row by its name; the test knows that it is there.
  isolation::Node node_row(const std::string& name) const { return row(store.tables().nodes, name); }
  isolation::Network network_row(const std::string& name) const { return row(store.tables().networks, name); }
  isolation::Project project_row(const std::string& name) const { return row(store.tables().projects, name); }
  std::vector<isolation::Attachment> attachments() const {
    std::vector<isolation::Attachment> all;
    for (const auto& [key, attachment] : store.tables().attachments) all.push_back(attachment);
    return all;
  }

  MemoryIsolationStore store;
  isolation::Settings settings;
  std::int64_t now = 1'000;

 private:
  static isolation::Caller caller(isolation::Transaction& transaction, const std::string& name) {
    const isolation::User user = transaction.find_user(name).value().value();
    const std::vector<isolation::Id> projects = transaction.projects_of(user.id).value();
    return {user.id, user.name, user.role, {projects.begin(), projects.end()}};
  }
  base::Status settle(isolation::Change change, bool takes) {
    return store.write([&](isolation::Transaction& t) -> base::Status {
      TARN_ASSIGN(const std::vector<isolation::Attachment> attachments, t.attachments_of_nic(change.nic));
      for (isolation::Attachment attachment : attachments) {
        if (change.network && attachment.network != *change.network) continue;
        const bool connects = change.kind == isolation::Change::Kind::kConnect;
        attachment.state = takes ? isolation::Attachment::State::kConnected : isolation::Attachment::State::kUncertain;
        if (takes && !connects) TARN_TRY(t.erase_attachment(attachment.nic, attachment.network));
        if (!takes || connects) TARN_TRY(t.update_attachment(attachment));
      }
      change.state = takes ? isolation::Change::State::kDone : isolation::Change::State::kError;
      TARN_TRY(t.update_change(change));
      TARN_TRY(isolation::finish_if_done(t, change.operation, now));
      return isolation::promote_next(t, context(), change.nic);
    });
  }
  template <class Row>
  static Row row(const MemoryTable<Row>& table, const std::string& name) {
    for (const auto& [id, row] : table)
      if (row.name == name) return row;
    throw std::runtime_error("no row " + name);
  }

  crypto::SeededRandom random_;
};

}  // namespace support
