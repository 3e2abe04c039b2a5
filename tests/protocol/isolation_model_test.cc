// Rules and engine against the model of the design, over memory: a few hundred random calls a run by random users, while
// switches and controllers fail in every way and the process dies at random writes. Every answer is one that the model
// has, and at each moment two nodes reach each other if they must, and do not if they must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/isolation_model.h"
#include "support/isolation_world.h"

namespace {

using isolation::Rules;
using support::IsolationCall;
using support::IsolationModel;
using support::IsolationWorld;
using support::must;
using Kind = IsolationCall::Kind;
using Fault = support::MemorySwitch::Fault;
using Ended = IsolationModel::Ended;
using testing::IsEmpty;

class ModelRun {
 public:
  explicit ModelRun(std::uint32_t seed) : random_(base::view("isolation model " + std::to_string(seed))) {
    world_.add_user("carol", "red");
    must(world_.call("root", &Rules::set_member, "carol", "blue", true));
    world_.add_user("dora", "");
    for (const auto& [user, row] : std::map<std::string, std::set<std::string>>{
             {"root", {}}, {"alice", {"red"}}, {"bob", {"blue"}}, {"carol", {"red", "blue"}}, {"dora", {}}}) {
      model_.add_user(user, user == "root");
      for (const std::string& project : row) model_.join(user, project);
    }
    for (const char* project : {"red", "blue"}) model_.add_project(project);
    for (int i = 1; i <= 6; ++i) add_node("n" + std::to_string(i), i % 2 == 0 ? "s1" : "s2", "");
    add_node("h1", "s1", "red");
    add_node("h2", "s2", "blue");
    must(world_.call("root", &Rules::create_nic, "n1", "loose", "02:00:00:00:00:02"));
    model_.add_nic("n1", "loose", false);
    model_.set_now(world_.now);
  }

  void step() {
    ask(model_.random_call([this](std::uint32_t n) { return pick(n); }));
    if (pick(4) == 0) change_the_weather();
    if (pick(2) == 0) run_engine();
    if (pick(12) == 0) reconcile(pick(2) == 0 ? "s1" : "s2");
    follow();
    check();
  }
  // All is well again, and everything has come to its end.
  void end() {
    heal();
    must_run(120'000);
    for (const char* name : {"s1", "s2"}) reconcile(name);
    must_run(120'000);
    follow();
    check();
    for (const auto& [one, row] : model_.nodes()) {
      EXPECT_NE(row.state, IsolationModel::NodeState::kReleasing) << one;
      for (const auto& [other, ignored] : model_.nodes())
        EXPECT_EQ(model_.must_reach(one, other), model_.may_reach(one, other)) << one << " " << other;
    }
  }
  std::size_t accepted() const { return accepted_; }
  std::size_t deaths() const { return deaths_; }
  std::size_t meetings() const { return meetings_; }

 private:
  std::uint32_t pick(std::uint32_t n) {
    std::array<std::uint8_t, 4> bytes{};
    random_.fill(bytes);
    std::uint32_t drawn = 0;
    for (const std::uint8_t byte : bytes) drawn = drawn << 8 | byte;
    return drawn % n;
  }
  void add_node(const std::string& name, const std::string& on_switch, const std::string& owner) {
    world_.add_node(name, on_switch, {"eth0", "eth1"}, owner);
    model_.add_node(name, owner);
    for (const char* nic : {"eth0", "eth1"}) model_.add_nic(name, nic, true);
  }

  void ask(const IsolationCall& call) {
    const IsolationModel::Refusals expected = model_.refusals(call);
    const std::optional<base::Error> refused = answer(call);
    trace_ += to_string(call) + (refused ? " → " + refused->message : " → ok") + "\n";
    if (!refused) {
      EXPECT_THAT(expected, IsEmpty()) << "accepted, though it must be refused\n" << trace_;
      model_.accepted(call);
      ++accepted_;
    } else {
      EXPECT_TRUE(expected.contains(refused->code)) << "refused for no reason\n" << trace_;
    }
  }
  std::optional<base::Error> answer(const IsolationCall& call) {
    const std::string& by = call.caller;
    const auto error = [](const auto& result) { return result.ok() ? std::nullopt : std::optional(result.error()); };
    switch (call.kind) {
      case Kind::kCreateProject: return error(world_.call(by, &Rules::create_project, call.project));
      case Kind::kDeleteProject: return error(world_.call(by, &Rules::delete_project, call.project));
      case Kind::kSetQuota:
        return error(world_.call(by, &Rules::set_quota, call.project,
                                 std::optional<std::uint32_t>(static_cast<std::uint32_t>(call.number)),
                                 std::optional<std::uint32_t>()));
      case Kind::kJoin: return error(world_.call(by, &Rules::set_member, call.user, call.project, true));
      case Kind::kLeave: return error(world_.call(by, &Rules::set_member, call.user, call.project, false));
      case Kind::kAllocate: return error(world_.call(by, &Rules::allocate_node, call.node, call.project));
      case Kind::kDetachNode: return error(world_.call(by, &Rules::detach_node, call.node, call.project));
      case Kind::kRelease: return error(world_.call(by, &Rules::release_node, call.node));
      case Kind::kEnableBmc: return error(world_.call(by, &Rules::set_bmc_enabled, call.node, true));
      case Kind::kDisableBmc: return error(world_.call(by, &Rules::set_bmc_enabled, call.node, false));
      case Kind::kLend: return error(world_.call(by, &Rules::lend_node, call.node, call.project, call.number));
      case Kind::kReturn: return error(world_.call(by, &Rules::return_node, call.node));
      case Kind::kCreateNetwork: {
        isolation::NewNetwork network{call.network, call.project, call.access, {}};
        if (call.number != 0) network.vlan = static_cast<isolation::VlanId>(call.number);
        return error(world_.call(by, &Rules::create_network, network));
      }
      case Kind::kDeleteNetwork: return error(world_.call(by, &Rules::delete_network, call.network));
      case Kind::kGrant: return error(world_.call(by, &Rules::grant, call.network, call.project));
      case Kind::kRevoke: return error(world_.call(by, &Rules::revoke, call.network, call.project));
      case Kind::kConnect:
      case Kind::kDetach: {
        const auto kind = call.kind == Kind::kConnect ? IsolationWorld::Kind::kConnect : IsolationWorld::Kind::kDetach;
        const std::string channel = call.kind == Kind::kConnect ? world_.channel(call.network, call.tagged) : "";
        const auto uuid = world_.change(by, kind, call.node, call.nic, call.network, channel);
        if (uuid.ok()) operations_[{call.node, call.nic}] = uuid.value();
        return error(uuid);
      }
    }
    return std::nullopt;
  }

  void change_the_weather() {
    if (pick(2) == 0) return heal();
    support::MemorySwitch& hardware = world_.switches.at(pick(2) == 0 ? "s1" : "s2");
    constexpr std::array kFaults = {Fault::kUnreachable, Fault::kTooLate,          Fault::kHalf,
                                    Fault::kThrows,      Fault::kReadsUnreachable, Fault::kSilent};
    const Fault fault = kFaults[pick(kFaults.size())];
    if (pick(2) == 0) {
      hardware.once(fault);
    } else {
      hardware.set_fault(fault);
    }
    const std::string node = "n" + std::to_string(1 + pick(6));
    if (pick(4) == 0) hardware.refuse(node + "-eth0");
    if (pick(3) == 0)
      world_.bmcs.set_fault(
          node, pick(2) == 0 ? support::MemoryBmcs::Fault::kUnreachable : support::MemoryBmcs::Fault::kStaysOn);
  }
  void heal() {
    for (const char* name : {"s1", "s2"}) world_.switches.at(name).heal();
    world_.bmcs.heal();
  }

  // For some time, in which tenants turn on what is theirs, and the process may be killed.
  void run_engine() {
    for (const auto& [name, node] : model_.nodes())
      if (node.state == IsolationModel::NodeState::kHeld && pick(4) == 0) world_.bmcs.set_power(name, true);
    using Death = support::MemoryIsolationStore::Death;
    if (pick(3) == 0) world_.store.die_at(1 + pick(5), pick(2) == 0 ? Death::kBeforeCommit : Death::kAfterCommit);
    constexpr std::array<std::int64_t, 4> kTimes = {0, 500, 3'000, 15'000};
    if (!world_.run_for(kTimes[pick(kTimes.size())])) ++deaths_;
    world_.restart();
  }
  void must_run(std::int64_t ms) { ASSERT_TRUE(world_.run_for(ms)); }
  void reconcile(const std::string& name) {
    (void)world_.queue(name).reconcile(world_.now, true);  // where it fails, nothing is settled
  }

  // Tells the model what has ended.
  void follow() {
    tables_ = world_.store.tables();
    model_.set_now(world_.now);
    for (const auto& [key, nic] : std::map(model_.nics())) {
      const auto rows = attachments(key);
      if (nic.pending) follow_change(key, nic.pending->second, rows);
      for (const auto& [network, attachment] : nic.attachments) {
        const auto row = rows.find(network);
        const bool live = row != rows.end();
        if (!live || row->second.state != isolation::Attachment::State::kUncertain)
          model_.settled(key.first, key.second, network, live);
      }
    }
    for (const auto& [name, node] : std::map(model_.nodes())) {
      const isolation::Node row = node_row(name);
      if (row.state != isolation::NodeState::kHeld && model_.is_over(name)) model_.expired(name);
      if (model_.nodes().at(name).state != IsolationModel::NodeState::kReleasing) continue;
      for (const auto& [key, nic] : std::map(model_.nics()))
        if (key.first == name && attachments(key).empty()) model_.cleared(key.first, key.second);
      if (row.state == isolation::NodeState::kIdle) model_.freed(name);
    }
  }
  void follow_change(const IsolationModel::NicKey& key, const std::string& network,
                     const std::map<std::string, isolation::Attachment>& rows) {
    const auto state = world_.operation(operations_.at(key)).state;
    if (state == isolation::OperationView::State::kPending) return;
    if (model_.is_over(key.first) && node_row(key.first).state != isolation::NodeState::kHeld) return;
    const bool done = state == isolation::OperationView::State::kDone;
    model_.ended(key.first, key.second,
                 done                     ? Ended::kDone
                 : rows.contains(network) ? Ended::kUncertain
                                          : Ended::kFailed);
  }
  isolation::Node node_row(const std::string& name) const {
    for (const auto& [id, node] : tables_.nodes)
      if (node.name == name) return node;
    throw std::runtime_error("no node " + name);
  }
  // What the store has for a NIC, by network.
  std::map<std::string, isolation::Attachment> attachments(const IsolationModel::NicKey& key) const {
    std::map<std::string, isolation::Attachment> found;
    for (const auto& [ids, attachment] : tables_.attachments) {
      const isolation::Nic& nic = tables_.nics.at(ids.first);
      if (nic.name == key.second && tables_.nodes.at(nic.node).name == key.first)
        found[tables_.networks.at(ids.second).name] = attachment;
    }
    return found;
  }

  void check() {
    EXPECT_THAT(world_.violations(), IsEmpty()) << trace_;
    for (const auto& [name, node] : model_.nodes()) {
      const isolation::Node row = node_row(name);
      EXPECT_EQ(static_cast<int>(row.state), static_cast<int>(node.state)) << name << "\n" << trace_;
      EXPECT_EQ(row.project ? tables_.projects.at(*row.project).name : "", node.project) << name << "\n" << trace_;
      EXPECT_EQ(row.bmc_enabled, node.bmc) << name << "\n" << trace_;
    }
    for (const auto& [key, nic] : model_.nics()) {
      const auto rows = attachments(key);
      EXPECT_EQ(rows.size(), nic.attachments.size()) << key.first << " " << key.second << "\n" << trace_;
      for (const auto& [network, attachment] : nic.attachments) {
        ASSERT_TRUE(rows.contains(network)) << key.first << " " << network << "\n" << trace_;
        if (model_.nodes().at(key.first).state == IsolationModel::NodeState::kReleasing)
          continue;  // any, until it is gone
        EXPECT_EQ(static_cast<int>(rows.at(network).state), static_cast<int>(attachment.state)) << trace_;
      }
    }
    std::map<std::string, std::set<isolation::VlanId>> live;
    for (const auto& [name, node] : model_.nodes()) live[name] = world_.live_vlans(name);
    for (const auto& [one, vlans] : live)
      for (const auto& [other, others] : live)
        if (one < other) check_reach(one, other, IsolationWorld::meet(vlans, others));
  }
  void check_reach(const std::string& one, const std::string& other, bool reaches) {
    meetings_ += reaches ? 1 : 0;
    EXPECT_TRUE(reaches || !model_.must_reach(one, other)) << one << " must reach " << other << "\n" << trace_;
    EXPECT_TRUE(!reaches || model_.may_reach(one, other)) << one << " must not reach " << other << "\n" << trace_;
  }

  crypto::SeededRandom random_;
  IsolationWorld world_;
  IsolationModel model_;
  support::MemoryTables tables_;                              // as follow() found them
  std::map<IsolationModel::NicKey, std::string> operations_;  // the last one of each NIC
  std::string trace_;
  std::size_t accepted_ = 0, deaths_ = 0, meetings_ = 0;
};

TEST(IsolationModelTest, EveryAnswerAndEveryReachIsAsTheModelSays) {
  constexpr std::uint32_t kRuns = 16;
  constexpr int kSteps = 300;
  std::size_t accepted = 0, deaths = 0, meetings = 0;
  for (std::uint32_t seed = 0; seed < kRuns && !testing::Test::HasFailure(); ++seed) {
    ModelRun run(seed);
    for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) run.step();
    if (!testing::Test::HasFailure()) run.end();
    accepted += run.accepted();
    deaths += run.deaths();
    meetings += run.meetings();
  }
  // What it is about has happened.
  EXPECT_GT(accepted, kRuns * kSteps / 6U);
  EXPECT_GT(deaths, kRuns);
  EXPECT_GT(meetings, kRuns * 100U);
}

}  // namespace
