#include "crypto/stream_fold.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crypto {
namespace {

constexpr std::size_t kMostInRegisters = 16;  // keys, hence four columns

void add(Block* to, const Block* what, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] ^= what[i];
}

void portable_fold(std::span<const Aes128> keys, const Block& start, std::size_t count, Block* sum, Block* columns,
                   std::size_t stride) {
  Block stream[kFoldStep];
  for (std::size_t at = 0; at < count; at += kFoldStep) {
    const std::size_t some = std::min(kFoldStep, count - at);
    std::fill_n(sum + at, some, Block{});
    for (std::size_t t = 0; std::size_t{1} << t < keys.size(); ++t)
      std::fill_n(columns + t * stride + at, some, Block{});
    for (std::size_t y = 0; y < keys.size(); ++y) {
      keys[y].stream({start.lo + at, start.hi}, stream, some);
      add(sum + at, stream, some);
      for (std::size_t t = 0; y >> t != 0; ++t)
        if ((y >> t & 1) != 0) add(columns + t * stride + at, stream, some);
    }
  }
}

#if defined(__x86_64__)
// (not instrumented: g++ 12 misaligns wide registers in AddressSanitizer's frames)
#define TARN_VAES __attribute__((target("vaes,avx512f"), no_sanitize("address")))
#define TARN_VAES_INLINE __attribute__((target("vaes,avx512f"), no_sanitize("address"), always_inline)) inline

struct Sixteen {  // blocks
  __m512i a, b, c, d;
};

TARN_VAES_INLINE void add(Sixteen& to, const Sixteen& what) {
  to.a = _mm512_xor_si512(to.a, what.a);
  to.b = _mm512_xor_si512(to.b, what.b);
  to.c = _mm512_xor_si512(to.c, what.c);
  to.d = _mm512_xor_si512(to.d, what.d);
}

TARN_VAES_INLINE void store(Block* to, const Sixteen& from) {
  _mm512_storeu_si512(to, from.a);
  _mm512_storeu_si512(to + 4, from.b);
  _mm512_storeu_si512(to + 8, from.c);
  _mm512_storeu_si512(to + 12, from.d);
}

TARN_VAES_INLINE __m512i four_times(const Block& b) {
  return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(&b)));
}

TARN_VAES_INLINE Sixteen encrypted(const std::array<Block, 11>& keys, Sixteen s) {
  const __m512i first = four_times(keys[0]), last = four_times(keys[10]);
  add(s, {first, first, first, first});
  for (std::size_t r = 1; r < 10; ++r) {
    const __m512i key = four_times(keys[r]);
    s = {_mm512_aesenc_epi128(s.a, key), _mm512_aesenc_epi128(s.b, key), _mm512_aesenc_epi128(s.c, key),
         _mm512_aesenc_epi128(s.d, key)};
  }
  return {_mm512_aesenclast_epi128(s.a, last), _mm512_aesenclast_epi128(s.b, last), _mm512_aesenclast_epi128(s.c, last),
          _mm512_aesenclast_epi128(s.d, last)};
}

TARN_VAES void wide_fold(std::span<const Aes128> keys, const Block& start, std::size_t count, Block* sum,
                         Block* columns, std::size_t stride) {
  const __m512i zero = _mm512_setzero_si512(), step = _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4);
  __m512i next = _mm512_add_epi64(four_times(start), _mm512_set_epi64(0, 3, 0, 2, 0, 1, 0, 0));
  for (std::size_t i = 0; i < count; i += kFoldStep) {
    const __m512i second = _mm512_add_epi64(next, step), third = _mm512_add_epi64(second, step);
    const Sixteen counters{next, second, third, _mm512_add_epi64(third, step)};
    next = _mm512_add_epi64(counters.d, step);
    Sixteen all{zero, zero, zero, zero}, c0 = all, c1 = all, c2 = all, c3 = all;
    for (std::size_t y = 0; y < keys.size(); ++y) {
      const Sixteen s = encrypted(keys[y].round_keys(), counters);
      add(all, s);
      if ((y & 1) != 0) add(c0, s);
      if ((y & 2) != 0) add(c1, s);
      if ((y & 4) != 0) add(c2, s);
      if ((y & 8) != 0) add(c3, s);
    }
    store(sum + i, all);
    store(columns + i, c0);
    if (keys.size() > 2) store(columns + stride + i, c1);
    if (keys.size() > 4) store(columns + 2 * stride + i, c2);
    if (keys.size() > 8) store(columns + 3 * stride + i, c3);
  }
}
const bool kWideAes = __builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512f");

// More keys than registers can sum: the lower four bits of their numbers as above, the sums once more by the upper ones.
void wide_fold_by_parts(std::span<const Aes128> keys, const Block& start, std::size_t count, Block* sum, Block* columns,
                        std::size_t stride) {
  Block part_sum[kFoldStep], part_columns[4 * kFoldStep];
  for (std::size_t at = 0; at < count; at += kFoldStep) {
    std::fill_n(sum + at, kFoldStep, Block{});
    for (std::size_t t = 0; std::size_t{1} << t < keys.size(); ++t)
      std::fill_n(columns + t * stride + at, kFoldStep, Block{});
    for (std::size_t part = 0; part * kMostInRegisters < keys.size(); ++part) {
      wide_fold(keys.subspan(part * kMostInRegisters, kMostInRegisters), {start.lo + at, start.hi}, kFoldStep, part_sum,
                part_columns, kFoldStep);
      add(sum + at, part_sum, kFoldStep);
      for (std::size_t t = 0; t < 4; ++t) add(columns + t * stride + at, part_columns + t * kFoldStep, kFoldStep);
      for (std::size_t t = 0; part >> t != 0; ++t)
        if ((part >> t & 1) != 0) add(columns + (4 + t) * stride + at, part_sum, kFoldStep);
    }
  }
}
#endif

}  // namespace

void fold_streams(std::span<const Aes128> keys, const Block& start, std::size_t count, Block* sum, Block* columns,
                  std::size_t stride) {
  CHECK(keys.size() >= 2 && keys.size() <= 256 && (keys.size() & (keys.size() - 1)) == 0);
#if defined(__x86_64__)
  if (kWideAes && kernels() == Kernels::kNative) {
    (keys.size() <= kMostInRegisters ? wide_fold : wide_fold_by_parts)(keys, start, count, sum, columns, stride);
    return;
  }
#endif
  portable_fold(keys, start, count, sum, columns, stride);
}

}  // namespace crypto
