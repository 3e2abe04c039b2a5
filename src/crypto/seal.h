// Sealing what we keep on our own disk: XChaCha20-Poly1305 with a random 24-byte nonce; `context` (a file's kind, a
// peer's key) is authenticated with it, so a sealed text cannot be moved to another place.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace crypto {

base::Bytes seal(const base::Secret<32>& key, base::ByteView context, base::ByteView plain, base::Random& random);
base::Result<base::Bytes> open(const base::Secret<32>& key, base::ByteView context, base::ByteView sealed);

}  // namespace crypto
