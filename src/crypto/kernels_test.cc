// The native kernels against the portable twins and against outside truth.
#include "crypto/kernels.h"

#include <gtest/gtest.h>

#include "crypto/aes.h"
#include "crypto/gf.h"
#include "crypto/random.h"
#include "crypto/stream_fold.h"

namespace crypto {
namespace {

class EachKernel : public testing::TestWithParam<Kernels> {
 protected:
  void SetUp() override {
    if (GetParam() == Kernels::kNative && !native_kernels_available()) GTEST_SKIP() << "this CPU has no AES-NI";
    before_ = kernels();
    use_kernels(GetParam());
  }
  void TearDown() override { use_kernels(before_); }
  Kernels before_ = kernels();
};
INSTANTIATE_TEST_SUITE_P(Kernels, EachKernel, testing::Values(Kernels::kNative, Kernels::kPortable),
                         [](const auto& p) { return p.param == Kernels::kNative ? "native" : "portable"; });

TEST_P(EachKernel, AesMatchesFips197AppendixC) {
  const Block key = block_from(*base::from_hex("000102030405060708090a0b0c0d0e0f"));
  const Block plain = block_from(*base::from_hex("00112233445566778899aabbccddeeff"));
  const Block cipher = Aes128(key).encrypt(plain);
  EXPECT_EQ(base::to_hex(bytes_of({&cipher, 1})), "69c4e0d86a7b0430d8cdb78070b4c55a");
}

TEST_P(EachKernel, AesGivesTheSameBytesForEveryBatchSize) {
  SeededRandom random(base::view("batch"));
  const Aes128 aes(random.block());
  const Blocks in = random.blocks(23);
  for (std::size_t n = 0; n <= in.size(); ++n) {
    Blocks out(in.size());
    aes.encrypt(in.data(), out.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      const Block one = aes.encrypt(in[i]);
      ASSERT_TRUE(one.lo == out[i].lo && one.hi == out[i].hi) << n << " " << i;
    }
  }
}

TEST_P(EachKernel, StreamEncryptsConsecutiveCounters) {
  const Aes128 aes(Block{1, 2});
  Blocks out(200);
  aes.stream(Block{5, 9}, out.data(), out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Block one = aes.encrypt(Block{5 + i, 9});
    ASSERT_TRUE(one.lo == out[i].lo && one.hi == out[i].hi);
  }
}

TEST_P(EachKernel, FoldedStreamsAreTheSumsOfTheStreams) {
  constexpr std::size_t kRoom = 48;
  for (std::size_t leaves = 2, k = 1; leaves <= 256; leaves *= 2, ++k) {
    SeededRandom random(base::view("fold"));
    std::vector<Aes128> keys;
    for (std::size_t y = 0; y < leaves; ++y) keys.emplace_back(random.block());
    const Block start{~std::uint64_t{0} - 5, 7};  // the addition is in the low word alone
    for (const std::size_t count : {1U, 16U, 17U, 48U}) {
      Blocks sum(kRoom), columns(k * kRoom), expected_sum(kRoom), expected(k * kRoom), stream(kRoom);
      fold_streams(keys, start, count, sum.data(), columns.data(), kRoom);
      for (std::size_t y = 0; y < leaves; ++y) {
        keys[y].stream(start, stream.data(), count);
        for (std::size_t i = 0; i < count; ++i) {
          expected_sum[i] ^= stream[i];
          for (std::size_t t = 0; t < k; ++t) expected[t * kRoom + i] ^= masked(stream[i], y >> t);
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        const Block difference = sum[i] ^ expected_sum[i];
        ASSERT_TRUE(difference.lo == 0 && difference.hi == 0) << leaves << " " << i;
        for (std::size_t t = 0; t < k; ++t) {
          const Block wrong = columns[t * kRoom + i] ^ expected[t * kRoom + i];
          ASSERT_TRUE(wrong.lo == 0 && wrong.hi == 0) << leaves << " " << t << " " << i;
        }
      }
    }
  }
}

Block slow_gf128(Block a, Block b) {  // shift and reduce, bit by bit
  Block r;
  for (unsigned i = 128; i-- > 0;) {
    const bool carry = r.bit(127);
    r = {r.lo << 1, r.hi << 1 | r.lo >> 63};
    if (carry) r.lo ^= 0x87;
    if (b.bit(i)) r ^= a;
  }
  return r;
}

std::uint64_t slow_gf64(std::uint64_t a, std::uint64_t b) {
  std::uint64_t r = 0;
  for (unsigned i = 64; i-- > 0;) {
    const bool carry = r >> 63 != 0;
    r = r << 1 ^ (carry ? 0x1bU : 0U);
    if ((b >> i & 1) != 0) r ^= a;
  }
  return r;
}

TEST_P(EachKernel, InnerProductsMatchTheBitwiseTwin) {
  SeededRandom random(base::view("gf"));
  for (std::size_t n : {1U, 2U, 3U, 17U}) {
    const Blocks a = random.blocks(n), b = random.blocks(n);
    Block sum;
    std::vector<std::uint64_t> a64, b64;
    std::uint64_t sum64 = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum ^= slow_gf128(a[i], b[i]);
      a64.push_back(a[i].lo);
      b64.push_back(b[i].hi);
      sum64 ^= slow_gf64(a[i].lo, b[i].hi);
    }
    const Block fast = gf128_inner(a.data(), 1, b.data(), n);
    EXPECT_TRUE(fast.lo == sum.lo && fast.hi == sum.hi);
    EXPECT_EQ(gf64_inner(a64.data(), b64.data(), n), sum64);
  }
}

TEST_P(EachKernel, FourNeighboursAtOnceAreFourInnerProducts) {
  SeededRandom random(base::view("four"));
  const Blocks a = random.blocks(9 * 11 + 4), b = random.blocks(11);
  Block four[4];
  gf128_inner_by_four(&a[1], 9, b.data(), b.size(), four);
  for (std::size_t l = 0; l < 4; ++l) {
    Block sum;
    for (std::size_t i = 0; i < b.size(); ++i) sum ^= slow_gf128(a[1 + 9 * i + l], b[i]);
    EXPECT_TRUE(four[l].lo == sum.lo && four[l].hi == sum.hi);
  }
}

TEST_P(EachKernel, SeededStreamsDoNotDependOnHowTheyAreRead) {
  SeededRandom whole(base::view("s")), pieces(base::view("s"));
  base::Bytes a(301), b(301);
  whole.fill(a);
  std::size_t at = 0;
  for (std::size_t n : {1U, 15U, 16U, 17U, 0U, 100U, 152U}) {
    pieces.fill(std::span(b).subspan(at, n));
    at += n;
  }
  ASSERT_EQ(at, 301U);
  EXPECT_EQ(a, b);
  EXPECT_NE(whole.fork("x").block().lo, whole.fork("y").block().lo);
  EXPECT_NE(whole.fork("x", 1).block().lo, whole.fork("x", 2).block().lo);
}

}  // namespace
}  // namespace crypto
