#include "mpc/base_ot.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/sha256.h"

namespace mpc {
namespace {

using crypto::Block;
using crypto::Point;

Block seed(base::ByteView tag, unsigned index, const Point& a, const Point& b, const Point& shared) {
  const base::Bytes place = base::Writer().u32(index).take();
  const crypto::Digest digest = crypto::Sha256().update(tag).update(place).update(a).update(b).update(shared).finish();
  return crypto::block_from(base::ByteView(digest).first(16));
}

// c = 0: `zero`, c = 1: `one`, without a branch on c.
Point select(const Point& zero, const Point& one, std::uint64_t c) {
  Point out;
  const auto m = static_cast<std::uint8_t>(crypto::mask64(c));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>((zero[i] & ~m) | (one[i] & m));
  return out;
}

}  // namespace

OtSecret make_ot_secret(base::Random& random) {
  OtSecret secret{crypto::random_scalar(random), {}};
  secret.a = crypto::base_multiply(secret.y);
  return secret;
}

std::optional<ChosenOt> ot_choose(base::ByteView tag, const Point& a, const Block& choice, base::Random& random) {
  ChosenOt out{{choice, {}}, {}};
  for (unsigned i = 0; i < 128; ++i) {
    const crypto::Scalar scalar = crypto::random_scalar(random);
    const Point mine = crypto::base_multiply(scalar);
    const auto with_a = crypto::add(mine, a);
    const auto shared = crypto::multiply(scalar, a);
    if (!with_a || !shared) return std::nullopt;
    const Point b = select(mine, *with_a, choice.bit(i) ? 1 : 0);
    out.message.insert(out.message.end(), b.begin(), b.end());
    out.seeds.seeds.push_back(seed(tag, i, a, b, *shared));
  }
  return out;
}

std::optional<SeedPairs> ot_send(base::ByteView tag, const OtSecret& secret, base::ByteView message) {
  CHECK(message.size() == kBaseOtMessage);
  const auto ya = crypto::multiply(secret.y, secret.a);
  CHECK(ya.has_value());
  SeedPairs out;
  for (unsigned i = 0; i < 128; ++i) {
    Point b;
    std::copy_n(message.data() + std::size_t{32} * i, 32, b.begin());
    const auto yb = crypto::multiply(secret.y, b);
    if (!yb) return std::nullopt;
    out.zero.push_back(seed(tag, i, secret.a, b, *yb));
    out.one.push_back(seed(tag, i, secret.a, b, *crypto::subtract(*yb, *ya)));
  }
  return out;
}

}  // namespace mpc
