#include "mpc/bit_matrix.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

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

void transpose(Block* m) {
  for (unsigned i = 0; i < 64; ++i) std::swap(m[i].hi, m[i + 64].lo);
  swap_quadrants<32>(m, 0x0000'0000'ffff'ffff);
  swap_quadrants<16>(m, 0x0000'ffff'0000'ffff);
  swap_quadrants<8>(m, 0x00ff'00ff'00ff'00ff);
  swap_quadrants<4>(m, 0x0f0f'0f0f'0f0f'0f0f);
  swap_quadrants<2>(m, 0x3333'3333'3333'3333);
  swap_quadrants<1>(m, 0x5555'5555'5555'5555);
}

}  // namespace

crypto::Blocks columns_to_rows(const crypto::Blocks& columns, std::size_t groups, std::size_t count) {
  CHECK(columns.size() == 128 * groups && count <= 128 * groups);
  crypto::Blocks rows(count);
  Block square[128];
  for (std::size_t g = 0; g * 128 < count; ++g) {
    for (std::size_t c = 0; c < 128; ++c) square[c] = columns[c * groups + g];
    transpose(square);
    std::copy_n(square, std::min<std::size_t>(128, count - g * 128),
                rows.begin() + static_cast<std::ptrdiff_t>(g * 128));
  }
  return rows;
}

}  // namespace mpc
