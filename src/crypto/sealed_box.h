// Sealing for somebody else: only the owner of an Ed25519 key can open it, and nobody has to be asked before. `context`
// says what it is about and must be the same at opening, so that what was sealed for one purpose serves no other.
// A sealed box does not say from whom it is: whoever makes one signs it (pool/access.h).
// X25519 with the recipient's key converted, XSalsa20-Poly1305: libsodium's crypto_box_seal, whose format it is, but with
// the caller's randomness for the one-time key; the plain text begins with the context's SHA-256.
// Errors: kInvalidInput, one for all reasons. Threads: any.
// Source: libsodium, sealed boxes; RFC 7748, RFC 8032.
#pragma once

#include "crypto/identity.h"

namespace crypto {

using SecretBytes = std::vector<std::uint8_t, base::WipingAllocator<std::uint8_t>>;

inline constexpr std::size_t kSealedBoxOverhead = 80;  // bytes beyond the plain text

// Fails for a key that is no point of the curve: nobody could open it.
base::Result<base::Bytes> seal_for(const PublicKey& recipient, base::ByteView context, base::ByteView plain,
                                   base::Random& random);
base::Result<SecretBytes> open_sealed(const Identity& recipient, base::ByteView context, base::ByteView sealed);

}  // namespace crypto
