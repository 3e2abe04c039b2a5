// Contracts from whoever shows one: what decodes encodes to the same bytes, what was changed in any way verifies no more,
// and what the market signs without both orders allowing it never does.
#include "crypto/random.h"
#include "fuzz/input.h"
#include "market/contract_document.h"
#include "market/grid.h"

namespace {

using market::kHourMs;

crypto::Identity identity(std::string_view name) {
  crypto::SeededRandom random(base::view(name));
  return crypto::Identity::generate(random);
}

market::Terms terms(market::Side side, const crypto::Identity& by) {
  market::Terms out;
  out.service = identity("market").public_key();
  out.market = "hours";
  out.market_revision = 1;
  out.side = side;
  out.organisation.key = by.public_key();
  out.price = 1'000;
  out.max_units = 4;
  out.earliest = 10 * kHourMs;
  out.latest = 20 * kHourMs;
  out.min_duration_ms = kHourMs;
  out.max_duration_ms = 10 * kHourMs;
  out.expires = 19 * kHourMs;
  if (side == market::Side::kOffer) out.lot = "rack";
  return out;
}

market::ContractDocument contract(const crypto::Identity& buyer, const crypto::Identity& seller) {
  market::ContractDocument out;
  out.bid = market::sign(terms(market::Side::kBid, buyer), buyer);
  out.offer = market::sign(terms(market::Side::kOffer, seller), seller);
  out.terms.contract = 12;
  out.terms.market = "hours";
  out.terms.buyer.key = buyer.public_key();
  out.terms.seller.key = seller.public_key();
  out.terms.units = 2;
  out.terms.slots = 3;
  out.terms.start = 11 * kHourMs;
  out.terms.end = 14 * kHourMs;
  out.terms.pays = out.terms.gets = 6'000;
  out.terms.made = 9 * kHourMs;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::Identity kMarket = identity("market"), kBuyer = identity("buyer"), kSeller = identity("seller");
  static const base::Bytes kValid = contract(kBuyer, kSeller).encode();
  static const market::Signature kSigned = market::sign_contract(kValid, kMarket);
  fuzz::Input in(data, size);
  const bool raw = in.u8() == 'r';
  const base::Bytes bytes = raw ? fuzz::copy(in.rest()) : fuzz::damaged(in, kValid);
  const auto decoded = market::ContractDocument::decode(bytes);
  if (decoded) CHECK(decoded->encode() == bytes);
  CHECK(market::verify_contract(bytes, kSigned, kMarket.public_key()).ok() == (bytes == kValid));
  const auto signed_anyway =
      market::verify_contract(bytes, market::sign_contract(bytes, kMarket), kMarket.public_key());
  if (!signed_anyway.ok()) {
    CHECK(fuzz::printable(signed_anyway.error().message));
    return 0;
  }
  // Both orders are as they were signed, and allow it.
  CHECK(decoded->bid.document == contract(kBuyer, kSeller).bid.document);
  CHECK(decoded->terms.units <= 4 && decoded->terms.start >= 10 * kHourMs && decoded->terms.end <= 20 * kHourMs);
  CHECK(!decoded->terms.renewal_of && !decoded->terms.renewable && decoded->terms.notice_ms == 0);
  return 0;
}
