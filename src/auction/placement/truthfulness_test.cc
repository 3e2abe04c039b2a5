// Who gains by not telling the truth. A small world is searched: seeded draws of true costs, capacities and a true
// limit, and in each every other report of one participant while all others' reports stay as they are. What a provider
// gains is its payment less what the units cost it; one that has to provide more than it has gains nothing. What the
// requester gains is what the units are worth to it, its true limit each, less what it pays.
// docs/mechanisms.md has the result as a table.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>

#include "auction/placement/mechanism.h"

namespace auction {
namespace {

using enum Mechanism;
using Offers = std::vector<ProviderInput>;

struct World {
  RequesterInput request;
  Offers offers;
};

std::int64_t paid(std::uint64_t quantity, const Payment& payment) {
  return static_cast<std::int64_t>(payment.per == Payment::Per::kUnit ? quantity * payment.amount : payment.amount);
}

// Of provider `i` with its true offer, when it and all others report `said`; nothing if it cannot keep its word.
std::optional<std::int64_t> gain(Mechanism mechanism, const World& said, std::size_t i, const ProviderInput& truth) {
  const ProviderOutcome out = place_plain(mechanism, 4, said.request, said.offers).providers[i];
  if (out.quantity > truth.capacity) return std::nullopt;
  return paid(out.quantity, out.payment) - static_cast<std::int64_t>(out.quantity * truth.price);
}

std::int64_t requester_gain(Mechanism mechanism, const World& said, std::uint64_t worth) {
  std::int64_t sum = 0;
  for (const Award& a : place_plain(mechanism, 4, said.request, said.offers).requester.awards)
    sum += static_cast<std::int64_t>(a.quantity * worth) - paid(a.quantity, a.payment);
  return sum;
}

struct Gains {
  bool price = false, capacity = false, both = false, limit = false;
  bool operator==(const Gains&) const = default;
};

constexpr std::uint64_t kMostUnits = 4, kMostPrice = 6;

Gains found_in(Mechanism mechanism, const World& truth) {
  Gains gains;
  for (std::size_t i = 0; i < truth.offers.size(); ++i) {
    const ProviderInput own = truth.offers[i];
    const std::int64_t honest = *gain(mechanism, truth, i, own);
    EXPECT_GE(honest, 0) << "who tells the truth never pays for taking part";
    for (std::uint64_t capacity = 0; capacity <= kMostUnits; ++capacity) {
      for (std::uint64_t price = 0; price <= kMostPrice + 1; ++price) {
        World said = truth;
        said.offers[i] = {capacity, price};
        if (gain(mechanism, said, i, own) <= honest) continue;
        (capacity == own.capacity ? gains.price : price == own.price ? gains.capacity : gains.both) = true;
      }
    }
  }
  const std::int64_t honest = requester_gain(mechanism, truth, truth.request.max_price);
  EXPECT_GE(honest, 0);
  for (std::uint64_t limit = 0; limit <= kMostPrice + 1; ++limit) {
    World said = truth;
    said.request.max_price = limit;
    gains.limit = gains.limit || requester_gain(mechanism, said, truth.request.max_price) > honest;
  }
  return gains;
}

Gains found(Mechanism mechanism) {
  std::mt19937 random(7);
  const auto upto = [&](std::uint64_t most) { return random() % (most + 1); };
  Gains all;
  for (int draw = 0; draw < 100; ++draw) {
    World truth{{1 + upto(kMostUnits), upto(kMostPrice)}, Offers(2 + upto(2))};
    for (ProviderInput& o : truth.offers) {
      const std::uint64_t capacity = upto(kMostUnits);
      o = {capacity, upto(kMostPrice)};
    }
    const Gains here = found_in(mechanism, truth);
    all = {all.price || here.price, all.capacity || here.capacity, all.both || here.both, all.limit || here.limit};
  }
  return all;
}

TEST(Truthfulness, NobodyGainsByAnotherPriceInSecondPriceAndVcg) {
  for (const Mechanism mechanism : {kSecondPrice, kVcg}) {
    EXPECT_EQ(found(mechanism), (Gains{.limit = true})) << name(mechanism);
  }
}

TEST(Truthfulness, InTheOthersSomebodyDoes) {
  EXPECT_EQ(found(kFirstPrice), (Gains{.price = true, .both = true}));
  EXPECT_EQ(found(kSplit), (Gains{.price = true, .capacity = true, .both = true}));
  EXPECT_EQ(found(kSplitPartial), (Gains{.price = true, .capacity = true, .both = true, .limit = true}));
  EXPECT_EQ(found(kSplitPayAsBid), (Gains{.price = true, .both = true, .limit = true}));
  EXPECT_EQ(found(kSplitPayAsBidPartial), (Gains{.price = true, .both = true}));
}

// One example each, small enough to follow by hand: see docs/mechanisms.md.
TEST(Truthfulness, Counterexamples) {
  const Offers two{{4, 2}, {4, 5}};
  const auto gains = [](Mechanism mechanism, const World& truth, std::size_t i, const ProviderInput& instead) {
    World said = truth;
    said.offers[i] = instead;
    return std::pair(*gain(mechanism, truth, i, truth.offers[i]), *gain(mechanism, said, i, truth.offers[i]));
  };
  using Pair = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(gains(kFirstPrice, {{4, 6}, two}, 0, {4, 4}), (Pair{0, 8}));
  EXPECT_EQ(gains(kSplitPayAsBid, {{4, 6}, two}, 0, {4, 4}), (Pair{0, 8}));
  EXPECT_EQ(gains(kSplit, {{4, 6}, two}, 0, {4, 4}), (Pair{0, 8}));  // the last winner sets the price
  EXPECT_EQ(gains(kSplit, {{4, 6}, two}, 0, {3, 2}), (Pair{0, 9}));  // holding back a unit brings in the dear one
  EXPECT_EQ(gains(kVcg, {{4, 6}, two}, 0, {4, 4}), (Pair{12, 12}));  // paid what the other would have cost
  EXPECT_EQ(gains(kVcg, {{4, 6}, two}, 0, {3, 2}), (Pair{12, 9}));
  const auto with_limit = [&](Mechanism mechanism, std::uint64_t limit) {
    return requester_gain(mechanism, {{3, limit}, {{2, 1}, {1, 4}}}, 6);
  };
  EXPECT_EQ(with_limit(kSplitPartial, 6), 3 * (6 - 4));
  EXPECT_EQ(with_limit(kSplitPartial, 3), 2 * (6 - 1));  // fewer units, but at the cheap one's price
  const auto dear_one = [&](std::uint64_t limit) {
    return requester_gain(kSplitPayAsBid, {{4, limit}, {{3, 1}, {1, 7}}}, 6);
  };
  EXPECT_EQ(dear_one(6), 0);
  EXPECT_EQ(dear_one(7), 4 * 6 - 3 * 1 - 7);  // all or none: one dear unit may be worth it for the cheap ones
  const auto only_one = [&](Mechanism mechanism, std::uint64_t limit) {
    return requester_gain(mechanism, {{3, limit}, {{3, 1}}}, 6);
  };
  for (const Mechanism mechanism : {kSecondPrice, kVcg}) {
    EXPECT_EQ(only_one(mechanism, 6), 0);
    EXPECT_EQ(only_one(mechanism, 2), 3 * (6 - 2));  // without a rival the limit is what is paid
  }
}

}  // namespace
}  // namespace auction
