#include "market/settlement.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <numeric>

namespace market {
namespace {

constexpr std::int64_t kHour = 3'600'000, kStart = 480'000 * kHour;
constexpr Accounts kAccounts{1, 2, 3};

Contract contract(std::uint32_t units, std::uint32_t slots, std::int64_t pays, std::int64_t gets) {
  Contract out;
  out.units = units;
  out.slots = slots;
  out.start = kStart;
  out.end = kStart + slots * kHour;
  out.pays = pays;
  out.gets = gets;
  out.escrow = 10;
  out.margin = 11;
  return out;
}

Lease active_since(std::int64_t since) {
  Lease out;
  out.state = Lease::State::kActive;
  out.active_since = since;
  return out;
}

// What the ledger would have of it: the balance of each account, and what is left of each pending transfer.
struct Tally {
  std::map<ledger::Id, std::int64_t> balance, left;

  void apply(const Contract& of, const std::vector<ledger::NewTransfer>& transfers) {
    for (const ledger::NewTransfer& t : transfers) {
      if (t.kind == ledger::TransferKind::kVoid) {
        left[*t.pending] = 0;
        continue;
      }
      EXPECT_GT(t.amount, 0);
      const bool deficit = of.gets > of.pays;
      ledger::Id debit = t.debit, credit = t.credit;
      if (t.kind == ledger::TransferKind::kPost) {
        EXPECT_LE(t.amount, left[*t.pending]);
        left[*t.pending] -= t.amount;
        const bool price = *t.pending == *of.escrow;
        debit = price || !deficit ? kAccounts.buyer : kAccounts.market;
        credit = price || deficit ? kAccounts.seller : kAccounts.market;
      }
      balance[debit] -= t.amount;
      balance[credit] += t.amount;
    }
  }
};

Tally set_aside_of(const Contract& of) {
  Tally out;
  for (const ledger::NewTransfer& t : set_aside(kAccounts, of.pays, of.gets, "ctr_1"))
    out.left[t.reason == ledger::Reason::kEscrow ? *of.escrow : *of.margin] = t.amount;
  return out;
}

void settle_to(Contract& of, Tally& tally, std::uint64_t delivered, std::uint32_t fee_bp) {
  const Moved now = moved(of.pays, of.gets, delivered, unit_slots(of));
  tally.apply(of, pay(of, kAccounts, now, fee_bp, "ctr_1", "slot-" + std::to_string(delivered)));
  of.paid = now.paid;
  of.got = now.got;
}

RC_GTEST_PROP(Settlement, LosesAndMakesNothingByRounding, ()) {
  const auto units = *rc::gen::inRange<std::uint32_t>(1, 40);
  const auto slots = *rc::gen::inRange<std::uint32_t>(1, 40);
  const auto pays = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto gets = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto fee_bp = *rc::gen::inRange<std::uint32_t>(0, 10'001);
  Contract of = contract(units, slots, pays, gets);
  Tally tally = set_aside_of(of);
  std::uint64_t delivered = 0;
  while (delivered < unit_slots(of)) {
    delivered += *rc::gen::inRange<std::uint64_t>(1, unit_slots(of) - delivered + 1);
    settle_to(of, tally, delivered, fee_bp);
    const std::int64_t fee = fee_of(of.got, fee_bp);
    RC_ASSERT(tally.balance[kAccounts.buyer] == -of.paid);
    RC_ASSERT(tally.balance[kAccounts.seller] == of.got - fee);
    RC_ASSERT(tally.balance[kAccounts.market] == of.paid - of.got + fee);
    RC_ASSERT(tally.left[*of.escrow] + tally.left[*of.margin] == std::max(pays, gets) - std::max(of.paid, of.got));
    // Never more than a micro-credit behind what was delivered, and never ahead.
    RC_ASSERT(of.paid <= share(pays, delivered, unit_slots(of)) &&
              of.paid + 1 >= share(pays, delivered, unit_slots(of)));
    RC_ASSERT(of.got <= share(gets, delivered, unit_slots(of)) && of.got + 1 >= share(gets, delivered, unit_slots(of)));
  }
  RC_ASSERT(of.paid == pays && of.got == gets);
  RC_ASSERT(release(of, {of.paid, of.got}, "ctr_1").empty());
}

RC_GTEST_PROP(Settlement, WhatWasPaidAndWhatIsReleasedIsWhatWasSetAside, ()) {
  const auto pays = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto gets = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  Contract of = contract(*rc::gen::inRange<std::uint32_t>(1, 9), *rc::gen::inRange<std::uint32_t>(1, 9), pays, gets);
  Tally tally = set_aside_of(of);
  settle_to(of, tally, *rc::gen::inRange<std::uint64_t>(0, unit_slots(of) + 1), 0);
  const auto released = release(of, {of.paid, of.got}, "ctr_1");
  std::int64_t left = 0;
  for (const ledger::NewTransfer& t : released) left += tally.left[*t.pending];
  RC_ASSERT(left == std::max(pays, gets) - std::max(of.paid, of.got));
  tally.apply(of, released);
  RC_ASSERT(tally.left[*of.escrow] == 0 && tally.left[*of.margin] == 0);
}

RC_GTEST_PROP(Settlement, IsTheSameHoweverOftenItIsDone, ()) {
  const auto pays = *rc::gen::inRange<std::int64_t>(0, 100'000), gets = *rc::gen::inRange<std::int64_t>(0, 100'000);
  const auto slots = *rc::gen::inRange<std::uint32_t>(1, 30);
  const auto fee_bp = *rc::gen::inRange<std::uint32_t>(0, 10'001);
  Contract often = contract(1, slots, pays, gets), once = often;
  Tally of_often = set_aside_of(often), of_once = set_aside_of(once);
  const auto delivered = *rc::gen::inRange<std::uint32_t>(1, slots + 1);
  for (std::uint32_t slot = 1; slot <= delivered; ++slot) settle_to(often, of_often, slot, fee_bp);
  settle_to(once, of_once, delivered, fee_bp);
  RC_ASSERT(of_often.balance == of_once.balance);
}

TEST(Settlement, HoldsTheLargestAmounts) {
  constexpr std::int64_t kMost = ledger::kMaxAmount;
  EXPECT_EQ(share(kMost, 4'096ULL * 100'000, 4'096ULL * 100'000), kMost);
  EXPECT_EQ(share(kMost, 1, 3), kMost / 3);
  EXPECT_EQ(fee_of(kMost, 10'000), kMost);
  EXPECT_EQ(penalty_of({20'000, 0, 0}, Cause::kOwnerFails, kMost), kMost) << "as much as a transfer can have";
}

TEST(Settlement, PaysForUnitSlotsInWhichALeaseBecameActive) {
  const Contract of = contract(3, 4, 1'200, 1'200);
  const std::vector<Lease> leases{active_since(kStart), active_since(kStart + 2 * kHour + 1), Lease{}};
  EXPECT_EQ(unit_slots_delivered(of, leases, 0), 0u);
  EXPECT_EQ(unit_slots_delivered(of, leases, 2), 2u);
  EXPECT_EQ(unit_slots_delivered(of, leases, 3), 4u) << "the second became active within the third slot";
  EXPECT_EQ(unit_slots_delivered(of, leases, 4), 6u);
}

TEST(Settlement, DoesNotPayForASlotThatWasOverWhenTheLeaseBecameActive) {
  const Contract of = contract(1, 4, 400, 400);
  const std::vector<Lease> just_late{active_since(kStart + kHour)}, just_in_time{active_since(kStart + kHour - 1)};
  EXPECT_EQ(unit_slots_delivered(of, just_late, 1), 0u);
  EXPECT_EQ(unit_slots_delivered(of, just_in_time, 1), 1u);
}

TEST(Settlement, TheBegunSlotIsTheBuyersIfTheBuyerCancelsAndElseTheOwners) {
  const Contract of = contract(1, 4, 400, 400);
  const std::int64_t at = kStart + kHour + 1;
  EXPECT_EQ(slots_counted(of, Cause::kBuyerCancels, at), 2u);
  EXPECT_EQ(slots_counted(of, Cause::kOwnerReclaims, at), 1u);
  EXPECT_EQ(slots_counted(of, Cause::kOwnerFails, at), 1u);
  EXPECT_EQ(slots_counted(of, Cause::kBuyerCancels, kStart + kHour), 1u) << "none has begun";
  EXPECT_EQ(slots_counted(of, Cause::kBuyerCancels, kStart - kHour), 0u) << "before its start";
  EXPECT_EQ(slots_counted(of, Cause::kCompleted, of.end), 4u);
}

TEST(Settlement, WhoEndsItAnswersForWhatItCutOffAndAnOwnerThatFailsForAllThatIsMissing) {
  Contract of = contract(3, 4, 1'200, 1'200);
  of.settled_slots = 1;
  of.paid = of.got = 100;  // one of three units was there
  EXPECT_EQ(undelivered(of, Cause::kBuyerCancels), 900);
  EXPECT_EQ(undelivered(of, Cause::kOwnerReclaims), 900);
  EXPECT_EQ(undelivered(of, Cause::kOwnerFails), 1'100);
}

TEST(Settlement, PenaltiesAreOfWhatWasNotDeliveredByWhoseFault) {
  const Penalties penalties{5'000, 1'000, 2'500};
  EXPECT_EQ(penalty_of(penalties, Cause::kCompleted, 999), 0);
  EXPECT_EQ(penalty_of(penalties, Cause::kOwnerFails, 999), 499);
  EXPECT_EQ(penalty_of(penalties, Cause::kOwnerReclaims, 999), 99);
  EXPECT_EQ(penalty_of(penalties, Cause::kBuyerCancels, 999), 249);
}

}  // namespace
}  // namespace market
