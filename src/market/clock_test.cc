#include "market/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "market/leases.h"
#include "market/recharge.h"
#include "market/recording_fulfiller.h"
#include "support/delivery_town.h"
#include "support/failing_market_store.h"

namespace market {
namespace {

using base::Code;
using support::Agreed;
using support::DeliveryTown;
using Mood = support::MoodyFulfiller::Mood;
using CState = Contract::State;
using LState = Lease::State;

constexpr std::int64_t kHour = kHourMs;

Agreed hours(const DeliveryTown& town, std::int64_t from, std::int64_t until, std::uint32_t units = 1) {
  const std::int64_t price = 1'000 * units * (until - from);
  return {.units = units, .from = town.hour(from), .until = town.hour(until), .pays = price, .gets = price};
}

// Defects of earlier systems, each by the name of what is so instead.

TEST(Clock, AFutureContractIsFulfilledWhenItsTimeComesAndNotBefore) {
  DeliveryTown town;
  const Id id = town.agree(hours(town, 10, 12));
  for (std::int64_t hour = 0; hour < 10; ++hour) {
    town.run_to(town.hour(hour));
    ASSERT_EQ(town.contract(id).state, CState::kSigned);
    ASSERT_TRUE(town.fulfiller.begun.empty());
  }
  town.run_to(town.hour(10) - 1);
  EXPECT_TRUE(town.fulfiller.begun.empty());
  town.run_to(town.hour(10));
  EXPECT_EQ(town.contract(id).state, CState::kActive);
  EXPECT_EQ(town.state_of(id), LState::kActive);
  EXPECT_EQ(town.fulfiller.begun.size(), 1u);
}

TEST(Clock, AContractThatHasStartedAlreadyIsFulfilledToo) {
  DeliveryTown town;
  town.run();
  town.now = town.hour(1) + kHour / 2;
  const Id id = town.agree(hours(town, 1, 4));
  town.run();
  EXPECT_EQ(town.state_of(id), LState::kActive);
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(id).paid, 3'000);
}

TEST(Clock, CatchesUpWithWhatWasDueWhileItDidNotRun) {
  DeliveryTown town;
  const Id running = town.agree(hours(town, 0, 6));
  const Id missed = town.agree(hours(town, 1, 3));
  const Id late = town.agree(hours(town, 1, 6));
  town.run_to(town.hour(0));
  town.run_to(town.hour(4) + kHour / 2);
  EXPECT_EQ(town.contract(running).paid, 4'000) << "delivered all the time, whether somebody looked or not";
  EXPECT_EQ(town.contract(missed).state, CState::kCompleted);
  EXPECT_EQ(town.contract(missed).paid, 0) << "never begun, so never paid";
  EXPECT_EQ(town.state_of(late), LState::kActive) << "what is left of it is delivered";
  town.run_to(town.hour(6));
  EXPECT_EQ(town.contract(late).paid, 2'000);
}

TEST(Clock, ARecordThatCannotBeHelpedBlocksNothing) {
  DeliveryTown town;
  const Id bad = town.agree(hours(town, 0, 4)), good = town.agree(hours(town, 0, 4));
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    Contract row = **store.find_contract(bad);
                    row.document.pop_back();
                    return store.update_contract(row);
                  })
                  .ok());
  support::NoLog log;
  Clock clock(town.store(), town.fulfiller, town.context(), {}, log);
  for (std::int64_t hour = 0; hour <= 4; ++hour) {
    town.now = town.hour(hour);
    const auto round = clock.run_once(town.now);
    ASSERT_TRUE(round.ok());
    EXPECT_EQ(round->failed > 0, hour > 0);
  }
  EXPECT_EQ(town.contract(good).state, CState::kCompleted);
  EXPECT_EQ(town.contract(good).paid, 4'000);
  EXPECT_EQ(town.contract(bad).paid, 0);
  ASSERT_TRUE(clock.run_once(town.now + 1'000).ok());
  EXPECT_FALSE(town.fulfiller.there.contains(town.leases(bad).at(0).id)) << "and what is not paid does not run on";
}

TEST(Clock, ALeaseNeverRunsOnBeyondWhatIsPaid) {
  DeliveryTown town;
  const Id id = town.agree(hours(town, 0, 2, 3));
  for (town.now = town.hour(0); town.now <= town.hour(3); town.now += kHour / 6) {
    town.run();
    const Contract row = town.contract(id);
    for (const Lease& lease : town.leases(id)) {
      const bool running = town.fulfiller.there.contains(lease.id);
      ASSERT_EQ(running, town.now < town.hour(2));
      // All that is not paid yet is set aside, the slot that has begun with it.
      ASSERT_TRUE(!running || town.set_aside(town.buyer) == row.pays - row.paid);
      ASSERT_TRUE(!running || row.pays - row.paid >= 3'000);
    }
  }
}

TEST(Clock, EscrowNeverStaysAfterAContract) {
  for (const Mood mood : {Mood::kAtOnce, Mood::kLater, Mood::kUnreachable, Mood::kRefuses}) {
    DeliveryTown town;
    town.fulfiller.begins = mood;
    town.agree(hours(town, 0, 3));
    town.agree(hours(town, 0, 1));
    for (std::int64_t hour = 0; hour <= 3; ++hour) town.run_to(town.hour(hour));
    EXPECT_EQ(town.set_aside(town.buyer), 0);
    for (const Contract& contract : town.contracts()) EXPECT_FALSE(is_live(contract));
  }
}

TEST(Clock, ALeaseThatIsBeingTakenAwayStillOccupiesItsServer) {
  DeliveryTown town(1);
  const Id first = town.agree(hours(town, 0, 2)), second = town.agree(hours(town, 2, 4));
  town.run_to(town.hour(0));
  town.fulfiller.ends = Mood::kLater;
  town.run_to(town.hour(2));
  EXPECT_EQ(town.state_of(first), LState::kEnding);
  EXPECT_EQ(town.state_of(second), LState::kScheduled) << "nobody gets a server that somebody is still on";
  EXPECT_FALSE(town.try_agree(hours(town, 2, 3)).ok());
  town.fulfiller.ends = Mood::kAtOnce;
  town.run_to(town.hour(2) + 1'000);
  EXPECT_EQ(town.state_of(first), LState::kEnded);
  EXPECT_EQ(town.state_of(second), LState::kActive);
}

TEST(Clock, ALeaseThatFailedStillOccupiesItsServerUntilItIsCleaned) {
  DeliveryTown town(1);
  const Id first = town.agree(hours(town, 0, 8)), second = town.agree(hours(town, 8, 10));
  town.run_to(town.hour(0));
  const Id lease = town.leases(first).at(0).id;
  ASSERT_TRUE(town.mark_failed(lease, "lost").ok());
  town.run_to(town.hour(7));
  EXPECT_FALSE(town.try_agree(hours(town, 7, 8)).ok()) << "it is not clean";
  town.run_to(town.hour(8));
  EXPECT_EQ(town.state_of(second), LState::kScheduled);
  ASSERT_TRUE(town.mark(&Rules::mark_gone, lease).ok());
  EXPECT_EQ(town.state_of(first), LState::kFailed) << "a failure stays one";
  town.run_to(town.hour(8) + 1'000);
  EXPECT_EQ(town.state_of(second), LState::kActive);
}

TEST(Clock, AServerThatIsNotFreeWithinASlotIsAFailureOfItsOwner) {
  DeliveryTown town(1);
  const Id first = town.agree(hours(town, 0, 2)), second = town.agree(hours(town, 2, 6));
  town.run_to(town.hour(0));
  ASSERT_TRUE(town.mark_failed(town.leases(first).at(0).id, "lost").ok());
  town.run_to(town.hour(2));
  town.run_to(town.hour(3));
  EXPECT_EQ(town.contract(second).state, CState::kBreached);
  EXPECT_EQ(town.state_of(second), LState::kEnded) << "never begun";
}

TEST(Clock, FailureIsNotCancellation) {
  DeliveryTown town;
  town.fulfiller.begins = Mood::kRefuses;
  const Id id = town.agree(hours(town, 0, 4));
  town.run_to(town.hour(0));
  EXPECT_EQ(town.contract(id).state, CState::kBreached);
  EXPECT_EQ(town.state_of(id), LState::kFailed);
  EXPECT_NE(town.contract(id).reason.find("the disk is broken"), std::string::npos);
  const auto told = town.events("ctr_" + std::to_string(id));
  EXPECT_EQ(told, (std::vector<std::string>{"contract.signed", "contract.active", "contract.breached"}));
}

TEST(Clock, WhatIsNotReadyWithinASlotFails) {
  DeliveryTown town;
  town.fulfiller.begins = Mood::kLater;
  const Id id = town.agree(hours(town, 0, 4)), short_one = town.agree(hours(town, 0, 1));
  town.run_to(town.hour(0) + 500);
  EXPECT_EQ(town.state_of(id), LState::kProvisioning);
  town.run_to(town.hour(1));
  EXPECT_EQ(town.contract(short_one).state, CState::kBreached) << "it was to be ready within its only slot";
  town.run_to(town.hour(1) + 499);
  EXPECT_EQ(town.state_of(id), LState::kProvisioning);
  town.run_to(town.hour(1) + 500);
  EXPECT_EQ(town.state_of(id), LState::kFailed);
  EXPECT_EQ(town.contract(id).paid, 0);
}

TEST(Clock, AFulfillerThatCannotBeReachedIsAskedAgain) {
  DeliveryTown town;
  town.fulfiller.begins = Mood::kUnreachable;
  const Id id = town.agree(hours(town, 0, 4));
  town.run_to(town.hour(0));
  EXPECT_EQ(town.state_of(id), LState::kProvisioning);
  town.fulfiller.begins = Mood::kAtOnce;
  town.run_to(town.hour(0) + 1'000);
  EXPECT_EQ(town.state_of(id), LState::kActive);
}

TEST(Clock, WhatCannotBeTakenAwayFailsAndStays) {
  DeliveryTown town;
  const Id id = town.agree(hours(town, 0, 2));
  town.run_to(town.hour(0));
  town.fulfiller.ends = Mood::kRefuses;
  town.run_to(town.hour(2));
  EXPECT_EQ(town.contract(id).state, CState::kCompleted) << "the buyer had what it paid for";
  EXPECT_EQ(town.state_of(id), LState::kFailed);
  ASSERT_TRUE(town.mark(&Rules::mark_gone, town.leases(id).at(0).id).ok());
  town.look(true);
}

TEST(Clock, DoesTheSameInEveryTimeZone) {
  std::vector<std::string> seen;
  for (const char* zone : {"UTC", "America/New_York", "Asia/Kolkata"}) {
    ASSERT_EQ(setenv("TZ", zone, 1), 0);
    tzset();
    DeliveryTown town;
    const Id id = town.agree(hours(town, 0, 30));
    std::string all;
    for (std::int64_t hour = 0; hour <= 30; ++hour) {
      town.run_to(town.hour(hour));
      all += std::to_string(town.contract(id).paid) + " ";
    }
    seen.push_back(all);
  }
  ASSERT_EQ(setenv("TZ", "UTC", 1), 0);
  tzset();
  EXPECT_EQ(seen.at(0), seen.at(1));
  EXPECT_EQ(seen.at(0), seen.at(2));
}

// Deliveries by hand

TEST(ManualDelivery, IsMarkedByTheOperatorAlone) {
  DeliveryTown town;
  ManualFulfiller nobody;
  support::NoLog log;
  Clock clock(town.store(), nobody, town.context(), {}, log);
  const Id id = town.agree(hours(town, 0, 2));
  const Id lease = town.leases(id).at(0).id;
  EXPECT_EQ(town.mark(&Rules::mark_ready, lease).error().code, Code::kConflict) << "its time has not come";
  town.now = town.hour(0);
  ASSERT_TRUE(clock.run_once(town.now).ok());
  EXPECT_EQ(town.state_of(id), LState::kProvisioning);
  const auto refused = town.as<Lease>(town.owner, [&](Rules& rules) { return rules.mark_ready(lease); });
  EXPECT_EQ(refused.error().code, Code::kForbidden);
  EXPECT_EQ(town.mark(&Rules::mark_gone, lease).error().code, Code::kConflict);
  ASSERT_TRUE(town.mark(&Rules::mark_ready, lease).ok());
  EXPECT_EQ(town.mark(&Rules::mark_ready, lease).error().code, Code::kConflict) << "states change along arrows";
  town.now = town.hour(2);
  ASSERT_TRUE(clock.run_once(town.now).ok());
  EXPECT_EQ(town.contract(id).paid, 2'000);
  EXPECT_EQ(town.state_of(id), LState::kEnding);
  ASSERT_TRUE(town.mark(&Rules::mark_gone, lease).ok());
  EXPECT_EQ(town.state_of(id), LState::kEnded);
  EXPECT_EQ(town.mark_failed(lease, "too late").error().code, Code::kConflict);
  town.look();
}

TEST(ManualDelivery, WhatIsResoldIsCleanedBeforeWhatItWasResoldFrom) {
  DeliveryTown town(1);
  ManualFulfiller nobody;
  support::NoLog log;
  Clock clock(town.store(), nobody, town.context(), {}, log);
  const Id first = town.agree(hours(town, 0, 4));
  Agreed part = hours(town, 1, 4);
  part.resale_of = first;
  const Id second = town.agree(part);
  const Id outer = town.leases(first).at(0).id, inner = town.leases(second).at(0).id;
  const auto run_to = [&](std::int64_t hour) {
    town.now = town.hour(hour);
    ASSERT_TRUE(clock.run_once(town.now).ok());
  };
  run_to(0);
  ASSERT_TRUE(town.mark(&Rules::mark_ready, outer).ok());
  run_to(1);
  ASSERT_TRUE(town.mark(&Rules::mark_ready, inner).ok());
  run_to(4);
  EXPECT_EQ(town.mark(&Rules::mark_gone, outer).error().code, Code::kConflict);
  ASSERT_TRUE(town.mark(&Rules::mark_gone, inner).ok());
  ASSERT_TRUE(town.mark(&Rules::mark_gone, outer).ok());
}

// Crashes and several processes

// Whatever write is the last one of a process, the next process ends where one that never died would have.
TEST(Clock, ACrashAtAnyWriteIsRepairedByTheNextRun) {
  using Death = support::MemoryMarketStore::Death;
  const auto play = [](std::size_t die_at, Death death, bool& died) {
    DeliveryTown town;
    support::NoLog log;
    RecordingFulfiller fulfiller;
    std::optional<Clock> clock;
    clock.emplace(town.store(), fulfiller, town.context(), ClockSettings{}, log);
    Agreed back = hours(town, 1, 4);
    back.notice_ms = kHour;
    town.agree(hours(town, 0, 3, 2));
    const Id reclaimed = town.agree(back);
    EXPECT_TRUE(town.reclaim(town.owner, reclaimed).ok());
    if (die_at > 0) town.memory.die_at(die_at, death);
    support::MarketAuditor auditor;
    for (std::int64_t hour = 0; hour <= 5; ++hour) {
      town.now = town.hour(hour);
      while (!clock->run_once(town.now).ok() || town.memory.dead()) {
        CHECK(town.memory.dead());
        died = true;
        town.memory.revive();
        fulfiller = {};  // what it knew is gone, too
        clock.emplace(town.store(), fulfiller, town.context(), ClockSettings{}, log);
        EXPECT_TRUE(auditor.look(town.memory.tables(), town.now, false).empty()) << "books balance at every moment";
      }
      for (const std::string& finding : auditor.look(town.memory.tables(), town.now, true))
        ADD_FAILURE() << "died at " << die_at << ": " << finding;
    }
    town.memory.revive();  // also if it has outlived all this
    std::vector<std::int64_t> balances{town.balance(town.buyer), town.balance(town.owner), town.market_balance()};
    for (const Contract& contract : town.contracts()) balances.push_back(static_cast<int>(contract.state));
    return balances;
  };
  bool died = false;
  const auto expected = play(0, Death::kBeforeCommit, died);
  ASSERT_FALSE(died);
  for (const Death death : {Death::kBeforeCommit, Death::kAfterCommit}) {
    std::size_t n = 0;
    do {
      died = false;
      EXPECT_EQ(play(++n, death, died), expected) << "died at write " << n;
    } while (died);
    EXPECT_GT(n, 10u);
  }
}

TEST(Clock, WritesNothingOnceAnotherProcessHasTakenOver) {
  DeliveryTown town;
  const Id id = town.agree(hours(town, 0, 2));
  std::int64_t mine = 0;
  const auto take = [&](std::int64_t& number) {
    ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                      TARN_ASSIGN(number, store.advance_fence());
                      return {};
                    })
                    .ok());
  };
  take(mine);
  support::NoLog log;
  Clock clock(town.store(), town.fulfiller, town.context(), {}, log);
  ASSERT_TRUE(clock.run_once(town.hour(0) - 1, mine).ok());
  std::int64_t theirs = 0;
  take(theirs);
  town.now = town.hour(0);
  const auto refused = clock.run_once(town.now, mine);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kCancelled);
  EXPECT_EQ(town.contract(id).state, CState::kSigned);
  EXPECT_TRUE(clock.run_once(town.now, theirs).ok());
  EXPECT_EQ(town.contract(id).state, CState::kActive);
}

// Money that comes by itself

TEST(Recharge, TopsUpWhoHasLessOnceAPeriodHoweverManyPassed) {
  DeliveryTown town;
  const ledger::Id currency = town.currency();
  const std::int64_t full = 1'000'500 * DeliveryTown::kCredit;
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    CreditPolicy policy;
                    policy.kind = CreditPolicy::Kind::kRecharging;
                    policy.amount = full;
                    policy.period_ms = 24 * kHour;
                    return store.put_policy({currency, policy, town.hour(1)});
                  })
                  .ok());
  town.grant(town.third, 1'000 * DeliveryTown::kCredit);
  town.run_to(town.hour(0));
  EXPECT_LT(town.balance(town.buyer), full) << "it is not time";
  town.run_to(town.hour(1) + 80 * kHour);
  EXPECT_EQ(town.balance(town.buyer), full);
  EXPECT_GT(town.balance(town.third), full) << "who has more keeps it";
  EXPECT_EQ(town.memory.tables().policies.at(currency).next_recharge, town.hour(1) + 96 * kHour);
  const auto transfers = town.memory.tables().transfers.size();
  town.run_to(town.now + kHour);
  EXPECT_EQ(town.memory.tables().transfers.size(), transfers);
  const auto planned = [&] { return town.memory.tables().policies.at(currency).next_recharge; };
  town.run_to(town.now - 40 * kHour);  // somebody sets the clock right
  EXPECT_EQ(planned(), town.now + 24 * kHour) << "not only when the wrong time comes again";
  EXPECT_EQ(town.memory.tables().transfers.size(), transfers);
}

TEST(Clock, ErasesOldEvents) {
  DeliveryTown town;
  town.agree(hours(town, 0, 2));
  town.run_to(town.hour(2));
  EXPECT_FALSE(town.memory.tables().events.empty());
  support::NoLog log;
  Clock clock(town.store(), town.fulfiller, town.context(), {}, log);
  ASSERT_TRUE(clock.run_once(town.now + 367LL * 24 * kHour).ok());
  for (const auto& [id, event] : town.memory.tables().events) EXPECT_GT(event.at, town.now);
}

// Else everybody would wait for it again and again.
TEST(Clock, ACallThatFailsIsPutOffToItsNextTimeWithTheSameSeed) {
  DeliveryTown town;
  const Market before = town.market_named("hours");
  const auto seed = town.memory.tables().seeds.at(before.id);
  const auto keep = [&](const base::Bytes& bytes) {
    ASSERT_TRUE(town.within([&](Transaction& store) { return store.set_market_seed(before.id, bytes); }).ok());
  };
  keep(base::Bytes(32, 7));  // not the one that was committed to
  town.now = before.next_call;
  support::NoLog log;
  Clock clock(town.store(), town.fulfiller, town.context(), {}, log);
  for (const std::size_t failures : {1u, 1u, 1u, 0u}) {  // it is tried three times: what fails may be another's fault
    const auto round = clock.run_once(town.now);
    ASSERT_TRUE(round.ok());
    EXPECT_EQ(round->failed, failures);
    town.now += 1'000;
  }
  const Market after = town.market_named("hours");
  EXPECT_EQ(after.next_call, before.next_call + before.call_period_ms);
  EXPECT_EQ(after.next_number, before.next_number);
  EXPECT_EQ(after.seed_commitment, before.seed_commitment);
  std::string told;
  for (const auto& [id, event] : town.memory.tables().events)
    if (event.kind == "market.call-failed") told += event.detail;
  EXPECT_EQ(told, "the seed that a market committed to is gone: restore the database");

  keep(seed);
  ASSERT_TRUE(clock.run_once(after.next_call).ok());
  EXPECT_EQ(town.market_named("hours").next_number, before.next_number + 1);
}

// Whichever step the store fails at, once: as when what is committed together with it cannot be.
TEST(Clock, ACallThatIsLostWithOthersWorkIsMadeAtTheNextTurn) {
  for (std::size_t step = 1;; ++step) {
    ASSERT_LT(step, 200u);
    DeliveryTown town;
    support::FailingMarketStore store(town.store());
    const Market before = town.market_named("hours");
    town.now = before.next_call;
    support::NoLog log;
    Clock clock(store, town.fulfiller, town.context(), {}, log);
    store.fail_at(step);
    (void)clock.run_once(town.now);
    const bool failed = store.failed();
    store.fail_at(0);
    ASSERT_TRUE(clock.run_once(town.now + 1'000).ok());
    ASSERT_EQ(town.market_named("hours").next_number, before.next_number + 1) << "after step " << step;
    for (const auto& [id, event] : town.memory.tables().events) EXPECT_NE(event.kind, "market.call-failed");
    if (!failed) break;
  }
}

TEST(Clock, AServerThatIsNotFreeForAllOfAShortRentalIsAFailureOfItsOwner) {
  for (const bool somebody_looked : {true, false}) {
    DeliveryTown town(1);
    const Id overstays = town.agree(hours(town, 0, 1)), next = town.agree(hours(town, 1, 2));
    town.run_to(town.hour(0));
    town.fulfiller.ends = Mood::kLater;
    if (somebody_looked) {
      town.run_to(town.hour(1));
      ASSERT_EQ(town.state_of(overstays), LState::kEnding);
      ASSERT_EQ(town.state_of(next), LState::kScheduled);
    }
    town.run_to(town.hour(2));
    EXPECT_EQ(town.contract(next).paid, 0);
    EXPECT_EQ(town.contract(next).state, somebody_looked ? CState::kBreached : CState::kCompleted);
    EXPECT_EQ(town.balance(town.buyer), 1'000'000 * DeliveryTown::kCredit - 1'000 + (somebody_looked ? 500 : 0));
  }
}

TEST(Clock, CallsGoOnWhenTheTimeWasSetBack) {
  DeliveryTown town;
  support::NoLog log;
  Clock clock(town.store(), town.fulfiller, town.context(), {}, log);
  ASSERT_TRUE(clock.run_once(town.now + kDayMs).ok());
  const Market ahead = town.market_named("hours");
  ASSERT_EQ(ahead.next_number, 2u);
  ASSERT_TRUE(clock.run_once(town.now).ok());
  const Market after = town.market_named("hours");
  EXPECT_EQ(after.next_number, 3u);
  EXPECT_EQ(after.next_call, (town.now / after.call_period_ms + 1) * after.call_period_ms);
}

TEST(Lease, ChangesAlongItsArrowsAlone) {
  constexpr LState kAll[] = {LState::kScheduled, LState::kProvisioning, LState::kActive, LState::kReclaiming,
                             LState::kEnding,    LState::kEnded,        LState::kFailed};
  std::string arrows;
  for (const LState from : kAll)
    for (const LState to : kAll)
      if (may_become(from, to)) arrows += std::string(state_name(from)) + ">" + std::string(state_name(to)) + " ";
  EXPECT_EQ(arrows,
            "scheduled>provisioning scheduled>ended provisioning>active provisioning>ending provisioning>failed "
            "active>reclaiming active>ending active>failed reclaiming>ending reclaiming>failed ending>ended "
            "ending>failed ");
}

}  // namespace
}  // namespace market
