// Identity: an organisation's long-term Ed25519 key (RFC 8032): signs its messages and authenticates its TLS links.
// On disk PKCS #8 PEM (readable by openssl), mode 0600; a file that others can read is refused.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

class Identity {
 public:
  static Identity generate(base::Random& random);
  static base::Result<Identity> load(const std::string& path);
  base::Status save(const std::string& path) const;  // a new file, mode 0600; refuses to overwrite

  const PublicKey& public_key() const { return public_key_; }
  Signature sign(base::ByteView message) const;
  // The 32-byte RFC 8032 seed, for the TLS stack and for derive().
  const base::Secret<32>& seed() const { return seed_; }
  // A secret for one purpose, from which neither the key nor another purpose's secret follows.
  base::Secret<32> derive(const std::string& purpose) const;

 private:
  Identity() = default;
  base::Secret<32> seed_;
  base::Secret<64> expanded_;  // libsodium's seed ‖ public key
  PublicKey public_key_{};
};

bool verify(const PublicKey& key, base::ByteView message, const Signature& signature);

}  // namespace crypto
