// HMAC-SHA-256 (RFC 2104), by libsodium. Threads: any.
#pragma once

#include "crypto/sha256.h"

namespace crypto {

Digest hmac_sha256(base::ByteView key, base::ByteView message);

}  // namespace crypto
