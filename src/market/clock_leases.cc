// The clock's work on leases: a contract's together, and the fulfiller outside of every transaction, for it takes its time.
#include <algorithm>

#include "market/clock.h"
#include "market/ids.h"
#include "market/leases.h"
#include "market/lookup.h"

namespace market {
namespace {

// The fulfiller may be asked again later; anything else is about this lease.
bool may_pass(const base::Error& error) {
  return error.code == base::Code::kUnreachable || error.code == base::Code::kDeadline ||
         error.code == base::Code::kStorage;
}

// What was seen of a lease, which counts if it is still what was looked at.
struct Outcome {
  Id lease = 0;
  Lease::State of = Lease::State::kProvisioning;
  bool failed = false;
  std::string why = {};
};

base::Status apply(Transaction& store, const Context& context, const Outcome& outcome) {
  TARN_ASSIGN(const Lease lease, need_row(store.find_lease(outcome.lease)));
  if (lease.state != outcome.of) return {};
  if (outcome.failed) {
    TARN_TRY(lease_failed(store, context, lease, outcome.why));
    return {};
  }
  if (outcome.of == Lease::State::kProvisioning) {
    TARN_TRY(lease_ready(store, context, lease));
    return {};
  }
  const auto gone = lease_gone(store, context, lease);
  // What was resold of it goes first; its turn comes again.
  if (!gone.ok() && gone.error().code != base::Code::kConflict) return gone.error();
  return {};
}

}  // namespace

base::Status Clock::run_leases() {
  ByContract scheduled, ending;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(const std::vector<Lease> due,
                all_rows<Lease>(kAllRows, [&](const Page& page) { return store.leases_due(context_.now, page); }));
    for (const Lease& lease : due)
      (lease.state == Lease::State::kEnding ? ending : scheduled)[lease.contract].push_back(lease);
    return {};
  }));
  for (const auto& [contract, leases] : ending) TARN_TRY(take_away(contract, leases));
  for (const auto& [contract, leases] : scheduled)
    TARN_TRY(
        piece("leases", id_text(IdKind::kContract, contract), [&, id = contract](Transaction& store) -> base::Status {
          TARN_ASSIGN(const Contract row, need_row(store.find_contract(id)));
          TARN_ASSIGN(const std::vector<Lease> begun, market::begin_leases(store, context_, row));
          for (const Lease& lease : begun) coming_[lease.id] = false;
          return {};
        }));
  return {};
}

base::Status Clock::take_away(Id contract, const std::vector<Lease>& leases) {
  std::vector<Outcome> outcomes;
  for (const Lease& lease : leases) {
    coming_.erase(lease.id);
    const base::Status asked = fulfiller_.end(lease);
    const auto seen = asked.ok() ? fulfiller_.look(lease) : base::Result<Sight>(asked.error());
    if (seen.ok() && seen->state == Sight::State::kGone)
      outcomes.push_back({lease.id, lease.state});
    else if (!seen.ok() && !may_pass(seen.error()))
      outcomes.push_back({lease.id, lease.state, true, seen.error().message});
  }
  if (outcomes.empty()) return {};
  return piece("leases", id_text(IdKind::kContract, contract), [&](Transaction& store) -> base::Status {
    for (const Outcome& outcome : outcomes) TARN_TRY(apply(store, context_, outcome));
    return {};
  });
}

// Once, when it has just begun to run: what a process before this one has left.
base::Status Clock::find_coming() {
  if (knows_coming_) return {};
  coming_.clear();
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(const std::vector<Lease> leases,
                all_rows<Lease>(kAllRows, [&](const Page& page) { return store.leases({.occupying = true}, page); }));
    for (const Lease& lease : leases)
      if (lease.state == Lease::State::kProvisioning) coming_[lease.id] = false;
    return {};
  }));
  knows_coming_ = true;
  return {};
}

base::Status Clock::run_deliveries() {
  TARN_TRY(find_coming());
  ByContract coming;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    for (auto next = coming_.begin(); next != coming_.end();) {
      TARN_ASSIGN(const std::optional<Lease> lease, store.find_lease(next->first));
      const bool there = lease && lease->state == Lease::State::kProvisioning;
      if (there) coming[lease->contract].push_back(*lease);
      next = there ? std::next(next) : coming_.erase(next);
    }
    return {};
  }));
  for (const auto& [contract, leases] : coming) TARN_TRY(deliver(contract, leases));
  return {};
}

base::Status Clock::deliver(Id id, const std::vector<Lease>& leases) {
  std::int64_t patience = 0;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(const Contract contract, need_row(store.find_contract(id)));
    patience = slot_ms(contract);
    return {};
  }));
  std::vector<Outcome> outcomes;
  for (const Lease& lease : leases) {
    bool& asked = coming_[lease.id];
    const base::Status began = asked ? base::Status() : fulfiller_.begin(lease);
    asked = began.ok();
    const auto seen = began.ok() ? fulfiller_.look(lease) : base::Result<Sight>(began.error());
    if (seen.ok() && seen->state == Sight::State::kReady)
      outcomes.push_back({lease.id, lease.state});
    else if (!seen.ok() && !may_pass(seen.error()))
      outcomes.push_back({lease.id, lease.state, true, seen.error().message});
    else if (context_.now >= lease.changed + patience)
      outcomes.push_back({lease.id, lease.state, true, "it was not ready within a slot"});
  }
  if (outcomes.empty()) return {};
  return piece("deliveries", id_text(IdKind::kContract, id), [&](Transaction& store) -> base::Status {
    for (const Outcome& outcome : outcomes) TARN_TRY(apply(store, context_, outcome));
    return {};
  });
}

}  // namespace market
