#include "crypto/gf.h"

#include <array>

#include "crypto/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crypto {
namespace {

struct Wide {  // an unreduced product, lowest word first
  std::array<std::uint64_t, 4> w{};
};

// x^128 = x^7 + x^2 + x + 1: fold the upper half down, then what the folding pushed over the edge.
Block reduce128(const Wide& p) {
  const std::uint64_t h0 = p.w[2], h1 = p.w[3];
  const auto shl = [](std::uint64_t hi, std::uint64_t lo, int k) { return hi << k | lo >> (64 - k); };
  Block r{p.w[0] ^ h0 ^ h0 << 1 ^ h0 << 2 ^ h0 << 7, p.w[1] ^ h1 ^ shl(h1, h0, 1) ^ shl(h1, h0, 2) ^ shl(h1, h0, 7)};
  const std::uint64_t over = h1 >> 63 ^ h1 >> 62 ^ h1 >> 57;
  r.lo ^= over ^ over << 1 ^ over << 2 ^ over << 7;
  return r;
}

// x^64 = x^4 + x^3 + x + 1
std::uint64_t reduce64(std::uint64_t lo, std::uint64_t hi) {
  const std::uint64_t over = hi >> 63 ^ hi >> 61 ^ hi >> 60;
  const auto times = [](std::uint64_t v) { return v ^ v << 1 ^ v << 3 ^ v << 4; };
  return lo ^ times(hi) ^ times(over);
}

void portable_multiply(std::uint64_t a, std::uint64_t b, std::uint64_t& lo, std::uint64_t& hi) {
  lo ^= a & mask64(b);
  for (unsigned i = 1; i < 64; ++i) {
    const std::uint64_t m = mask64(b >> i);
    lo ^= a << i & m;
    hi ^= a >> (64 - i) & m;
  }
}

Wide portable_inner128(const Block* a, std::size_t stride, const Block* b, std::size_t count) {
  Wide p;
  for (std::size_t i = 0; i < count; ++i) {
    const Block& x = a[i * stride];
    portable_multiply(x.lo, b[i].lo, p.w[0], p.w[1]);
    portable_multiply(x.lo, b[i].hi, p.w[1], p.w[2]);
    portable_multiply(x.hi, b[i].lo, p.w[1], p.w[2]);
    portable_multiply(x.hi, b[i].hi, p.w[2], p.w[3]);
  }
  return p;
}

#if defined(__x86_64__)
#define TARN_CLMUL __attribute__((target("pclmul,sse4.1")))

TARN_CLMUL Wide native_inner128(const Block* a, std::size_t stride, const Block* b, std::size_t count) {
  __m128i low = _mm_setzero_si128(), middle = low, high = low;
  for (std::size_t i = 0; i < count; ++i) {
    const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(a + i * stride));
    const __m128i y = _mm_load_si128(reinterpret_cast<const __m128i*>(b + i));
    low = _mm_xor_si128(low, _mm_clmulepi64_si128(x, y, 0x00));
    high = _mm_xor_si128(high, _mm_clmulepi64_si128(x, y, 0x11));
    middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(x, y, 0x01));
    middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(x, y, 0x10));
  }
  Block l, m, h;
  _mm_store_si128(reinterpret_cast<__m128i*>(&l), low);
  _mm_store_si128(reinterpret_cast<__m128i*>(&m), middle);
  _mm_store_si128(reinterpret_cast<__m128i*>(&h), high);
  return {{l.lo, l.hi ^ m.lo, h.lo ^ m.hi, h.hi}};
}

// Four products in one wide register each, where the CPU has carry-less multiplication for those. (Not instrumented:
// g++ 12 misaligns wide registers in AddressSanitizer's frames.)
__attribute__((target("vpclmulqdq,avx512f"), no_sanitize("address"))) void wide_inner128(const Block* a,
                                                                                         std::size_t stride,
                                                                                         const Block* b,
                                                                                         std::size_t count, Wide* out) {
  __m512i low = _mm512_setzero_si512(), middle = low, high = low;
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i x = _mm512_loadu_si512(a + i * stride);
    const __m512i y = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(b + i)));
    low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(x, y, 0x00));
    high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(x, y, 0x11));
    middle = _mm512_xor_si512(middle, _mm512_clmulepi64_epi128(x, y, 0x01));
    middle = _mm512_xor_si512(middle, _mm512_clmulepi64_epi128(x, y, 0x10));
  }
  Block l[4], m[4], h[4];
  _mm512_storeu_si512(l, low);
  _mm512_storeu_si512(m, middle);
  _mm512_storeu_si512(h, high);
  for (std::size_t k = 0; k < 4; ++k) out[k] = {{l[k].lo, l[k].hi ^ m[k].lo, h[k].lo ^ m[k].hi, h[k].hi}};
}
const bool kWideClmul = __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f");

TARN_CLMUL Block native_inner64(const std::uint64_t* a, const std::uint64_t* b, std::size_t count) {
  __m128i sum = _mm_setzero_si128();
  for (std::size_t i = 0; i < count; ++i) {
    const __m128i x = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(a + i));
    const __m128i y = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b + i));
    sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(x, y, 0x00));
  }
  Block out;
  _mm_store_si128(reinterpret_cast<__m128i*>(&out), sum);
  return out;
}
#endif

}  // namespace

Block gf128_inner(const Block* a, std::size_t stride, const Block* b, std::size_t count) {
#if defined(__x86_64__)
  if (kernels() == Kernels::kNative) return reduce128(native_inner128(a, stride, b, count));
#endif
  return reduce128(portable_inner128(a, stride, b, count));
}

void gf128_inner_by_four(const Block* a, std::size_t stride, const Block* b, std::size_t count, Block* out) {
#if defined(__x86_64__)
  if (kWideClmul && kernels() == Kernels::kNative) {
    Wide products[4];
    wide_inner128(a, stride, b, count, products);
    for (std::size_t l = 0; l < 4; ++l) out[l] = reduce128(products[l]);
    return;
  }
#endif
  for (std::size_t l = 0; l < 4; ++l) out[l] = gf128_inner(a + l, stride, b, count);
}

std::uint64_t gf64_inner(const std::uint64_t* a, const std::uint64_t* b, std::size_t count) {
  Block sum;
#if defined(__x86_64__)
  if (kernels() == Kernels::kNative) {
    sum = native_inner64(a, b, count);
    return reduce64(sum.lo, sum.hi);
  }
#endif
  for (std::size_t i = 0; i < count; ++i) portable_multiply(a[i], b[i], sum.lo, sum.hi);
  return reduce64(sum.lo, sum.hi);
}

}  // namespace crypto
