#include "market/contract_document.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "market/settlement.h"

namespace market {
namespace {

constexpr std::uint16_t kFormat = 1;
constexpr std::size_t kLongestName = 64;
constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

void put(base::Writer& out, std::int64_t value) { out.u64(static_cast<std::uint64_t>(value)); }
void put(base::Writer& out, const std::optional<Id>& id) { put(out, id.value_or(0)); }
void put(base::Writer& out, const SignedTerms& order) { out.sized(order.document).raw(order.signature); }

// Integers that are never negative, booleans that are 0 or 1: what else there is, is no document.
class Strict {
 public:
  explicit Strict(base::ByteView bytes) : in(bytes) {}
  std::int64_t number() {
    const std::uint64_t value = in.u64();
    good_ = good_ && value <= kMost;
    return static_cast<std::int64_t>(value & kMost);
  }
  std::optional<Id> id() {
    const Id value = number();
    return value == 0 ? std::nullopt : std::optional(value);
  }
  bool flag() {
    const std::uint8_t value = in.u8();
    good_ = good_ && value <= 1;
    return value == 1;
  }
  SignedTerms order() {
    const base::ByteView document = in.sized(kMostDocument);
    return {{document.begin(), document.end()}, in.array<64>()};
  }
  bool done() const { return good_ && in.done(); }

  base::Reader in;

 private:
  bool good_ = true;
};

base::Error wrong(std::string_view what) { return {base::Code::kPeerMisbehaved, "contract: " + std::string(what)}; }

// Whether `amount` for so many units and milliseconds is at most, or at least, what the price of a unit and hour makes.
int compared(std::int64_t amount, std::int64_t price, const ContractTerms& terms) {
  __extension__ using Wide = __int128;
  constexpr Wide kHourMs = 3'600'000;
  const Wide left = static_cast<Wide>(amount) * kHourMs;
  const Wide unit_ms = static_cast<Wide>(terms.end - terms.start) * terms.units;
  const Wide right = unit_ms * price;
  return left < right ? -1 : left > right ? 1 : 0;
}

bool within(const Terms& order, const ContractTerms& terms) {
  return order.earliest <= terms.start && terms.end <= order.latest;
}
bool as_long(const Terms& order, const ContractTerms& terms) {
  return order.min_duration_ms <= terms.end - terms.start && terms.end - terms.start <= order.max_duration_ms;
}

base::Status check_bid(const Terms& bid, const ContractTerms& terms) {
  if (bid.side != Side::kBid || bid.organisation != terms.buyer) return wrong("the bid is not one of its buyer");
  if (bid.market != terms.market) return wrong("the bid is for another market");
  if (terms.units > bid.max_units) return wrong("it has more units than the bid");
  if (compared(terms.pays, bid.price, terms) > 0) return wrong("its price is above the bid's limit");
  if (!terms.renewal_of && !(within(bid, terms) && as_long(bid, terms))) return wrong("its window is not the bid's");
  if (terms.renewal_of && terms.start < bid.earliest + bid.min_duration_ms)
    return wrong("what it renews would have begun before the bid allows");
  const bool notice = terms.notice_ms == 0 || (bid.least_notice_ms > 0 && bid.least_notice_ms <= terms.notice_ms);
  if (!notice) return wrong("it may be called back as the bid does not allow");
  return {};
}

base::Status check_offer(const Terms& offer, const ContractTerms& terms) {
  if (offer.side != Side::kOffer || offer.organisation != terms.seller)
    return wrong("the offer is not one of its seller");
  if (offer.market != terms.market) return wrong("the offer is for another market");
  if (terms.units > offer.max_units) return wrong("it has more units than the offer");
  if (compared(terms.gets, offer.price, terms) < 0) return wrong("its price is below the offer's reserve");
  if (!within(offer, terms) || (!terms.renewal_of && !as_long(offer, terms)))
    return wrong("its window is not the offer's");
  for (const Window& closed : offer.closed)
    if (closed.from < terms.end && terms.start < closed.until)
      return wrong("it is in a window that the offer excludes");
  if (offer.notice_ms != terms.notice_ms) return wrong("its reclaim notice is not the offer's");
  if (offer.renewable != terms.renewable || (terms.renewal_of && !offer.renewable))
    return wrong("whether it may be renewed is not as the offer says");
  if (offer.contract != terms.resale_of) return wrong("what it resells is not what the offer says");
  return {};
}

// One market has one set of rules at a time, and what is open under it has not expired.
base::Status check_both(const Terms& bid, const Terms& offer, const ContractTerms& terms) {
  if (bid.market_revision != offer.market_revision) return wrong("its orders were signed for different rules");
  if (!terms.renewal_of && std::min(bid.expires, offer.expires) <= terms.made)
    return wrong("it was made when one of its orders had expired");
  return {};
}

std::int64_t slot_ms(const ContractTerms& terms) { return (terms.end - terms.start) / terms.slots; }

crypto::Digest digest(base::ByteView document) {
  return crypto::Sha256().update(base::view("tarn contract v1")).update(document).finish();
}

}  // namespace

base::Bytes ContractDocument::encode() const {
  base::Writer out;
  out.u16(kFormat);
  put(out, terms.contract);
  out.text(terms.market);
  put(out, terms.clearing);
  put(out, terms.resale_of);
  put(out, terms.renewal_of);
  out.raw(terms.buyer.key).raw(terms.seller.key).u32(terms.units).u32(terms.slots);
  for (const std::int64_t value : {terms.start, terms.end, terms.pays, terms.gets}) put(out, value);
  out.u32(terms.fee_bp);
  put(out, terms.notice_ms);
  out.u8(terms.renewable ? 1 : 0);
  out.u32(terms.penalties.failure_bp).u32(terms.penalties.reclaim_bp).u32(terms.penalties.cancel_bp);
  put(out, terms.made);
  put(out, bid);
  put(out, offer);
  return out.take();
}

std::optional<ContractDocument> ContractDocument::decode(base::ByteView bytes) {
  Strict from(bytes);
  ContractDocument out;
  ContractTerms& t = out.terms;
  const std::uint16_t format = from.in.u16();
  t.contract = from.number();
  t.market = from.in.text(kLongestName);
  t.clearing = from.number();
  t.resale_of = from.id();
  t.renewal_of = from.id();
  t.buyer.key = from.in.array<32>();
  t.seller.key = from.in.array<32>();
  t.units = from.in.u32();
  t.slots = from.in.u32();
  for (std::int64_t* value : {&t.start, &t.end, &t.pays, &t.gets}) *value = from.number();
  t.fee_bp = from.in.u32();
  t.notice_ms = from.number();
  t.renewable = from.flag();
  t.penalties.failure_bp = from.in.u32();
  t.penalties.reclaim_bp = from.in.u32();
  t.penalties.cancel_bp = from.in.u32();
  t.made = from.number();
  out.bid = from.order();
  out.offer = from.order();
  const bool window = t.start < t.end && t.slots > 0 && (t.end - t.start) % t.slots == 0;
  if (format != kFormat || !from.done() || !window || t.units == 0) return std::nullopt;
  return out;
}

Signature sign_contract(base::ByteView document, const crypto::Identity& market) {
  return market.sign(digest(document));
}

base::Result<ContractTerms> verify_contract(base::ByteView document, const Signature& signature,
                                            const crypto::PublicKey& market) {
  const auto contract = ContractDocument::decode(document);
  if (!contract) return wrong("these bytes are none");
  if (!crypto::verify(market, digest(document), signature)) return wrong("the market's signature is not of it");
  TARN_ASSIGN(const Terms bid, verified(contract->bid));
  TARN_ASSIGN(const Terms offer, verified(contract->offer));
  if (bid.service != market || offer.service != market) return wrong("its orders are for another market service");
  TARN_TRY(check_bid(bid, contract->terms));
  TARN_TRY(check_offer(offer, contract->terms));
  TARN_TRY(check_both(bid, offer, contract->terms));
  return contract->terms;
}

base::Status verify_renewal(const ContractTerms& renewal, const ContractTerms& renewed) {
  if (renewal.renewal_of != renewed.contract || renewal.market != renewed.market)
    return wrong("it renews another contract");
  if (renewal.buyer != renewed.buyer || renewal.seller != renewed.seller || renewal.units != renewed.units ||
      renewal.resale_of != renewed.resale_of)
    return wrong("what it renews was between others, or of other units");
  if (!renewed.renewable) return wrong("what it renews cannot be renewed");
  if (renewal.start != renewed.end || slot_ms(renewal) != slot_ms(renewed))
    return wrong("it does not begin where what it renews ends");
  if (renewal.penalties != renewed.penalties || renewal.fee_bp != renewed.fee_bp ||
      renewal.notice_ms != renewed.notice_ms)
    return wrong("its penalties, fee or notice are not those of what it renews");
  const std::int64_t pays = for_slots(renewed.pays, renewed.slots, renewal.slots);
  const std::int64_t gets = std::min(for_slots(renewed.gets, renewed.slots, renewal.slots), pays);
  if (renewal.pays != pays || renewal.gets != gets) return wrong("its price is not that of what it renews");
  return {};
}

}  // namespace market
