// Real nodes on loopback. A single search may miss a value and machines are busy, so tests ask until they have it; only
// what must never happen is looked at once.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "drivers/dht/load.h"

namespace drivers {
namespace {

using discovery::DirectoryKey;
using Clock = std::chrono::steady_clock;
constexpr int kPatienceMs = 60'000;

std::unique_ptr<DhtNode> open(DhtOptions options) {
  options.bind_host = "127.0.0.1";
  auto node = open_dht(options);
  EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message);
  return std::move(node).value();
}

std::string address(const DhtNode& node) { return "127.0.0.1:" + std::to_string(node.bound_port()); }

// The first node, and others that begin with it.
std::vector<std::unique_ptr<DhtNode>> network(std::size_t count, DhtOptions options = {}) {
  std::vector<std::unique_ptr<DhtNode>> nodes;
  while (nodes.size() < count) {
    nodes.push_back(open(options));
    options.bootstrap = {address(*nodes.front())};
  }
  return nodes;
}

DirectoryKey key(std::uint8_t first) {
  DirectoryKey key{};
  key[0] = first;
  return key;
}

base::Bytes text(std::string_view t) { return {t.begin(), t.end()}; }
std::string text(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

std::set<std::string> ask(DhtNode& node, const DirectoryKey& key, int timeout_ms) {
  std::set<std::string> found;
  node.get({&key, 1}, timeout_ms, [&](std::size_t, base::ByteView value) {
    if (!value.empty()) found.insert(text(value));  // else nothing has come for a moment
    return true;
  });
  return found;
}

// Asks until exactly these values are there.
testing::AssertionResult finds(DhtNode& node, const DirectoryKey& key, const std::set<std::string>& values) {
  const auto end = Clock::now() + std::chrono::milliseconds(kPatienceMs);
  std::set<std::string> found;
  while (Clock::now() < end) {
    found = ask(node, key, 5000);
    if (found == values) return testing::AssertionSuccess();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return testing::AssertionFailure() << testing::PrintToString(found);
}

bool knows_somebody(const DhtNode& node) {
  const auto end = Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (node.nodes().good == 0 && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return node.nodes().good > 0;
}

struct TemporaryFile {
  std::string path = std::filesystem::temp_directory_path() / ("tarn_dht_test_" + std::to_string(getpid()));
  ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST(DhtNode, WhatOnePutsTheOthersFind) {
  const auto nodes = network(3);
  nodes[1]->put(key(1), 7, text("from one"));
  nodes[2]->put(key(1), 8, text("from two"));
  for (const auto& node : nodes) EXPECT_TRUE(finds(*node, key(1), {"from one", "from two"}));
  EXPECT_TRUE(ask(*nodes[0], key(2), 5000).empty());
}

TEST(DhtNode, StreamsSeveralKeysAndNamesEach) {
  const auto nodes = network(3);
  const std::array keys{key(1), key(2), key(3)};
  nodes[1]->put(keys[0], 0, text("a"));
  nodes[1]->put(keys[2], 0, text("c"));
  std::set<std::pair<std::size_t, std::string>> found;
  const auto end = Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (found.size() < 2 && Clock::now() < end) {
    nodes[2]->get(keys, 5000, [&](std::size_t index, base::ByteView value) {
      if (!value.empty()) found.emplace(index, text(value));  // else nothing has come for a moment
      return true;
    });
  }
  EXPECT_EQ(found, (std::set<std::pair<std::size_t, std::string>>{{0, "a"}, {2, "c"}}));
}

TEST(DhtNode, TheSameSlotReplacesAnotherDoesNot) {
  const auto nodes = network(3);
  nodes[1]->put(key(1), 7, text("old"));
  nodes[1]->put(key(1), 8, text("other"));
  ASSERT_TRUE(finds(*nodes[2], key(1), {"old", "other"}));
  nodes[1]->put(key(1), 7, text("new"));
  EXPECT_TRUE(finds(*nodes[2], key(1), {"new", "other"}));
  EXPECT_TRUE(finds(*nodes[0], key(1), {"new", "other"}));
}

TEST(DhtNode, TheLargestValueArrivesWhole) {
  const auto nodes = network(3);
  std::string value(discovery::Directory::kMaxValue, 'x');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * i);
  nodes[1]->put(key(1), 1, text(value));
  EXPECT_TRUE(finds(*nodes[2], key(1), {value}));
}

TEST(DhtNode, WithoutAnybodyAGetEndsWhenItsTimeIsUp) {
  DhtOptions options;
  options.bootstrap = {"127.0.0.1:9"};  // nobody
  const auto node = open(options);
  const auto start = Clock::now();
  EXPECT_TRUE(ask(*node, key(1), 700).empty());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(700));
  EXPECT_EQ(node->nodes().good, 0U);
}

TEST(DhtNode, AGetOfNothingEndsAtOnce) {
  const auto node = open({});
  node->get({}, kPatienceMs, [](std::size_t, base::ByteView) { return true; });
}

TEST(DhtNode, AGetFromBeforeTheFirstContactFinds) {
  const auto nodes = network(2);
  nodes[0]->put(key(1), 1, text("patience"));
  ASSERT_TRUE(finds(*nodes[1], key(1), {"patience"}));
  DhtOptions options;
  options.bootstrap = {address(*nodes[0])};
  const auto fresh = open(options);
  EXPECT_TRUE(finds(*fresh, key(1), {"patience"}));
}

TEST(DhtNode, StopsStreamingWhenTheCallerHasEnough) {
  const auto nodes = network(3);
  for (std::uint64_t slot = 0; slot < 10; ++slot) nodes[1]->put(key(1), slot, text("value " + std::to_string(slot)));
  const auto end = Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (ask(*nodes[2], key(1), 5000).size() < 10 && Clock::now() < end) {
  }
  int calls = 0;
  const DirectoryKey wanted = key(1);
  while (calls < 3 && Clock::now() < end) {
    calls = 0;
    nodes[2]->get({&wanted, 1}, 5000, [&](std::size_t, base::ByteView value) { return value.empty() || ++calls < 3; });
  }
  EXPECT_EQ(calls, 3);
}

TEST(DhtNode, AValueOutlivesTheNodesThatItBeganWith) {
  bool found = false;
  for (int life_ms = 2000; life_ms < kPatienceMs && !found; life_ms *= 2) {  // it takes a while until all have heard
    auto nodes = network(4);
    nodes[1]->put(key(1), 1, text("legacy"));
    std::this_thread::sleep_for(std::chrono::milliseconds(life_ms));
    nodes[1].reset();
    nodes[0].reset();
    found = !ask(*nodes[2], key(1), 10'000).empty() && !ask(*nodes[3], key(1), 10'000).empty();
  }
  EXPECT_TRUE(found);
}

// With acquaintances that come and go a node searches each second, and each name that it searched for stays with it.
TEST(DhtNode, AcquaintancesThatComeAndGoLeaveLittleBehind) {
  const auto node = open({});
  DhtOptions options;
  options.bootstrap = {address(*node)};
  for (int i = 0; i < 14; ++i) {
    const auto other = open(options);
    EXPECT_TRUE(knows_somebody(*other));
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  }
  EXPECT_GT(node->nodes().searches, 0U);
  EXPECT_LE(node->nodes().searches, 18U);  // 8 names and perhaps its own, in each family of addresses
}

TEST(DhtNode, ARestartNeedsNoBootstrap) {
  const TemporaryFile file;
  auto nodes = network(3);
  DhtOptions options;
  options.nodes_file = file.path;
  options.bootstrap = {address(*nodes[0])};
  auto node = open(options);
  ASSERT_TRUE(knows_somebody(*node));
  node.reset();
  ASSERT_TRUE(std::filesystem::exists(file.path));
  std::ofstream(file.path, std::ios::app) << "spoiled\n:\n[::1\nhost:99999\n";

  options.bootstrap.clear();
  node = open(options);
  EXPECT_TRUE(knows_somebody(*node));
  nodes[1]->put(key(1), 1, text("still here"));
  EXPECT_TRUE(finds(*node, key(1), {"still here"}));
}

TEST(DhtNode, StopEndsARunningGet) {
  const auto node = open({});
  std::atomic<bool> returned = false;
  std::jthread reader([&] {
    ask(*node, key(1), 10 * kPatienceMs);
    returned = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(returned);
  node->stop();
  reader.join();
  node->stop();
  node->put(key(1), 1, text("too late"));
  EXPECT_TRUE(ask(*node, key(1), kPatienceMs).empty());
  EXPECT_EQ(node->nodes().good, 0U);
}

TEST(DhtNode, CallbacksThatComeLateFindNobodyAndDoNoHarm) {
  const auto nodes = network(3);
  for (std::uint64_t slot = 0; slot < 4; ++slot) nodes[1]->put(key(1), slot, text("value " + std::to_string(slot)));
  ASSERT_TRUE(finds(*nodes[2], key(1), {"value 0", "value 1", "value 2", "value 3"}));
  for (int i = 0; i < 50; ++i) ask(*nodes[2], key(1), i % 2);
}

TEST(DhtNode, WhatMayNotBeStoredIsNot) {
  DhtOptions options;
  // A value begins with its slot's digit, and only a longer one replaces it.
  options.may_store = [](std::uint64_t slot, base::ByteView value, const base::ByteView* replaced) {
    return !value.empty() && value[0] == '0' + slot && (replaced == nullptr || value.size() > replaced->size());
  };
  const std::set<std::string> wanted{"1 long", "3 later"};
  std::set<std::string> found;
  for (int life_ms = 2000; life_ms < kPatienceMs && found != wanted; life_ms *= 2) {  // until all have heard in time
    auto nodes = network(3, options);
    nodes[1]->put(key(1), 1, text("1 long"));
    nodes[1]->put(key(1), 2, text("forged"));
    std::this_thread::sleep_for(std::chrono::milliseconds(life_ms));
    nodes[1]->put(key(1), 1, text("1"));
    nodes[1]->put(key(1), 3, text("3 later"));
    std::this_thread::sleep_for(std::chrono::milliseconds(life_ms));
    nodes[1].reset();  // who gives out what it likes; what the others keep is what counts
    found = ask(*nodes[0], key(1), 10'000);
    found.merge(ask(*nodes[2], key(1), 10'000));
  }
  EXPECT_EQ(found, wanted);
}

TEST(DhtNode, NetworksIgnoreEachOther) {
  const auto ours = network(2);
  DhtOptions options;
  options.network = 1;
  options.bootstrap = {address(*ours[0])};
  const auto stranger = open(options);
  ASSERT_TRUE(knows_somebody(*ours[1]));
  EXPECT_EQ(stranger->nodes().good, 0U);
}

TEST(DhtNode, DelayedDatagramsArriveLater) {
  DhtOptions options;
  options.one_way_delay_ms = 50;
  const auto nodes = network(3, options);
  nodes[1]->put(key(1), 1, text("far away"));
  ASSERT_TRUE(finds(*nodes[2], key(1), {"far away"}));
  const auto start = Clock::now();
  if (!ask(*nodes[2], key(1), 5000).empty()) {
    EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(100));
  }
}

TEST(DhtNode, RefusesWhatCannotBe) {
  const auto node = open({});
  DhtOptions taken;
  taken.bind_host = "127.0.0.1";
  taken.port = node->bound_port();
  DhtOptions nowhere;
  nowhere.bind_host = "not an address";
  DhtOptions lost;
  lost.bootstrap = {"host"};
  for (const DhtOptions& options : {taken, nowhere, lost}) {
    const auto refused = open_dht(options);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Code::kInvalidInput);
    EXPECT_FALSE(refused.error().message.empty());
  }
}

}  // namespace
}  // namespace drivers
