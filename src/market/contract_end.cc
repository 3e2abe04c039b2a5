// Contracts from their start to their end: settlement, completion, and all the ways to end early.
#include <algorithm>

#include "base/check.h"
#include "market/contract_document.h"
#include "market/contracts.h"
#include "market/ids.h"
#include "market/leases.h"
#include "market/lookup.h"
#include "market/lot_calendar.h"
#include "market/market_account.h"
#include "market/orders.h"
#include "model/money.h"

namespace market {
namespace {

using State = Contract::State;

std::string reference(const Contract& contract) { return id_text(IdKind::kContract, contract.id); }

std::string credits(std::int64_t amount) { return model::credits_text(static_cast<std::uint64_t>(amount)); }

// What the market may take of each payment is what the contract said when it was signed, whatever its rules say now; and
// nothing of an account that the operator has frozen, for what is frozen is to hold up nobody else.
base::Result<std::uint32_t> fee_bp(Transaction& store, const Context& context, const Contract& contract,
                                   const Accounts& accounts) {
  const auto document = ContractDocument::decode(contract.document);
  if (!document) return base::Error{base::Code::kStorage, reference(contract) + ": its document is damaged"};
  TARN_ASSIGN(const ledger::Account seller, ledger::Rules(store, context.now).account(accounts.seller));
  return seller.frozen ? 0 : document->terms.fee_bp;
}

// Pays for what was delivered of the first `slots`.
base::Status settle(Transaction& store, const Context& context, const Accounts& accounts, std::uint32_t slots,
                    Contract& contract) {
  if (slots <= contract.settled_slots) return {};
  TARN_ASSIGN(const std::vector<Lease> leases, leases_of(store, contract));
  const std::uint64_t delivered = unit_slots_delivered(contract, leases, slots);
  const Moved now = moved(contract.pays, contract.gets, delivered, unit_slots(contract));
  TARN_ASSIGN(const std::uint32_t fee, fee_bp(store, context, contract, accounts));
  const auto transfers = pay(contract, accounts, now, fee, reference(contract), "slot-" + std::to_string(slots));
  if (!transfers.empty()) TARN_TRY(ledger::Rules(store, context.now).make(transfers));
  contract.settled_slots = slots;
  contract.paid = now.paid;
  contract.got = now.got;
  return {};
}

base::Status release_rest(Transaction& store, const Context& context, const Contract& contract) {
  const auto transfers = release(contract, {contract.paid, contract.got}, reference(contract));
  if (!transfers.empty()) TARN_TRY(ledger::Rules(store, context.now).make(transfers));
  return {};
}

// As far as there is money; a sentence about it, or nothing.
base::Result<std::string> pay_penalty(Transaction& store, const Context& context, const Accounts& accounts, Cause cause,
                                      const Contract& contract) {
  const std::int64_t owed = penalty_of(contract.penalties, cause, undelivered(contract, cause));
  if (owed == 0) return std::string();
  const bool buyer_owes = cause == Cause::kBuyerCancels;
  ledger::Rules ledger(store, context.now);
  TARN_ASSIGN(const ledger::Account payer, ledger.account(buyer_owes ? accounts.buyer : accounts.seller));
  const std::int64_t paid = payer.frozen ? 0 : std::clamp<std::int64_t>(ledger::available(payer), 0, owed);
  if (paid > 0) {
    ledger::NewTransfer penalty;
    penalty.key = reference(contract) + "/penalty";
    penalty.debit = payer.id;
    penalty.credit = buyer_owes ? accounts.seller : accounts.buyer;
    penalty.amount = paid;
    penalty.reason = buyer_owes                       ? ledger::Reason::kCancelPenalty
                     : cause == Cause::kOwnerReclaims ? ledger::Reason::kReclaimPenalty
                                                      : ledger::Reason::kFailurePenalty;
    penalty.reference = reference(contract);
    TARN_TRY(ledger.make(penalty));
  }
  std::string out = std::string(buyer_owes ? "The buyer" : "The owner") + " owed a penalty of " + credits(owed);
  return out + (paid == owed ? ", and paid it." : ", and had " + credits(paid) + " of it.");
}

// Whoever resold what its owner does not bring, or what it gave up itself, fails those that it resold to.
Cause passed_on(Cause cause) { return cause == Cause::kBuyerCancels ? Cause::kOwnerFails : cause; }

struct Ending {
  Cause cause = Cause::kCompleted;
  std::string why;
};
// When its time is over. What was asked for half a slot ago at least, and is not ready by then, was never delivered;
// nor was what waited for a server all the time, if somebody looked: `had_begun`.
base::Result<Ending> ending(Transaction& store, const Contract& contract, std::int64_t end, bool had_begun) {
  if (end < contract.end) return Ending{Cause::kOwnerReclaims, contract.reason};
  TARN_ASSIGN(const std::vector<Lease> leases, leases_of(store, contract));
  const auto waiting = std::ranges::count(leases, Lease::State::kScheduled, &Lease::state);
  if (had_begun && waiting > 0) {
    TARN_ASSIGN(const std::size_t free, free_units(store, contract));
    if (free < static_cast<std::size_t>(waiting))
      return Ending{Cause::kOwnerFails, "A server was not free for it until its time was over."};
  }
  const bool failed = std::ranges::any_of(leases, [&](const Lease& lease) {
    return lease.state == Lease::State::kProvisioning && lease.changed <= end - slot_ms(contract) / 2;
  });
  if (failed) return Ending{Cause::kOwnerFails, "It was not ready when its time was over."};
  return Ending{Cause::kCompleted, "Its time is over."};
}

// Those of a contract that is completed are over, too, and end as they would have by themselves.
base::Status end_resales(Transaction& store, const Context& context, const Contract& contract, Cause cause,
                         std::int64_t at) {
  TARN_ASSIGN(const std::vector<Contract> resales, live_resales(store, contract));
  for (const Contract& resale : resales) {
    const std::int64_t end = std::min(at, resale.end);
    Ending how{passed_on(cause), "What it was resold from, " + reference(contract) + ", has ended."};
    if (cause == Cause::kCompleted) {
      TARN_ASSIGN(how, ending(store, resale, end, resale.state == State::kActive));
    }
    TARN_TRY(end_contract(store, context, resale, how.cause, end, how.why));
  }
  return close_orders(store, context, {.contract = contract.id},
                      "what it resells, " + reference(contract) + ", has ended");
}

// With a live heir they go on as its own. Else they end.
base::Status end_leases(Transaction& store, const Context& context, const Contract& contract,
                        const std::optional<Contract>& heir, std::int64_t at) {
  TARN_ASSIGN(std::vector<Lease> leases, leases_of(store, contract));
  for (Lease& lease : leases) {
    if (heir) {
      lease.contract = heir->id;
      TARN_TRY(store.update_lease(lease));
    } else {
      TARN_TRY(end_lease(store, context, lease, at));
    }
  }
  return {};
}

// A renewal that never began: what it renews, ends when it was to end before.
base::Status give_leases_back(Transaction& store, const Contract& renewal) {
  if (!renewal.renewal_of) return {};
  TARN_ASSIGN(const Contract renewed, need_row(store.find_contract(*renewal.renewal_of)));
  if (!is_live(renewed)) return {};
  TARN_ASSIGN(std::vector<Lease> leases, leases_of(store, renewed));
  for (Lease& lease : leases) {
    lease.end = std::min(lease.end, renewed.end);
    TARN_TRY(store.update_lease(lease));
  }
  return {};
}

State state_after(Cause cause) {
  switch (cause) {
    case Cause::kCompleted: return State::kCompleted;
    case Cause::kBuyerCancels:
    case Cause::kOwnerReclaims: return State::kCancelled;
    case Cause::kOwnerFails: return State::kBreached;
  }
  CHECK(false);
}

std::string_view event_of(State state) {
  return state == State::kCompleted  ? "contract.completed"
         : state == State::kBreached ? "contract.breached"
                                     : "contract.cancelled";
}

base::Status begin(Transaction& store, const Context& context, Contract& contract) {
  contract.state = State::kActive;
  contract.due_at = due(contract);
  TARN_TRY(store.update_contract(contract));
  return note(store, context, "contract.active", {reference(contract), contract.market}, "",
              {contract.buyer, contract.seller});
}

}  // namespace

base::Result<Contract> end_contract(Transaction& store, const Context& context, Contract contract, Cause cause,
                                    std::int64_t at, std::string_view why) {
  CHECK(is_live(contract) && at <= contract.end);
  TARN_ASSIGN(const Market market, need_row(store.find_market(contract.market)));
  TARN_ASSIGN(const Accounts accounts, accounts_of(store, context, market, contract.buyer, contract.seller));
  TARN_TRY(settle(store, context, accounts, slots_counted(contract, cause, at), contract));
  TARN_TRY(release_rest(store, context, contract));
  TARN_ASSIGN(const std::string penalty, pay_penalty(store, context, accounts, cause, contract));
  TARN_ASSIGN(std::optional<Contract> heir, renewal_of(store, contract));
  if (heir && cause != Cause::kCompleted) {
    TARN_TRY(end_contract(store, context, *heir, cause, at, "What it renews, " + reference(contract) + ", has ended."));
    heir.reset();
  }
  // Only now, so that whoever resold has all that comes to it when it owes a penalty itself.
  TARN_TRY(end_resales(store, context, contract, cause, at));
  contract.state = state_after(cause);
  contract.reason = std::string(why) + (why.ends_with('.') ? "" : ".") + (penalty.empty() ? "" : " " + penalty);
  contract.ended_at = at;
  contract.due_at = 0;
  TARN_TRY(store.update_contract(contract));
  TARN_TRY(give_leases_back(store, contract));
  TARN_TRY(end_leases(store, context, contract, heir, at));
  TARN_TRY(note(store, context, event_of(contract.state), {reference(contract), contract.market}, contract.reason,
                {contract.buyer, contract.seller}));
  return contract;
}

base::Result<Contract> call_back(Transaction& store, const Context& context, Contract contract, std::int64_t at,
                                 std::string_view why) {
  TARN_ASSIGN(const std::vector<Contract> resales, live_resales(store, contract));
  for (const Contract& resale : resales)
    if (at < resale.end && (resale.reclaim_at == 0 || at < resale.reclaim_at))
      TARN_TRY(call_back(store, context, resale, at,
                         "What it was resold from, " + reference(contract) + ", is called back."));
  TARN_ASSIGN(const std::optional<Contract> renewal, renewal_of(store, contract));
  if (renewal)
    TARN_TRY(call_back(store, context, *renewal, at, "What it renews, " + reference(contract) + ", is called back."));
  contract.reclaim_at = at;
  contract.reason = why;  // which it also ends with
  contract.due_at = due(contract);
  TARN_TRY(store.update_contract(contract));
  TARN_ASSIGN(std::vector<Lease> leases, leases_of(store, contract));
  for (const Lease& lease : leases)
    if (occupies(lease)) TARN_TRY(lease_called_back(store, context, lease, at));
  TARN_TRY(note(store, context, "contract.reclaiming", {reference(contract), contract.market}, std::string(why),
                {contract.buyer, contract.seller}));
  return contract;
}

base::Result<Contract> advance(Transaction& store, const Context& context, Contract contract) {
  if (!is_live(contract) || contract.state == State::kProposed) return contract;
  const std::int64_t end = contract.reclaim_at != 0 ? std::min(contract.reclaim_at, contract.end) : contract.end;
  const bool had_begun = contract.state == State::kActive;
  if (!had_begun && contract.start <= context.now && contract.start < end) TARN_TRY(begin(store, context, contract));
  if (end <= context.now) {
    TARN_ASSIGN(const Ending how, ending(store, contract, end, had_begun));
    return end_contract(store, context, contract, how.cause, end, how.why);
  }
  TARN_ASSIGN(const Market market, need_row(store.find_market(contract.market)));
  TARN_ASSIGN(const Accounts accounts, accounts_of(store, context, market, contract.buyer, contract.seller));
  TARN_TRY(settle(store, context, accounts, slots_over(contract, context.now), contract));
  contract.due_at = due(contract);
  TARN_TRY(store.update_contract(contract));
  return contract;
}

}  // namespace market
