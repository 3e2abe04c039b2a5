// The streams of all leaves of one small tree, summed as oblivious transfer extension wants them, in one pass that keeps
// the sums in registers. With S_y[i] = AES_y(start + i) for the keys y = 0 … 2^k − 1, k ≤ 8:
//   sum[i] = ⊕ S_y[i],   columns[t·stride + i] = ⊕ of the S_y[i] whose number y has bit t,   t < k.
// Thread-safe. Source: Roy, SoftSpokenOT, CRYPTO 2022, section 5.
#pragma once

#include <span>

#include "crypto/aes.h"

namespace crypto {

inline constexpr std::size_t kFoldStep = 16;

// `sum` and every column have room for `count` rounded up to kFoldStep; what lies behind `count` is overwritten.
void fold_streams(std::span<const Aes128> keys, const Block& start, std::size_t count, Block* sum, Block* columns,
                  std::size_t stride);

}  // namespace crypto
