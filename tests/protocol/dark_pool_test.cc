// Whole requests: from invitation to a lease that both sides signed, and what is left when somebody cheats or vanishes.
#include <gtest/gtest.h>

#include "support/pool_town.h"

namespace {

using support::PoolTown;
using Kind = pool::ProviderEvent::Kind;

TEST(DarkPool, TheCheapestOfTheDrawnGetsALeaseAndTheOthersLearnThatTheyLost) {
  PoolTown town(6);
  PoolTown::RequesterSide requester(town, "r");
  const base::Status done = requester.run(PoolTown::want(32));
  ASSERT_TRUE(done.ok()) << done.error().message;
  town.settle();
  ASSERT_EQ(requester.result.leases.size(), 1u);
  const pool::HeldLease& held = requester.result.leases[0];
  EXPECT_TRUE(held.confirmed);
  EXPECT_TRUE(held.document.complete());
  EXPECT_EQ(held.document.terms.units, 32u);
  auto& winner = town.by_key(held.document.terms.provider);
  EXPECT_EQ(winner.count(Kind::kWon), 1u);
  EXPECT_GT(held.document.terms.hourly_payment, 32u * 10 * (winner.number + 1) - 1);  // no less than it asked
  std::size_t lost = 0, not_drawn = 0;
  for (const auto& p : town.providers) {
    lost += p->count(Kind::kLost);
    not_drawn += p->count(Kind::kNotDrawn);
  }
  EXPECT_EQ(lost, 3u);
  EXPECT_EQ(not_drawn, 2u);
  town.expect_balanced(32);
  // Both sides keep the same document, to the byte.
  const auto lease = winner.inventory->find(held.document.terms.id);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->document, held.document.encode());
  ASSERT_EQ(requester.kept.size(), 2u);
  EXPECT_FALSE(requester.kept[0].second);
  EXPECT_TRUE(requester.kept[1].second);
}

TEST(DarkPool, NobodyWhoCanIsAResult) {
  PoolTown town(4);
  PoolTown::RequesterSide requester(town, "r");
  ASSERT_TRUE(requester.run(PoolTown::want(65)).ok());
  town.settle();
  EXPECT_TRUE(requester.result.leases.empty());
  town.expect_balanced(0);
}

TEST(DarkPool, AnExactFitIsEnoughAndThenNothingIsLeft) {
  PoolTown town(4);
  PoolTown::RequesterSide requester(town, "r");
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(requester.run(PoolTown::want(64)).ok());
    town.settle();
    EXPECT_EQ(requester.result.leases.size(), 1u);
  }
  ASSERT_TRUE(requester.run(PoolTown::want(1)).ok());  // providers with nothing free take part all the same
  town.settle();
  EXPECT_TRUE(requester.result.leases.empty());
  EXPECT_EQ(requester.result.attempts[0].drawn, 4u);
  town.expect_balanced(256);
}

TEST(DarkPool, ADeadProviderIsLeftOutAndTheOthersServe) {
  PoolTown town(6);
  town.town.kill(town.providers[0]->address);
  PoolTown::RequesterSide requester(town, "r");
  ASSERT_TRUE(requester.run(PoolTown::want(8)).ok());
  town.settle();
  EXPECT_EQ(requester.result.leases.size(), 1u);
  EXPECT_EQ(requester.result.attempts.size(), 1u);
}

TEST(DarkPool, WhoVanishesAfterTheDrawIsReplacedWithinTheDeadline) {
  PoolTown town(6);
  PoolTown::RequesterSide requester(town, "r");
  bool killed = false;
  std::size_t victim = 0;
  requester.on_step = [&](pool::Requester::Step step) {
    if (step != pool::Requester::Step::kComputing || killed) return;
    killed = true;
    for (std::size_t i = 0; i < 6; ++i)
      if (town.providers[i]->inventory->totals(town.clock.unix_ms())[0].held > 0) victim = i;
    town.town.kill(town.providers[victim]->address);
  };
  const base::Status done = requester.run(PoolTown::want(8));
  ASSERT_TRUE(done.ok()) << done.error().message;
  town.settle();
  ASSERT_EQ(requester.result.attempts.size(), 2u);
  const auto& left_out = requester.result.attempts[0].left_out;
  EXPECT_NE(std::find(left_out.begin(), left_out.end(), town.providers[victim]->key()), left_out.end());
  EXPECT_NE(requester.result.leases[0].document.terms.provider, town.providers[victim]->key());
  town.expect_balanced(8);
}

TEST(DarkPool, ACancelledRequestLeavesNothingHeld) {
  PoolTown town(5);
  for (const auto step : {pool::Requester::Step::kInviting, pool::Requester::Step::kConnecting,
                          pool::Requester::Step::kComputing, pool::Requester::Step::kDelivering}) {
    PoolTown::RequesterSide requester(town, "r" + std::to_string(static_cast<int>(step)));
    requester.on_step = [&](pool::Requester::Step now) {
      if (now == step) requester.cancel = true;
    };
    const base::Status done = requester.run(PoolTown::want(8));
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, base::Code::kCancelled);
    town.settle();
    town.clock.ahead_ms += 60'000;
    for (const auto& p : town.providers) ASSERT_TRUE(p->inventory->expire(town.clock.unix_ms()).ok());
    town.expect_balanced(0);
  }
}

}  // namespace
