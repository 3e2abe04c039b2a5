// Servers that change hands, in a lab: what a new one hears before it is anybody's, what a former project can still do to
// one, what a dead controller holds up, and what shows of a controller's password meanwhile.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "support/datacenter.h"
#include "support/packets.h"

namespace support {
namespace {

constexpr milliseconds kNever{300};

class Handover : public testing::Test {
 protected:
  void SetUp() override {
    if (!Datacenter::ready()) GTEST_SKIP() << "needs root, Open vSwitch and ipmi_sim (apt.txt, group lab)";
    datacenter_ = std::make_unique<Datacenter>(4);
    ASSERT_EQ(datacenter_->nodes().size(), 4U);
    admin_ = std::make_unique<ApiUser>(datacenter_->administrator());
    for (const char* const project : {"red", "blue"})
      ASSERT_EQ(admin().call("POST", "/v1/projects", Json::object({{"name", project}})).status, 201U);
    red_ = std::make_unique<ApiUser>(datacenter_->make_user("alice", {"red"}));
    blue_ = std::make_unique<ApiUser>(datacenter_->make_user("bob", {"blue"}));
  }
  const ApiUser& admin() const { return *admin_; }
  const Datacenter::Node& node(std::size_t i) const { return datacenter_->nodes()[i]; }

  void good(const ApiUser& user, const std::string& method, const std::string& target, const Json& body = nullptr) {
    const auto answer = user.call(method, target, body);
    EXPECT_TRUE(answer.good()) << method << " " << target << ": " << answer.status << " " << answer.body.dump();
  }
  void allocate(const ApiUser& user, const std::string& project, const Datacenter::Node& node) {
    good(user, "POST", "/v1/projects/" + project + "/nodes", Json::object({{"node", node.name}}));
  }
  void connect(const ApiUser& user, const Datacenter::Node& node, const std::string& network) {
    const Json one = Json::object({{"kind", "connect"}, {"node", node.name}, {"nic", node.nic}, {"network", network}});
    const auto begun = user.call("POST", "/v1/changes", Json::object({{"changes", Json::array({one})}}));
    ASSERT_EQ(begun.status, 202U) << begun.body.dump();
    EXPECT_EQ(user.await(begun.body.text("id")).text("state"), "done");
  }
  std::string state_of(const Datacenter::Node& node) const {
    return admin().call("GET", "/v1/nodes/" + node.name).body.text("state");
  }
  static bool is_on(const Datacenter::Node& node) { return e2e::fs::exists(node.directory + "/on"); }

  std::unique_ptr<Datacenter> datacenter_;
  std::unique_ptr<ApiUser> admin_, red_, blue_;
};

TEST_F(Handover, ANodeThatWasWiredAMomentAgoHearsNothingWhenItIsAllocated) {
  const auto &one = node(0), &other = node(1), &fresh = node(2);
  const std::string port = "/v1/switches/" + datacenter_->switch_name() + "/ports/" + fresh.port;
  good(admin(), "DELETE", port + "/nic");
  good(admin(), "DELETE", port);
  good(*red_, "POST", "/v1/networks", Json::object({{"name", "net"}, {"owner", "red"}, {"access", "red"}}));
  for (const auto* const mine : {&one, &other}) {
    allocate(*red_, "red", *mine);
    connect(*red_, *mine, "net");
  }
  datacenter_->turn_links_up();
  PacketPort in(one.netns, one.nic), out(other.netns, other.nic), ear(fresh.netns, fresh.nic);
  for (int round = 0; round < 5; ++round) {
    datacenter_->make_port_anew(fresh.port);
    ASSERT_TRUE(eventually([&] { return probe(in, ear, {}, milliseconds(50)).has_value(); }))
        << "an open port hears all";

    good(admin(), "POST", "/v1/switches/" + datacenter_->switch_name() + "/ports",
         Json::object({{"name", fresh.port}}));
    good(admin(), "PUT", port + "/nic", Json::object({{"node", fresh.name}, {"nic", fresh.nic}}));
    const auto begin = steady_clock::now();
    const Json wanted = Json::object({{"node", fresh.name}});
    ASSERT_TRUE(eventually([&] {
      const auto answer = blue_->call("POST", "/v1/projects/blue/nodes", wanted);
      EXPECT_TRUE(answer.good() || answer.status == 409) << answer.body.dump();
      return answer.good();
    }));
    EXPECT_LT(steady_clock::now() - begin, milliseconds(10'000)) << "long before the next comparison";
    ear.forget();
    EXPECT_TRUE(probe(in, out, {}, kPatience));
    EXPECT_FALSE(probe(in, ear, {}, kNever));
    for (const auto vlan : std::to_array<std::uint16_t>({1, 100, 101, 4094}))
      EXPECT_FALSE(probe(ear, out, {Tag{vlan}}, milliseconds(20)));
    EXPECT_FALSE(probe(ear, out, {}, kNever));

    good(*blue_, "POST", "/v1/nodes/" + fresh.name + "/release");
    ASSERT_TRUE(eventually([&] { return state_of(fresh) == "idle"; }));
    good(admin(), "DELETE", port + "/nic");
    good(admin(), "DELETE", port);
    datacenter_->turn_links_up();
  }
}

// Off, wait, on: and in between it is released, and somebody else waits for it.
TEST_F(Handover, AServerIsNotTurnedOnByWhoHadItBefore) {
  const auto& server = node(0);
  const std::string target = "/v1/nodes/" + server.name;
  std::ofstream(server.directory + "/machine", std::ios::app)
      << "power_on() { sleep 1; : >on; }\npower_off() { rm -f on; }\n";  // slow to come, as real ones are
  allocate(*red_, "red", server);
  good(*red_, "PUT", target + "/bmc", Json::object({{"enabled", true}}));
  good(*red_, "POST", target + "/power", Json::object({{"action", "on"}}));
  ASSERT_TRUE(is_on(server));
  std::thread former([&] { (void)red_->call("POST", target + "/power", Json::object({{"action", "cycle"}})); });
  EXPECT_TRUE(eventually([&] { return !is_on(server); }));
  good(admin(), "POST", target + "/release");
  const auto late = admin().call("POST", target + "/power", Json::object({{"action", "on"}}));
  EXPECT_TRUE(late.status == 409 || state_of(server) == "idle") << late.status;
  ASSERT_TRUE(eventually(
      [&] { return blue_->call("POST", "/v1/projects/blue/nodes", Json::object({{"node", server.name}})).good(); }));
  EXPECT_FALSE(is_on(server)) << "and it is somebody else's";
  former.join();
  std::this_thread::sleep_for(milliseconds(1'500));
  EXPECT_FALSE(is_on(server));
}

TEST_F(Handover, ADeadControllerHoldsUpNoOtherServer) {
  for (std::size_t i = 0; i < 4; ++i) allocate(*red_, "red", node(i));
  for (std::size_t i = 0; i < 3; ++i) datacenter_->stop_bmc(node(i));
  for (std::size_t i = 0; i < 3; ++i) good(*red_, "POST", "/v1/nodes/" + node(i).name + "/release");
  std::this_thread::sleep_for(milliseconds(200));  // each waits for its controller by now
  const auto begin = steady_clock::now();
  good(*red_, "POST", "/v1/nodes/" + node(3).name + "/release");
  EXPECT_TRUE(eventually([&] { return state_of(node(3)) == "idle"; }));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(8'000)) << "one controller's time limit is ten seconds";
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(state_of(node(i)), "releasing");
    datacenter_->resume_bmc(node(i));
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(eventually([&] { return state_of(node(i)) == "idle"; }, milliseconds(60'000)));
}

// Every process of the machine, while the service talks to a controller as fast as it can.
TEST_F(Handover, NoControllersPasswordIsOnAnyCommandLine) {
  const auto& server = node(0);
  const std::string file = e2e::read_file(server.directory + "/lan.conf");
  const std::size_t user = file.find("user 2 true \""), begin = file.find("\" \"", user) + 3;
  const std::string password = file.substr(begin, file.find('"', begin) - begin);
  ASSERT_GT(password.size(), 7U);
  allocate(*red_, "red", server);
  good(*red_, "PUT", "/v1/nodes/" + server.name + "/bmc", Json::object({{"enabled", true}}));
  std::atomic<int> calls = 0;
  std::jthread caller([&](const std::stop_token& stop) {
    for (bool on = true; !stop.stop_requested(); on = !on, ++calls)
      good(*red_, "POST", "/v1/nodes/" + server.name + "/power", Json::object({{"action", on ? "on" : "off"}}));
  });
  std::set<std::string> seen;
  EXPECT_TRUE(eventually([&] {
    for (const auto& entry : e2e::fs::directory_iterator("/proc")) {
      const std::string line = e2e::read_file(entry.path().string() + "/cmdline");
      EXPECT_EQ(line.find(password), std::string::npos);
      if (line.find(server.directory) != std::string::npos) seen.insert(line.substr(0, line.find('\0')));
    }
    return calls >= 20;
  }));
  caller = {};
  EXPECT_FALSE(seen.empty()) << "that would be no look at all";
  EXPECT_EQ(e2e::read_file(datacenter_->service_log()).find(password), std::string::npos);
}

}  // namespace
}  // namespace support
