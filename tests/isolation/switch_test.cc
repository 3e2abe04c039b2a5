// The driver of Open vSwitch on a real one: what apply() says is what packets find.
#include <atomic>
#include <thread>

#include "drivers/switch/drivers.h"
#include "support/open_vswitch.h"

namespace {

using base::Code;
using isolation::PortSetting;
using isolation::PortState;
using isolation::VlanId;
using std::chrono::milliseconds;
using support::OpenVswitch;
using support::PacketPort;
using support::Tag;

constexpr int kPatienceMs = 30'000;
constexpr milliseconds kArrives{2'000}, kNever{60};

std::unique_ptr<isolation::Switch> driver(const OpenVswitch& lab) {
  auto opened = drivers::make_switch_drivers()->open({1, "s", "ovsdb", lab.settings()});
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return std::move(*opened);
}

PortState native(VlanId vlan, std::set<VlanId> tagged = {}) { return {vlan, std::move(tagged)}; }
PortState tagged(std::set<VlanId> vlans) { return {std::nullopt, std::move(vlans)}; }

void set(isolation::Switch& device, const std::vector<PortSetting>& settings) {
  const auto done = device.apply(settings, kPatienceMs);
  ASSERT_TRUE(done.ok()) << done.error().message;
  for (const auto& status : *done) EXPECT_TRUE(status.ok()) << status.error().message;
}

PortState read(isolation::Switch& device, const std::string& port) {
  const std::vector<std::string> ports{port};
  const auto states = device.read(ports, kPatienceMs);
  EXPECT_TRUE(states.ok() && (*states)[0]) << (states.ok() ? "no such port" : states.error().message);
  return states.ok() && (*states)[0] ? *(*states)[0] : PortState{};
}

class SwitchLab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!OpenVswitch::ready()) GTEST_SKIP() << "needs root and the packages of the group lab";
  }
};

using Tags = std::vector<Tag>;
const std::vector<Tags>& all_kinds_of_frames() {
  static const std::vector<Tags> kinds{
      {},
      {{0}},
      {{1}},
      {{100}},
      {{200}},
      {{4000}},
      {{4094}},
      {{4095}},
      {{0}, {100}},
      {{100}, {200}},
      {{4095}, {100}},
      {{4095}, {4095}},
      {{100, 0x88a8}},
      {{4095, 0x88a8}},
      {{4095, 0x88a8}, {4095}},
  };
  return kinds;
}

TEST_F(SwitchLab, AnIsolatedPortPassesNothingInEitherDirection) {
  OpenVswitch lab(5);
  const auto device = driver(lab);
  // 1 and 2 isolated; 3 native, 4 tagged, 5 an uplink that somebody configured, with the VLANs that there are.
  lab.vsctl("set port p5 tag=[] trunks=1,100,200,4000,4094");
  set(*device, {{"p1", {}}, {"p2", {}}, {"p3", native(100)}, {"p4", tagged({100, 200})}});
  EXPECT_EQ(read(*device, "p1"), PortState{});
  std::vector<PacketPort> wires;
  for (std::size_t i = 1; i <= 5; ++i) wires.push_back(lab.wire(i));
  ASSERT_TRUE(support::probe(wires[2], wires[3], {}, kArrives)) << "the lab itself does not work";
  for (std::size_t from = 0; from < wires.size(); ++from) {
    for (const Tags& tags : all_kinds_of_frames()) {
      for (PacketPort& wire : wires) wire.forget();
      const std::string text = "from " + std::to_string(from) + ", " + std::to_string(tags.size()) + " tags, " +
                               (tags.empty() ? "" : std::to_string(tags[0].vlan));
      ASSERT_TRUE(wires[from].send({support::kBroadcast, {2, 0, 0, 0, 0, 9}, tags, text}));
      std::this_thread::sleep_for(kNever);
      for (std::size_t to = 0; to < wires.size(); ++to)
        if (from != to && (from < 2 || to < 2)) {
          EXPECT_FALSE(wires[to].receive(milliseconds(0))) << text << ", to " << to;
        }
    }
  }
}

TEST_F(SwitchLab, NativeAndTaggedPortsCarryExactlyTheirVlans) {
  OpenVswitch lab(4);
  const auto device = driver(lab);
  set(*device, {{"p1", native(100)}, {"p2", native(100, {200, 300})}, {"p3", tagged({100, 200})}, {"p4", native(300)}});
  EXPECT_EQ(read(*device, "p2"), native(100, {200, 300}));
  PacketPort one = lab.wire(1), two = lab.wire(2), three = lab.wire(3), four = lab.wire(4);
  EXPECT_EQ(support::probe(one, two, {}, kArrives), Tags{});
  EXPECT_EQ(support::probe(one, three, {}, kArrives), Tags{{100}});
  EXPECT_EQ(support::probe(two, three, {{200}}, kArrives), Tags{{200}});
  EXPECT_EQ(support::probe(two, four, {{300}}, kArrives), Tags{});
  EXPECT_EQ(support::probe(three, one, {{100}}, kArrives), Tags{});
  EXPECT_FALSE(support::probe(one, four, {}, kNever));
  EXPECT_FALSE(support::probe(one, three, {{200}}, kNever)) << "tagged into a port without tagged VLANs";
  EXPECT_FALSE(support::probe(one, two, {{100}}, kNever)) << "not even with its own VLAN";
  EXPECT_FALSE(support::probe(two, four, {{200}}, kNever));
  EXPECT_FALSE(support::probe(three, four, {{300}}, kNever));
  EXPECT_FALSE(support::probe(three, one, {}, kNever)) << "untagged into a port without a native VLAN";
}

// Two nodes talk as fast as they can when one of them is taken out, so that the switch has their flow cached. What is
// sent after apply() has returned must not arrive.
TEST_F(SwitchLab, OnceAPortIsIsolatedNoPacketOfALiveFlowPassesAnyMore) {
  OpenVswitch lab(2);
  const auto device = driver(lab);
  PacketPort one = lab.wire(1), two = lab.wire(2);
  const support::Mac to{2, 0, 0, 0, 0, 2}, from{2, 0, 0, 0, 0, 1};
  int passed = 0;
  for (int round = 0; round < 50; ++round) {
    set(*device, {{"p1", native(100)}, {"p2", native(100)}});
    ASSERT_TRUE(two.send({from, to, {}, "here I am"}));
    ASSERT_TRUE(support::eventually([&] { return support::probe(one, two, {}, milliseconds(50), to).has_value(); }));
    std::atomic<bool> isolated{false}, stop{false};
    std::thread talk([&] {
      while (!stop) {
        const bool late = isolated;  // read before it is sent
        (void)one.send({to, from, {}, late ? "late" : "early"});
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    });
    ASSERT_TRUE(two.receive(kArrives)) << "there is no live flow to cut";
    set(*device, {{"p1", {}}});
    isolated = true;
    std::this_thread::sleep_for(milliseconds(40));
    stop = true;
    talk.join();
    while (const auto frame = two.receive(milliseconds(20))) passed += frame->text == "late" ? 1 : 0;
  }
  EXPECT_EQ(passed, 0);
}

TEST_F(SwitchLab, WhatIsNoPortOrNoStateIsThatPortsOwnErrorAndTheRestIsDone) {
  OpenVswitch lab(2);
  const auto device = driver(lab);
  lab.vsctl("add-br other -- set bridge other datapath_type=netdev");
  const std::vector<PortSetting> settings{
      {"p1", native(7)}, {"none", {}}, {"other", {}}, {"p2", native(7, {7})}, {"p2", tagged({4095})}};
  const auto done = device->apply(settings, kPatienceMs);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_TRUE((*done)[0].ok());
  EXPECT_EQ((*done)[1].error().code, Code::kNotFound);
  EXPECT_EQ((*done)[2].error().code, Code::kNotFound) << "a port of another bridge";
  EXPECT_EQ((*done)[3].error().code, Code::kInvalidInput);
  EXPECT_EQ((*done)[4].error().code, Code::kInvalidInput);
  EXPECT_EQ(read(*device, "p1"), native(7));
  EXPECT_EQ(read(*device, "p2"), native(4000)) << "as it was";
  const std::vector<std::string> ports{"none", "p1"};
  const auto states = device->read(ports, kPatienceMs);
  ASSERT_TRUE(states.ok());
  EXPECT_FALSE((*states)[0]);
  EXPECT_TRUE((*states)[1]);
}

TEST_F(SwitchLab, WhatSomebodyElseSetIsReadAsWhatItLetsThrough) {
  OpenVswitch lab(1);
  const auto device = driver(lab);
  set(*device, {{"p1", {}}});
  lab.vsctl("set port p1 protected=false");
  EXPECT_FALSE(read(*device, "p1").isolated());
  lab.vsctl("set port p1 vlan_mode=trunk");
  EXPECT_FALSE(read(*device, "p1").isolated()) << "a trunk without trunks carries all VLANs";
  set(*device, {{"p1", {}}});
  EXPECT_TRUE(read(*device, "p1").isolated());
}

TEST_F(SwitchLab, AStoppedDaemonIsADeadlineForChangesAndForReading) {
  OpenVswitch lab(1);
  const auto device = driver(lab);
  set(*device, {{"p1", native(5)}});
  lab.pause_forwarding();
  const std::vector<PortSetting> isolate{{"p1", {}}};
  const auto done = device->apply(isolate, 300);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kDeadline);
  const std::vector<std::string> ports{"p1"};
  const auto states = device->read(ports, 300);
  ASSERT_FALSE(states.ok()) << "the database says isolated, but the port is not";
  EXPECT_EQ(states.error().code, Code::kDeadline);
  lab.resume_forwarding();
  EXPECT_TRUE(read(*device, "p1").isolated());
}

TEST_F(SwitchLab, AServerThatWentAwayIsUnreachableAndThenItWorksAgain) {
  OpenVswitch lab(1);
  const auto device = driver(lab);
  set(*device, {{"p1", native(5)}});
  lab.stop_server();
  const std::vector<PortSetting> settings{{"p1", native(6)}};
  const auto done = device->apply(settings, 2'000);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kUnreachable) << done.error().message;
  lab.start_server();
  set(*device, settings);
  EXPECT_EQ(read(*device, "p1"), native(6));
  lab.stop_server();
  lab.start_server();
  EXPECT_EQ(read(*device, "p1"), native(6)) << "a connection that broke while nobody used it is no error";
}

TEST_F(SwitchLab, AThousandPortsAreOneChange) {
  OpenVswitch lab(0);
  const auto device = driver(lab);
  std::string ports;
  std::vector<PortSetting> settings;
  for (int i = 1; i <= 1000; ++i) {
    const std::string name = "d" + std::to_string(i);
    ports += (i > 1 ? " -- add-port br0 " : "add-port br0 ") + name + " -- set interface " + name + " type=dummy";
    settings.push_back({name, i % 3 == 0 ? PortState{} : i % 3 == 1 ? native(100) : native(100, {200, 300})});
  }
  lab.vsctl("--no-wait " + ports);
  const auto begin = std::chrono::steady_clock::now();
  set(*device, settings);
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", static_cast<int>(std::chrono::duration_cast<milliseconds>(took).count()));
  std::vector<std::string> names;
  for (const auto& setting : settings) names.push_back(setting.port);
  const auto states = device->read(names, kPatienceMs);
  ASSERT_TRUE(states.ok()) << states.error().message;
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ((*states)[i], settings[i].state) << names[i];
}

}  // namespace
