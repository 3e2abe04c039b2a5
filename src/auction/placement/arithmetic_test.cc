// The arithmetic against the processor's, exhaustively at small widths, and the sorting network by the 0–1 principle.
#include "auction/placement/arithmetic.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "auction/placement/merit_order.h"

namespace auction {
namespace {

Number<PlainBit> number(unsigned value, std::size_t width) {
  Number<PlainBit> bits;
  for (std::size_t i = 0; i < width; ++i) bits.push_back(PlainBit::constant(value >> i & 1));
  return bits;
}

unsigned value_of(const Number<PlainBit>& bits) {
  unsigned value = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) value |= unsigned{bits[i].open()} << i;
  return value;
}

TEST(Arithmetic, OfEqualWidthsIsModular) {
  for (unsigned x = 0; x < 16; ++x) {
    EXPECT_EQ(is_positive(number(x, 4)).open(), x > 0);
    EXPECT_EQ(value_of(complement(number(x, 4))), ~x & 15U);
    for (unsigned y = 0; y < 16; ++y) {
      EXPECT_EQ(value_of(sum(number(x, 4), number(y, 4))), (x + y) % 16);
      EXPECT_EQ(value_of(sum(number(x, 4), number(y, 4), PlainBit::constant(true))), (x + y + 1) % 16);
      EXPECT_EQ(value_of(difference(number(x, 4), number(y, 4))), (x - y) % 16);
    }
  }
}

TEST(Arithmetic, ProductsAreWholeAtAllWidths) {
  for (std::size_t wide = 1; wide <= 4; ++wide) {
    for (std::size_t narrow = 1; narrow <= 4; ++narrow) {
      for (unsigned x = 0; x < 1u << wide; ++x) {
        for (unsigned y = 0; y < 1u << narrow; ++y) {
          const auto result = product(number(x, wide), number(y, narrow));
          EXPECT_EQ(result.size(), wide + narrow);
          EXPECT_EQ(value_of(result), x * y);
        }
      }
    }
  }
}

// A network that sorts all sequences of 0 and 1 sorts everything (Knuth, 5.3.4, theorem Z).
TEST(Exchanges, Sort) {
  for (std::size_t count = 1; count <= 15; ++count) {
    const auto pairs = exchanges(count);
    for (unsigned ones = 0; ones < 1u << count; ++ones) {
      unsigned values = ones;
      for (const auto& [low, high] : pairs) {
        ASSERT_LT(low, high);
        if ((values >> low & 1) > (values >> high & 1)) values ^= 1u << low | 1u << high;
      }
      const int zeros = static_cast<int>(count) - std::popcount(ones);
      ASSERT_EQ(values, (1u << count) - (1u << zeros)) << count << " values";
    }
  }
  EXPECT_EQ(exchanges(7).size(), 16U);
  EXPECT_EQ(exchanges(15).size(), 59U);
}

TEST(MeritOrder, IsByPriceThenByOfferAndGoesBack) {
  for (unsigned code = 0; code < 1u << 8; ++code) {  // four offers at two bits; the capacity says which is which
    std::vector<Offer<PlainBit>> offers;
    std::vector<unsigned> expected{0, 1, 2, 3};
    const auto price = [code](unsigned i) { return code >> (2 * i) & 3; };
    for (unsigned i = 0; i < 4; ++i) offers.push_back({number(i, 2), number(price(i), 2)});
    std::sort(expected.begin(), expected.end(),
              [&](unsigned a, unsigned b) { return std::pair(price(a), a) < std::pair(price(b), b); });
    const MeritOrder<PlainBit> order(offers);
    std::vector<Number<PlainBit>> said;
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_EQ(value_of(order.capacity(k)), expected[k]);
      EXPECT_EQ(value_of(order.price(k)), price(expected[k]));
      said.push_back(order.capacity(k));
    }
    const auto back = order.to_offers(said);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(value_of(back[i]), i);
  }
}

}  // namespace
}  // namespace auction
