// Exact arithmetic over a Bit as in oblivious.h. Numbers may differ in width; what each operation costs in AND gates is
// for operands that are not constant. Pure, any thread.
#pragma once

#include <cstddef>

#include "auction/placement/oblivious.h"

namespace auction {

template <class Bit>
Number<Bit> resized(Number<Bit> x, std::size_t width) {
  x.resize(width);  // zeros above, or the upper bits lost
  return x;
}

template <class Bit>
Number<Bit> complement(const Number<Bit>& x) {
  Number<Bit> out;
  for (const Bit& b : x) out.push_back(~b);
  return out;
}

// width − 1 AND gates.
template <class Bit>
Bit is_positive(const Number<Bit>& x) {
  Bit zero = Bit::constant(true);
  for (const Bit& b : x) zero = zero & ~b;
  return ~zero;
}

// x + y + carry modulo 2^width, where both have that width: width − 1 AND gates.
template <class Bit>
Number<Bit> sum(const Number<Bit>& x, const Number<Bit>& y, Bit carry = Bit()) {
  CHECK(x.size() == y.size());
  Number<Bit> out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Bit a = x[i] ^ carry, b = y[i] ^ carry;
    out.push_back(a ^ y[i]);
    carry = carry ^ (a & b);
  }
  return out;
}

// x − y modulo 2^width: width − 1 AND gates.
template <class Bit>
Number<Bit> difference(const Number<Bit>& x, const Number<Bit>& y) {
  return sum(x, complement(y), Bit::constant(true));
}

// x · y, as wide as both together: row by row, (2 |y| − 1) · |x| AND gates.
template <class Bit>
Number<Bit> product(const Number<Bit>& x, const Number<Bit>& y) {
  Number<Bit> out(x.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Number<Bit> above =
        resized(Number<Bit>(out.begin() + static_cast<std::ptrdiff_t>(i), out.end()), x.size() + 1);
    const Number<Bit> row = resized(masked(y[i], x), x.size() + 1);
    out.resize(i);
    append(out, sum(above, row));
  }
  return out;
}

}  // namespace auction
