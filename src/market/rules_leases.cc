// What the operator marks where leases are delivered by hand.
#include "market/ids.h"
#include "market/leases.h"
#include "market/lookup.h"
#include "market/rules.h"

namespace market {
namespace {

base::Result<Lease> to_mark(Transaction& store, const Caller& caller, Id id) {
  TARN_TRY(allowed(caller, Action::kDeliver));
  TARN_ASSIGN(const std::optional<Lease> lease, store.find_lease(id));
  if (lease) return *lease;
  return not_found("There is no " + id_text(IdKind::kLease, id) + ": look for it in its contract");
}

}  // namespace

base::Result<Lease> Rules::mark_ready(Id id) {
  TARN_ASSIGN(const Lease lease, to_mark(store_, caller_, id));
  return lease_ready(store_, context_, lease);
}

base::Result<Lease> Rules::mark_failed(Id id, std::string_view why) {
  TARN_TRY(check_reason("why", why));
  TARN_ASSIGN(const Lease lease, to_mark(store_, caller_, id));
  return lease_failed(store_, context_, lease, why);
}

base::Result<Lease> Rules::mark_gone(Id id) {
  TARN_ASSIGN(const Lease lease, to_mark(store_, caller_, id));
  return lease_gone(store_, context_, lease);
}

}  // namespace market
