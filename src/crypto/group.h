// The prime-order group ristretto255 (RFC 9496) by libsodium, as far as base oblivious transfer needs it.
// Encodings from outside are validated where they are decoded; the identity is refused there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"

namespace crypto {

using Point = std::array<std::uint8_t, 32>;  // a canonical encoding
using Scalar = base::Secret<32>;

Scalar random_scalar(base::Random& random);
Point base_multiply(const Scalar& s);                            // s·G
std::optional<Point> multiply(const Scalar& s, const Point& p);  // s·P; nothing if P is invalid or the identity
std::optional<Point> add(const Point& a, const Point& b);        // nothing if either is invalid
std::optional<Point> subtract(const Point& a, const Point& b);

}  // namespace crypto
