// The operations, exhaustively at three bits.
#include "auction/placement/oblivious.h"

#include <gtest/gtest.h>

namespace auction {
namespace {

Number<PlainBit> number(unsigned value) {
  Number<PlainBit> bits;
  for (unsigned i = 0; i < 3; ++i) bits.push_back(PlainBit::constant(value >> i & 1));
  return bits;
}

unsigned value_of(const Number<PlainBit>& bits) {
  unsigned value = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) value |= unsigned{bits[i].open()} << i;
  return value;
}

TEST(Oblivious, IsArithmetic) {
  for (unsigned x = 0; x < 8; ++x) {
    for (unsigned y = 0; y < 8; ++y) {
      EXPECT_EQ(less_than(number(x), number(y)).open(), x < y) << x << " " << y;
      EXPECT_EQ(value_of(xor_of(number(x), number(y))), x ^ y);
      for (const bool bit : {false, true}) {
        EXPECT_EQ(value_of(select(PlainBit::constant(bit), number(x), number(y))), bit ? x : y);
        EXPECT_EQ(value_of(masked(PlainBit::constant(bit), number(x))), bit ? x : 0);
      }
    }
  }
}

TEST(ObliviousDeath, WidthsMustAgree) { EXPECT_DEATH((void)less_than(number(1), Number<PlainBit>(2)), "bug"); }

}  // namespace
}  // namespace auction
