// Transcripts as the market writes them, of calls made up by a test: with the seeds and the commitment that belong to them.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "auction/clearing/mechanism.h"
#include "auction/clearing/transcript.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/encoding.h"
#include "crypto/sha256.h"

namespace transcripts {

using auction::clearing::Call;
using auction::clearing::Order;
using auction::clearing::Outcome;
using auction::clearing::TranscriptHeader;

inline TranscriptHeader header_of(std::span<const Call> calls) {
  TranscriptHeader header;
  header.market = 3;
  header.number = 17;
  header.at = "2026-11-27T15:00:00.000Z";
  header.slot_ms = 3'600'000;
  header.operator_seed.fill(0x5a);
  for (const Call& call : calls)
    for (const auto* orders : {&call.bids, &call.asks})
      for (const Order& order : *orders) {
        base::Writer document;
        document.text("an order").u64(order.id);
        header.orders.push_back({order.id, crypto::sha256(document.bytes())});
      }
  std::ranges::sort(header.orders, {}, &auction::clearing::OrderDigest::id);
  const auto same = [](const auto& a, const auto& b) { return a.id == b.id; };
  header.orders.erase(std::unique(header.orders.begin(), header.orders.end(), same), header.orders.end());
  base::Writer commitment;
  commitment.raw(base::view("tarn clearing commitment v1")).u64(header.market).u64(header.number);
  header.commitment = crypto::sha256(commitment.raw(header.operator_seed).bytes());
  base::Writer digests;
  for (const auto& order : header.orders) digests.raw(order.digest);
  base::Writer seed;
  seed.raw(base::view("tarn clearing seed v1")).raw(header.operator_seed).raw(crypto::sha256(digests.bytes()));
  header.seed = crypto::sha256(seed.bytes());
  return header;
}

// Clears the calls with the seed that follows from them, and writes it down.
inline std::string written(std::vector<Call> calls) {
  const TranscriptHeader header = header_of(calls);
  std::vector<Outcome> outcomes;
  for (Call& call : calls) {
    call.seed = header.seed;
    auto outcome = auction::clearing::clear(call);
    CHECK(outcome.ok());
    outcomes.push_back(std::move(*outcome));
  }
  std::vector<auction::clearing::ClearedCall> cleared;
  for (std::size_t i = 0; i < calls.size(); ++i) cleared.push_back({&calls[i], &outcomes[i], 480'000});
  return auction::clearing::transcript(header, cleared);
}

}  // namespace transcripts
