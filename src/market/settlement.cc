#include "market/settlement.h"

#include <algorithm>

#include "base/check.h"

namespace market {
namespace {

__extension__ using Wide = unsigned __int128;

// floor(amount × times / by), at most what a transfer can have.
std::int64_t scaled(std::int64_t amount, std::uint64_t times, std::uint64_t by) {
  CHECK(amount >= 0 && by > 0);
  const Wide out = static_cast<Wide>(amount) * times / by;
  return out > static_cast<Wide>(ledger::kMaxAmount) ? ledger::kMaxAmount : static_cast<std::int64_t>(out);
}

std::int64_t basis_points(std::int64_t amount, std::uint32_t bp) { return scaled(amount, bp, 10'000); }

std::string key(std::string_view reference, std::string_view step, std::string_view what) {
  return std::string(reference) + "/" + std::string(step) + "/" + std::string(what);
}

ledger::NewTransfer transfer(std::string key, ledger::TransferKind kind, std::int64_t amount, ledger::Reason reason,
                             std::string_view reference) {
  ledger::NewTransfer out;
  out.key = std::move(key);
  out.kind = kind;
  out.amount = amount;
  out.reason = reason;
  out.reference = reference;
  return out;
}

// What a contract has of each: what moves through its escrow, and through its margin.
struct Parts {
  std::int64_t escrow = 0, margin = 0;
};
Parts parts(Moved moved) {
  const auto [low, high] = std::minmax(moved.paid, moved.got);
  return {low, high - low};
}

ledger::Reason margin_reason(std::int64_t pays, std::int64_t gets) {
  return pays > gets ? ledger::Reason::kSurplus : ledger::Reason::kDeficit;
}

}  // namespace

std::int64_t share(std::int64_t amount, std::uint64_t part, std::uint64_t whole) {
  CHECK(part <= whole);
  return scaled(amount, part, whole);
}

std::int64_t for_slots(std::int64_t amount, std::uint64_t slots, std::uint64_t wanted) {
  return scaled(amount, wanted, slots);
}

std::int64_t slot_ms(const Contract& contract) {
  CHECK(contract.slots > 0 && contract.start < contract.end);
  return (contract.end - contract.start) / contract.slots;
}

std::uint64_t unit_slots(const Contract& contract) { return std::uint64_t{contract.units} * contract.slots; }

std::uint32_t slots_over(const Contract& contract, std::int64_t at) {
  if (at <= contract.start) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>((at - contract.start) / slot_ms(contract), contract.slots));
}

std::uint32_t slots_counted(const Contract& contract, Cause cause, std::int64_t at) {
  const std::uint32_t over = std::max(slots_over(contract, at), contract.settled_slots);
  const bool begun = at > contract.start + std::int64_t{over} * slot_ms(contract);
  return cause == Cause::kBuyerCancels && begun ? std::min(over + 1, contract.slots) : over;
}

std::uint64_t unit_slots_delivered(const Contract& contract, std::span<const Lease> leases, std::uint32_t slots) {
  std::uint64_t out = 0;
  for (const Lease& lease : leases)
    if (lease.active_since != 0) out += slots - std::min(slots, slots_over(contract, lease.active_since));
  return out;
}

Moved moved(std::int64_t pays, std::int64_t gets, std::uint64_t delivered, std::uint64_t whole) {
  const Parts all = parts({pays, gets});
  const std::int64_t both = share(all.escrow, delivered, whole), margin = share(all.margin, delivered, whole);
  return {both + (pays > gets ? margin : 0), both + (gets > pays ? margin : 0)};
}

std::int64_t fee_of(std::int64_t got, std::uint32_t fee_bp) { return basis_points(got, fee_bp); }

std::int64_t undelivered(const Contract& contract, Cause cause) {
  if (cause == Cause::kOwnerFails) return contract.pays - contract.paid;
  return contract.pays - share(contract.pays, contract.settled_slots, contract.slots);
}

std::int64_t penalty_of(const Penalties& penalties, Cause cause, std::int64_t undelivered) {
  switch (cause) {
    case Cause::kCompleted: return 0;
    case Cause::kBuyerCancels: return basis_points(undelivered, penalties.cancel_bp);
    case Cause::kOwnerReclaims: return basis_points(undelivered, penalties.reclaim_bp);
    case Cause::kOwnerFails: return basis_points(undelivered, penalties.failure_bp);
  }
  CHECK(false);
}

std::vector<ledger::NewTransfer> set_aside(const Accounts& accounts, std::int64_t pays, std::int64_t gets,
                                           std::string_view reference) {
  const Parts all = parts({pays, gets});
  std::vector<ledger::NewTransfer> out;
  if (all.escrow > 0) {
    out.push_back(transfer(key(reference, "escrow", "price"), ledger::TransferKind::kPending, all.escrow,
                           ledger::Reason::kEscrow, reference));
    out.back().debit = accounts.buyer;
    out.back().credit = accounts.seller;
  }
  if (all.margin > 0) {
    out.push_back(transfer(key(reference, "escrow", "margin"), ledger::TransferKind::kPending, all.margin,
                           margin_reason(pays, gets), reference));
    out.back().debit = pays > gets ? accounts.buyer : accounts.market;
    out.back().credit = pays > gets ? accounts.market : accounts.seller;
  }
  return out;
}

std::vector<ledger::NewTransfer> pay(const Contract& contract, const Accounts& accounts, Moved now,
                                     std::uint32_t fee_bp, std::string_view reference, std::string_view step) {
  const Parts before = parts({contract.paid, contract.got}), after = parts(now);
  const std::int64_t price = after.escrow - before.escrow, margin = after.margin - before.margin;
  const std::int64_t fee = fee_of(now.got, fee_bp) - fee_of(contract.got, fee_bp);
  CHECK(price >= 0 && margin >= 0 && fee >= 0);
  std::vector<ledger::NewTransfer> out;
  if (price > 0) {
    out.push_back(transfer(key(reference, step, "price"), ledger::TransferKind::kPost, price, ledger::Reason::kDelivery,
                           reference));
    out.back().pending = contract.escrow;
  }
  if (margin > 0) {
    out.push_back(transfer(key(reference, step, "margin"), ledger::TransferKind::kPost, margin,
                           margin_reason(contract.pays, contract.gets), reference));
    out.back().pending = contract.margin;
  }
  if (fee > 0) {
    out.push_back(
        transfer(key(reference, step, "fee"), ledger::TransferKind::kPosted, fee, ledger::Reason::kFee, reference));
    out.back().debit = accounts.seller;
    out.back().credit = accounts.market;
  }
  return out;
}

std::vector<ledger::NewTransfer> release(const Contract& contract, Moved paid, std::string_view reference) {
  const Parts all = parts({contract.pays, contract.gets}), gone = parts(paid);
  std::vector<ledger::NewTransfer> out;
  const auto add = [&](std::int64_t left, const std::optional<ledger::Id>& pending, std::string_view what) {
    if (left == 0) return;
    out.push_back(
        transfer(key(reference, "release", what), ledger::TransferKind::kVoid, 0, ledger::Reason::kRelease, reference));
    out.back().pending = pending;
  };
  add(all.escrow - gone.escrow, contract.escrow, "price");
  add(all.margin - gone.margin, contract.margin, "margin");
  return out;
}

}  // namespace market
