// 128 columns of bits, laid out in squares of 128 × 128: column c of square g is the block at 128·g + c. Turning every
// square gives rows, in the same place: the step between extended oblivious transfers and MACs.
#pragma once

#include "crypto/block.h"

namespace mpc {

// Afterwards block 128·g + r, bit c is what block 128·g + c, bit r was; then cut to the first `count` rows.
crypto::Blocks columns_to_rows(crypto::Blocks columns, std::size_t count);

}  // namespace mpc
