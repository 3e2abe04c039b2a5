// Settlement: what a contract's money does, as numbers and as transfers that somebody else makes (contracts.h). Pure.
// The rules, with examples in docs/market/settlement.md:
//   - A contract of `units` over `slots` has N = units × slots unit-slots. Once K of them are delivered, floor(x × K / N) of
//     each amount x that was set aside has been paid: nothing is lost or made by rounding, and the last one makes it whole.
//   - Set aside are min(pays, gets), buyer → seller, and what the two differ by: buyer → market, or market → seller.
//   - A unit-slot is delivered if its lease became active before the slot was over and was not taken away before that.
//   - The market's fee is floor(fee × got / 10,000) of all that the seller got so far, so it does not depend on how often
//     is settled.
//   - At the end what was not paid is released. Who ended it early owes a penalty of what was not delivered.
// Amounts are micro-credits, times Unix milliseconds, slots count from the contract's start. Threads: any. No errors:
// contracts are as make_contract() made them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/rules.h"
#include "market/types.h"

namespace market {

// Why a contract ends.
enum class Cause : std::uint8_t { kCompleted, kBuyerCancels, kOwnerReclaims, kOwnerFails };

// floor(amount × part / whole); 0 ≤ part ≤ whole.
std::int64_t share(std::int64_t amount, std::uint64_t part, std::uint64_t whole);
// The same price for another number of slots: floor(amount × wanted / slots), at most what a transfer can have.
std::int64_t for_slots(std::int64_t amount, std::uint64_t slots, std::uint64_t wanted);

std::int64_t slot_ms(const Contract& contract);
std::uint64_t unit_slots(const Contract& contract);
// How many slots are over at `at`; after the last one, all.
std::uint32_t slots_over(const Contract& contract, std::int64_t at);
// How many count when it ends so at `at`: the slot that `at` lies in is the buyer's to pay if it is the buyer who cancels.
std::uint32_t slots_counted(const Contract& contract, Cause cause, std::int64_t at);
// How many unit-slots of the first `slots` were delivered: of a live contract, all of whose leases these are.
std::uint64_t unit_slots_delivered(const Contract& contract, std::span<const Lease> leases, std::uint32_t slots);

// What has moved in all: `paid` by the buyer, `got` by the seller.
struct Moved {
  std::int64_t paid = 0, got = 0;
  bool operator==(const Moved&) const = default;
};
Moved moved(std::int64_t pays, std::int64_t gets, std::uint64_t delivered, std::uint64_t whole);

std::int64_t fee_of(std::int64_t got, std::uint32_t fee_bp);
// The price of what is not delivered because of who ends it, once all that counts is settled: of the slots after those; an
// owner that fails answers for earlier ones, too.
std::int64_t undelivered(const Contract& contract, Cause cause);
// Of the penalties agreed, what is owed if this ends it with `undelivered` of its price not delivered.
std::int64_t penalty_of(const Penalties& penalties, Cause cause, std::int64_t undelivered);

// Whose money moves where.
struct Accounts {
  ledger::Id buyer = 0, seller = 0, market = 0;
};

// Sets aside what a contract costs at most: `escrow` and `margin` in this order, those of them that are not 0.
std::vector<ledger::NewTransfer> set_aside(const Accounts& accounts, std::int64_t pays, std::int64_t gets,
                                           std::string_view reference);
// Moves what there is between what the contract says was moved and `now`; `step` names it in the ledger, once for ever.
// With fee_bp 0: no fee.
std::vector<ledger::NewTransfer> pay(const Contract& contract, const Accounts& accounts, Moved now,
                                     std::uint32_t fee_bp, std::string_view reference, std::string_view step);
// Releases what is left of what was set aside, once all that is to be paid was.
std::vector<ledger::NewTransfer> release(const Contract& contract, Moved paid, std::string_view reference);

}  // namespace market
