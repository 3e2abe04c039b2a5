#include "auction/clearing/lottery.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace auction::clearing {
namespace {

using Purpose = Lottery::Purpose;

TEST(Lottery, AreOneToOneSoThatNoTieIsLeft) {
  const Lottery draws(Seed{1, 2, 3}, Purpose::kTie);
  std::set<std::uint64_t> seen;
  for (std::uint64_t id = 0; id < 100'000; ++id) seen.insert(draws.of(id));
  EXPECT_EQ(seen.size(), 100'000U);
}

TEST(Lottery, DependOnEveryByteOfTheSeedAndOnThePurpose) {
  const Lottery base(Seed{}, Purpose::kTie);
  EXPECT_NE(Lottery(Seed{}, Purpose::kTurn).of(7), base.of(7));
  for (std::size_t byte = 0; byte < 32; ++byte) {
    Seed seed{};
    seed[byte] = 1;
    EXPECT_NE(Lottery(seed, Purpose::kTie).of(7), base.of(7));
  }
}

// The market's transcripts depend on it: whoever has one computes the same.
TEST(Lottery, StayAsTheyAre) {
  EXPECT_EQ(Lottery(Seed{}, Purpose::kTie).of(1), 7998326865258759823ULL);
  EXPECT_EQ(Lottery(Seed{1}, Purpose::kHalf).of(1), 9456372831002957773ULL);
}

TEST(Lottery, FavourNobody) {
  std::array<int, 4> first{};
  for (std::uint32_t round = 0; round < 4000; ++round) {
    const Lottery draws(Seed{static_cast<std::uint8_t>(round), static_cast<std::uint8_t>(round >> 8)}, Purpose::kTie);
    std::size_t best = 0;
    for (std::size_t id = 1; id < 4; ++id)
      if (draws.of(id) < draws.of(best)) best = id;
    ++first[best];
  }
  for (const int times : first) EXPECT_NEAR(times, 1000, 130);
}

}  // namespace
}  // namespace auction::clearing
