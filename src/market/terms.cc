#include "market/terms.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "market/grid.h"
#include "market/lookup.h"
#include "market/query.h"

namespace market {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::string_view kDomain = "tarn market order v1";

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

template <class T>
bool all_different(std::vector<T> values) {
  std::ranges::sort(values);
  return std::ranges::adjacent_find(values) == values.end();
}

base::Status check_times(const Terms& terms) {
  if (terms.earliest < 0 || terms.earliest >= terms.latest || terms.latest > kMostTime)
    return invalid("latest", "is after earliest, both are times in UTC");
  if (terms.min_duration_ms < 1 || terms.min_duration_ms > terms.max_duration_ms)
    return invalid("min_duration", "is at least a slot, and at most max_duration");
  if (terms.max_duration_ms > terms.latest - terms.earliest)
    return invalid("max_duration", "has to fit between earliest and latest");
  if (terms.expires < 1 || terms.expires > terms.latest - terms.min_duration_ms)
    return invalid("expires", "is when it could last begin and still be in time, or before");
  return {};
}

base::Status check_bid(const Terms& terms) {
  if (!terms.lot.empty() || terms.contract || !terms.buyers.empty() || !terms.groups.empty() || terms.notice_ms != 0 ||
      !terms.closed.empty() || terms.renewable)
    return invalid("side", "lot, contract, buyers, groups, notice, closed and renewable are an offer's");
  if (terms.least_notice_ms < 0 || terms.least_notice_ms > kMostTime)
    return invalid("least_notice", "is a duration, or 0 for none that may be called back");
  if (terms.query.size() > kMostQuery) return invalid("query", "has at most 1,024 characters");
  if (const auto query = Query::parse(terms.query); !query.ok()) return query.error();
  return {};
}

base::Status check_closed(const Terms& terms) {
  if (terms.closed.size() > kMostClosed) return invalid("closed", "has at most 64 windows");
  std::int64_t end = terms.earliest;
  for (const Window& window : terms.closed) {
    if (window.from < end || window.from >= window.until || window.until > terms.latest)
      return invalid("closed", "has to be windows one after the other, within earliest and latest");
    end = window.until;
  }
  return {};
}

base::Status check_offer(const Terms& terms) {
  if (!terms.query.empty() || terms.same_site || terms.least_notice_ms != 0)
    return invalid("side", "query, same_site and least_notice are a bid's");
  if (terms.lot.empty() != terms.contract.has_value())
    return invalid("lot", "an offer is either of a lot or of a contract");
  if (!terms.lot.empty()) TARN_TRY(check_name("lot", terms.lot));
  if (terms.contract && *terms.contract < 1) return invalid("contract", "is an id as ctr_12");
  if (terms.buyers.size() > kMostBuyers || !all_different(terms.buyers))
    return invalid("buyers", "has at most 256 organisations, each once");
  if (terms.groups.size() > kMostGroups || !all_different(terms.groups))
    return invalid("groups", "has at most 16 names, each once");
  for (const std::string& group : terms.groups) TARN_TRY(check_name("groups", group));
  if (terms.notice_ms < 0 || terms.notice_ms > kMostTime) return invalid("notice", "is a duration, or 0");
  return check_closed(terms);
}

// What only one side has.
void encode_bid(base::Writer& out, const Terms& terms) {
  out.text(terms.query).u8(terms.same_site ? 1 : 0).u64(bits(terms.least_notice_ms));
}
void encode_offer(base::Writer& out, const Terms& terms) {
  out.text(terms.lot).u64(bits(terms.contract.value_or(0)));
  out.u32(static_cast<std::uint32_t>(terms.buyers.size()));
  for (const OrganisationId& buyer : terms.buyers) out.raw(buyer.key);
  out.u32(static_cast<std::uint32_t>(terms.groups.size()));
  for (const std::string& group : terms.groups) out.text(group);
  out.u64(bits(terms.notice_ms)).u32(static_cast<std::uint32_t>(terms.closed.size()));
  for (const Window& window : terms.closed) out.u64(bits(window.from)).u64(bits(window.until));
  out.u8(terms.renewable ? 1 : 0);
}

// What is above a limit is cut here, and so no longer encodes to the same bytes.
void decode_bid(base::Reader& in, Terms& terms) {
  terms.query = in.text(kMostQuery);
  terms.same_site = in.u8() == 1;
  terms.least_notice_ms = number(in.u64());
}
void decode_offer(base::Reader& in, Terms& terms) {
  terms.lot = in.text(kMaxName);
  if (const Id contract = number(in.u64()); contract != 0) terms.contract = contract;
  const std::uint32_t buyers = in.u32();
  for (std::uint32_t i = 0; i < buyers && i < kMostBuyers; ++i) terms.buyers.push_back({in.array<32>()});
  const std::uint32_t groups = in.u32();
  for (std::uint32_t i = 0; i < groups && i < kMostGroups; ++i) terms.groups.push_back(in.text(kMaxName));
  terms.notice_ms = number(in.u64());
  const std::uint32_t closed = in.u32();
  for (std::uint32_t i = 0; i < closed && i < kMostClosed; ++i) {
    const std::int64_t from = number(in.u64());
    terms.closed.push_back({from, number(in.u64())});
  }
  terms.renewable = in.u8() == 1;
}

base::Bytes signed_bytes(base::ByteView document) {
  base::Writer out;
  out.raw(base::view(kDomain)).raw(document);
  return out.take();
}

}  // namespace

base::Status check_terms(const Terms& terms) {
  if (!is_market_name(terms.market)) return invalid("market", "is the name of one: 1 to 63 characters of a-z 0-9 -");
  if (terms.side != Side::kBid && terms.side != Side::kOffer) return invalid("side", "is bid or offer");
  if (terms.price < 0 || terms.price > kMostHourPrice)
    return invalid("price", "is an amount of credits a unit and hour, not negative");
  if (terms.min_units < 1 || terms.min_units > terms.max_units) return invalid("min_units", "is 1 to max_units");
  if (terms.max_units > kMostUnits) return invalid("max_units", "is at most 4096");
  if (terms.in_force != TimeInForce::kGoodTillTime && terms.in_force != TimeInForce::kImmediateOrCancel)
    return invalid("in_force", "is good-till-time or immediate-or-cancel");
  TARN_TRY(check_times(terms));
  return terms.side == Side::kBid ? check_bid(terms) : check_offer(terms);
}

base::Bytes encode(const Terms& terms) {
  base::Writer out;
  out.u16(kVersion)
      .raw(terms.service)
      .text(terms.market)
      .u32(terms.market_revision)
      .u8(static_cast<std::uint8_t>(terms.side));
  out.raw(terms.organisation.key).raw(terms.nonce).u64(bits(terms.price)).u32(terms.min_units).u32(terms.max_units);
  out.u64(bits(terms.earliest)).u64(bits(terms.latest));
  out.u64(bits(terms.min_duration_ms)).u64(bits(terms.max_duration_ms));
  out.u8(static_cast<std::uint8_t>(terms.in_force)).u64(bits(terms.expires));
  terms.side == Side::kBid ? encode_bid(out, terms) : encode_offer(out, terms);
  return out.take();
}

base::Result<Terms> decode_terms(base::ByteView document) {
  base::Reader in(document);
  Terms terms;
  const bool known = in.u16() == kVersion;
  terms.service = in.array<32>();
  terms.market = in.text(kMaxName);
  terms.market_revision = in.u32();
  terms.side = static_cast<Side>(in.u8());
  terms.organisation.key = in.array<32>();
  terms.nonce = in.array<16>();
  terms.price = number(in.u64());
  terms.min_units = in.u32();
  terms.max_units = in.u32();
  terms.earliest = number(in.u64());
  terms.latest = number(in.u64());
  terms.min_duration_ms = number(in.u64());
  terms.max_duration_ms = number(in.u64());
  terms.in_force = static_cast<TimeInForce>(in.u8());
  terms.expires = number(in.u64());
  if (terms.side == Side::kBid) decode_bid(in, terms);
  if (terms.side == Side::kOffer) decode_offer(in, terms);
  // Encoding once more also refuses a boolean of 2, and lists that were cut.
  if (!known || !in.done() || !std::ranges::equal(encode(terms), document))
    return invalid("document", "is no order of version 1: make it anew with this version of tarn");
  TARN_TRY(check_terms(terms));
  return terms;
}

SignedTerms sign(const Terms& terms, const crypto::Identity& identity) {
  SignedTerms order{encode(terms), {}};
  order.signature = identity.sign(signed_bytes(order.document));
  return order;
}

base::Result<Terms> verified(const SignedTerms& order) {
  if (order.document.size() > kMostDocument) return invalid("document", "is longer than any order");
  TARN_ASSIGN(Terms terms, decode_terms(order.document));
  if (!crypto::verify(terms.organisation.key, signed_bytes(order.document), order.signature))
    return invalid("signature", "is not the organisation's that the order names: sign it with that identity");
  return terms;
}

crypto::Digest order_digest(base::ByteView document) { return crypto::sha256(document); }

}  // namespace market
