// Numbers as vectors of bits, and the few operations that placement needs, generic over the bit: PlainBit computes in
// the open, a circuit builder's bit writes down gates, so that one definition is both. A Bit has & ^ ~, a default value
// of 0 and Bit::constant(bool), and no conversion to bool: templates select, they never branch on a value.
// Costs are AND gates; XOR and ~ are free. Pure values, any thread.
// One computed operand a statement: which of two comes first is the compiler's choice, and all parties' circuits must be
// the same, gate for gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace auction {

class PlainBit {
 public:
  PlainBit() = default;
  static PlainBit constant(bool value) { return PlainBit(value); }
  bool open() const { return value_; }  // for whoever reads the result, not for templates
  friend PlainBit operator&(PlainBit x, PlainBit y) { return PlainBit(x.value_ && y.value_); }
  friend PlainBit operator^(PlainBit x, PlainBit y) { return PlainBit(x.value_ != y.value_); }
  friend PlainBit operator~(PlainBit x) { return PlainBit(!x.value_); }

 private:
  explicit PlainBit(bool value) : value_(value) {}
  bool value_ = false;
};

template <class Bit>
using Number = std::vector<Bit>;  // unsigned, least significant bit first; operands have one width

// x < y, as the borrow of x − y: width AND gates.
template <class Bit>
Bit less_than(const Number<Bit>& x, const Number<Bit>& y) {
  CHECK(x.size() == y.size());
  Bit borrow;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Bit same = ~(x[i] ^ borrow), other = y[i] ^ borrow;
    borrow = borrow ^ (same & other);
  }
  return borrow;
}

// bit ? x : 0. width AND gates.
template <class Bit>
Number<Bit> masked(Bit bit, const Number<Bit>& x) {
  Number<Bit> out;
  for (const Bit& b : x) out.push_back(bit & b);
  return out;
}

template <class Bit>
Number<Bit> xor_of(const Number<Bit>& x, const Number<Bit>& y) {
  CHECK(x.size() == y.size());
  Number<Bit> out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] ^ y[i]);
  return out;
}

// bit ? x : y. width AND gates.
template <class Bit>
Number<Bit> select(Bit bit, const Number<Bit>& x, const Number<Bit>& y) {
  return xor_of(y, masked(bit, xor_of(x, y)));
}

template <class Bit>
void append(Number<Bit>& to, const Number<Bit>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace auction
