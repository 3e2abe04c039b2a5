// Against comparing prices and draws.
#include "auction/clearing/merit_order.h"

#include <gtest/gtest.h>

#include <numeric>

#include "support/clearing_calls.h"

namespace auction::clearing {
namespace {

using clearing_calls::Chance;

TEST(MeritOrder, IsByPriceAndThenAsDrawn) {
  Chance chance(3);
  for (const std::size_t count : {0U, 1U, 2U, 100U, 20'000U}) {
    for (const std::int64_t most : {std::int64_t{0}, std::int64_t{9}, kMaxPrice}) {
      std::vector<Order> orders(count);
      for (std::size_t i = 0; i < count; ++i) {
        orders[i].id = i * 3 + 1;
        orders[i].price = static_cast<std::int64_t>(chance.upto(static_cast<std::uint64_t>(most)));
      }
      chance.shuffle(orders);
      const Seed seed{5};
      const Lottery ties(seed, Lottery::Purpose::kTie);
      for (const Side side : {Side::kBid, Side::kAsk}) {
        std::vector<Index> expected(count);
        std::iota(expected.begin(), expected.end(), Index{0});
        std::sort(expected.begin(), expected.end(), [&](Index a, Index b) {
          const Order &x = orders[a], &y = orders[b];
          if (x.price != y.price) return side == Side::kBid ? x.price > y.price : x.price < y.price;
          return ties.of(x.id) < ties.of(y.id);
        });
        ASSERT_EQ(merit_order(orders, side, seed), expected) << count << " orders up to " << most;
      }
    }
  }
}

// With so many at one price, some draws agree in the bits that a key has.
TEST(MeritOrder, LooksAtTheWholeDrawWhereItsFirstBitsAgree) {
  std::vector<Order> orders(200'000);
  for (std::size_t i = 0; i < orders.size(); ++i) orders[i].id = i;
  const Seed seed{};
  const Lottery ties(seed, Lottery::Purpose::kTie);
  const std::vector<Index> order = merit_order(orders, Side::kAsk, seed);
  std::size_t close = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::uint64_t before = ties.of(orders[order[i - 1]].id), here = ties.of(orders[order[i]].id);
    ASSERT_LT(before, here);
    close += before >> 34 == here >> 34 ? 1U : 0U;
  }
  EXPECT_GT(close, 0U);
}

}  // namespace
}  // namespace auction::clearing
