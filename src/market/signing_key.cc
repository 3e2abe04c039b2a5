#include "market/signing_key.h"

#include <algorithm>

namespace market {

base::Status claim_signing_key(Transaction& store, const crypto::PublicKey& key) {
  TARN_ASSIGN(const std::optional<base::Bytes> known, store.signing_key());
  if (!known) return store.set_signing_key(key);
  if (std::ranges::equal(*known, key)) return {};
  return base::Error{base::Code::kStorage,
                     "market.key is not the key that this market's contracts are signed with: copy market.key from the "
                     "state directory of the market's first process, or restore it from a backup"};
}

}  // namespace market
