#include "market/contracts.h"

#include <algorithm>

#include "base/check.h"
#include "market/contract_document.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/lot_calendar.h"
#include "market/market_account.h"

namespace market {
namespace {

// The contract that is resold, and how long a chain of sellers that makes.
base::Result<Source> resold_source(Transaction& store, Id resold) {
  TARN_ASSIGN(const Contract from, need_row(store.find_contract(resold)));
  if (!is_live(from)) return conflict("what is resold is over");
  std::size_t chain = 1;
  for (std::optional<Id> of = from.resale_of; of; ++chain) {
    if (chain >= kMostResales) return conflict("this was resold too often: buy of somebody nearer to its owner");
    TARN_ASSIGN(const Contract further, need_row(store.find_contract(*of)));
    of = further.resale_of;
  }
  const std::int64_t end = from.reclaim_at != 0 ? std::min(from.reclaim_at, from.end) : from.end;
  Source out{from.units, {from.start, end}};
  TARN_ASSIGN(out.promised, resale_calendar(store, from.id));
  return out;
}

base::Status is_free(Transaction& store, const Context& context, const Match& match) {
  TARN_ASSIGN(const Source source, source_of(store, context, match.offer));
  return is_free(source, {match.start, match.end}, match.units);
}

Contract drawn_up(const Context& context, const Market& market, const Match& match) {
  Contract out;
  out.market = market.id;
  out.clearing = match.clearing;
  out.bid = match.bid.id;
  out.offer = match.offer.id;
  out.lot = match.offer.lot;
  out.resale_of = match.offer.terms.contract;
  out.renewal_of = match.renewal_of;
  out.buyer = match.bid.terms.organisation;
  out.seller = match.offer.terms.organisation;
  out.units = match.units;
  out.start = match.start;
  out.end = match.end;
  out.pays = match.pays;
  out.gets = match.gets;
  out.notice_ms = match.offer.terms.notice_ms;
  out.renewable = match.offer.terms.renewable;
  out.penalties = market.penalties;
  out.made = context.now;
  out.slots = static_cast<std::uint32_t>((match.end - match.start) / market.slot_ms);
  return out;
}

// Looked at before anything is written, so that who gets kConflict may go on in the same transaction.
base::Status is_affordable(Transaction& store, const Context& context, const Market& market, const Match& match) {
  TARN_ASSIGN(const Accounts accounts,
              accounts_of(store, context, market, match.bid.terms.organisation, match.offer.terms.organisation));
  ledger::Rules ledger(store, context.now);
  const auto can_pay = [&](ledger::Id account, std::int64_t amount, std::string_view whose) -> base::Status {
    if (amount <= 0) return {};
    TARN_ASSIGN(const ledger::Account row, ledger.account(account));
    if (row.frozen) return conflict("the account of the " + std::string(whose) + " is frozen");
    if (ledger::available(row) >= amount) return {};
    return conflict("the " + std::string(whose) + " has too little money for it");
  };
  TARN_ASSIGN(const ledger::Account seller, ledger.account(accounts.seller));
  if (seller.frozen) return conflict("the account of the seller is frozen");
  TARN_TRY(can_pay(accounts.buyer, match.pays, "buyer"));
  return can_pay(accounts.market, match.gets - match.pays, "market");
}

base::Status set_money_aside(Transaction& store, const Context& context, const Market& market, Contract& contract) {
  TARN_ASSIGN(const Accounts accounts, accounts_of(store, context, market, contract.buyer, contract.seller));
  const auto transfers = set_aside(accounts, contract.pays, contract.gets, id_text(IdKind::kContract, contract.id));
  if (transfers.empty()) return {};
  TARN_ASSIGN(const std::vector<ledger::Id> ids, ledger::Rules(store, context.now).make(transfers));
  CHECK(ids.size() == transfers.size());
  std::size_t next = 0;
  if (std::min(contract.pays, contract.gets) > 0) contract.escrow = ids[next++];
  if (contract.pays != contract.gets) contract.margin = ids[next++];
  return {};
}

base::Status sign(Transaction& store, const Context& context, const Market& market, const Match& match,
                  Contract& contract) {
  ContractDocument document;
  document.terms = {contract.id,        market.name,        contract.clearing, contract.resale_of, contract.renewal_of,
                    contract.buyer,     contract.seller,    contract.units,    contract.slots,     contract.start,
                    contract.end,       contract.pays,      contract.gets,     market.fee_bp,      contract.notice_ms,
                    contract.renewable, contract.penalties, contract.made};
  document.bid = {match.bid.document, match.bid.signature};
  document.offer = {match.offer.document, match.offer.signature};
  contract.document = document.encode();
  CHECK(context.signer != nullptr);
  contract.signature = sign_contract(contract.document, *context.signer);
  contract.state = Contract::State::kSigned;
  contract.due_at = due(contract);
  return store.update_contract(contract);
}

// A renewal's are those of what it renews, which stay as they are for longer.
base::Status make_leases(Transaction& store, const Context& context, const Contract& contract) {
  if (contract.renewal_of) {
    TARN_ASSIGN(const Contract renewed, need_row(store.find_contract(*contract.renewal_of)));
    TARN_ASSIGN(std::vector<Lease> leases, leases_of(store, renewed));
    for (Lease& lease : leases) {
      lease.end = contract.end;
      TARN_TRY(store.update_lease(lease));
    }
    return {};
  }
  for (std::uint32_t unit = 0; unit < contract.units; ++unit) {
    Lease lease;
    lease.contract = contract.id;
    lease.lot = contract.lot;
    lease.unit = unit;
    lease.start = contract.start;
    lease.end = contract.end;
    lease.changed = context.now;
    TARN_TRY(store.insert_lease(lease));
  }
  return {};
}

}  // namespace

base::Status check_window(const Market& market, const Match& match) {
  const bool good = match.units > 0 && match.units <= kMostUnits && match.start < match.end && match.start >= 0 &&
                    on_grid(market.slot_ms, match.start) && on_grid(market.slot_ms, match.end);
  if (good && match.pays >= 0 && match.gets >= 0) return {};
  return conflict("units and window of a contract have to be on the market's grid");
}

base::Result<Source> source_of(Transaction& store, const Context& context, const Order& offer) {
  if (offer.terms.contract) return resold_source(store, *offer.terms.contract);
  TARN_ASSIGN(const Lot lot, need_row(store.find_lot(offer.lot)));
  Source out{lot.capacity, {lot.from, lot.until}};
  TARN_ASSIGN(out.promised, lot_calendar(store, lot.id, context.now));
  return out;
}

base::Status is_free(const Source& source, const Window& window, std::uint64_t units) {
  if (window.from < source.window.from || window.until > source.window.until)
    return conflict("what is offered is not there in that window");
  if (source.promised.free(source.capacity, window.from, window.until) >= units) return {};
  return conflict("what is offered is taken in that window");
}

base::Result<Contract> make_contract(Transaction& store, const Context& context, const Market& market,
                                     const Match& match) {
  TARN_TRY(check_window(market, match));
  TARN_TRY(is_free(store, context, match));
  TARN_TRY(is_affordable(store, context, market, match));
  Contract contract = drawn_up(context, market, match);
  TARN_ASSIGN(contract.id, store.insert_contract(contract));
  TARN_TRY(set_money_aside(store, context, market, contract));
  TARN_TRY(sign(store, context, market, match, contract));
  TARN_TRY(make_leases(store, context, contract));
  TARN_TRY(note(store, context, "contract.signed", {id_text(IdKind::kContract, contract.id), market.id}, "",
                {contract.buyer, contract.seller}));
  return contract;
}

std::int64_t due(const Contract& contract) {
  std::int64_t next = 0;
  if (contract.state == Contract::State::kSigned) {
    next = contract.start;
  } else if (contract.state == Contract::State::kActive) {
    const std::int64_t slot = std::min(contract.settled_slots + 1, contract.slots);
    next = contract.start + slot * slot_ms(contract);
  } else {
    return 0;
  }
  return contract.reclaim_at != 0 ? std::min(next, contract.reclaim_at) : next;
}

Found<Contract> renewal_of(Transaction& store, const Contract& contract) {
  TARN_ASSIGN(const std::vector<Contract> live, all_rows<Contract>(kAllRows, [&](const Page& page) {
                return store.contracts({.lot = contract.lot, .buyer = contract.buyer, .live = true}, page);
              }));
  const auto found = std::ranges::find(live, std::optional<Id>(contract.id), &Contract::renewal_of);
  return found == live.end() ? std::optional<Contract>() : std::optional(*found);
}

Rows<Lease> leases_of(Transaction& store, const Contract& contract) {
  return all_rows<Lease>(kAllRows, [&](const Page& page) { return store.leases({.contract = contract.id}, page); });
}

Rows<Contract> live_resales(Transaction& store, const Contract& contract) {
  return all_rows<Contract>(
      kAllRows, [&](const Page& page) { return store.contracts({.resale_of = contract.id, .live = true}, page); });
}

}  // namespace market
