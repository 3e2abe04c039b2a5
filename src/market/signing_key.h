// Whose signature a market's contracts have: one key for all processes that serve it, which the first of them brings and
// the store keeps, so that a second one on the same database cannot begin to sign with a key of its own.
// Threads: as the transaction.
#pragma once

#include "base/result.h"
#include "crypto/identity.h"
#include "market/store.h"

namespace market {

// Makes `key` the market's, or finds that it is. kStorage: it is another one; says to copy the key.
base::Status claim_signing_key(Transaction& store, const crypto::PublicKey& key);

}  // namespace market
