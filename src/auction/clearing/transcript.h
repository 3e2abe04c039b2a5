// The transcript of a clearing: everything that was decided on and what was decided, as JSON (docs/market/transcript.md),
// so that anybody can check it with `tarn market verify` without solving it again, and without trusting who wrote it.
// It names no organisation: orders are numbers and the SHA-256 of what was signed, which is random to all but those who
// know the document. verify/ reads it and shares nothing with this file.
// A clearing is one document of any number of calls (the market's products, cleared apart): all calls have one seed,
//   seed = SHA-256("tarn clearing seed v1" ‖ operator_seed ‖ SHA-256(digests of `orders`, in order of id))
// and the operator's seed was committed to before the first order came:
//   commitment = SHA-256("tarn clearing commitment v1" ‖ market (u64, little-endian) ‖ number (u64) ‖ operator_seed).
// Pure, any thread. Errors: none; that the calls fit their header is the caller's business, and verify's to find out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "auction/clearing/mechanism.h"
#include "auction/clearing/order.h"

namespace auction::clearing {

using Digest = std::array<std::uint8_t, 32>;

struct OrderDigest {
  std::uint64_t id = 0;
  Digest digest{};  // SHA-256 of the signed document
};

struct TranscriptHeader {
  std::uint64_t market = 0, number = 0;  // of the clearing, from 1
  std::string at;                        // RFC 3339, UTC
  std::int64_t slot_ms = 0;
  Digest commitment{}, operator_seed{}, seed{};
  // Every order that was open at this clearing, whether it is in a call or not, ascending by id. An order in a call has
  // the id that it has here.
  std::vector<OrderDigest> orders;
};

struct ClearedCall {
  const Call* call = nullptr;
  const Outcome* outcome = nullptr;
  std::int64_t first_slot = 0;  // the call's slot 0 is this one of the market's grid, counted from the epoch
};

std::string transcript(const TranscriptHeader& header, std::span<const ClearedCall> calls);

}  // namespace auction::clearing
