// The seed that settles ties and draws of a call. The operator draws one beforehand and publishes its commitment, so it
// cannot be chosen to suit the orders; orders come after that, so nobody can choose one to suit the seed. Revealed in the
// clearing's transcript, where verify/ computes all of this anew.
//   commitment = SHA-256("tarn clearing commitment v1" ‖ market u64 ‖ number u64 ‖ operator's seed)   (little-endian)
//   tie seed   = SHA-256("tarn clearing seed v1" ‖ operator's seed ‖ SHA-256(digests of the orders, by id))
// Threads: any; as the transaction.
#pragma once

#include <array>
#include <span>
#include <string>

#include "base/result.h"
#include "crypto/sha256.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;
using OperatorSeed = std::array<std::uint8_t, 32>;

crypto::Digest seed_commitment(Id market, std::uint64_t number, const OperatorSeed& seed);
crypto::Digest tie_seed(const OperatorSeed& seed, std::span<const crypto::Digest> orders);

// Draws the seed of the market's clearing `next_number`, keeps it, and puts its commitment into `market`, which is the
// caller's to write.
base::Status commit_to_seed(Transaction& store, const Context& context, Market& market);
// For an event, so that whoever watches has it before the first order of that clearing.
std::string commitment_text(const Market& market);
base::Result<OperatorSeed> committed_seed(Transaction& store, const Market& market);  // kStorage: not the committed one

}  // namespace market
