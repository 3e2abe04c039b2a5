// Turns of the market's clock on a machine whose clock is set. A contract of three hours is what a wrong time would settle.
#include "tarn/market_turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "support/delivery_town.h"

namespace tarn {
namespace {

using market::Contract;

constexpr std::int64_t kHour = market::kHourMs;

// One process: restarted, it has all that is in the town, and its own clocks as they are.
class Process {
 public:
  explicit Process(support::DeliveryTown& town, std::int64_t tolerance = 300'000) : town_(town), tolerance_(tolerance) {
    restart();
  }
  void restart() {
    turns_.reset();
    metrics_ = std::make_unique<net::Metrics>();
    time_ = std::make_unique<MarketTime>(
        tolerance_, support::MarketTown::value(last_deed(town_.store())),
        [this] { return TwoClocks{wall.unix_ms(), boot_ms}; }, log_, *metrics_);
    clock_ =
        std::make_unique<market::Clock>(town_.store(), town_.fulfiller, town_.context(), market::ClockSettings{}, log_);
    leader_ = std::make_unique<store::MarketLeader>(store::MarketStoreSettings{}, town_.store());
    turns_ = std::make_unique<MarketTurns>(MarketTurns::Parts{.wall = wall,
                                                              .time = *time_,
                                                              .leader = *leader_,
                                                              .clock = *clock_,
                                                              .metrics = *metrics_,
                                                              .log = log_,
                                                              .changed = [this] { ++changes; }});
  }
  // Time goes on, in looks a minute apart; the wall clock is what the town's now is, and `ahead` of it.
  void live_until(std::int64_t then) {
    while (town_.now < then) {
      const std::int64_t step = std::min<std::int64_t>(60'000, then - town_.now);
      town_.now += step;
      boot_ms += step;
      turn();
    }
  }
  void turn() {
    const std::int64_t rest = turns_->run_one();
    EXPECT_GE(rest, 1);
    EXPECT_LE(rest, 60'000);
  }
  bool leads() const { return metrics_->text().find("\ntarn_market_leads 1\n") != std::string::npos; }
  bool well() const { return turns_->well(); }

  struct Wall final : base::Clock {
    explicit Wall(const support::DeliveryTown& of) : town(of) {}
    std::int64_t unix_ms() const override { return town.now + ahead_ms; }
    const support::DeliveryTown& town;
    std::int64_t ahead_ms = 0;
  };

 private:
  support::DeliveryTown& town_;

 public:
  Wall wall{town_};
  std::int64_t boot_ms = 1'000;
  std::size_t changes = 0;

 private:
  const std::int64_t tolerance_;
  support::NoLog log_;
  std::unique_ptr<net::Metrics> metrics_;
  std::unique_ptr<MarketTime> time_;
  std::unique_ptr<market::Clock> clock_;
  std::unique_ptr<store::MarketLeader> leader_;
  std::unique_ptr<MarketTurns> turns_;
};

struct MarketTurnsTest : testing::Test {
  support::DeliveryTown town;
  const market::Id contract = town.agree({.from = town.hour(1), .until = town.hour(4), .pays = 3'000, .gets = 3'000});
  Contract::State state() { return town.contract(contract).state; }
};

TEST_F(MarketTurnsTest, WhatIsDueHappens) {
  Process process(town);
  process.live_until(town.hour(1));
  EXPECT_TRUE(process.leads());
  EXPECT_EQ(state(), Contract::State::kActive);
  process.live_until(town.hour(4));
  EXPECT_EQ(state(), Contract::State::kCompleted);
  EXPECT_EQ(town.contract(contract).paid, 3'000);
  EXPECT_GT(process.changes, 0U);
}

TEST_F(MarketTurnsTest, AClockSetAheadSettlesNothingAndGoesOnWhenItIsSetRight) {
  Process process(town);
  process.live_until(town.hour(2));
  const auto paid = town.contract(contract).paid;
  const std::size_t writes = town.memory.writes(), changes = process.changes;
  process.wall.ahead_ms = 30 * 24 * kHour;
  process.live_until(town.hour(2) + kHour / 2);
  EXPECT_EQ(town.memory.writes(), writes) << "nothing is written at all";
  EXPECT_EQ(process.changes, changes);
  EXPECT_EQ(state(), Contract::State::kActive);
  EXPECT_EQ(town.contract(contract).paid, paid);
  EXPECT_FALSE(process.leads()) << "another machine's clock may be right";
  EXPECT_TRUE(process.well()) << "or somebody restarts it";
  process.wall.ahead_ms = 0;
  process.live_until(town.hour(3));
  EXPECT_TRUE(process.leads());
  EXPECT_GT(town.contract(contract).paid, paid);
  process.live_until(town.hour(4));
  EXPECT_EQ(state(), Contract::State::kCompleted);
  EXPECT_EQ(town.contract(contract).paid, 3'000);
}

TEST_F(MarketTurnsTest, AClockSetBackStopsTurnsToo) {
  Process process(town);
  process.live_until(town.hour(1));
  const std::size_t writes = town.memory.writes();
  process.wall.ahead_ms = -kHour;
  process.live_until(town.hour(5));
  EXPECT_EQ(town.memory.writes(), writes);
  EXPECT_FALSE(process.leads());
}

TEST_F(MarketTurnsTest, ARestartTakesTheNewTimeForRight) {
  Process process(town);
  process.live_until(town.hour(0));
  process.wall.ahead_ms = 5 * kHour;
  process.live_until(town.hour(0) + kHour / 2);
  EXPECT_EQ(state(), Contract::State::kSigned);
  process.restart();
  process.turn();
  EXPECT_TRUE(process.leads());
  process.live_until(town.hour(1));
  EXPECT_NE(state(), Contract::State::kSigned);
}

TEST_F(MarketTurnsTest, AStartBeforeWhatWasDoneDoesNothingUntilTheClockIsThere) {
  Process process(town);
  process.live_until(town.hour(2));
  process.wall.ahead_ms = -10 * kHour;
  process.restart();
  const std::size_t writes = town.memory.writes();
  process.live_until(town.hour(2) + kHour / 4);
  EXPECT_EQ(town.memory.writes(), writes);
  EXPECT_FALSE(process.leads());
  process.wall.ahead_ms = 0;
  process.live_until(town.hour(4));
  EXPECT_EQ(state(), Contract::State::kCompleted);
}

TEST_F(MarketTurnsTest, WithoutAToleranceEveryTimeIsFollowed) {
  Process process(town, 0);
  process.wall.ahead_ms = 30 * 24 * kHour;
  process.turn();
  EXPECT_TRUE(process.leads());
  EXPECT_NE(state(), Contract::State::kSigned);
}

}  // namespace
}  // namespace tarn
