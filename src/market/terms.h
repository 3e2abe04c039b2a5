// Terms as they are signed: one sequence of bytes for each, and the signature of the organisation that they name.
//   version u16 = 1 · service 32 · market text · revision u32 · side u8 · organisation 32 · nonce 16 · price u64 · units u32 u32 ·
//   earliest, latest, min and max duration u64 · time in force u8 · expires u64 · then, of a bid: query text ·
//   same site u8 · least notice u64; of an offer: lot text · contract u64, 0 if none · buyers u32 × 32 ·
//   groups u32 × text · notice u64 · closed u32 × (u64 u64) · renewable u8            (base/encoding.h)
// decode takes only what encode makes, and only terms that check_terms passes: what needs no market to be judged. The
// market's own rules come on top (admission.h).
// Signed is "tarn market order v1" and the document. The nonce is random, so a digest of the document says nothing of it.
// Pure, any thread. Errors: kInvalidInput, as "field: why".
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "crypto/sha256.h"
#include "market/types.h"

namespace market {

inline constexpr std::size_t kMostBuyers = 256, kMostGroups = 16, kMostClosed = 64;
inline constexpr std::size_t kMostQuery = 1'024;
inline constexpr std::size_t kMostDocument = 16 * 1'024;
inline constexpr std::int64_t kMostHourPrice = 1'000'000'000'000'000;  // micro-credits a unit and hour

// An order as it comes: what was signed, and the signature.
struct SignedTerms {
  base::Bytes document;
  Signature signature{};
};

base::Status check_terms(const Terms& terms);

base::Bytes encode(const Terms& terms);
base::Result<Terms> decode_terms(base::ByteView document);

SignedTerms sign(const Terms& terms, const crypto::Identity& identity);
base::Result<Terms> verified(const SignedTerms& order);  // of the organisation that the terms name

crypto::Digest order_digest(base::ByteView document);

}  // namespace market
