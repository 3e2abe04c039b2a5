#include "market/seeds.h"

#include <algorithm>

#include "base/encoding.h"
#include "market/rules.h"

namespace market {

crypto::Digest seed_commitment(Id market, std::uint64_t number, const OperatorSeed& seed) {
  base::Writer out;
  out.raw(base::view("tarn clearing commitment v1")).u64(static_cast<std::uint64_t>(market)).u64(number).raw(seed);
  return crypto::sha256(out.bytes());
}

crypto::Digest tie_seed(const OperatorSeed& seed, std::span<const crypto::Digest> orders) {
  crypto::Sha256 all;
  for (const crypto::Digest& order : orders) all.update(order);
  base::Writer out;
  out.raw(base::view("tarn clearing seed v1")).raw(seed).raw(all.finish());
  return crypto::sha256(out.bytes());
}

base::Status commit_to_seed(Transaction& store, const Context& context, Market& market) {
  OperatorSeed seed{};
  context.random->fill(seed);
  TARN_TRY(store.set_market_seed(market.id, seed));
  market.seed_commitment = seed_commitment(market.id, market.next_number, seed);
  return {};
}

std::string commitment_text(const Market& market) {
  return "clearing " + std::to_string(market.next_number) + " is committed to " + base::to_hex(market.seed_commitment);
}

base::Result<OperatorSeed> committed_seed(Transaction& store, const Market& market) {
  TARN_ASSIGN(const std::optional<base::Bytes> kept, store.market_seed(market.id));
  OperatorSeed seed{};
  if (kept && kept->size() == seed.size()) {
    std::ranges::copy(*kept, seed.begin());
    if (seed_commitment(market.id, market.next_number, seed) == market.seed_commitment) return seed;
  }
  return base::Error{base::Code::kStorage, "the seed that a market committed to is gone: restore the database"};
}

}  // namespace market
