#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/result.h"

namespace base {
namespace {

RC_GTEST_PROP(Hex, RoundTrips, (const Bytes& bytes)) { RC_ASSERT(from_hex(to_hex(bytes)) == bytes); }

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  EXPECT_FALSE(from_hex("abc").has_value());
  EXPECT_FALSE(from_hex("0g").has_value());
  EXPECT_EQ(from_hex("0aFF"), (Bytes{0x0a, 0xff}));
}

RC_GTEST_PROP(Encoding, RoundTrips,
              (std::uint8_t a, std::uint16_t b, std::uint32_t c, std::uint64_t d, const Bytes& e)) {
  const Bytes bytes = Writer().u8(a).u16(b).u32(c).u64(d).sized(e).take();
  Reader reader(bytes);
  RC_ASSERT(reader.u8() == a);
  RC_ASSERT(reader.u16() == b);
  RC_ASSERT(reader.u32() == c);
  RC_ASSERT(reader.u64() == d);
  const ByteView rest = reader.sized(e.size());
  RC_ASSERT(Bytes(rest.begin(), rest.end()) == e);
  RC_ASSERT(reader.done());
}

TEST(Encoding, NeverReadsPastTheEnd) {
  const Bytes bytes = Writer().u32(1'000'000'000).take();
  Reader announced(bytes);
  EXPECT_TRUE(announced.sized(2'000'000'000).empty());
  EXPECT_FALSE(announced.good());
  Reader limited(bytes);
  EXPECT_TRUE(limited.text(10).empty());
  EXPECT_FALSE(limited.good());
  EXPECT_EQ(limited.u64(), 0U);
  Reader left_over(bytes);
  left_over.u8();
  EXPECT_TRUE(left_over.good());
  EXPECT_FALSE(left_over.done());
}

Result<int> half(int x) {
  if (x % 2 != 0) return Error{Code::kInvalidInput, "odd"};
  return x / 2;
}
Result<int> quarter(int x) {
  TARN_ASSIGN(const int h, half(x));
  return half(h);
}
TEST(Result, CarriesTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_DEATH((void)quarter(6).value(), "CHECK");
}

}  // namespace
}  // namespace base
