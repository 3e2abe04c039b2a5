#include "crypto/group.h"

#include <sodium.h>

#include "base/check.h"

namespace crypto {

namespace {
// libsodium 1.0.18 overlooks the top bit, which RFC 9496 wants to be zero.
bool canonical(const Point& p) { return (p[31] & 0x80) == 0; }
}  // namespace

Scalar random_scalar(base::Random& random) {
  base::Secret<64> wide;
  random.fill(wide.expose());
  Scalar s;
  crypto_core_ristretto255_scalar_reduce(s.expose().data(), wide.expose().data());
  return s;
}

Point base_multiply(const Scalar& s) {
  Point out;
  CHECK(crypto_scalarmult_ristretto255_base(out.data(), s.expose().data()) == 0);  // fails for s = 0 only
  return out;
}

std::optional<Point> multiply(const Scalar& s, const Point& p) {
  Point out;
  if (!canonical(p) || crypto_scalarmult_ristretto255(out.data(), s.expose().data(), p.data()) != 0)
    return std::nullopt;
  return out;
}

std::optional<Point> add(const Point& a, const Point& b) {
  Point out;
  if (!canonical(a) || !canonical(b) || crypto_core_ristretto255_add(out.data(), a.data(), b.data()) != 0)
    return std::nullopt;
  return out;
}

std::optional<Point> subtract(const Point& a, const Point& b) {
  Point out;
  if (!canonical(a) || !canonical(b) || crypto_core_ristretto255_sub(out.data(), a.data(), b.data()) != 0)
    return std::nullopt;
  return out;
}

}  // namespace crypto
