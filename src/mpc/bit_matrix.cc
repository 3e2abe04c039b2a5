#include "mpc/bit_matrix.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "crypto/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mpc {
namespace {

using crypto::Block;

// Swaps the off-diagonal quadrants of every 2·kStep square (Warren, Hacker's Delight, 7-3); both words alike.
template <unsigned kStep>
void swap_quadrants(Block* m, std::uint64_t mask) {
  for (unsigned base = 0; base < 128; base += 2 * kStep) {
    for (unsigned i = base; i < base + kStep; ++i) {
      Block& a = m[i];
      Block& b = m[i + kStep];
      const Block t{(a.lo >> kStep ^ b.lo) & mask, (a.hi >> kStep ^ b.hi) & mask};
      b ^= t;
      a.lo ^= t.lo << kStep;
      a.hi ^= t.hi << kStep;
    }
  }
}

void portable_transpose(Block* m) {
  for (unsigned i = 0; i < 64; ++i) std::swap(m[i].hi, m[i + 64].lo);
  swap_quadrants<32>(m, 0x0000'0000'ffff'ffff);
  swap_quadrants<16>(m, 0x0000'ffff'0000'ffff);
  swap_quadrants<8>(m, 0x00ff'00ff'00ff'00ff);
  swap_quadrants<4>(m, 0x0f0f'0f0f'0f0f'0f0f);
  swap_quadrants<2>(m, 0x3333'3333'3333'3333);
  swap_quadrants<1>(m, 0x5555'5555'5555'5555);
}

#if defined(__x86_64__)
// 32 columns at a time: four perfect shuffles turn their bytes, then each movemask takes one bit of all 32.
__attribute__((target("avx2"))) void native_transpose(Block* m) {
  std::uint32_t rows[128][4];
  for (unsigned part = 0; part < 4; ++part) {
    __m256i v[16], w[16];
    for (unsigned i = 0; i < 16; ++i) {
      const Block* column = m + 32 * part + i;
      v[i] = _mm256_set_m128i(_mm_load_si128(reinterpret_cast<const __m128i*>(column + 16)),
                              _mm_load_si128(reinterpret_cast<const __m128i*>(column)));
    }
    for (unsigned stage = 0; stage < 4; ++stage) {
      for (unsigned i = 0; i < 8; ++i) {
        w[2 * i] = _mm256_unpacklo_epi8(v[i], v[i + 8]);
        w[2 * i + 1] = _mm256_unpackhi_epi8(v[i], v[i + 8]);
      }
      for (unsigned i = 0; i < 16; ++i) v[i] = w[i];
    }
    for (unsigned byte = 0; byte < 16; ++byte)
      for (unsigned bit = 8; bit-- > 0;) {
        rows[8 * byte + bit][part] = static_cast<std::uint32_t>(_mm256_movemask_epi8(v[byte]));
        v[byte] = _mm256_add_epi8(v[byte], v[byte]);
      }
  }
  std::memcpy(m, rows, sizeof rows);
}
const bool kHasAvx2 = __builtin_cpu_supports("avx2");
#endif

void transpose(Block* m) {
#if defined(__x86_64__)
  if (kHasAvx2 && crypto::kernels() == crypto::Kernels::kNative) {
    native_transpose(m);
    return;
  }
#endif
  portable_transpose(m);
}

}  // namespace

crypto::Blocks columns_to_rows(crypto::Blocks columns, std::size_t count) {
  CHECK(columns.size() % 128 == 0 && count <= columns.size());
  for (std::size_t g = 0; g * 128 < count; ++g) transpose(&columns[g * 128]);
  columns.resize(count);
  return columns;
}

}  // namespace mpc
