#include "pool/lease.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace pool {
namespace {

struct Deal {
  crypto::SeededRandom random{base::view("lease")};
  crypto::Identity provider = crypto::Identity::generate(random), requester = crypto::Identity::generate(random);
  LeaseTerms terms() {
    LeaseTerms t;
    random.fill(t.id);
    t.provider = provider.public_key();
    t.requester = requester.public_key();
    t.unit = *model::ResourceClass::parse("cpu=1 memory=1Gi");
    t.units = 32;
    t.hourly_payment = 1'280'000;
    t.start_unix_ms = 1'700'000'000'000;
    t.end_unix_ms = t.start_unix_ms + 3'600'000;
    t.mechanism = "second-price";
    return t;
  }
};

TEST(LeaseDocument, CountsOnlyWithBothSignatures) {
  Deal deal;
  LeaseDocument document = LeaseDocument::offer(deal.terms(), deal.provider);
  EXPECT_TRUE(document.valid());
  EXPECT_FALSE(document.complete());
  document.countersign(deal.requester);
  EXPECT_TRUE(document.complete());
  const auto decoded = LeaseDocument::decode(document.encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->terms, document.terms);
  EXPECT_TRUE(decoded->complete());
}

TEST(LeaseDocument, AnyChangeOfItBreaksASignatureOrTheForm) {
  Deal deal;
  LeaseDocument document = LeaseDocument::offer(deal.terms(), deal.provider);
  document.countersign(deal.requester);
  const base::Bytes bytes = document.encode();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    base::Bytes changed = bytes;
    changed[i] ^= 0x10;
    const auto decoded = LeaseDocument::decode(changed);
    EXPECT_FALSE(decoded && decoded->complete()) << "byte " << i;
    EXPECT_FALSE(LeaseDocument::decode(base::ByteView(bytes).first(i)));
  }
}

TEST(LeaseDocument, NobodySignsForTheOther) {
  Deal deal;
  LeaseDocument document = LeaseDocument::offer(deal.terms(), deal.requester);
  EXPECT_FALSE(document.valid());
  document = LeaseDocument::offer(deal.terms(), deal.provider);
  document.countersign(deal.provider);
  EXPECT_FALSE(document.complete());
}

TEST(LeaseMessage, IsCanonical) {
  for (const LeaseCall call : {LeaseCall::kShow, LeaseCall::kRenew, LeaseCall::kRelease, LeaseCall::kConfirm,
                               LeaseCall::kAccess, LeaseCall::kUsage}) {
    LeaseMessage message;
    message.call = call;
    message.lease.fill(7);
    if (call == LeaseCall::kRenew) message.seconds = 60;
    if (call == LeaseCall::kConfirm) message.signature.emplace();
    const auto decoded = LeaseMessage::decode(message.encode());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->encode(), message.encode());
    message.seconds = call == LeaseCall::kRenew ? 0 : 1;  // what the call does not have
    EXPECT_FALSE(LeaseMessage::decode(message.encode()));
  }
}

TEST(LeaseId, ReadsWhatItWrites) {
  LeaseId id{};
  id[3] = 0xab;
  EXPECT_EQ(parse_lease_id(text(id)), id);
  EXPECT_FALSE(parse_lease_id("lease_12"));
  EXPECT_FALSE(parse_lease_id("org_" + text(id).substr(6)));
}

}  // namespace
}  // namespace pool
