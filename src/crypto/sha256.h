// SHA-256 (FIPS 180-4), by OpenSSL with the CPU's SHA instructions; the algorithm is fetched once, not per call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace crypto {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& update(base::ByteView bytes);
  Digest finish();  // then ready for another message

 private:
  void* context_;  // EVP_MD_CTX
};

Digest sha256(base::ByteView bytes);

// Whole digests, in constant time.
bool equal(base::ByteView a, base::ByteView b);

}  // namespace crypto
