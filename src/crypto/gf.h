// Inner products over binary fields, the checks' arithmetic: GF(2^128) = GF(2)[x]/(x^128 + x^7 + x^2 + x + 1) and
// GF(2^64) = GF(2)[x]/(x^64 + x^4 + x^3 + x + 1), bit i being the coefficient of x^i. Products are summed before one
// reduction. PCLMULQDQ where the CPU has it, else constant-time shifts; the same bytes either way.
#pragma once

#include <cstddef>
#include <cstdint>

#include "crypto/block.h"

namespace crypto {

Block gf128_inner(const Block* a, std::size_t stride, const Block* b, std::size_t count);  // Σ a_{i·stride}·b_i
// The same for four neighbours at once: out[l] = Σ a_{i·stride + l}·b_i. Four are one cache line.
void gf128_inner_by_four(const Block* a, std::size_t stride, const Block* b, std::size_t count, Block* out);
std::uint64_t gf64_inner(const std::uint64_t* a, const std::uint64_t* b, std::size_t count);  // Σ a_i·b_i

}  // namespace crypto
