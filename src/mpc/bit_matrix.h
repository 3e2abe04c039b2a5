// Turning 128 columns of bits into rows of 128 bits, the step between extended oblivious transfers and MACs.
#pragma once

#include "crypto/block.h"

namespace mpc {

// rows[128·g + r].bit(c) = columns[c·groups + g].bit(r), for `groups` groups of 128 rows. Only the first `count` rows.
crypto::Blocks columns_to_rows(const crypto::Blocks& columns, std::size_t groups, std::size_t count);

}  // namespace mpc
