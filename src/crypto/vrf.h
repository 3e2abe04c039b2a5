// A verifiable random function under an identity's key: for each input exactly one output, that nobody can foretell
// without the key and everybody can check with the proof. ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, suite 3), by libsodium.
// Stricter than the RFC in one point: keys and proofs outside the prime-order subgroup are refused, not only those of
// small order, so that every verifier agrees on which keys there are; no key made by RFC 8032 is affected.
// The number of tries in hashing to the curve depends on the input alone, so inputs must not be secret.
// Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/identity.h"

namespace crypto {

struct VrfProof {
  std::array<std::uint8_t, 80> bytes{};  // Gamma ‖ c ‖ s
  bool operator==(const VrfProof&) const = default;
};
using VrfOutput = std::array<std::uint8_t, 64>;

VrfProof vrf_prove(const Identity& identity, base::ByteView input);
// The output, or nothing if the key is none or the proof does not show that this is the key's output for this input.
std::optional<VrfOutput> vrf_verify(const PublicKey& key, base::ByteView input, const VrfProof& proof);

}  // namespace crypto
