#include "drivers/bmc/console_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/process.h"

namespace drivers {
namespace {

using base::Code;
using support::eventually;

constexpr int kPatienceMs = 20'000;

// A console whose output the test says; how often it was opened, and whether it is open now.
struct Console {
  std::mutex mutex;
  std::string output;
  std::atomic<int> opened{0};
  std::atomic<std::size_t> told{0};  // bytes that the hub has
  std::atomic<bool> open{false}, broken{false};

  void say(const std::string& text) {
    const std::lock_guard lock(mutex);
    output += text;
  }
  ConsoleHub::Source source() {
    return [this](const ConsoleHub::OnData& on_data, int) -> base::Status {
      EXPECT_FALSE(open.exchange(true)) << "two sessions at once";
      ++opened;
      while (!broken) {
        std::string data;
        {
          const std::lock_guard lock(mutex);
          data.swap(output);
        }
        if (!on_data(data)) break;
        told += data.size();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      open = false;
      if (broken) return base::Error{Code::kUnreachable, "the cable is cut"};
      return {};
    };
  }
};

TEST(ConsoleHub, AllWatchersSeeTheSameAndOneSessionIsOpened) {
  ConsoleHub hub;
  Console console;
  std::atomic<int> saw{0};
  std::vector<std::thread> watchers;
  for (int i = 0; i < 5; ++i) {
    watchers.emplace_back([&] {
      std::string text;
      const auto end = hub.watch(
          "n1", console.source(),
          [&](std::string_view data) {
            text += data;
            return text.find("login") == std::string::npos;
          },
          kPatienceMs);
      EXPECT_TRUE(end.ok());
      ++saw;
    });
  }
  EXPECT_TRUE(eventually([&] { return console.open.load(); }));
  EXPECT_TRUE(eventually([&] {  // who comes after the first has left opens it anew, and waits for the next line
    console.say("login ");
    return saw == 5;
  }));
  for (auto& watcher : watchers) watcher.join();
  EXPECT_FALSE(console.open) << "nobody watches";
}

TEST(ConsoleHub, ANewcomerIsToldWhatCameBefore) {
  ConsoleHub hub;
  Console console;
  std::atomic<bool> heard{false}, stop{false};
  std::thread first([&] {
    (void)hub.watch(
        "n1", console.source(),
        [&](std::string_view data) {
          heard = heard || !data.empty();
          return !stop;
        },
        kPatienceMs);
  });
  console.say("boot failed");
  ASSERT_TRUE(eventually([&] { return heard.load(); }));
  std::string text;
  const auto end = hub.watch(
      "n1", console.source(),
      [&](std::string_view data) {
        text += data;
        return false;
      },
      kPatienceMs);
  EXPECT_TRUE(end.ok());
  EXPECT_EQ(text, "boot failed");
  stop = true;
  first.join();
  EXPECT_EQ(console.opened, 1);
}

TEST(ConsoleHub, WhatCameBeforeTheEndIsForNobodyAfterIt) {
  ConsoleHub hub;
  Console console;
  std::string before;
  std::atomic<bool> heard{false};
  std::thread former([&] {
    const auto end = hub.watch(
        "n1", console.source(),
        [&](std::string_view data) {
          before += data;
          heard = heard || !data.empty();
          return true;  // it never leaves by itself
        },
        kPatienceMs);
    EXPECT_TRUE(end.ok());
  });
  console.say("root password: hush");
  ASSERT_TRUE(eventually([&] { return heard.load(); }));
  hub.end("n1");
  std::string after;
  bool said = false;
  std::thread next([&] {
    const auto end = hub.watch(
        "n1", console.source(),
        [&](std::string_view data) {
          if (data.empty() && !std::exchange(said, true)) console.say("welcome");
          after += data;
          return after.empty();
        },
        kPatienceMs);
    EXPECT_TRUE(end.ok());
  });
  next.join();
  former.join();
  EXPECT_EQ(before, "root password: hush");
  EXPECT_EQ(after, "welcome");
  EXPECT_EQ(console.opened, 2);
  hub.end("n1");  // where nobody watches there is nothing to end
}

TEST(ConsoleHub, ASlowWatcherLosesTheOldestAndIsToldSo) {
  ConsoleHub hub;
  Console console;
  std::string text;
  bool first = true;
  console.say("begin");
  const auto end = hub.watch(
      "n1", console.source(),
      [&](std::string_view data) {
        text += data;
        if (data.empty() || !first) return text.find("END") == std::string::npos;
        first = false;
        for (std::size_t i = 0; i < 3 * ConsoleHub::kBuffer / 1024; ++i) console.say(std::string(1024, 'x'));
        console.say("END");
        return eventually([&] { return console.told == text.size() + 3 * ConsoleHub::kBuffer + 3; });
      },
      kPatienceMs);
  EXPECT_TRUE(end.ok());
  EXPECT_NE(text.find("was lost here"), std::string::npos);
  EXPECT_TRUE(text.ends_with("END"));
  EXPECT_LT(text.size(), 2 * ConsoleHub::kBuffer);
}

TEST(ConsoleHub, ABrokenConsoleIsEverybodysErrorAndCanBeOpenedAgain) {
  ConsoleHub hub;
  Console console;
  console.broken = true;
  const auto watch = [&] {
    return hub.watch("n1", console.source(), [](std::string_view) { return true; }, kPatienceMs);
  };
  EXPECT_EQ(watch().error().code, Code::kUnreachable);
  EXPECT_EQ(watch().error().code, Code::kUnreachable);
  EXPECT_EQ(console.opened, 2);
}

}  // namespace
}  // namespace drivers
