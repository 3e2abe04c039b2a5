// A datacenter of fifteen servers with two NICs each that its users, the administrator and bad luck drive at random, through the service's
// API, and packets that show what came of it. After every call each server sends into every VLAN that it can name, and
// whom it reaches is exactly whom it shares a network with, by a model that knows nothing of the service (support/
// isolation_model.h); each answer is one that the model allows.
// A user, a call, a failure: all from one seed (TARN_SEED); the calls made are listed if something is wrong.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "support/datacenter.h"
#include "support/isolation_model.h"
#include "support/packets.h"

namespace support {
namespace {

using Call = IsolationCall;
using Kind = Call::Kind;
using base::Code;

constexpr std::size_t kNodes = 15, kNics = 2, kCalls = 300;

// How long a frame that will not come is waited for, after all that have to have come. One that is under way takes a
// fraction of a millisecond.
constexpr milliseconds kQuiet{8};

using VlanId = std::uint16_t;
using Pairs = std::set<std::pair<std::string, std::string>>;

// The servers' wires: who hears whom.
class Air {
 public:
  explicit Air(const Datacenter& datacenter) : datacenter_(datacenter) {
    for (const auto& node : datacenter.nodes())
      for (const std::string& nic : node.nics) {
        wires_.emplace_back(node.netns, nic);
        owners_.push_back(node.name);
      }
  }

  // Every NIC sends once without a tag and once with each; `expected` is waited for, nothing else is.
  Pairs heard(const std::set<VlanId>& vlans, const Pairs& expected) {
    datacenter_.turn_links_up();
    for (PacketPort& wire : wires_) wire.forget();
    const std::string round = std::to_string(++round_) + " ";
    for (std::size_t from = 0; from < wires_.size(); ++from) {
      const auto send = [&](std::vector<Tag> tags) {
        EXPECT_TRUE(wires_[from].send({kBroadcast, mac(from), std::move(tags), round + std::to_string(from)}));
      };
      send({});
      for (const VlanId vlan : vlans) send({Tag{vlan}});
    }
    Pairs out;
    (void)eventually(
        [&] {
          listen(round, out);
          return std::ranges::includes(out, expected);
        },
        kPatience);
    const auto end = steady_clock::now() + kQuiet;
    while (steady_clock::now() < end) listen(round, out);
    return out;
  }

 private:
  static Mac mac(std::size_t wire) { return {2, 0, 0, 0, 1, static_cast<std::uint8_t>(wire)}; }
  void listen(const std::string& round, Pairs& out) {
    for (std::size_t to = 0; to < wires_.size(); ++to)
      while (const auto frame = wires_[to].receive(milliseconds(0)))
        if (frame->text.starts_with(round)) {
          const std::string& from = owners_[std::stoul(frame->text.substr(round.size()))];
          if (from != owners_[to]) out.emplace(from, owners_[to]);  // a server may hear itself: that is its own affair
        }
  }

  const Datacenter& datacenter_;
  std::vector<PacketPort> wires_;
  std::vector<std::string> owners_;  // of each wire
  std::size_t round_ = 0;
};

// A call of the model's, as the service has it.
struct Wire {
  std::string method, target;
  Json body;
};
Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Wire project_call(const Call& call) {
  const std::string project = "/v1/projects/" + call.project;
  switch (call.kind) {
    case Kind::kCreateProject: return {"POST", "/v1/projects", Json::object({{"name", call.project}})};
    case Kind::kDeleteProject: return {"DELETE", project, nullptr};
    case Kind::kSetQuota:
      return {"PUT", project + "/quota", Json::object({{"nodes", call.number}, {"networks", nullptr}})};
    case Kind::kJoin: return {"PUT", project + "/members/" + call.user, nullptr};
    default: return {"DELETE", project + "/members/" + call.user, nullptr};
  }
}
Wire node_call(const Call& call) {
  const std::string node = "/v1/nodes/" + call.node;
  switch (call.kind) {
    case Kind::kAllocate:
      return {"POST", "/v1/projects/" + call.project + "/nodes", Json::object({{"node", call.node}})};
    case Kind::kDetachNode:
      return {"POST", "/v0/project/" + call.project + "/detach_node", Json::object({{"node", call.node}})};
    case Kind::kRelease: return {"POST", node + "/release", nullptr};
    case Kind::kEnableBmc: return {"PUT", node + "/bmc", Json::object({{"enabled", true}})};
    case Kind::kDisableBmc: return {"PUT", node + "/bmc", Json::object({{"enabled", false}})};
    case Kind::kLend:
      return {"PUT", node + "/loan", Json::object({{"project", call.project}, {"until", "2999-01-01T00:00:00Z"}})};
    default: return {"DELETE", node + "/loan", nullptr};
  }
}
Wire network_call(const Call& call) {
  const std::string network = "/v1/networks/" + call.network;
  switch (call.kind) {
    case Kind::kCreateNetwork:
      if (!call.project.empty() && !call.access)  // a project's public network: only /v0 has words for it
        return {"PUT", "/v0/network/" + call.network,
                Json::object({{"owner", call.project},
                              {"access", ""},
                              {"net_id", call.number == 0 ? "" : std::to_string(call.number)}})};
      return {"POST", "/v1/networks",
              Json::object({{"name", call.network},
                            {"owner", or_null(call.project)},
                            {"access", call.access ? Json(*call.access) : Json()},
                            {"vlan", call.number == 0 ? Json() : Json(call.number)}})};
    case Kind::kDeleteNetwork: return {"DELETE", network, nullptr};
    case Kind::kGrant: return {"PUT", network + "/access/" + call.project, nullptr};
    default: return {"DELETE", network + "/access/" + call.project, nullptr};
  }
}
Wire nic_call(const Call& call, VlanId vlan) {
  Json change = Json::object({{"kind", call.kind == Kind::kConnect ? "connect" : "detach"},
                              {"node", call.node},
                              {"nic", call.nic},
                              {"network", call.network}});
  if (call.tagged) change.set("channel", "vlan/" + std::to_string(vlan));
  return {"POST", "/v1/changes", Json::object({{"changes", Json::array({change})}})};
}

std::optional<Code> refusal(const ApiUser::Answer& answer) {
  switch (answer.status) {
    case 400:
    case 422: return Code::kInvalidInput;
    case 401:  // /v0
    case 403: return Code::kForbidden;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    default: return std::nullopt;
  }
}

class Reachability : public testing::Test {
 protected:
  void SetUp() override {
    if (!Datacenter::ready()) GTEST_SKIP() << "needs root, Open vSwitch and ipmi_sim (apt.txt, group lab)";
    const char* const seed = std::getenv("TARN_SEED");
    random_.seed(seed != nullptr ? std::strtoul(seed, nullptr, 10) : 1);
    // Short, because each outage takes as long; but nothing gives up that is only slow, on a busy machine.
    datacenter_ = std::make_unique<Datacenter>(kNodes,
                                               "give_up = \"6s\"\nswitch_timeout = \"3s\"\nbmc_timeout = "
                                               "\"3s\"\nfirst_retry = \"50ms\"\nlongest_retry = \"500ms\"\n",
                                               kNics);
    ASSERT_EQ(datacenter_->nodes().size(), kNodes);
    air_ = std::make_unique<Air>(*datacenter_);
    users_.push_back(datacenter_->administrator());
    model_.add_user("admin", true);
    for (const char* const project : {"p0", "p1", "p2"}) {
      ASSERT_EQ(admin().call("POST", "/v1/projects", Json::object({{"name", project}})).status, 201U);
      model_.add_project(project);
    }
    add_user("alice", {"p0"});
    add_user("bob", {"p1"});
    add_user("carol", {"p1", "p2"});
    for (const auto& node : datacenter_->nodes()) add_node(node);
  }
  void add_user(const std::string& name, const std::vector<std::string>& projects) {
    users_.push_back(datacenter_->make_user(name, projects));
    model_.add_user(name, false);
    for (const std::string& project : projects) model_.join(name, project);
  }
  // The first two are their owners' own.
  void add_node(const Datacenter::Node& node) {
    const std::size_t number = model_.nodes().size();
    const std::string owner = number < 2 ? "p" + std::to_string(number) : "";
    if (!owner.empty()) {
      const std::string target = "/v1/nodes/" + node.name + "/owner";
      ASSERT_TRUE(admin().call("PUT", target, Json::object({{"owner", owner}})).good());
    }
    model_.add_node(node.name, owner);
    for (const std::string& nic : node.nics) model_.add_nic(node.name, nic, true);
  }

  const ApiUser& admin() const { return users_.front(); }
  const ApiUser& user(const std::string& name) const {
    return *std::ranges::find_if(users_, [&](const ApiUser& u) { return u.name() == name; });
  }
  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  Wire wire(const Call& call) const {
    if (call.kind <= Kind::kLeave) return project_call(call);
    if (call.kind <= Kind::kReturn) return node_call(call);
    if (call.kind <= Kind::kRevoke) return network_call(call);
    return nic_call(call, vlans_.contains(call.network) ? vlans_.at(call.network) : VlanId{100});
  }

  // The call, and what the service must have said. Nothing: it was refused, as it had to be.
  std::optional<Json> make(const Call& call, bool kill_meanwhile = false) {
    const auto allowed = model_.refusals(call);
    const Wire request = wire(call);
    const std::string key = "call-" + std::to_string(++calls_);
    if (kill_meanwhile) {
      std::thread first([&] { (void)user(call.caller).call(request.method, request.target, request.body, key); });
      std::this_thread::sleep_for(std::chrono::microseconds(pick(8'000)));
      datacenter_->kill_service();
      first.join();
      datacenter_->start_service();
    }
    const auto answer = user(call.caller).call(request.method, request.target, request.body, key);
    const std::string said =
        "call " + key + ", " + to_string(call) + ": " + std::to_string(answer.status) + " " + answer.body.dump();
    if (!answer.good()) {
      const auto why = refusal(answer);
      EXPECT_TRUE(why && allowed.contains(*why)) << said << (allowed.empty() ? "; had to be accepted" : "");
      return std::nullopt;
    }
    EXPECT_TRUE(allowed.empty()) << said << "; had to be refused";
    model_.accepted(call);
    return answer.body;
  }

  // Until what the call began has ended.
  void settle(const Call& call, const Json& answer) {
    switch (call.kind) {
      case Kind::kCreateNetwork: note_vlan(call.network); break;
      case Kind::kDeleteNetwork: vlans_.erase(call.network); break;
      case Kind::kDetachNode:
      case Kind::kRelease:
      case Kind::kReturn: await_idle(call.node); break;
      case Kind::kConnect:
      case Kind::kDetach: await_change(call, answer.text("id")); break;
      default: break;
    }
  }
  void note_vlan(const std::string& network) {
    const auto answer = admin().call("GET", "/v1/networks/" + network);
    for (const Json& channel : answer.body.list("channels"))
      if (const std::string text = *channel.string(); text != "vlan/native")
        vlans_[network] = static_cast<VlanId>(std::stoi(text.substr(5)));
    EXPECT_TRUE(vlans_.contains(network)) << answer.body.dump();
  }
  std::string state_of(const std::string& node) const {
    return admin().call("GET", "/v1/nodes/" + node).body.text("state");
  }
  void await_idle(const std::string& node) {
    EXPECT_TRUE(eventually([&] { return state_of(node) == "idle"; })) << node << " is not free in the end";
    model_.freed(node);
  }
  void await_change(const Call& call, const std::string& operation) {
    const Json ended = admin().await(operation);
    const bool done = ended.text("state") == "done";
    EXPECT_TRUE(done || outage_) << to_string(call) << ": " << ended.dump();
    model_.ended(call.node, call.nic, done ? IsolationModel::Ended::kDone : IsolationModel::Ended::kUncertain);
  }

  void expect_air() {
    Pairs must, may;
    for (const auto& [one, a] : model_.nodes())
      for (const auto& [other, b] : model_.nodes()) {
        if (one == other) continue;
        if (model_.must_reach(one, other)) must.emplace(one, other);
        if (model_.may_reach(one, other)) may.emplace(one, other);
      }
    std::set<VlanId> vlans{1, 4095};
    for (const auto& [network, vlan] : vlans_) vlans.insert(vlan);
    const Pairs heard = air_->heard(vlans, must);
    for (const auto& [from, to] : must)
      EXPECT_TRUE(heard.contains({from, to})) << "after call " << calls_ << ", " << from << " does not reach " << to;
    for (const auto& [from, to] : heard)
      EXPECT_TRUE(may.contains({from, to})) << "after call " << calls_ << ", " << from << " reaches " << to;
    pairs_reached_ += heard.size();
  }

  // One that the model draws; mostly one that has to be accepted, and, if so wanted, one of a NIC.
  Call draw(bool lawful, bool of_a_nic = false) {
    Call call;
    for (int tries = 0; tries < 1'000; ++tries) {
      call = model_.random_call([this](std::uint32_t n) { return pick(n); });
      if ((!of_a_nic || call.kind == Kind::kConnect || call.kind == Kind::kDetach) &&
          (!lawful || model_.refusals(call).empty()))
        break;
    }
    return call;
  }

  // A NIC's change while the switch does not answer: it ends in error, and counts as attached until the switch was read.
  // False: there was nothing to change.
  bool switch_fails() {
    const Call call = draw(true, true);
    if (!model_.refusals(call).empty()) return false;
    outage_ = true;
    datacenter_->stop_database();
    if (const auto answer = make(call)) settle(call, *answer);
    expect_air();
    datacenter_->resume_database();
    outage_ = false;
    const std::string target = "/v1/switches/" + datacenter_->switch_name() + "/reconcile";
    EXPECT_TRUE(eventually([&] { return admin().call("POST", target).status == 200; }));
    const auto node = admin().call("GET", "/v1/nodes/" + call.node);
    bool live = false;
    for (const Json& nic : node.body.list("nics"))
      for (const Json& attachment : nic.list("attachments"))
        if (nic.text("name") == call.nic && attachment.text("network") == call.network)
          live = attachment.text("state") == "connected";
    model_.settled(call.node, call.nic, call.network, live);
    return true;
  }

  // A server whose controller does not answer is nobody's, but stays where it is until it does.
  bool controller_fails() {
    std::vector<std::string> held;
    for (const auto& [name, node] : model_.nodes())
      if (node.state == IsolationModel::NodeState::kHeld) held.push_back(name);
    if (held.empty()) return false;
    Call call;
    call.kind = Kind::kRelease;
    call.caller = "admin";
    call.node = held[pick(static_cast<std::uint32_t>(held.size()))];
    datacenter_->kill_bmc(datacenter_->node(call.node));
    const auto answer = make(call);
    EXPECT_TRUE(
        eventually([&] { return !admin().call("GET", "/v1/nodes/" + call.node).body.text("problem").empty(); }));
    EXPECT_EQ(state_of(call.node), "releasing");
    expect_air();
    datacenter_->start_bmc(datacenter_->node(call.node));
    if (answer) settle(call, *answer);
    return true;
  }

  std::mt19937_64 random_;
  std::unique_ptr<Datacenter> datacenter_;
  std::unique_ptr<Air> air_;
  std::vector<ApiUser> users_;
  IsolationModel model_;
  std::map<std::string, VlanId> vlans_;
  bool outage_ = false;
  std::size_t calls_ = 0, pairs_reached_ = 0;
};

TEST_F(Reachability, IsExactlyWhatTheModelSaysAfterEveryCall) {
  std::size_t kills = 0, outages = 0, dead_controllers = 0;
  for (std::size_t i = 0; i < kCalls && !HasFailure(); ++i) {
    if (const std::uint32_t luck = pick(100); luck < 3 && outages < 4) {
      outages += switch_fails() ? 1U : 0U;
    } else if (luck < 5 && dead_controllers < 3) {
      dead_controllers += controller_fails() ? 1U : 0U;
    }
    const Call call = draw(pick(4) != 0);
    const bool kill = pick(100) < 8;
    kills += kill ? 1 : 0;
    const auto answer = make(call, kill);
    if (answer && kill && pick(2) == 0) {  // and once more, while what it began is under way
      datacenter_->kill_service();
      datacenter_->start_service();
    }
    if (answer) settle(call, *answer);
    expect_air();
  }
  // Otherwise nothing was shown.
  EXPECT_GT(pairs_reached_, 1'000U);
  EXPECT_GT(kills, 5U);
  EXPECT_GT(outages, 0U);
  EXPECT_GT(dead_controllers, 0U);
}

// A server that never stops sending, and the moment at which the service says that its NIC is off the network.
TEST_F(Reachability, EndsWithTheAnswerThatADetachIsDone) {
  const auto &from = datacenter_->nodes()[5], &to = datacenter_->nodes()[6];
  ASSERT_TRUE(
      admin().call("POST", "/v1/networks", Json::object({{"name", "net"}, {"owner", "p1"}, {"access", "p1"}})).good());
  for (const auto* const node : {&from, &to})
    ASSERT_TRUE(admin().call("POST", "/v1/projects/p1/nodes", Json::object({{"node", node->name}})).good());
  const auto change = [&](const Datacenter::Node& node, const char* kind) {
    Call call;
    call.kind = kind == std::string("connect") ? Kind::kConnect : Kind::kDetach;
    call.node = node.name, call.nic = node.nic, call.network = "net";
    const Wire request = nic_call(call, 0);
    const auto begun = admin().call(request.method, request.target, request.body);
    EXPECT_EQ(begun.status, 202U) << begun.body.dump();
    EXPECT_EQ(admin().await(begun.body.text("id")).text("state"), "done");
  };
  datacenter_->turn_links_up();
  change(to, "connect");
  PacketPort in(from.netns, from.nic), out(to.netns, to.nic);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> sent = 0;
  std::thread sender([&] {
    for (; !stop; std::this_thread::sleep_for(std::chrono::microseconds(100)))
      (void)in.send({kBroadcast, {2, 0, 0, 0, 1, 5}, {}, std::to_string(++sent)});
  });
  for (int turn = 0; turn < 25; ++turn) {
    change(from, "connect");
    const std::uint64_t connected = sent;
    EXPECT_TRUE(eventually([&] {
      const auto frame = out.receive(milliseconds(10));
      return frame && std::stoull(frame->text) > connected;
    }));
    change(from, "detach");
    const std::uint64_t detached = sent + 1;  // one may be on its way into the wire
    while (const auto frame = out.receive(milliseconds(20))) EXPECT_LE(std::stoull(frame->text), detached);
  }
  stop = true;
  sender.join();
}

}  // namespace
}  // namespace support
