// Orders as they come: bytes of anybody, valid ones that were damaged, and signatures. What is decoded encodes to the same
// bytes and is within every limit; nothing is verified but what the key signed.
#include "crypto/random.h"
#include "fuzz/input.h"
#include "market/terms.h"

namespace {

constexpr std::int64_t kHour = 3'600'000;

market::Terms valid(bool offer) {
  market::Terms terms;
  terms.service = {9, 8, 7};
  terms.market = "small";
  terms.market_revision = 1;
  terms.price = 41'000;
  terms.max_units = 4;
  terms.latest = 24 * kHour;
  terms.min_duration_ms = terms.max_duration_ms = kHour;
  terms.expires = 20 * kHour;
  if (!offer) terms.query = "memory >= 64Gi";
  if (!offer) return terms;
  terms.side = market::Side::kOffer;
  terms.lot = "r630";
  terms.buyers = {market::OrganisationId{{1}}, market::OrganisationId{{2}}};
  terms.groups = {"friends"};
  terms.closed = {{kHour, 2 * kHour}, {3 * kHour, 4 * kHour}};
  return terms;
}

void decoded(base::ByteView bytes) {
  const auto terms = market::decode_terms(bytes);
  if (!terms.ok()) {
    CHECK(terms.error().code == base::Code::kInvalidInput && fuzz::printable(terms.error().message));
    return;
  }
  CHECK(market::encode(*terms) == fuzz::copy(bytes));
  CHECK(market::check_terms(*terms).ok());
  CHECK(bytes.size() <= market::kMostDocument);
  CHECK(terms->max_units <= market::kMostUnits && terms->min_units >= 1 && terms->earliest < terms->latest);
}

void signature(fuzz::Input& in, bool offer) {
  crypto::SeededRandom random(base::view("fuzz"));
  static const crypto::Identity kIdentity = crypto::Identity::generate(random);
  market::Terms terms = valid(offer);
  terms.organisation.key = kIdentity.public_key();
  const market::SignedTerms good = market::sign(terms, kIdentity);
  market::SignedTerms other = good;
  other.document = fuzz::damaged(in, good.document);
  const base::Bytes damaged = fuzz::damaged(in, base::Bytes(good.signature.begin(), good.signature.end()));
  std::copy_n(damaged.begin(), std::min(damaged.size(), other.signature.size()), other.signature.begin());
  const auto verified = market::verified(other);
  CHECK(verified.ok() == (other.document == good.document && other.signature == good.signature));
  if (verified.ok()) CHECK(*verified == terms);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.u8()) {
    case 'b': decoded(fuzz::damaged(in, market::encode(valid(false)))); break;
    case 'o': decoded(fuzz::damaged(in, market::encode(valid(true)))); break;
    case 's': signature(in, false); break;
    case 't': signature(in, true); break;
    default: decoded(in.rest()); break;
  }
  return 0;
}
