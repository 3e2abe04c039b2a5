#include "market/leases.h"

#include <algorithm>

#include "market/ids.h"
#include "market/lookup.h"
#include "market/lot_calendar.h"

namespace market {
namespace {

using State = Lease::State;

// The only place in which a lease's state changes.
base::Result<Lease> become(Transaction& store, const Context& context, Lease lease, State to, std::string_view detail) {
  if (!may_become(lease.state, to))
    return conflict(id_text(IdKind::kLease, lease.id) + " is " + std::string(state_name(lease.state)) +
                    ", from where it cannot become " + std::string(state_name(to)));
  lease.state = to;
  lease.changed = context.now;
  lease.detail = detail;
  TARN_TRY(store.update_lease(lease));
  TARN_ASSIGN(const Contract contract, need_row(store.find_contract(lease.contract)));
  TARN_TRY(note(store, context, "lease." + std::string(state_name(to)),
                {id_text(IdKind::kLease, lease.id), contract.market}, lease.detail, {contract.buyer, contract.seller}));
  return lease;
}

// What was resold of a unit is cleaned before the unit is.
base::Status nothing_resold_left(Transaction& store, const Lease& lease) {
  TARN_ASSIGN(const Contract contract, need_row(store.find_contract(lease.contract)));
  TARN_ASSIGN(const std::size_t resold, resold_leases_there(store, contract));
  if (resold == 0) return {};
  TARN_ASSIGN(const std::vector<Lease> leases, leases_of(store, contract));
  const auto there = std::ranges::count_if(leases, is_there);
  if (resold < static_cast<std::size_t>(there)) return {};
  return conflict("what was resold of it is still there: mark those leases gone first");
}

}  // namespace

bool may_become(State from, State to) {
  switch (to) {
    case State::kScheduled: return false;
    case State::kProvisioning: return from == State::kScheduled;
    case State::kActive: return from == State::kProvisioning;
    case State::kReclaiming: return from == State::kActive;
    case State::kEnding: return from == State::kProvisioning || from == State::kActive || from == State::kReclaiming;
    case State::kEnded: return from == State::kScheduled || from == State::kEnding;
    case State::kFailed: return from != State::kScheduled && from != State::kEnded && from != State::kFailed;
  }
  return false;
}

std::string_view state_name(State state) {
  switch (state) {
    case State::kScheduled: return "scheduled";
    case State::kProvisioning: return "provisioning";
    case State::kActive: return "active";
    case State::kReclaiming: return "reclaiming";
    case State::kEnding: return "ending";
    case State::kEnded: return "ended";
    case State::kFailed: return "failed";
  }
  return "unknown";
}

base::Result<std::vector<Lease>> begin_leases(Transaction& store, const Context& context, const Contract& contract) {
  TARN_ASSIGN(const std::vector<Lease> leases, leases_of(store, contract));
  std::vector<Lease> wanted, begun;
  for (const Lease& lease : leases) {
    if (!is_live(contract) || (lease.state != State::kScheduled && lease.end <= context.now))
      TARN_TRY(end_lease(store, context, lease, context.now));
    else if (lease.state == State::kScheduled && lease.start <= context.now && context.now < lease.end)
      wanted.push_back(lease);
  }
  if (wanted.empty() || contract.state != Contract::State::kActive) return begun;
  TARN_ASSIGN(const std::size_t free, free_units(store, contract));
  for (std::size_t i = 0; i < std::min(free, wanted.size()); ++i) {
    TARN_ASSIGN(Lease lease, become(store, context, wanted[i], State::kProvisioning, ""));
    begun.push_back(std::move(lease));
  }
  if (free >= wanted.size() || context.now < contract.start + slot_ms(contract)) return begun;
  TARN_TRY(end_contract(store, context, contract, Cause::kOwnerFails, std::min(context.now, contract.end),
                        "A server was not free for it within a slot."));
  return std::vector<Lease>();
}

base::Result<Lease> lease_ready(Transaction& store, const Context& context, Lease lease) {
  lease.active_since = context.now;
  return become(store, context, std::move(lease), State::kActive, "");
}

base::Result<Lease> lease_failed(Transaction& store, const Context& context, Lease lease, std::string_view why) {
  const bool delivered = lease.state != State::kEnding;
  lease.end = std::max(lease.start, std::min(lease.end, context.now));
  TARN_ASSIGN(lease, become(store, context, std::move(lease), State::kFailed, why));
  TARN_ASSIGN(const Contract contract, need_row(store.find_contract(lease.contract)));
  if (delivered && is_live(contract)) {
    const std::string reason = id_text(IdKind::kLease, lease.id) + " failed: " + std::string(why);
    TARN_TRY(end_contract(store, context, contract, Cause::kOwnerFails, std::min(context.now, contract.end), reason));
  }
  return lease;
}

base::Result<Lease> lease_gone(Transaction& store, const Context& context, Lease lease) {
  if (lease.freed != 0) return conflict(id_text(IdKind::kLease, lease.id) + " is gone already");
  if (lease.state != State::kEnding && lease.state != State::kFailed)
    return conflict(id_text(IdKind::kLease, lease.id) + " is " + std::string(state_name(lease.state)) +
                    ": only what is ending or has failed can be gone");
  TARN_TRY(nothing_resold_left(store, lease));
  lease.freed = context.now;
  if (lease.state == State::kEnding) return become(store, context, std::move(lease), State::kEnded, "");
  lease.changed = context.now;
  TARN_TRY(store.update_lease(lease));
  TARN_ASSIGN(const Contract contract, need_row(store.find_contract(lease.contract)));
  TARN_TRY(note(store, context, "lease.cleaned", {id_text(IdKind::kLease, lease.id), contract.market}, "",
                {contract.buyer, contract.seller}));
  return lease;
}

base::Result<Lease> end_lease(Transaction& store, const Context& context, Lease lease, std::int64_t at) {
  if (!may_become(lease.state, State::kEnding) && lease.state != State::kScheduled) return lease;
  lease.end = std::max(lease.start, std::min(lease.end, at));
  const bool begun = lease.state != State::kScheduled;
  if (!begun) lease.freed = context.now;
  return become(store, context, std::move(lease), begun ? State::kEnding : State::kEnded, begun ? "" : "never begun");
}

base::Result<Lease> lease_called_back(Transaction& store, const Context& context, Lease lease, std::int64_t at) {
  lease.end = std::max(lease.start, std::min(lease.end, at));
  if (lease.state == State::kActive) return become(store, context, std::move(lease), State::kReclaiming, "called back");
  TARN_TRY(store.update_lease(lease));
  return lease;
}

}  // namespace market
