#include "ledger/policy.h"

#include <gtest/gtest.h>

#include <random>

namespace ledger {
namespace {

constexpr std::int64_t kDay = 86'400'000;
const CreditPolicy kEarn{CreditPolicy::Kind::kEarnOnly, 0, 0, 0};
const CreditPolicy kFixed{CreditPolicy::Kind::kFixedEndowment, 100, 0, 0};
const CreditPolicy kWeekly{CreditPolicy::Kind::kRecharging, 100, 7 * kDay, 0};

Account account(Id id, std::int64_t balance) {
  Account out;
  out.id = id, out.currency = 1;
  out.credits_posted = 1'000 + balance, out.debits_posted = 1'000;
  return out;
}
const Account kIssuer = account(1, 0);

TEST(CreditPolicy, GivesWhoJoinsWhatItSays) {
  const Account member = account(2, 0);
  EXPECT_FALSE(due_on_joining(kEarn, kIssuer, member, kDay));
  const auto endowment = due_on_joining(kFixed, kIssuer, member, kDay);
  ASSERT_TRUE(endowment);
  EXPECT_EQ(endowment->key, "cur_1/endowment/acc_2");
  EXPECT_EQ(endowment->amount, 100);
  EXPECT_EQ(endowment->debit, 1);
  EXPECT_EQ(endowment->credit, 2);
  EXPECT_EQ(endowment->reason, Reason::kEndowment);
  EXPECT_EQ(due_on_joining(kWeekly, kIssuer, member, kDay)->amount, 100);
}

TEST(CreditPolicy, TopsUpWhatIsLessAndLeavesWhatIsMore) {
  EXPECT_EQ(due_recharge(kWeekly, kIssuer, account(2, 30), kDay)->amount, 70);
  EXPECT_EQ(due_recharge(kWeekly, kIssuer, account(2, -30), kDay)->amount, 130) << "a debt is paid first";
  EXPECT_FALSE(due_recharge(kWeekly, kIssuer, account(2, 100), kDay));
  EXPECT_FALSE(due_recharge(kWeekly, kIssuer, account(2, 101), kDay));
  EXPECT_FALSE(due_recharge(kFixed, kIssuer, account(2, 0), kDay));
  Account bidder = account(2, 100);
  bidder.debits_pending = 90;
  EXPECT_FALSE(due_recharge(kWeekly, kIssuer, bidder, kDay)) << "what is set aside is not spent";
}

TEST(CreditPolicy, NamesEachPeriodsRechargeDifferently) {
  const auto one = due_recharge(kWeekly, kIssuer, account(2, 0), kDay);
  EXPECT_EQ(one->key, due_recharge(kWeekly, kIssuer, account(2, 5), kDay)->key);
  EXPECT_NE(one->key, due_recharge(kWeekly, kIssuer, account(2, 0), 8 * kDay)->key);
  EXPECT_NE(one->key, due_recharge(kWeekly, kIssuer, account(3, 0), kDay)->key);
}

TEST(CreditPolicy, KeepsItsRhythmThroughAStandstill) {
  EXPECT_EQ(next_recharge(kEarn, 5, 10), 0);
  EXPECT_EQ(next_recharge(kWeekly, 20 * kDay, 3 * kDay), 20 * kDay) << "not due yet";
  std::mt19937_64 random(5);
  for (int i = 0; i < 1'000; ++i) {
    const auto due = static_cast<std::int64_t>(random() % 100) * kDay,
               now = due + static_cast<std::int64_t>(random() % (90 * kDay));
    std::int64_t slowly = due;
    while (slowly <= now) slowly += kWeekly.period_ms;
    EXPECT_EQ(next_recharge(kWeekly, due, now), slowly);
  }
}

TEST(CreditPolicy, RefusesWhatMeansNothing) {
  for (const CreditPolicy& good : {kEarn, kFixed, kWeekly}) EXPECT_TRUE(check(good).ok());
  const auto refused = [](CreditPolicy policy) {
    const base::Status said = check(policy);
    ASSERT_FALSE(said.ok());
    EXPECT_EQ(said.error().code, base::Code::kInvalidInput);
  };
  refused({static_cast<CreditPolicy::Kind>(0), 0, 0, 0});
  refused({CreditPolicy::Kind::kEarnOnly, 1, 0, 0});
  refused({CreditPolicy::Kind::kFixedEndowment, 0, 0, 0});
  refused({CreditPolicy::Kind::kFixedEndowment, kMaxAmount + 1, 0, 0});
  refused({CreditPolicy::Kind::kFixedEndowment, 1, kDay, 0});
  refused({CreditPolicy::Kind::kRecharging, 1, 0, 0});
  refused({CreditPolicy::Kind::kRecharging, 1, kLongestPeriodMs + 1, 0});
  refused({CreditPolicy::Kind::kEarnOnly, 0, 0, -1});
  refused({CreditPolicy::Kind::kEarnOnly, 0, 0, kUnlimited});
}

}  // namespace
}  // namespace ledger
