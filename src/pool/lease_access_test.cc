// What a provider says of a delivery: who can read it, that nothing about it can be changed, and its one encoding.
#include "pool/lease_access.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace pool {
namespace {

constexpr std::int64_t kEnd = 1'750'000'600'000;

class LeaseAccesses : public testing::Test {
 protected:
  static DeliveryDesk::Answer answer(std::string credentials = "apiVersion: v1") {
    DeliveryDesk::Answer out;
    out.ready = true;
    out.access = inventory::Access{std::move(credentials), kEnd};
    out.usage = {{"limits.cpu", {"4", "1500m"}}, {"pods", {"40", "3"}}};
    return out;
  }
  LeaseAccess made(DeliveryDesk::Answer answer) {
    auto out = LeaseAccess::make(std::move(answer), parties_, random_);
    EXPECT_TRUE(out.ok());
    return *out;
  }
  crypto::SeededRandom random_{base::view("access")};
  crypto::Identity provider_ = crypto::Identity::generate(random_), requester_ = crypto::Identity::generate(random_);
  LeaseAccess::Parties parties_{{9}, provider_.public_key(), requester_.public_key()};
};

TEST_F(LeaseAccesses, BringCredentialsToTheRequesterAlone) {
  const base::Bytes message = made(answer()).seal(parties_, provider_);
  EXPECT_EQ(std::string(message.begin(), message.end()).find("apiVersion"), std::string::npos);
  const auto read = LeaseAccess::decode(message, parties_);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, LeaseAccess::State::kReady);
  EXPECT_EQ(read->expires_unix_ms, kEnd);
  EXPECT_EQ(read->usage.at("limits.cpu").used, "1500m");
  const auto credentials = read->open(parties_, requester_);
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(std::string(credentials->begin(), credentials->end()), "apiVersion: v1");
  EXPECT_FALSE(read->open(parties_, provider_).ok());
  LeaseAccess::Parties other = parties_;
  other.lease = {8};
  EXPECT_FALSE(read->open(other, requester_).ok());  // not moved to another lease
}

TEST_F(LeaseAccesses, AreSignedForOneLeaseAndOneRequester) {
  const base::Bytes message = made(answer()).seal(parties_, provider_);
  EXPECT_EQ(LeaseAccess::decode(message, parties_)->seal(parties_, provider_), message);
  for (std::size_t i = 0; i < message.size(); ++i) {
    base::Bytes changed = message;
    changed[i] ^= 1;
    EXPECT_FALSE(LeaseAccess::decode(changed, parties_)) << "byte " << i;
    EXPECT_FALSE(LeaseAccess::decode(base::ByteView(message).first(i), parties_)) << i;
  }
  for (const auto& change : std::vector<std::function<void(LeaseAccess::Parties&)>>{
           [](auto& p) { p.lease[3] ^= 1; }, [&](auto& p) { p.requester = provider_.public_key(); },
           [&](auto& p) { p.provider = requester_.public_key(); }}) {
    LeaseAccess::Parties other = parties_;
    change(other);
    EXPECT_FALSE(LeaseAccess::decode(message, other));
  }
}

TEST_F(LeaseAccesses, SayNothingThatCouldMoveATerminalOrGrowWithoutEnd) {
  DeliveryDesk::Answer said;
  said.detail = "\x1b[2Jwait\n" + std::string(1'000, 'x');
  for (int i = 0; i < 200; ++i) said.usage["r" + std::to_string(i)] = {std::string(500, '9'), "\x07"};
  said.usage[std::string(200, 'n')] = {};
  const LeaseAccess out = made(said);
  EXPECT_EQ(out.state, LeaseAccess::State::kComing);
  EXPECT_TRUE(out.detail.starts_with("?[2Jwait?x"));
  EXPECT_EQ(out.detail.size(), LeaseAccess::kMaxDetail);
  EXPECT_EQ(out.usage.size(), LeaseAccess::kMaxResources);
  EXPECT_EQ(out.usage.begin()->second.used, "?");
  const base::Bytes message = out.seal(parties_, provider_);
  EXPECT_LE(message.size(), kMaxAccessMessage);
  EXPECT_TRUE(LeaseAccess::decode(message, parties_));
  LeaseAccess raw;
  raw.detail = "\x1b[2J";
  EXPECT_FALSE(LeaseAccess::decode(raw.seal(parties_, provider_), parties_));
}

TEST_F(LeaseAccesses, TakeTheLargestCredentialsAndNoLarger) {
  const LeaseAccess largest = made(answer(std::string(kMaxCredentials, 'k')));
  const base::Bytes message = largest.seal(parties_, provider_);
  EXPECT_LE(message.size(), kMaxAccessMessage);
  EXPECT_TRUE(LeaseAccess::decode(message, parties_));
  EXPECT_FALSE(LeaseAccess::make(answer(std::string(kMaxCredentials + 1, 'k')), parties_, random_).ok());
  EXPECT_FALSE(LeaseAccess::make(answer(""), parties_, random_).ok());
  auto coming = answer();
  coming.ready = false;
  EXPECT_FALSE(LeaseAccess::make(std::move(coming), parties_, random_).ok());
}

TEST_F(LeaseAccesses, AreRefusedWhereTheirPartsDoNotFit) {
  LeaseAccess out = made(answer());
  const auto refused = [&](const std::function<void(LeaseAccess&)>& change) {
    LeaseAccess changed = out;
    change(changed);
    return !LeaseAccess::decode(changed.seal(parties_, provider_), parties_);
  };
  EXPECT_FALSE(refused([](LeaseAccess&) {}));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.expires_unix_ms = 0; }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.expires_unix_ms = -1; }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.sealed.clear(); }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.state = LeaseAccess::State::kComing; }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.state = static_cast<LeaseAccess::State>(4); }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.usage["\x7f"] = {}; }));
  EXPECT_TRUE(refused([](LeaseAccess& a) { a.usage[""] = {}; }));
}

}  // namespace
}  // namespace pool
