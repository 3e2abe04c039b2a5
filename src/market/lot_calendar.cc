#include "market/lot_calendar.h"

#include <algorithm>
#include <map>

#include "market/contracts.h"
#include "market/lookup.h"

namespace market {
namespace {

base::Status add(inventory::Calendar& calendar, std::int64_t from, std::int64_t until, std::uint32_t units) {
  if (from >= until || calendar.add(from, until, units)) return {};
  return base::Error{base::Code::kStorage, "the contracts of a lot have more units than can be: restore the database"};
}

base::Status add(inventory::Calendar& calendar, const Contract& contract) {
  const std::int64_t end = contract.reclaim_at != 0 ? std::min(contract.reclaim_at, contract.end) : contract.end;
  return add(calendar, contract.start, end, contract.units);
}

Rows<Contract> contracts(Transaction& store, const ContractFilter& filter) {
  return all_rows<Contract>(kAllRows, [&](const Page& page) { return store.contracts(filter, page); });
}
Rows<Lease> occupying(Transaction& store, const LeaseFilter& filter) {
  return all_rows<Lease>(kAllRows, [&](const Page& page) { return store.leases(filter, page); });
}

// Contracts by id, each looked up once.
class Known {
 public:
  explicit Known(Transaction& store) : store_(store) {}
  base::Result<Contract> contract(Id id) {
    const auto found = known_.find(id);
    if (found != known_.end()) return found->second;
    TARN_ASSIGN(Contract contract, need_row(store_.find_contract(id)));
    return known_.emplace(id, std::move(contract)).first->second;
  }

 private:
  Transaction& store_;
  std::map<Id, Contract> known_;
};

// Of a lot, resales aside.
base::Result<std::size_t> leases_there(Transaction& store, Id lot) {
  TARN_ASSIGN(const std::vector<Lease> leases, occupying(store, {.lot = lot, .occupying = true}));
  Known known(store);
  std::size_t there = 0;
  for (const Lease& lease : leases) {
    if (!is_there(lease)) continue;
    TARN_ASSIGN(const Contract contract, known.contract(lease.contract));
    if (!contract.resale_of) ++there;
  }
  return there;
}

}  // namespace

base::Result<inventory::Calendar> lot_calendar(Transaction& store, Id lot, std::int64_t now) {
  inventory::Calendar calendar;
  TARN_ASSIGN(const std::vector<Contract> live, contracts(store, {.lot = lot, .live = true}));
  for (const Contract& contract : live)
    if (!contract.resale_of) TARN_TRY(add(calendar, contract));
  TARN_ASSIGN(const std::vector<Lease> leases, occupying(store, {.lot = lot, .occupying = true}));
  Known known(store);
  for (const Lease& lease : leases) {
    TARN_ASSIGN(const Contract contract, known.contract(lease.contract));
    if (is_live(contract) || contract.resale_of) continue;
    const std::int64_t until = std::max(lease.end, now + slot_ms(contract));
    TARN_TRY(add(calendar, std::min(lease.start, now), until, 1));
  }
  return calendar;
}

base::Result<inventory::Calendar> resale_calendar(Transaction& store, Id contract) {
  inventory::Calendar calendar;
  TARN_ASSIGN(const std::vector<Contract> live, contracts(store, {.resale_of = contract, .live = true}));
  for (const Contract& resale : live) TARN_TRY(add(calendar, resale));
  return calendar;
}

bool is_there(const Lease& lease) { return occupies(lease) && lease.state != Lease::State::kScheduled; }

base::Result<std::size_t> resold_leases_there(Transaction& store, const Contract& contract) {
  std::size_t there = 0;
  std::optional<Id> of = contract.id;
  while (of) {
    TARN_ASSIGN(const std::vector<Contract> resales, contracts(store, {.resale_of = of}));
    for (const Contract& resale : resales) {
      TARN_ASSIGN(const std::vector<Lease> leases, occupying(store, {.contract = resale.id, .occupying = true}));
      there += static_cast<std::size_t>(std::ranges::count_if(leases, is_there));
    }
    TARN_ASSIGN(const Contract renewed, need_row(store.find_contract(*of)));
    of = renewed.renewal_of;
  }
  return there;
}

base::Result<std::size_t> free_units(Transaction& store, const Contract& contract) {
  std::size_t units = 0, there = 0;
  if (contract.resale_of) {
    TARN_ASSIGN(const Contract from, need_row(store.find_contract(*contract.resale_of)));
    TARN_ASSIGN(const std::vector<Lease> leases, leases_of(store, from));
    for (const Lease& lease : leases)
      if (lease.state == Lease::State::kActive || lease.state == Lease::State::kReclaiming) ++units;
    TARN_ASSIGN(there, resold_leases_there(store, from));
  } else {
    TARN_ASSIGN(const Lot lot, need_row(store.find_lot(contract.lot)));
    units = lot.capacity;
    TARN_ASSIGN(there, leases_there(store, lot.id));
  }
  return units - std::min(units, there);
}

}  // namespace market
