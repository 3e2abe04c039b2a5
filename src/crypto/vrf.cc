#include "crypto/vrf.h"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "base/check.h"

namespace crypto {
namespace {

using EdwardsPoint = std::array<std::uint8_t, 32>;  // an encoding, not validated
using Challenge = std::array<std::uint8_t, 16>;
using Secret32 = base::Secret<32>;
using Secret64 = base::Secret<64>;

constexpr std::uint8_t kSuite = 3;
enum Domain : std::uint8_t { kEncode = 1, kChallenge = 2, kOutput = 3 };  // RFC 9381, 5.4.1.1, 5.4.3, 5.2

void sha512(std::initializer_list<base::ByteView> parts, std::span<std::uint8_t, 64> out) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  for (const base::ByteView part : parts) crypto_hash_sha512_update(&state, part.data(), part.size());
  crypto_hash_sha512_final(&state, out.data());
  base::wipe(&state, sizeof state);  // some of what is hashed is secret
}

// Adding is the one operation of libsodium that takes points outside the prime-order subgroup.
std::optional<EdwardsPoint> add(const EdwardsPoint& a, const EdwardsPoint& b) {
  EdwardsPoint sum;
  if (crypto_core_ed25519_add(sum.data(), a.data(), b.data()) != 0) return std::nullopt;
  return sum;
}

constexpr EdwardsPoint kNeutral{1};

std::optional<EdwardsPoint> times_cofactor(const EdwardsPoint& p) {
  std::optional<EdwardsPoint> product = p;
  for (int doublings = 0; doublings < 3 && product; ++doublings) product = add(*product, *product);
  return product;
}

// Nothing unless the bytes encode a point, and canonically (RFC 8032, 5.1.3), whose multiple is not neutral.
std::optional<EdwardsPoint> hash_as_point(const EdwardsPoint& hash) {
  if (add(hash, kNeutral) != hash) return std::nullopt;  // what encodes differently was not canonical
  const auto point = times_cofactor(hash);
  return point == kNeutral ? std::nullopt : point;
}

// Try and increment (RFC 9381, 5.4.1.1): half of all hashes are points, so 256 tries fail with probability 2⁻²⁵⁶.
EdwardsPoint encode_to_curve(const PublicKey& key, base::ByteView input) {
  for (unsigned counter = 0; counter < 256; ++counter) {
    const std::array<std::uint8_t, 2> front{kSuite, kEncode}, back{static_cast<std::uint8_t>(counter), 0};
    std::array<std::uint8_t, 64> hash;
    sha512({front, key, input, back}, hash);
    EdwardsPoint candidate;
    std::copy_n(hash.begin(), candidate.size(), candidate.begin());
    if (const auto point = hash_as_point(candidate)) return *point;
  }
  CHECK(false);
}

Challenge challenge(std::initializer_list<base::ByteView> points) {
  base::Bytes text{kSuite, kChallenge};
  for (const base::ByteView point : points) base::append(text, point);
  text.push_back(0);
  std::array<std::uint8_t, 64> hash;
  sha512({text}, hash);
  Challenge c;
  std::copy_n(hash.begin(), c.size(), c.begin());
  return c;
}

std::array<std::uint8_t, 32> as_scalar(const Challenge& c) {
  std::array<std::uint8_t, 32> scalar{};
  std::copy(c.begin(), c.end(), scalar.begin());
  return scalar;
}

EdwardsPoint multiply_base(const Secret32& scalar) {
  EdwardsPoint product;
  CHECK(crypto_scalarmult_ed25519_base_noclamp(product.data(), scalar.expose().data()) == 0);
  return product;
}

EdwardsPoint multiply(const Secret32& scalar, const EdwardsPoint& p) {
  EdwardsPoint product;
  CHECK(crypto_scalarmult_ed25519_noclamp(product.data(), scalar.expose().data(), p.data()) == 0);
  return product;
}

bool canonical_scalar(std::span<const std::uint8_t, 32> scalar) {
  std::array<std::uint8_t, 64> wide{};
  std::copy(scalar.begin(), scalar.end(), wide.begin());
  std::array<std::uint8_t, 32> reduced;
  crypto_core_ed25519_scalar_reduce(reduced.data(), wide.data());
  return std::equal(reduced.begin(), reduced.end(), scalar.begin());
}

// s·P − c·Q. libsodium refuses a Q that is not canonical or not of prime order, and zeros, which no prover gets.
std::optional<EdwardsPoint> difference(const EdwardsPoint& s_times_p, const Challenge& c, const EdwardsPoint& q) {
  EdwardsPoint c_times_q, out;
  if (crypto_scalarmult_ed25519_noclamp(c_times_q.data(), as_scalar(c).data(), q.data()) != 0 ||
      crypto_core_ed25519_sub(out.data(), s_times_p.data(), c_times_q.data()) != 0)
    return std::nullopt;
  return out;
}

}  // namespace

VrfProof vrf_prove(const Identity& identity, base::ByteView input) {
  const EdwardsPoint h = encode_to_curve(identity.public_key(), input);
  Secret64 expanded, wide_nonce;  // RFC 8032, 5.1.5 and RFC 9381, 5.4.2.2
  sha512({identity.seed().expose()}, expanded.expose());
  const auto halves = expanded.expose();
  sha512({halves.last<32>(), h}, wide_nonce.expose());
  Secret32 x, k, s;
  std::copy_n(halves.begin(), 32, x.expose().begin());
  x.expose()[0] &= 248;
  x.expose()[31] = static_cast<std::uint8_t>((x.expose()[31] & 127) | 64);
  crypto_core_ed25519_scalar_reduce(k.expose().data(), wide_nonce.expose().data());

  const EdwardsPoint gamma = multiply(x, h);
  const Challenge c = challenge({identity.public_key(), h, gamma, multiply_base(k), multiply(k, h)});
  crypto_core_ed25519_scalar_mul(s.expose().data(), as_scalar(c).data(), x.expose().data());
  crypto_core_ed25519_scalar_add(s.expose().data(), s.expose().data(), k.expose().data());

  VrfProof proof;
  auto end = std::copy(gamma.begin(), gamma.end(), proof.bytes.begin());
  end = std::copy(c.begin(), c.end(), end);
  std::copy(s.expose().begin(), s.expose().end(), end);
  return proof;
}

std::optional<VrfOutput> vrf_verify(const PublicKey& key, base::ByteView input, const VrfProof& proof) {
  EdwardsPoint gamma, s, s_times_base, s_times_h;
  Challenge c;
  std::copy_n(proof.bytes.begin(), 32, gamma.begin());
  std::copy_n(proof.bytes.begin() + 32, 16, c.begin());
  std::copy_n(proof.bytes.begin() + 48, 32, s.begin());
  if (!canonical_scalar(s)) return std::nullopt;
  const EdwardsPoint h = encode_to_curve(key, input);
  if (crypto_scalarmult_ed25519_base_noclamp(s_times_base.data(), s.data()) != 0 ||
      crypto_scalarmult_ed25519_noclamp(s_times_h.data(), s.data(), h.data()) != 0)
    return std::nullopt;
  const auto u = difference(s_times_base, c, key), v = difference(s_times_h, c, gamma);
  if (!u || !v || challenge({key, h, gamma, *u, *v}) != c) return std::nullopt;
  const auto cleared = times_cofactor(gamma);
  CHECK(cleared.has_value());
  const std::array<std::uint8_t, 2> front{kSuite, kOutput};
  const std::array<std::uint8_t, 1> back{0};
  VrfOutput output;
  sha512({front, *cleared, back}, output);
  return output;
}

}  // namespace crypto
