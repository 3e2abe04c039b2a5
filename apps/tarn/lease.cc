// tarn lease list, show, renew, release.
#include <cstdio>

#include "model/duration.h"
#include "tarn/lease_calls.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_report.h"
#include "tarn/pool_request.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

int print(RequesterHome& home, const pool::LeaseId& id) {
  const auto record = home.leases().find(id);
  if (!record.ok()) return report(record.error());
  const LeaseRow row = lease_row(*record, home.clock().unix_ms());
  std::printf("%s\n", json_wanted() ? lease_json(row).c_str() : lease_table({row}).c_str());
  return kExitDone;
}

// Opens the home, finds the lease, and does `act` with it.
template <class Act>
int with_lease(const LeaseOptions& options, const Act& act) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  catch_signals();
  LeaseCalls calls(**home, interrupted);
  const auto record = calls.named(options.lease);
  if (!record.ok()) return report(record.error());
  const base::Status done = act(calls, *record);
  if (!done.ok()) return report(done.error());
  return print(**home, record->id);
}

}  // namespace

int run_lease_list(const LeaseOptions& options) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  const auto records = (*home)->leases().list();
  if (!records.ok()) return report(records.error());
  std::vector<LeaseRow> rows;
  for (const auto& record : *records) {
    LeaseRow row = lease_row(record, (*home)->clock().unix_ms());
    if (options.all || row.state == "active" || row.state == "unconfirmed") rows.push_back(std::move(row));
  }
  std::printf("%s\n", json_wanted() ? lease_json(rows).c_str() : lease_table(rows).c_str());
  if (rows.empty() && !options.all) progress("no leases (tarn lease list --all shows ended ones)");
  return kExitDone;
}

int run_lease_show(const LeaseOptions& options) {
  return with_lease(options, [](LeaseCalls& calls, const store::LeaseRecord& record) -> base::Status {
    // If it is too late for that, the provider says next that the lease is over.
    if (record.state == store::LeaseRecord::State::kUnconfirmed) (void)calls.confirm(record.id);
    const auto document = calls.show(record.id);
    return document.ok() ? base::Status{} : base::Status{document.error()};
  });
}

int run_lease_renew(const LeaseOptions& options) {
  return with_lease(options, [&](LeaseCalls& calls, const store::LeaseRecord& record) -> base::Status {
    TARN_ASSIGN(const std::int64_t more, model::parse_duration_ms(options.duration, std::int64_t{30} * 86'400'000));
    if (more < 1000) return base::Error{base::Code::kInvalidInput, "a lease is renewed by whole seconds"};
    const auto renewed = calls.renew(record.id, static_cast<std::uint32_t>(more / 1000));
    return renewed.ok() ? base::Status{} : base::Status{renewed.error()};
  });
}

int run_lease_release(const LeaseOptions& options) {
  return with_lease(options,
                    [](LeaseCalls& calls, const store::LeaseRecord& record) { return calls.release(record.id); });
}

}  // namespace tarn
