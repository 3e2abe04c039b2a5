#include "market/terms.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "crypto/random.h"
#include "market/grid.h"

namespace market {
namespace {

crypto::Identity identity(std::string_view seed) {
  crypto::SeededRandom random(base::view(seed));
  return crypto::Identity::generate(random);
}

Terms bid() {
  Terms terms;
  terms.service = identity("market").public_key();
  terms.market = "small";
  terms.market_revision = 1;
  terms.price = 41'000;
  terms.max_units = 4;
  terms.earliest = 10 * kHourMs;
  terms.latest = 20 * kHourMs;
  terms.min_duration_ms = terms.max_duration_ms = 3 * kHourMs;
  terms.expires = 17 * kHourMs;
  terms.query = "memory >= 64Gi";
  terms.same_site = true;
  terms.organisation.key = identity("acme").public_key();
  terms.nonce = {1, 2, 3};
  return terms;
}

Terms offer() {
  Terms terms = bid();
  terms.side = Side::kOffer;
  terms.query.clear();
  terms.same_site = false;
  terms.lot = "r630-12";
  terms.buyers = {OrganisationId{{7}}, OrganisationId{{3}}};
  terms.groups = {"friends"};
  terms.notice_ms = kHourMs;
  terms.closed = {{11 * kHourMs, 12 * kHourMs}, {14 * kHourMs, 15 * kHourMs}};
  terms.renewable = true;
  return terms;
}

TEST(Terms, ComeBackFromTheirBytes) {
  Terms resale = offer();
  resale.lot.clear();
  resale.contract = 12;
  for (const Terms& terms : {bid(), offer(), resale}) {
    ASSERT_TRUE(check_terms(terms).ok()) << check_terms(terms).error().message;
    const auto back = decode_terms(encode(terms));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, terms);
  }
}

// No other bytes mean the same, and none of them brings anything down.
RC_GTEST_PROP(Terms, AreOneSequenceOfBytes, (bool offers, std::uint16_t at, std::uint8_t with, bool cut)) {
  const base::Bytes bytes = encode(offers ? offer() : bid());
  base::Bytes other = bytes;
  if (cut)
    other.resize(at % bytes.size());
  else
    other[at % bytes.size()] ^= with;
  const auto decoded = decode_terms(other);
  if (decoded.ok()) RC_ASSERT(encode(*decoded) == other);
  if (cut) RC_ASSERT(!decoded.ok());
}

TEST(Terms, AreBelievedOnlyWithTheSignatureOfWhomTheyName) {
  const SignedTerms good = sign(bid(), identity("acme"));
  ASSERT_TRUE(verified(good).ok());
  EXPECT_EQ(*verified(good), bid());
  EXPECT_FALSE(verified(sign(bid(), identity("other"))).ok());

  SignedTerms changed = good;
  Terms dearer = bid();
  dearer.price += 1;
  changed.document = encode(dearer);
  const auto refused = verified(changed);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().message.starts_with("signature: ")) << refused.error().message;

  // The domain: a signature of the bare document is none of the order.
  SignedTerms bare = good;
  bare.signature = identity("acme").sign(good.document);
  EXPECT_FALSE(verified(bare).ok());
  bare.document.resize(kMostDocument + 1);
  EXPECT_FALSE(verified(bare).ok());
}

struct Wrong {
  std::string_view field;
  void (*change)(Terms&);
};

void expect_refused(const Terms& good, const std::vector<Wrong>& changes) {
  for (const Wrong& wrong : changes) {
    Terms terms = good;
    wrong.change(terms);
    const base::Status status = check_terms(terms);
    ASSERT_FALSE(status.ok()) << wrong.field;
    EXPECT_EQ(status.error().code, base::Code::kInvalidInput);
    EXPECT_TRUE(status.error().message.starts_with(std::string(wrong.field) + ": ")) << status.error().message;
    EXPECT_FALSE(decode_terms(encode(terms)).ok()) << wrong.field;
  }
}

TEST(Terms, ThatCannotBeMeantAreRefusedByField) {
  expect_refused(bid(), {
                            {"market", [](Terms& t) { t.market = "Small"; }},
                            {"side", [](Terms& t) { t.side = Side{3}; }},
                            {"price", [](Terms& t) { t.price = -1; }},
                            {"min_units", [](Terms& t) { t.min_units = 0; }},
                            {"min_units", [](Terms& t) { t.min_units = t.max_units + 1; }},
                            {"max_units", [](Terms& t) { t.max_units = kMostUnits + 1; }},
                            {"in_force", [](Terms& t) { t.in_force = TimeInForce{0}; }},
                            {"latest", [](Terms& t) { t.earliest = t.latest; }},
                            {"latest", [](Terms& t) { t.earliest = -1; }},
                            {"min_duration", [](Terms& t) { t.min_duration_ms = 0; }},
                            {"max_duration", [](Terms& t) { t.max_duration_ms = t.latest; }},
                            {"expires", [](Terms& t) { t.expires += 1; }},
                            {"expires", [](Terms& t) { t.expires = 0; }},
                            {"query", [](Terms& t) { t.query = "memory >"; }},
                            {"least_notice", [](Terms& t) { t.least_notice_ms = -1; }},
                        });
  expect_refused(offer(), {
                              {"lot", [](Terms& t) { t.lot.clear(); }},
                              {"lot", [](Terms& t) { t.contract = 1; }},
                              {"lot", [](Terms& t) { t.lot = "a b"; }},
                              {"buyers", [](Terms& t) { t.buyers.push_back(t.buyers[0]); }},
                              {"buyers", [](Terms& t) { t.buyers.resize(kMostBuyers + 1); }},
                              {"groups", [](Terms& t) { t.groups.push_back(t.groups[0]); }},
                              {"groups", [](Terms& t) { t.groups[0] = ""; }},
                              {"notice", [](Terms& t) { t.notice_ms = -1; }},
                              {"closed", [](Terms& t) { t.closed[1].from = t.closed[0].from; }},
                              {"closed", [](Terms& t) { t.closed[1].until = t.latest + 1; }},
                              {"closed", [](Terms& t) { t.closed.resize(kMostClosed + 1); }},
                          });
}

TEST(Terms, HaveTheOtherSidesFieldsUnset) {
  Terms terms = bid();
  terms.lot = "r630-12";
  EXPECT_FALSE(check_terms(terms).ok());
  terms = offer();
  terms.query = "memory >= 1Gi";
  EXPECT_FALSE(check_terms(terms).ok());
}

}  // namespace
}  // namespace market
