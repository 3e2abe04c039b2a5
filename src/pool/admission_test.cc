#include "pool/admission.h"

#include <gtest/gtest.h>

namespace pool {
namespace {

crypto::PublicKey key(std::uint8_t i) {
  crypto::PublicKey k{};
  k[0] = i;
  return k;
}

Invitation invitation(std::uint8_t request, std::uint8_t attempt = 1) {
  Invitation out;
  out.request[0] = request;
  out.attempt = attempt;
  out.unit = *model::ResourceClass::parse("cpu=1");
  out.mechanism = "first-price";
  out.drawn = 4;
  out.lease_seconds = 3600;
  out.session_ms = 2000;
  for (std::uint8_t i = 1; i <= 8; ++i) out.candidates.push_back(key(i));
  return out;
}

std::optional<Reason> reason(const std::optional<Refusal>& refusal) {
  return refusal ? std::optional(refusal->reason) : std::nullopt;
}

constexpr std::int64_t kStart = 1'700'000'000'000;
const crypto::PublicKey kRequester = key(200), kOther = key(201);

TEST(Admission, OneDrawARequesterAndEpoch) {
  Admission admission({});
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
  admission.leave(kRequester);
  const auto soon = admission.enter(invitation(2), kRequester, {}, kStart + 1000);
  EXPECT_EQ(reason(soon), Reason::kTooSoon);
  EXPECT_EQ(soon->retry_ms, 4000u);
  EXPECT_FALSE(admission.enter(invitation(2), kOther, {}, kStart + 1000));
  EXPECT_FALSE(admission.enter(invitation(2), kRequester, {}, kStart + 5000));
}

TEST(Admission, AnotherClassIsNoWayAround) {
  Admission admission({});
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
  Invitation other = invitation(2);
  other.unit = *model::ResourceClass::parse("cpu=2");
  EXPECT_EQ(reason(admission.enter(other, kRequester, {}, kStart + 1)), Reason::kTooSoon);
}

TEST(Admission, AReplayedInvitationIsRefusedAndALaterAttemptIsNot) {
  Admission admission({});
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
  admission.leave(kRequester);
  EXPECT_EQ(reason(admission.enter(invitation(1), kRequester, {}, kStart + 60'000)), Reason::kTooSoon);
  EXPECT_FALSE(admission.enter(invitation(1, 2), kRequester, {}, kStart + 1));
  admission.leave(kRequester);
  EXPECT_EQ(reason(admission.enter(invitation(1, 2), kRequester, {}, kStart + 2)), Reason::kTooSoon);
  EXPECT_EQ(reason(admission.enter(invitation(1, 1), kRequester, {}, kStart + 3)), Reason::kTooSoon);
  EXPECT_EQ(reason(admission.enter(invitation(1, 5), kRequester, {}, kStart + 4)), Reason::kUnsupported);
}

TEST(Admission, AnAllowanceRunsOutAndComesBack) {
  AdmissionRules rules;
  rules.epoch_ms = 0;
  Admission admission(rules);
  std::uint8_t request = 1;
  std::int64_t now = kStart;
  for (; request <= 8; ++request) {
    EXPECT_FALSE(admission.enter(invitation(request), kRequester, {}, now));
    admission.leave(kRequester);
  }
  const auto empty = admission.enter(invitation(request), kRequester, {}, now);
  EXPECT_EQ(reason(empty), Reason::kTooMany);
  EXPECT_EQ(empty->retry_ms, 15'000u);
  now += 15'000;
  EXPECT_FALSE(admission.enter(invitation(request), kRequester, {}, now));
}

TEST(Admission, SessionsAreLimitedInAllAndForEach) {
  AdmissionRules rules;
  rules.epoch_ms = 0;
  rules.max_sessions = 3;
  Admission admission(rules);
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
  EXPECT_FALSE(admission.enter(invitation(2), kRequester, {}, kStart));
  EXPECT_EQ(reason(admission.enter(invitation(3), kRequester, {}, kStart)), Reason::kBusy);
  EXPECT_FALSE(admission.enter(invitation(1), kOther, {}, kStart));
  EXPECT_EQ(reason(admission.enter(invitation(1), key(202), {}, kStart)), Reason::kBusy);
  admission.leave(kOther);
  EXPECT_FALSE(admission.enter(invitation(1), key(202), {}, kStart));
}

TEST(Admission, AThousandSessionsOfAThousandNamesFindTheLimit) {
  Admission admission({});
  std::size_t in = 0;
  for (int i = 0; i < 1000; ++i) {
    crypto::PublicKey stranger = key(100);
    stranger[1] = static_cast<std::uint8_t>(i);
    stranger[2] = static_cast<std::uint8_t>(i >> 8);
    in += !admission.enter(invitation(1), stranger, {}, kStart);
  }
  EXPECT_EQ(in, AdmissionRules{}.max_sessions);
}

TEST(Admission, NamesThatFindItBusyTakeNobodysPlace) {
  AdmissionRules rules;
  rules.epoch_ms = 0;
  rules.max_sessions = 1;
  Admission admission(rules);
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
  for (std::size_t i = 0; i < Admission::kMaxRequesters; ++i) {
    crypto::PublicKey stranger = key(100);
    stranger[1] = static_cast<std::uint8_t>(i);
    stranger[2] = static_cast<std::uint8_t>(i >> 8);
    EXPECT_EQ(reason(admission.enter(invitation(1), stranger, {}, kStart)), Reason::kBusy);
  }
  admission.leave(kRequester);
  EXPECT_FALSE(admission.enter(invitation(1), kOther, {}, kStart));
}

TEST(Admission, AListThatLacksMostOfThoseWeSeeIsRefused) {
  Admission admission({});
  std::set<crypto::PublicKey> seen;
  for (std::uint8_t i = 5; i <= 12; ++i) seen.insert(key(i));  // 5 … 8 are listed, 9 … 12 are not
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, seen, kStart));
  seen.insert(key(13));
  seen.insert(key(14));
  EXPECT_EQ(reason(admission.enter(invitation(1), kOther, seen, kStart)), Reason::kIncomplete);
}

TEST(Admission, OneThatIsGoneIsNoReasonToRefuse) {
  AdmissionRules rules;
  rules.epoch_ms = 0;
  Admission admission(rules);
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {key(250)}, kStart));
  EXPECT_EQ(reason(admission.enter(invitation(1), kOther, {key(250), key(251)}, kStart)), Reason::kIncomplete);
}

TEST(Admission, FewerThanTheQuorumAreRefused) {
  Admission admission({});
  Invitation small = invitation(1);
  small.drawn = 2;
  EXPECT_EQ(reason(admission.enter(small, kRequester, {}, kStart)), Reason::kTooSmall);
  small = invitation(1);
  small.candidates.resize(2);
  EXPECT_EQ(reason(admission.enter(small, kRequester, {}, kStart)), Reason::kTooSmall);
}

TEST(Admission, UnknownMechanismsAndSillyTimesAreRefused) {
  Admission admission({});
  Invitation odd = invitation(1);
  odd.mechanism = "roulette";
  EXPECT_EQ(reason(admission.enter(odd, kRequester, {}, kStart)), Reason::kUnsupported);
  odd = invitation(1);
  odd.width = 63;
  EXPECT_EQ(reason(admission.enter(odd, kRequester, {}, kStart)), Reason::kUnsupported);
  odd = invitation(1);
  odd.session_ms = 3'600'000;
  EXPECT_EQ(reason(admission.enter(odd, kRequester, {}, kStart)), Reason::kUnsupported);
  odd = invitation(1);
  odd.lease_seconds = 0;
  EXPECT_EQ(reason(admission.enter(odd, kRequester, {}, kStart)), Reason::kUnsupported);
  EXPECT_FALSE(admission.enter(invitation(1), kRequester, {}, kStart));
}

TEST(Admission, AnOwnerTakesPartOnlyInTheMechanismsThatItWants) {
  AdmissionRules rules;
  rules.mechanisms = {"second-price"};
  Admission admission(rules);
  EXPECT_EQ(reason(admission.enter(invitation(1), kRequester, {}, kStart)), Reason::kUnsupported);
  Invitation wanted = invitation(1);
  wanted.mechanism = "second-price";
  EXPECT_FALSE(admission.enter(wanted, kRequester, {}, kStart));
}

TEST(Admission, RemembersNoMoreThanItCan) {
  AdmissionRules rules;
  rules.max_sessions = 1;
  Admission admission(rules);
  const auto visit = [&](std::size_t i, std::int64_t now) {
    crypto::PublicKey k = key(100);
    k[1] = static_cast<std::uint8_t>(i);
    k[2] = static_cast<std::uint8_t>(i >> 8);
    const auto refusal = admission.enter(invitation(1), k, {}, now);
    if (!refusal) admission.leave(k);
    return reason(refusal);
  };
  for (std::size_t i = 0; i < Admission::kMaxRequesters; ++i) ASSERT_FALSE(visit(i, kStart));
  EXPECT_EQ(visit(Admission::kMaxRequesters, kStart), Reason::kBusy);
  EXPECT_FALSE(visit(Admission::kMaxRequesters, kStart + 10 * 60'000));  // the others' allowances are full again
}

}  // namespace
}  // namespace pool
