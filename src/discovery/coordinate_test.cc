#include "discovery/coordinate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "discovery/cell.h"
#include "discovery/vivaldi.h"
#include "support/coordinate_attacks.h"
#include "support/coordinate_world.h"
#include "support/places.h"

namespace discovery {
namespace {

using support::CoordinateWorld;
using support::LatencyMatrix;

// Anywhere in the world, in whole microseconds.
Coordinate anywhere(double reach_ms = 400) {
  const auto us = static_cast<int>(reach_ms * 1000);
  Coordinate c;
  for (double& v : c.position_ms) v = *rc::gen::inRange(-us, us + 1) / 1e3;
  c.height_ms = *rc::gen::inRange(10, 50'000) / 1e3;
  c.adjustment_ms = *rc::gen::inRange(-20'000, 20'000) / 1e3;
  c.error = *rc::gen::inRange(0, 1'500'001) / 1e6;
  return c;
}

RC_GTEST_PROP(Coordinates, SurviveTheWire, ()) {
  const Coordinate c = anywhere(10'000);
  const base::Bytes wire = c.encode();
  RC_ASSERT(wire.size() == Coordinate::kEncodedSize);
  RC_ASSERT(Coordinate::decode(wire) == c);
}

RC_GTEST_PROP(Coordinates, WhatDecodesEncodesToTheSameBytes, ()) {
  base::Bytes wire = anywhere(10'000).encode();
  wire[*rc::gen::inRange<std::size_t>(0, wire.size())] = *rc::gen::arbitrary<std::uint8_t>();
  if (const auto decoded = Coordinate::decode(wire)) RC_ASSERT(decoded->encode() == wire);
}

TEST(Coordinates, RefuseWhatIsNoPlace) {
  EXPECT_FALSE(Coordinate::decode({}));
  base::Bytes wire = Coordinate{}.encode();
  wire.push_back(0);
  EXPECT_FALSE(Coordinate::decode(wire));
  const double absurd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 10'001,
                           -10'001};
  for (const double v : absurd) {
    Coordinate c;
    c.position_ms[3] = v;
    EXPECT_FALSE(c.valid());
    c = {};
    c.height_ms = v;
    EXPECT_FALSE(c.valid());
    c = {};
    c.error = v;
    EXPECT_FALSE(c.valid());
  }
}

TEST(Coordinates, DistanceAddsHeightsAndWhatAdjustmentsLeavePositive) {
  Coordinate a, b;
  a.position_ms = {3, 0};
  b.position_ms = {0, 4};
  a.height_ms = 1;
  b.height_ms = 2;
  EXPECT_DOUBLE_EQ(distance_ms(a, b), 8);
  a.adjustment_ms = -3;
  EXPECT_DOUBLE_EQ(distance_ms(a, b), 5);
  b.adjustment_ms = -5;  // the sum is not positive: no adjustment
  EXPECT_DOUBLE_EQ(distance_ms(a, b), 8);
}

// No false negatives: whoever is within a level's side is in a cell of the ring.
RC_GTEST_PROP(Cells, TheRingHasAllWithinTheSide, ()) {
  const Coordinate here = anywhere();
  const std::size_t level = *rc::gen::inRange<std::size_t>(1, kLevels);
  const Coordinate direction = anywhere(1000);
  const double length = euclid_ms(direction, {});
  RC_PRE(length > 0);
  const double reach = kSidesMs[level] * *rc::gen::inRange(0, 1000) / 1000;
  Coordinate there = here;
  for (std::size_t i = 0; i < kDimensions; ++i) there.position_ms[i] += direction.position_ms[i] / length * reach;
  const std::vector<Cell> cells = ring(here, level);
  RC_ASSERT(std::ranges::count(cells, cell_of(there, level)) == 1);
}

TEST(Cells, KeysDifferInEveryPart) {
  const Cell cell{2, 3, -4};
  std::set<DirectoryKey> keys = {key_of("a", cell, 7),       key_of("b", cell, 7),      key_of("a", {1, 3, -4}, 7),
                                 key_of("a", {2, 4, -4}, 7), key_of("a", {2, 3, 4}, 7), key_of("a", cell, 8)};
  EXPECT_EQ(keys.size(), 6U);
}

TEST(Cells, EpochsOverlapAtTheirBoundary) {
  const std::int64_t hour = 480'000 * kEpochMs, minute = 60'000;
  EXPECT_EQ(epochs_to_announce(hour + 30 * minute), std::vector<std::int64_t>({480'000}));
  EXPECT_EQ(epochs_to_announce(hour + 51 * minute), std::vector<std::int64_t>({480'000, 480'001}));
  EXPECT_EQ(epochs_to_ask(hour + 3 * minute), std::vector<std::int64_t>({480'000}));
  EXPECT_EQ(epochs_to_ask(hour + minute), std::vector<std::int64_t>({480'000, 479'999}));
}

TEST(Learning, RefusesAbsurdInput) {
  crypto::SeededRandom random(base::view("absurd"));
  Vivaldi vivaldi(random);
  const Coordinate before = vivaldi.own();
  Coordinate broken;
  broken.position_ms[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(vivaldi.observe({}, broken, 10, 0));
  for (const double rtt : {0.0, -1.0, 10'001.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_FALSE(vivaldi.observe({}, Coordinate{}, rtt, 0));
  EXPECT_EQ(vivaldi.own(), before);
  EXPECT_EQ(vivaldi.refused(), 5U);
}

TEST(Learning, FindsItselfBetweenTwoAndStaysBoundedAmongMany) {
  crypto::SeededRandom random(base::view("line"));
  Vivaldi vivaldi(random);
  Coordinate left, right;
  left.error = right.error = 0.1;
  left.position_ms[0] = -50;
  right.position_ms[0] = 50;
  for (int i = 0; i < 500; ++i) {
    vivaldi.observe({1}, left, 30, i);
    vivaldi.observe({2}, right, 70, i);
  }
  EXPECT_NEAR(distance_ms(vivaldi.own(), left), 30, 5);
  EXPECT_NEAR(distance_ms(vivaldi.own(), right), 70, 5);
  EXPECT_TRUE(vivaldi.settled());
}

// The laws are learnt from the majority, so they do not hold on to where we were.
TEST(Learning, WhoReallyMovesIsBelieved) {
  crypto::SeededRandom random(base::view("move"));
  Vivaldi vivaldi(random);
  std::vector<Coordinate> peers(20);
  for (std::size_t i = 0; i < peers.size(); ++i) {
    peers[i].error = 0.1;
    for (std::size_t d = 0; d < kDimensions; ++d)
      peers[i].position_ms[d] = static_cast<double>((i * 37 + d * 53) % 100);
  }
  Coordinate truth;
  const auto learn = [&](int rounds) {
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < peers.size(); ++i)
        vivaldi.observe({static_cast<std::uint8_t>(i)}, peers[i], distance_ms(truth, peers[i]), round);
  };
  const auto off_ms = [&] {
    double ms = 0;
    for (const Coordinate& peer : peers) ms += std::abs(distance_ms(vivaldi.own(), peer) - distance_ms(truth, peer));
    return ms / static_cast<double>(peers.size());
  };
  learn(50);
  EXPECT_LT(off_ms(), 15);
  truth.position_ms = {150, 150, 100};
  EXPECT_GT(off_ms(), 40);
  learn(50);
  EXPECT_LT(off_ms(), 15);
}

const LatencyMatrix& planetlab() {
  static const LatencyMatrix matrix =
      LatencyMatrix::read(std::string(support::kSourceTree) + "/tests/data/latency/planetlab.txt", 150);
  return matrix;
}
constexpr std::size_t kRounds = 256;

double error_without_liars() {
  static const double error = [] {
    CoordinateWorld world(planetlab(), "honest", Vivaldi::Checks::kNewton);
    world.run(kRounds);
    return world.median_error();
  }();
  return error;
}

TEST(Learning, PredictsWhatPlanetLabMeasured) { EXPECT_LT(error_without_liars(), 0.13); }

TEST(Learning, FifteenPercentOfLiarsDoNotSpoilIt) {
  constexpr std::size_t kLiars = 22;
  for (const support::Attack& attack : support::attacks()) {
    double error[2];
    for (const auto checks : {Vivaldi::Checks::kNewton, Vivaldi::Checks::kNone}) {
      CoordinateWorld world(planetlab(), "lies", checks);
      world.run(kRounds, kLiars, attack.lie);
      error[static_cast<int>(checks)] = world.median_error();
    }
    EXPECT_LT(error[0], 2 * error_without_liars()) << attack.name;
    EXPECT_GT(error[1], 3 * error_without_liars()) << attack.name << ": the attack is no attack";
  }
}

}  // namespace
}  // namespace discovery
