// Sixteen users of a datacenter of fifteen servers, each with a project of its own, who all want the same servers, NICs,
// names and VLANs at the same time. Whoever the service lets win, each thing has one winner, and what is left in the end
// keeps the invariants that the service promises (isolation/rules.h).
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <random>
#include <thread>

#include "support/datacenter.h"

namespace support {
namespace {

constexpr std::size_t kClients = 16, kNodes = 15;

class Race : public testing::Test {
 protected:
  void SetUp() override {
    if (!Datacenter::ready()) GTEST_SKIP() << "needs root, Open vSwitch and ipmi_sim (apt.txt, group lab)";
    datacenter_ = std::make_unique<Datacenter>(kNodes);
    ASSERT_EQ(datacenter_->nodes().size(), kNodes);
    const ApiUser admin = datacenter_->administrator();
    for (std::size_t i = 0; i < kClients; ++i) {
      ASSERT_EQ(admin.call("POST", "/v1/projects", Json::object({{"name", project(i)}})).status, 201U);
      users_.push_back(datacenter_->make_user("u" + std::to_string(i), {project(i)}));
    }
  }
  static std::string project(std::size_t i) { return "p" + std::to_string(i); }

  // All at once; how many of them succeeded with what `body` did.
  std::size_t winners(const std::function<bool(std::size_t)>& body) const {
    std::barrier line(kClients);
    std::atomic<std::size_t> won = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kClients; ++i)
      threads.emplace_back([&, i] {
        line.arrive_and_wait();
        won += body(i) ? 1 : 0;
      });
    for (std::thread& thread : threads) thread.join();
    return won;
  }
  bool good(std::size_t i, const std::string& method, const std::string& target, const Json& body = nullptr) const {
    const auto answer = users_[i].call(method, target, body);
    // Two may meet; nothing may break.
    EXPECT_TRUE(answer.status != 0 && answer.status < 500) << method << " " << target << ": " << answer.body.dump();
    return answer.good();
  }
  // The operation; empty if it was refused.
  std::string begin_change(std::size_t i, const char* kind, const std::string& node, const std::string& network) const {
    const Json one = Json::object({{"kind", kind}, {"node", node}, {"nic", "eth0"}, {"network", network}});
    const auto answer = users_[i].call("POST", "/v1/changes", Json::object({{"changes", Json::array({one})}}));
    EXPECT_TRUE(answer.status != 0 && answer.status < 500) << answer.body.dump();
    return answer.good() ? answer.body.text("id") : "";
  }

  // As the administrator sees it.
  Json get(const std::string& target) const {
    const auto answer = datacenter_->administrator().call("GET", target);
    EXPECT_EQ(answer.status, 200U) << target << ": " << answer.body.dump();
    return answer.body;
  }
  // All pages of a list.
  std::vector<Json> all(const std::string& target) const {
    std::vector<Json> out;
    for (std::string after;;) {
      const Json page = get(target + "?limit=500" + (after.empty() ? "" : "&after=" + after));
      for (const Json& item : page.list("items")) out.push_back(item);
      const Json* const next = page.find("next");
      if (next == nullptr || next->string() == nullptr || page.list("items").empty()) return out;
      after = *next->string();
    }
  }
  void expect_each_vlan_once() const {
    std::set<std::string> vlans;
    std::size_t networks = 0;
    for (const Json& entry : all("/v1/networks")) {
      const Json network = get("/v1/networks/" + entry.text("name"));
      std::size_t own = 0;
      for (const Json& channel : network.list("channels")) {
        if (*channel.string() == "vlan/native") continue;
        ++own;
        EXPECT_TRUE(vlans.insert(*channel.string()).second) << network.dump();
      }
      EXPECT_EQ(own, 1U) << network.dump();
      ++networks;
    }
    EXPECT_EQ(vlans.size(), networks);
    EXPECT_GT(networks, 0U);
  }
  // The switch has exactly what the service says.
  void expect_no_drift() const {
    const Json drift = get("/v1/switches/" + datacenter_->switch_name() + "/drift");
    EXPECT_TRUE(drift.list("items").empty()) << drift.dump();
  }

  // One user's part of the turmoil.
  void act(std::size_t i, std::mt19937_64::result_type seed) const {
    const std::vector<Datacenter::Node>& nodes = datacenter_->nodes();
    std::mt19937_64 random(seed);
    for (int step = 0; step < 60; ++step) {
      // Mostly what one has oneself, and one's neighbour has, too.
      const std::string& node = nodes[(i + random() % 2) % nodes.size()].name;
      const std::string network = "net-" + std::to_string(random() % 2 == 0 ? i : random() % kClients);
      const std::string mine = project(i);
      switch (random() % 12) {
        case 0:
        case 1:
          good(i, "POST", "/v1/networks", Json::object({{"name", network}, {"owner", mine}, {"access", mine}}));
          break;
        case 2: good(i, "DELETE", "/v1/networks/" + network); break;
        case 3: good(i, "PUT", "/v1/networks/" + network + "/access/" + project(random() % kClients)); break;
        case 4: good(i, "DELETE", "/v1/networks/" + network + "/access/" + project(random() % kClients)); break;
        case 5: begin_change(i, "detach", node, network); break;
        case 6:
        case 7:
        case 8: begin_change(i, "connect", node, network); break;
        case 9:  // seldom: it takes as long as many other calls
          if (random() % 8 == 0) good(i, "POST", "/v1/nodes/" + node + "/release");
          break;
        default: good(i, "POST", "/v1/projects/" + mine + "/nodes", Json::object({{"node", node}}));
      }
    }
  }
  // Until nothing is under way.
  void expect_quiet() const {
    for (const auto& node : datacenter_->nodes())
      EXPECT_TRUE(eventually([&] {
        const Json seen = get("/v1/nodes/" + node.name);
        return seen.text("state") != "releasing" && !seen.list("nics").front().flag("busy");
      })) << node.name;
  }
  // Returns how many there are.
  std::size_t expect_sound_attachments() const {
    std::map<std::string, std::set<std::string>> access;  // network → projects
    for (const Json& entry : all("/v1/networks")) {
      const Json network = get("/v1/networks/" + entry.text("name"));
      EXPECT_FALSE(network.flag("public")) << network.dump();
      EXPECT_FALSE(network.list("access").empty()) << network.dump();
      for (const Json& project : network.list("access")) access[entry.text("name")].insert(*project.string());
    }
    std::size_t attached = 0;
    for (const auto& node : datacenter_->nodes()) {
      const Json seen = get("/v1/nodes/" + node.name);
      const auto& attachments = seen.list("nics").front().list("attachments");
      EXPECT_EQ(seen.text("state") == "held", !seen.text("project").empty()) << seen.dump();
      EXPECT_TRUE(seen.text("state") == "held" || attachments.empty()) << seen.dump();
      std::set<std::string> networks, channels;
      for (const Json& attachment : attachments) {
        ++attached;
        EXPECT_EQ(attachment.text("state"), "connected") << seen.dump();
        EXPECT_TRUE(networks.insert(attachment.text("network")).second) << seen.dump();
        EXPECT_TRUE(channels.insert(attachment.text("channel")).second) << seen.dump();
        EXPECT_TRUE(access.contains(attachment.text("network"))) << "a network that is gone: " << seen.dump();
        EXPECT_TRUE(access[attachment.text("network")].contains(seen.text("project"))) << seen.dump();
      }
    }
    return attached;
  }

  std::unique_ptr<Datacenter> datacenter_;
  std::vector<ApiUser> users_;
};

TEST_F(Race, ForOneServerHasOneWinner) {
  for (const auto& node : datacenter_->nodes()) {
    const Json body = Json::object({{"node", node.name}});
    EXPECT_EQ(winners([&](std::size_t i) { return good(i, "POST", "/v1/projects/" + project(i) + "/nodes", body); }),
              1U);
  }
}

TEST_F(Race, ForAnyServerHandsOutEachOnce) {
  const Json any = Json::object({{"like", Json::object()}});
  const auto got =
      winners([&](std::size_t i) { return good(i, "POST", "/v1/projects/" + project(i) + "/nodes", any); });
  EXPECT_EQ(got, kNodes);
  std::set<std::string> nodes;
  std::size_t held = 0;
  for (std::size_t i = 0; i < kClients; ++i) {
    const auto answer = users_[i].call("GET", "/v1/projects/" + project(i) + "/nodes");
    EXPECT_EQ(answer.status, 200U) << answer.body.dump();
    for (const Json& node : answer.body.list("items")) {
      nodes.insert(node.string() != nullptr ? *node.string() : node.text("name"));
      ++held;
    }
  }
  EXPECT_EQ(held, kNodes);
  EXPECT_EQ(nodes.size(), kNodes);
}

TEST_F(Race, ForOneNameOrVlanHasOneWinner) {
  EXPECT_EQ(winners([&](std::size_t i) {
              return good(i, "POST", "/v1/networks",
                          Json::object({{"name", "net"}, {"owner", project(i)}, {"access", project(i)}}));
            }),
            1U);
  std::set<std::string> vlans;
  std::mutex mutex;
  EXPECT_EQ(winners([&](std::size_t i) {
              const auto made = users_[i].call(
                  "POST", "/v1/networks",
                  Json::object({{"name", "net-" + project(i)}, {"owner", project(i)}, {"access", project(i)}}));
              const std::lock_guard lock(mutex);
              for (const Json& channel : made.body.list("channels"))
                if (*channel.string() != "vlan/native") vlans.insert(*channel.string());
              return made.status == 201;
            }),
            kClients);
  EXPECT_EQ(vlans.size(), kClients);
}

TEST_F(Race, ForOneNicHasOneChangeAtATime) {
  const ApiUser admin = datacenter_->administrator();
  const std::string node = datacenter_->nodes().front().name;
  ASSERT_TRUE(good(0, "POST", "/v1/projects/p0/nodes", Json::object({{"node", node}})));
  for (std::size_t i = 1; i < kClients; ++i)
    ASSERT_TRUE(admin.call("PUT", "/v1/projects/p0/members/u" + std::to_string(i)).good());
  for (std::size_t i = 0; i < kClients; ++i)
    ASSERT_TRUE(good(0, "POST", "/v1/networks",
                     Json::object({{"name", "net-" + std::to_string(i)}, {"owner", "p0"}, {"access", "p0"}})));
  for (int round = 0; round < 10; ++round) {
    std::mutex mutex;
    std::vector<std::string> begun;
    winners([&](std::size_t i) {
      const std::string operation = begin_change(i, "connect", node, "net-" + std::to_string(i));
      const std::lock_guard lock(mutex);
      if (!operation.empty()) begun.push_back(operation);
      return true;
    });
    // All want the native VLAN: whoever came first has it.
    ASSERT_EQ(begun.size(), 1U);
    EXPECT_EQ(admin.await(begun.front()).text("state"), "done");
    const auto seen = admin.call("GET", "/v1/nodes/" + node);
    EXPECT_EQ(seen.status, 200U) << seen.body.dump();
    const auto& attachments = seen.body.list("nics").front().list("attachments");
    ASSERT_EQ(attachments.size(), 1U) << seen.body.dump();
    const std::string operation = begin_change(0, "detach", node, attachments.front().text("network"));
    EXPECT_EQ(admin.await(operation).text("state"), "done");
  }
}

// Invariant 4: a port and a NIC are parted while the node is idle, or not at all. The events say in which order it went.
TEST_F(Race, ForAWireAndItsServerNeverPartsWhatSomebodyHolds) {
  std::size_t parted = 0, kept = 0;
  for (const auto& node : datacenter_->nodes()) {
    const std::string wire = "/v1/switches/" + datacenter_->switch_name() + "/ports/" + node.port + "/nic";
    std::atomic<bool> was_parted = false;
    const Json body = Json::object({{"node", node.name}});
    const ApiUser admin = datacenter_->administrator();
    const std::size_t won = winners([&](std::size_t i) {
      if (i > 0) return good(i, "POST", "/v1/projects/" + project(i) + "/nodes", body);
      const auto answer = admin.call("DELETE", wire);
      EXPECT_TRUE(answer.good() || answer.status == 409) << answer.body.dump();
      was_parted = answer.good();
      return false;
    });
    EXPECT_EQ(won, 1U);
    const Json seen = get("/v1/nodes/" + node.name);
    EXPECT_EQ(seen.list("nics").front().text("port").empty(), was_parted.load()) << seen.dump();
    ++(was_parted ? parted : kept);
  }
  EXPECT_EQ(parted + kept, kNodes);
  std::set<std::string> held;
  for (const Json& event : all("/v1/events")) {
    const std::string kind = event.text("kind"), subject = event.text("subject"), detail = event.text("detail");
    if (kind == "node.allocated") held.insert(subject);
    if (kind != "port.parted") continue;
    const std::size_t from = detail.find(" from ") + 6;
    EXPECT_FALSE(held.contains("node/" + detail.substr(from, detail.find(' ', from) - from))) << event.dump();
  }
  EXPECT_EQ(held.size(), kNodes);
}

// Invariant 5: fixed by administrators or drawn from the pool, at the same time.
TEST_F(Race, ForOneVlanHasOneWinnerHoweverItIsChosen) {
  std::vector<ApiUser> administrators;
  for (std::size_t i = 0; i < kClients; ++i) administrators.push_back(datacenter_->administrator());
  for (int round = 0; round < 5; ++round) {
    const int vlan = 100 + 3 * round;  // such as the pool gives next
    const auto name = [&](std::size_t i) { return "fixed-" + std::to_string(round) + "-" + std::to_string(i); };
    const std::size_t fixed = winners([&](std::size_t i) {
      if (i % 4 == 0) {
        good(i, "POST", "/v1/networks",
             Json::object({{"name", "drawn-" + name(i)}, {"owner", project(i)}, {"access", project(i)}}));
        return false;
      }
      const auto made = administrators[i].call(
          "POST", "/v1/networks", Json::object({{"name", name(i)}, {"access", project(i)}, {"vlan", vlan}}));
      EXPECT_TRUE(made.status == 201 || made.status == 409) << made.body.dump();
      return made.good();
    });
    EXPECT_LE(fixed, 1U);
    expect_each_vlan_once();
  }
  // Nobody else wants this one.
  EXPECT_EQ(winners([&](std::size_t i) {
              return administrators[i]
                  .call("POST", "/v1/networks",
                        Json::object({{"name", "last-" + std::to_string(i)}, {"access", nullptr}, {"vlan", 4001}}))
                  .good();
            }),
            1U);
  expect_each_vlan_once();
}

// Invariants 8 and 9: its project turns it off and on and off and on, it is released, and everybody else wants it.
TEST_F(Race, ForAServerThatIsReleasedIsWonOnlyWhenItIsOffAndOnNothing) {
  const ApiUser admin = datacenter_->administrator();
  ASSERT_TRUE(good(0, "POST", "/v1/networks", Json::object({{"name", "net"}, {"owner", "p0"}, {"access", "p0"}})));
  for (std::size_t round = 0; round < 5; ++round) {
    const Datacenter::Node& node = datacenter_->nodes()[round];
    const std::string target = "/v1/nodes/" + node.name;
    const Json body = Json::object({{"node", node.name}});
    ASSERT_TRUE(good(0, "POST", "/v1/projects/p0/nodes", body));
    ASSERT_TRUE(good(0, "PUT", target + "/bmc", Json::object({{"enabled", true}})));
    ASSERT_TRUE(good(0, "POST", target + "/power", Json::object({{"action", "on"}})));
    ASSERT_EQ(admin.await(begin_change(0, "connect", node.name, "net")).text("state"), "done");
    std::atomic<bool> over = false;
    std::atomic<std::size_t> cycles = 0, winner = 0;
    const std::size_t won = winners([&](std::size_t i) {
      if (i == 0) {
        while (good(0, "POST", target + "/power", Json::object({{"action", "cycle"}, {"force", round % 2 == 0}})))
          ++cycles;
        return false;
      }
      if (i == 1) {
        std::this_thread::sleep_for(std::chrono::milliseconds(60 + 37 * round));
        EXPECT_TRUE(admin.call("POST", target + "/release").good());
        return false;
      }
      const auto end = steady_clock::now() + kPatience;
      while (!over && steady_clock::now() < end) {
        if (!good(i, "POST", "/v1/projects/" + project(i) + "/nodes", body)) continue;
        EXPECT_FALSE(e2e::fs::exists(node.directory + "/on")) << node.name << " is on, and has changed hands";
        winner = i;
        over = true;
        return true;
      }
      return false;
    });
    EXPECT_EQ(won, 1U);
    const Json seen = get(target);
    EXPECT_EQ(seen.text("project"), project(winner)) << seen.dump();
    EXPECT_FALSE(seen.flag("bmc_enabled"));
    EXPECT_TRUE(seen.list("nics").front().list("attachments").empty()) << seen.dump();
    EXPECT_FALSE(e2e::fs::exists(node.directory + "/on"));
  }
  expect_no_drift();
}

// Everything at once and at random; then whatever is left is looked at.
TEST_F(Race, LeavesNothingThatTheInvariantsForbid) {
  // Two or three attachments are left by the end, and once in a while none: then nothing was shown, and all go on.
  std::size_t attached = 0;
  for (std::size_t round = 0; round < 20 && attached == 0 && !HasFailure(); ++round) {
    winners([&](std::size_t i) {
      act(i, round * kClients + i + 1);
      return true;
    });
    expect_quiet();
    expect_each_vlan_once();
    attached = expect_sound_attachments();
  }
  EXPECT_GT(attached, 0U);
  expect_no_drift();
}

}  // namespace
}  // namespace support
