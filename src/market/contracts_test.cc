#include "market/contracts.h"

#include <gtest/gtest.h>

#include "market/contract_document.h"
#include "support/delivery_town.h"

namespace market {
namespace {

using base::Code;
using support::Agreed;
using support::DeliveryTown;
using CState = Contract::State;
using LState = Lease::State;

constexpr std::int64_t kHour = kHourMs;

// What somebody has more than in the beginning.
struct Gains {
  std::int64_t buyer, owner, third, market;
  explicit Gains(DeliveryTown& town) {
    const std::int64_t start = 1'000'000 * DeliveryTown::kCredit;
    buyer = town.balance(town.buyer) - start;
    owner = town.balance(town.owner) - start;
    third = town.balance(town.third) - start;
    market = town.market_balance();
  }
};
#define EXPECT_GAINS(town, of_buyer, of_owner, of_market) \
  do {                                                    \
    const Gains gains(town);                              \
    EXPECT_EQ(gains.buyer, of_buyer);                     \
    EXPECT_EQ(gains.owner, of_owner);                     \
    EXPECT_EQ(gains.market, of_market);                   \
  } while (false)

Agreed four_hours(const DeliveryTown& town) {
  return {.units = 2, .from = town.hour(0), .until = town.hour(4), .pays = 8'000, .gets = 8'000};
}

// All that it has but so much.
void give_away(DeliveryTown& town, const support::Party& from, const support::Party& to, std::int64_t left = 0) {
  const Id debit = town.account(from).id, credit = town.account(to).id;
  const std::int64_t amount = ledger::available(town.account(from)) - left;
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    ledger::Rules ledger(store, town.now);
                    ledger::NewTransfer gift;
                    gift.key = "gift";
                    gift.debit = debit, gift.credit = credit;
                    gift.amount = amount;
                    TARN_TRY(ledger.make(gift));
                    return {};
                  })
                  .ok());
}

void change_rules(DeliveryTown& town, const std::function<void(Market&)>& change) {
  Market market = town.market_named("hours");
  change(market);
  town.operate<Market>([&](Rules& rules) { return rules.change_market("hours", market); });
}

// Making one

TEST(MakeContract, SetsItsPriceAsideAndSchedulesItsLeases) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  town.look();
  EXPECT_EQ(town.contract(id).state, CState::kSigned);
  EXPECT_EQ(town.set_aside(town.buyer), 8'000);
  ASSERT_EQ(town.leases(id).size(), 2u);
  EXPECT_EQ(town.state_of(id), LState::kScheduled);
  EXPECT_EQ(town.events("ctr_" + std::to_string(id)), std::vector<std::string>{"contract.signed"});
}

TEST(MakeContract, SetsAsideWhatTheMarketKeepsOrAdds) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.gets = 6'000;
  const Id surplus = town.agree(what);
  EXPECT_EQ(town.set_aside(town.buyer), 8'000);
  EXPECT_TRUE(town.contract(surplus).margin.has_value());
  what.gets = 9'000;
  const Id deficit = town.agree(what);
  EXPECT_EQ(town.set_aside(town.buyer), 16'000) << "what the market adds is the market's";
  EXPECT_TRUE(town.contract(deficit).margin.has_value());
  town.look();
}

TEST(MakeContract, RefusesAUnitThatIsPromisedAndLeavesNothingBehind) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  town.agree(what);
  town.agree(what);
  const auto before = town.memory.tables().contracts.size();
  what.units = 1;
  what.from = town.hour(3);
  what.until = town.hour(5);
  const auto refused = town.try_agree(what);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(town.memory.tables().contracts.size(), before);
  what.from = town.hour(4);
  EXPECT_TRUE(town.try_agree(what).ok()) << "windows that only touch do not meet";
  town.look();
}

TEST(MakeContract, RefusesWhatIsNotThereInTheWindow) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.until = DeliveryTown::kStart + 1'001 * kHour;
  what.from = what.until - 4 * kHour;
  EXPECT_FALSE(town.try_agree(what).ok());
}

TEST(MakeContract, RefusesWhatNobodyCanPay) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.pays = what.gets = 1'000'001 * DeliveryTown::kCredit;
  const auto refused = town.try_agree(what);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_TRUE(town.contracts().empty());
  town.look();
}

TEST(MakeContract, MakesADocumentThatAnybodyCanVerify) {
  DeliveryTown town;
  const Contract contract = town.contract(town.agree(four_hours(town)));
  const auto terms = verify_contract(contract.document, contract.signature, town.signer().public_key());
  ASSERT_TRUE(terms.ok()) << terms.error().message;
  EXPECT_EQ(terms->contract, contract.id);
  EXPECT_EQ(terms->buyer, town.buyer.id);
  EXPECT_EQ(terms->seller, town.owner.id);
  EXPECT_EQ(terms->pays, 8'000);
  EXPECT_EQ(terms->fee_bp, 100u);
}

TEST(ContractDocument, IsWorthNothingWithAnyBitChanged) {
  DeliveryTown town;
  const Contract contract = town.contract(town.agree(four_hours(town)));
  for (std::size_t bit = 0; bit < contract.document.size() * 8; bit += 7) {
    base::Bytes changed = contract.document;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(verify_contract(changed, contract.signature, town.signer().public_key()).ok());
    const auto again = ContractDocument::decode(changed);
    EXPECT_TRUE(!again || again->encode() == changed) << "one sequence of bytes for each contract";
  }
}

TEST(ContractDocument, IsWorthNothingFromAnotherServiceThanItsOrdersAreFor) {
  DeliveryTown town;
  const base::Bytes document = town.contract(town.agree(four_hours(town))).document;
  crypto::SeededRandom random(base::view("another market"));
  const crypto::Identity other = crypto::Identity::generate(random);
  EXPECT_TRUE(verify_contract(document, sign_contract(document, town.signer()), town.signer().public_key()).ok());
  EXPECT_FALSE(verify_contract(document, sign_contract(document, other), other.public_key()).ok());
}

// The market could sign anything: terms that the two orders do not allow are none.
TEST(ContractDocument, HoldsTheMarketToWhatBothHaveSigned) {
  DeliveryTown town;
  const Contract contract = town.contract(town.agree(four_hours(town)));
  const auto invented = [&](const std::function<void(ContractDocument&)>& change) {
    auto document = *ContractDocument::decode(contract.document);
    change(document);
    const base::Bytes bytes = document.encode();
    return verify_contract(bytes, sign_contract(bytes, town.signer()), town.signer().public_key());
  };
  EXPECT_TRUE(invented([](ContractDocument&) {}).ok());
  const std::vector<std::function<void(ContractDocument&)>> changes{
      [](ContractDocument& d) { d.terms.pays += 1; },
      [](ContractDocument& d) { d.terms.gets -= 1; },
      [](ContractDocument& d) { d.terms.units += 1; },
      [](ContractDocument& d) { d.terms.notice_ms = kHour; },
      [](ContractDocument& d) { d.terms.renewable = true; },
      [](ContractDocument& d) { d.terms.resale_of = 7; },
      [](ContractDocument& d) { d.terms.renewal_of = 7; },
      [](ContractDocument& d) { d.terms.market = "days"; },
      [](ContractDocument& d) { std::swap(d.terms.buyer, d.terms.seller); },
      [](ContractDocument& d) { std::swap(d.bid, d.offer); },
      [](ContractDocument& d) { d.terms.start += kHour, d.terms.end += kHour; },
      [](ContractDocument& d) { d.terms.made += 4 * kHour; },
      [&](ContractDocument& d) {
        Terms terms = *verified(d.bid);
        ++terms.market_revision;
        d.bid = town.signed_by(town.buyer, terms);
      },
      [](ContractDocument& d) { d.bid.signature[0] ^= 1; },
      [](ContractDocument& d) { d.offer.signature[0] ^= 1; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_FALSE(invented(changes[i]).ok()) << "change " << i;
}

// Its life

TEST(EndContract, CompletedPaysAllButTheFee) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  for (int hour = -1; hour <= 4; ++hour) {
    town.run_to(town.hour(hour) + 1'000);
    EXPECT_EQ(town.contract(id).paid, std::max(hour, 0) * 2'000);
  }
  EXPECT_EQ(town.contract(id).state, CState::kCompleted);
  EXPECT_EQ(town.state_of(id), LState::kEnded);
  EXPECT_GAINS(town, -8'000, 7'920, 80);
}

TEST(EndContract, SurplusGoesToTheMarketAndDeficitComesFromIt) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.gets = 6'000;
  town.agree(what);
  what.pays = 5'000;
  town.agree(what);
  town.run_to(town.hour(0));
  town.run_to(town.hour(4));
  EXPECT_GAINS(town, -13'000, 12'000 - 120, 1'000 + 120);
}

TEST(EndContract, WhatIsFreeMovesNoMoney) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.gets = 0;
  const Id all_the_markets = town.agree(what);
  what.pays = 0;
  const Id free = town.agree(what);
  town.run_to(town.hour(0));
  ASSERT_TRUE(town.cancel(town.buyer, free).ok());
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(all_the_markets).state, CState::kCompleted);
  EXPECT_FALSE(town.contract(all_the_markets).escrow.has_value());
  EXPECT_GAINS(town, -8'000, 0, 8'000);
}

TEST(EndContract, AFrozenAccountHoldsUpNobodyElse) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  town.run_to(town.hour(0));
  const Id owner = town.account(town.owner).id, buyer = town.account(town.buyer).id;
  ASSERT_TRUE(town.within([&](Transaction& store) -> base::Status {
                    ledger::Rules ledger(store, town.now);
                    TARN_TRY(ledger.set_frozen(owner, true));
                    return ledger.set_frozen(buyer, true);
                  })
                  .ok());
  town.run_to(town.hour(2));
  EXPECT_GAINS(town, -4'000, 4'000, 0);  // what was set aside is paid, and no fee of what is frozen
  ASSERT_TRUE(town.mark_failed(town.leases(id).at(0).id, "lost").ok());
  EXPECT_EQ(town.set_aside(town.buyer), 0);
  EXPECT_NE(town.contract(id).reason.find("had 0 of it"), std::string::npos) << town.contract(id).reason;
}

TEST(EndContract, TheBuyerPaysTheBegunSlotAndAPenaltyOfTheRest) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  town.run_to(town.hour(0));
  town.run_to(town.hour(1) + kHour / 2);
  ASSERT_TRUE(town.cancel(town.buyer, id, "no longer needed").ok());
  town.look();
  EXPECT_EQ(town.contract(id).state, CState::kCancelled);
  EXPECT_EQ(town.contract(id).paid, 4'000);
  EXPECT_EQ(town.state_of(id), LState::kEnding);
  // Two of four hours are delivered, of the other 4,000 a quarter is the penalty.
  EXPECT_GAINS(town, -5'000, 4'000 - 40 + 1'000, 40);
  EXPECT_EQ(town.set_aside(town.buyer), 0);
  EXPECT_NE(town.contract(id).reason.find("no longer needed"), std::string::npos);
}

TEST(EndContract, BeforeItsStartItCostsThePenaltyAlone) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  ASSERT_TRUE(town.cancel(town.buyer, id).ok());
  town.look();
  EXPECT_GAINS(town, -2'000, 2'000, 0);
  EXPECT_EQ(town.state_of(id), LState::kEnded) << "never begun";
  town.run_to(town.hour(2));
  EXPECT_TRUE(town.fulfiller.begun.empty());
}

TEST(EndContract, TheOwnerCallsBackWithItsNotice) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.notice_ms = kHour;
  const Id id = town.agree(what);
  town.run_to(town.hour(0));
  town.now = town.hour(1) + kHour / 2;
  ASSERT_TRUE(town.reclaim(town.owner, id, "needed by the hospital").ok());
  town.run();
  EXPECT_EQ(town.contract(id).state, CState::kActive);
  EXPECT_EQ(town.state_of(id), LState::kReclaiming);
  EXPECT_EQ(town.contract(id).reason, "Its owner called it back: needed by the hospital.") << "at once, for the buyer";
  town.run_to(town.hour(2) + kHour / 2 - 1);
  EXPECT_EQ(town.contract(id).state, CState::kActive) << "the notice is not over";
  town.run_to(town.hour(2) + kHour / 2);
  EXPECT_EQ(town.contract(id).state, CState::kCancelled);
  EXPECT_EQ(town.state_of(id), LState::kEnded);
  EXPECT_NE(town.contract(id).reason.find("needed by the hospital"), std::string::npos) << town.contract(id).reason;
  // Two whole hours are paid, the begun one is not; of the 4,000 that are not delivered a tenth is the penalty.
  EXPECT_GAINS(town, -4'000 + 400, 4'000 - 40 - 400, 40);
}

TEST(EndContract, CalledBackBeforeItsStartItNeverBegins) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.from = town.hour(10);
  what.until = town.hour(14);
  what.notice_ms = kHour;
  const Id id = town.agree(what);
  ASSERT_TRUE(town.reclaim(town.owner, id).ok());
  town.run_to(town.hour(3));
  EXPECT_EQ(town.contract(id).state, CState::kCancelled);
  EXPECT_EQ(town.contract(id).ended_at, town.contract(id).reclaim_at);
  EXPECT_GAINS(town, 800, -800, 0);
}

TEST(EndContract, AFailureIsTheOwnersAndNoCancellation) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  town.run_to(town.hour(0));
  town.now = town.hour(1) + kHour / 2;
  ASSERT_TRUE(town.mark_failed(town.leases(id).at(0).id, "the power supply burnt").ok());
  town.run();
  EXPECT_EQ(town.contract(id).state, CState::kBreached);
  EXPECT_EQ(town.state_of(id, 0), LState::kFailed);
  EXPECT_EQ(town.state_of(id, 1), LState::kEnded);
  // One whole hour is paid; of the 6,000 that are not delivered half is the penalty.
  EXPECT_GAINS(town, -2'000 + 3'000, 2'000 - 20 - 3'000, 20);
  EXPECT_NE(town.contract(id).reason.find("the power supply burnt. The owner"), std::string::npos);
}

TEST(EndContract, APenaltyIsPaidAsFarAsThereIsMoney) {
  DeliveryTown town;
  support::Party& poor = town.join("poor", 0);
  Agreed what = four_hours(town);
  town.grant(poor, 1);
  const Id id = town.agree(what);
  give_away(town, town.owner, poor, 100);
  town.run_to(town.hour(0));
  ASSERT_TRUE(town.mark_failed(town.leases(id).at(0).id, "gone").ok());
  town.look();
  EXPECT_EQ(Gains(town).buyer, 100);
  EXPECT_EQ(town.balance(town.owner), 0);
  EXPECT_NE(town.contract(id).reason.find("had 0.0001 of it"), std::string::npos) << town.contract(id).reason;
}

// The market's clock stood still when the contract began, so hours before the end are missing, too: nobody's fault here.
TEST(EndContract, WhoEndsItPaysForNoSlotThatWasMissingBefore) {
  const auto late = [](DeliveryTown& town) {
    const Id id = town.agree(
        {.units = 1, .from = town.hour(0), .until = town.hour(4), .pays = 4'000, .gets = 4'000, .notice_ms = kHour});
    town.run_to(town.hour(2) - 1);
    return id;
  };
  DeliveryTown cancelled;
  const Id by_buyer = late(cancelled);
  cancelled.run_to(cancelled.hour(3));
  ASSERT_TRUE(cancelled.cancel(cancelled.buyer, by_buyer).ok());
  cancelled.look();
  EXPECT_GAINS(cancelled, -2'000 - 250, 2'000 - 20 + 250, 20);  // a quarter of the last hour

  DeliveryTown reclaimed;
  const Id by_owner = late(reclaimed);
  ASSERT_TRUE(reclaimed.reclaim(reclaimed.owner, by_owner).ok());
  reclaimed.run_to(reclaimed.hour(3) - 1);
  EXPECT_EQ(reclaimed.contract(by_owner).state, CState::kCancelled);
  EXPECT_GAINS(reclaimed, -1'000 + 200, 1'000 - 10 - 200, 10);  // a tenth of the last two hours
}

TEST(EndContract, WhoIsNoPartyHearsThatThereIsNone) {
  DeliveryTown town;
  const Id id = town.agree(four_hours(town));
  EXPECT_EQ(town.cancel(town.third, id).error().code, Code::kNotFound);
  EXPECT_EQ(town.cancel(town.owner, id).error().code, Code::kForbidden);
  EXPECT_EQ(town.reclaim(town.buyer, id).error().code, Code::kForbidden);
  EXPECT_EQ(town.reclaim(town.owner, id).error().code, Code::kConflict) << "without notice it cannot be called back";
  ASSERT_TRUE(town.cancel(town.buyer, id).ok());
  EXPECT_EQ(town.cancel(town.buyer, id).error().code, Code::kConflict);
}

// Resale

void end(DeliveryTown& town, Id contract, Cause cause) {
  bool ended = false;
  if (cause == Cause::kBuyerCancels) ended = town.cancel(town.buyer, contract).ok();
  if (cause == Cause::kOwnerReclaims) ended = town.reclaim(town.owner, contract).ok();
  if (cause == Cause::kOwnerFails) ended = town.mark_failed(town.leases(contract).at(1).id, "lost").ok();
  EXPECT_TRUE(ended);
  town.look();
}

struct Resale {
  DeliveryTown town;
  Id first = 0, second = 0;
  explicit Resale(std::int64_t notice_ms = 0) {
    Agreed what = four_hours(town);
    what.notice_ms = notice_ms;
    first = town.agree(what);
    second = town.agree({.units = 1,
                         .from = town.hour(1),
                         .until = town.hour(3),
                         .pays = 3'000,
                         .gets = 3'000,
                         .notice_ms = notice_ms,
                         .resale_of = first});
    town.run_to(town.hour(0));
    town.run_to(town.hour(1));
  }
};

TEST(Resale, IsDeliveredFromWhatItResells) {
  Resale resale;
  DeliveryTown& town = resale.town;
  EXPECT_EQ(town.state_of(resale.second), LState::kActive);
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(resale.second).state, CState::kCompleted);
  const Gains gains(town);
  EXPECT_EQ(gains.third, -3'000);
  EXPECT_EQ(gains.buyer, -8'000 + 2'970);
}

TEST(Resale, OfMoreThanThereIsIsRefused) {
  Resale resale;
  DeliveryTown& town = resale.town;
  Agreed what{
      .units = 2, .from = town.hour(2), .until = town.hour(4), .pays = 10, .gets = 10, .resale_of = resale.first};
  EXPECT_FALSE(town.try_agree(what).ok()) << "one of two is resold until hour 3";
  what.units = 1;
  EXPECT_TRUE(town.try_agree(what).ok());
  what.from = town.hour(3);
  what.until = town.hour(5);
  EXPECT_FALSE(town.try_agree(what).ok()) << "it ends before";
}

TEST(Resale, EndsWithWhatItResells) {
  for (const Cause cause : {Cause::kBuyerCancels, Cause::kOwnerReclaims, Cause::kOwnerFails}) {
    Resale resale(kHour / 4);
    DeliveryTown& town = resale.town;
    town.now += kHour / 4;
    end(town, resale.first, cause);
    town.run_to(town.now + kHour / 4);
    const Contract second = town.contract(resale.second);
    const bool reclaimed = cause == Cause::kOwnerReclaims;
    EXPECT_EQ(second.state, reclaimed ? CState::kCancelled : CState::kBreached);
    EXPECT_EQ(town.state_of(resale.second), LState::kEnded);
    EXPECT_EQ(Gains(town).third, reclaimed ? 300 : 1'500) << "a penalty of nothing delivered";
  }
}

TEST(Resale, ThatIsNotReadyWhenAllIsOverIsAFailureOfWhoResoldIt) {
  DeliveryTown town;
  const Id first = town.agree(four_hours(town));
  const Id second = town.agree(
      {.units = 1, .from = town.hour(3), .until = town.hour(4), .pays = 1'000, .gets = 1'000, .resale_of = first});
  town.run_to(town.hour(0));
  town.fulfiller.begins = support::MoodyFulfiller::Mood::kLater;
  town.run_to(town.hour(3));
  ASSERT_EQ(town.state_of(second), LState::kProvisioning);
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(first).state, CState::kCompleted);
  EXPECT_EQ(town.contract(second).state, CState::kBreached);
  EXPECT_EQ(Gains(town).third, 500);
}

// The penalties that it gets itself, and what is released to it, are there to pay those that it owes.
TEST(Resale, IsAnsweredForWithAllThatComesToItsSeller) {
  for (const std::int64_t price : {3'000, 16'000}) {
    DeliveryTown town;
    const Id first = town.agree(four_hours(town));
    const Id second = town.agree(
        {.units = 1, .from = town.hour(1), .until = town.hour(3), .pays = price, .gets = price, .resale_of = first});
    give_away(town, town.buyer, town.owner);
    town.run_to(town.hour(0));
    town.run_to(town.hour(1));
    ASSERT_TRUE(town.mark_failed(town.leases(first).at(1).id, "lost").ok());
    town.look();
    EXPECT_EQ(town.contract(second).state, CState::kBreached);
    EXPECT_EQ(Gains(town).third, price / 2);
    EXPECT_EQ(town.balance(town.buyer), 6'000 + 3'000 - price / 2) << "released, and the owner's penalty";
  }
}

TEST(Resale, OfAResaleIsNotWithoutEnd) {
  DeliveryTown town(1);
  Id last = town.agree({.units = 1, .from = town.hour(0), .until = town.hour(4), .pays = 40, .gets = 40});
  std::size_t chain = 0;
  for (bool sold = true; sold && chain < 20;) {
    const auto further = town.try_agree(
        {.units = 1, .from = town.hour(0), .until = town.hour(4), .pays = 40, .gets = 40, .resale_of = last});
    sold = further.ok();
    if (sold) last = further->id, ++chain;
  }
  EXPECT_EQ(chain, kMostResales);
}

// Renewal

struct Renewal {
  DeliveryTown town;
  Id first = 0, second = 0;
  explicit Renewal(std::int64_t notice_ms = 0) {
    Agreed what = four_hours(town);
    what.renewable = true;
    what.notice_ms = notice_ms;
    what.latest = town.hour(20);
    first = town.agree(what);
    town.run_to(town.hour(1));
    second = DeliveryTown::value(town.renew(town.buyer, first, town.hour(6))).id;
    town.look();
  }
};

TEST(Renewal, GoesOnWithTheSameLeasesAtTheSamePrice) {
  Renewal renewal;
  DeliveryTown& town = renewal.town;
  const auto lease = town.leases(renewal.first).at(0);
  EXPECT_EQ(town.contract(renewal.second).pays, 4'000);
  EXPECT_EQ(lease.end, town.hour(6));
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(renewal.first).state, CState::kCompleted);
  EXPECT_EQ(town.contract(renewal.second).state, CState::kActive);
  EXPECT_EQ(town.leases(renewal.second).at(0).id, lease.id);
  EXPECT_EQ(town.state_of(renewal.second), LState::kActive) << "nothing changed hands";
  town.run_to(town.hour(6));
  EXPECT_EQ(town.contract(renewal.second).state, CState::kCompleted);
  EXPECT_EQ(Gains(town).buyer, -8'000 * 3 / 4 - 4'000) << "the first hour was not delivered: nobody ran the clock";
  EXPECT_EQ(town.fulfiller.begun.size(), 2u);
}

TEST(Renewal, HasADocumentThatVerifies) {
  Renewal renewal;
  const Contract second = renewal.town.contract(renewal.second);
  const auto terms = verify_contract(second.document, second.signature, renewal.town.signer().public_key());
  ASSERT_TRUE(terms.ok()) << terms.error().message;
  EXPECT_EQ(terms->renewal_of, renewal.first);
}

TEST(Renewal, IsHeldAgainstWhatItRenews) {
  Renewal renewal;
  const auto terms = [&](Id id) { return ContractDocument::decode(renewal.town.contract(id).document)->terms; };
  const ContractTerms first = terms(renewal.first), second = terms(renewal.second);
  EXPECT_TRUE(verify_renewal(second, first).ok());
  const std::vector<std::function<void(ContractTerms&)>> changes{
      [](ContractTerms& t) { t.renewal_of = 7; },
      [](ContractTerms& t) { t.renewal_of.reset(); },
      [](ContractTerms& t) { t.market = "days"; },
      [](ContractTerms& t) { std::swap(t.buyer, t.seller); },
      [](ContractTerms& t) { t.units -= 1; },
      [](ContractTerms& t) { t.start += kHour, t.end += kHour; },
      [](ContractTerms& t) { t.slots *= 2; },
      [](ContractTerms& t) { t.pays += 1; },
      [](ContractTerms& t) { t.gets -= 1; },
      [](ContractTerms& t) { t.fee_bp += 1; },
      [](ContractTerms& t) { t.penalties.cancel_bp += 1; },
      [](ContractTerms& t) { t.notice_ms += 1; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    ContractTerms changed = second;
    changes[i](changed);
    EXPECT_FALSE(verify_renewal(changed, first).ok()) << "change " << i;
  }
  ContractTerms not_renewable = first;
  not_renewable.renewable = false;
  EXPECT_FALSE(verify_renewal(second, not_renewable).ok());
}

TEST(Renewal, IsMadeUnderWhatBothHaveSignedWhateverTheRulesSayNow) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.renewable = true;
  what.latest = town.hour(20);
  const Id first = town.agree(what);
  town.run_to(town.hour(0));
  change_rules(town, [](Market& market) {
    market.fee_bp = 10'000;
    market.penalties = {10'000, 10'000, 10'000};
  });
  const Contract second = DeliveryTown::value(town.renew(town.buyer, first, town.hour(6)));
  EXPECT_EQ(second.penalties, town.contract(first).penalties);
  EXPECT_EQ(ContractDocument::decode(second.document)->terms.fee_bp, 100u);
  town.run_to(town.hour(4));
  town.run_to(town.hour(6));
  EXPECT_GAINS(town, -12'000, 12'000 - 120, 120);
}

TEST(Renewal, IsRefusedBelowTheReserveOfItsOffer) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.gets = 9'000;  // the market adds a part, which it does not to a renewal
  what.renewable = true;
  what.latest = town.hour(20);
  const Id first = town.agree(what);
  EXPECT_EQ(town.renew(town.buyer, first, town.hour(6)).error().code, Code::kConflict);
  town.look();
}

TEST(Renewal, CountsAsUnitsTimesSlotsInTheCap) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.renewable = true;
  what.latest = town.hour(20);
  const Id first = town.agree(what);
  change_rules(town, [](Market& market) { market.max_unit_slots = 2 * 4 + 2 * 2; });
  EXPECT_EQ(town.renew(town.buyer, first, town.hour(7)).error().code, Code::kConflict);
  EXPECT_TRUE(town.renew(town.buyer, first, town.hour(6)).ok());
}

TEST(Renewal, IsRefusedWhileItsSellersAccountIsFrozen) {
  DeliveryTown town;
  Agreed what = four_hours(town);
  what.renewable = true;
  what.latest = town.hour(8);
  const Id id = town.agree(what);
  const Id account = town.account(town.owner).id;
  const auto freeze = [&](bool frozen) {
    town.operate<ledger::Account>([&](Rules& rules) { return rules.set_frozen(account, frozen); });
  };
  freeze(true);
  EXPECT_EQ(town.renew(town.buyer, id, town.hour(6)).error().code, Code::kConflict);
  freeze(false);
  EXPECT_TRUE(town.renew(town.buyer, id, town.hour(6)).ok());
}

TEST(Renewal, IsRefusedWhereTheOfferDoesNotReach) {
  Renewal renewal;
  DeliveryTown& town = renewal.town;
  EXPECT_EQ(town.renew(town.buyer, renewal.first, town.hour(8)).error().code, Code::kConflict) << "renewed already";
  EXPECT_EQ(town.renew(town.buyer, renewal.second, town.hour(8)).error().code, Code::kConflict) << "has not begun";
  town.run_to(town.hour(5));
  EXPECT_EQ(town.renew(town.buyer, renewal.second, town.hour(21)).error().code, Code::kConflict);
  EXPECT_EQ(town.renew(town.buyer, renewal.second, town.hour(7) + 1).error().code, Code::kInvalidInput);
  EXPECT_EQ(town.renew(town.owner, renewal.second, town.hour(7)).error().code, Code::kForbidden);
  EXPECT_TRUE(town.renew(town.buyer, renewal.second, town.hour(7)).ok());
}

TEST(Renewal, IsRefusedWhereTheLotIsPromised) {
  DeliveryTown town(2);
  Agreed what = four_hours(town);
  what.renewable = true;
  what.latest = town.hour(20);
  const Id first = town.agree(what);
  town.agree({.units = 1, .from = town.hour(5), .until = town.hour(6), .pays = 10, .gets = 10});
  EXPECT_EQ(town.renew(town.buyer, first, town.hour(6)).error().code, Code::kConflict);
  EXPECT_TRUE(town.renew(town.buyer, first, town.hour(5)).ok());
}

TEST(Renewal, EndsWithWhatItRenews) {
  for (const Cause cause : {Cause::kBuyerCancels, Cause::kOwnerReclaims, Cause::kOwnerFails}) {
    Renewal renewal(kHour / 4);
    DeliveryTown& town = renewal.town;
    town.now += kHour / 4;
    end(town, renewal.first, cause);
    town.run_to(town.now + kHour / 4);
    EXPECT_FALSE(is_live(town.contract(renewal.second)));
    EXPECT_EQ(town.set_aside(town.buyer), 0);
    town.run_to(town.hour(10));
  }
}

TEST(Renewal, CancelledByItselfLeavesWhatItRenewsAsItWas) {
  Renewal renewal;
  DeliveryTown& town = renewal.town;
  ASSERT_TRUE(town.cancel(town.buyer, renewal.second).ok());
  town.look();
  EXPECT_EQ(town.leases(renewal.first).at(0).end, town.hour(4));
  town.run_to(town.hour(4));
  EXPECT_EQ(town.contract(renewal.first).state, CState::kCompleted);
  EXPECT_EQ(town.state_of(renewal.first), LState::kEnded);
}

}  // namespace
}  // namespace market
