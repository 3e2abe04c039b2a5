// tarn lease list, show, renew, release, kubeconfig, credential.
#include <cstdio>
#include <cstdlib>

#include "model/duration.h"
#include "tarn/lease_delivery.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_report.h"
#include "tarn/pool_request.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::size_t kMostAsked = 64;
constexpr int kListMs = 2'000;

int print(RequesterHome& home, const pool::LeaseId& id) {
  const auto record = home.leases().find(id);
  if (!record.ok()) return report(record.error());
  const std::int64_t now = home.clock().unix_ms();
  const LeaseRow row = lease_row(*record, now);
  std::printf("%s\n", json_wanted() ? lease_json(row, now).c_str() : lease_table({row}, now).c_str());
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

// What of each active lease is used, as far as its provider says so in time.
void ask_usage(RequesterHome& home, std::vector<LeaseRow>& rows) {
  std::vector<store::LeaseRecord> asked;
  std::vector<LeaseRow*> about;
  for (LeaseRow& row : rows) {
    const auto record = home.leases().find(row.terms.id);
    if (row.state != "active" || !record.ok() || asked.size() >= kMostAsked) continue;
    asked.push_back(*record);
    about.push_back(&row);
  }
  if (asked.empty()) return;
  LeaseCalls calls(home, interrupted);
  const auto said = calls.ask(asked, pool::LeaseCall::kUsage, kListMs);
  for (std::size_t i = 0; i < said.size(); ++i) {
    LeaseRow& row = *about[i];
    row.delivery = said[i].ok() ? base::Result(said[i]->access) : base::Result<pool::LeaseAccess>(said[i].error());
    if (const auto record = home.leases().find(row.terms.id); record.ok())
      row.state = lease_row(*record, home.clock().unix_ms()).state;  // the provider may have said that it is over
  }
}

// What the provider hands over now.
base::Result<TenantAccess> access_of(const LeaseOptions& options, RequesterHome& home) {
  LeaseCalls calls(home, interrupted);
  TARN_ASSIGN(const store::LeaseRecord record, calls.named(options.lease));
  const auto bought = await_delivery(calls, {record}, LeaseCalls::kCallMs, home.clock());
  if (!bought[0].ok()) return bought[0].error();
  if (bought[0]->access.state == pool::LeaseAccess::State::kUndelivered)
    return base::Error{base::Code::kInvalidInput, "the provider hands nothing over: the lease is its document"};
  if (bought[0]->credentials.empty())
    return base::Error{base::Code::kDeadline, "it is not ready yet: " + not_yet(bought[0])};
  return TenantAccess::read(record.id, bought[0]->access.expires_unix_ms, bought[0]->credentials);
}

}  // namespace

int run_lease_list(const LeaseOptions& options) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  const auto records = (*home)->leases().list();
  if (!records.ok()) return report(records.error());
  const std::int64_t now = (*home)->clock().unix_ms();
  std::vector<LeaseRow> rows;
  for (const auto& record : *records) {
    LeaseRow row = lease_row(record, now);
    if (options.all || row.state == "active" || row.state == "unconfirmed") rows.push_back(std::move(row));
  }
  catch_signals();
  if (!options.offline) ask_usage(**home, rows);
  std::printf("%s\n", json_wanted() ? lease_json(rows, now).c_str() : lease_table(rows, now).c_str());
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

int run_lease_kubeconfig(const LeaseOptions& options) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  catch_signals();
  const auto access = access_of(options, **home);
  if (!access.ok()) return report(access.error());
  std::string text = options.exec ? plugged_kubeconfig(*access, options.home) : access->kubeconfig();
  base::Status done;
  if (options.out.empty())
    std::printf("%s", text.c_str());
  else
    done = write_secret_file(options.out, text);
  base::wipe(text.data(), text.size());
  if (!done.ok()) return report(done.error());
  if (!options.out.empty())
    progress("KUBECONFIG=" + options.out + " kubectl get quota" +
             (options.exec ? "" : "   (until " + time_text(access->expires_unix_ms()) + ")"));
  return kExitDone;
}

int run_lease_credential(const LeaseOptions& options) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  catch_signals();
  const auto access = access_of(options, **home);
  if (!access.ok()) return report(access.error());
  const char* const asked = std::getenv("KUBERNETES_EXEC_INFO");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  std::string text = access->exec_credential(asked == nullptr ? "" : asked);
  std::printf("%s\n", text.c_str());
  base::wipe(text.data(), text.size());
  return kExitDone;
}

}  // namespace tarn
