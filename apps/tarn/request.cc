// tarn request: compute, from whoever is near and cheapest, without telling anybody how much or for how much.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "model/duration.h"
#include "model/money.h"
#include "model/organisation.h"
#include "tarn/lease_delivery.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_report.h"
#include "tarn/pool_request.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

base::Result<model::ResourceClass> unit_of(const RequestOptions& o) {
  std::string text = o.resource_class;
  const auto add = [&](const std::string& name, const std::string& amount) {
    if (!amount.empty()) text += (text.empty() ? "" : " ") + name + "=" + amount;
  };
  add("cpu", o.cpu);
  add("memory", o.memory);
  add("ephemeral-storage", o.storage);
  for (const std::string& more : o.resources) text += (text.empty() ? "" : " ") + more;
  if (text.empty()) return refused("say what a unit is: --cpu 1 --memory 1Gi");
  return model::ResourceClass::parse(text);
}

base::Result<pool::Wanted> wanted_of(const RequestOptions& o, const RequesterConfig& config) {
  pool::Wanted out;
  TARN_ASSIGN(out.unit, unit_of(o));
  TARN_ASSIGN(out.mechanism, auction::parse_mechanism(o.mechanism));
  out.quantity = o.quantity;
  out.max_price = 0xffff'ffff;  // what 32 bits hold: whatever it costs
  if (!o.max_price.empty()) {
    TARN_ASSIGN(out.max_price, model::parse_credits(o.max_price));
  }
  TARN_ASSIGN(const std::int64_t deadline, model::parse_duration_ms(o.deadline, 120'000));
  TARN_ASSIGN(const std::int64_t lease, model::parse_duration_ms(o.lease, std::int64_t{30} * 86'400'000));
  if (lease < 1000) return refused("--lease: a lease lasts whole seconds");
  out.deadline_ms = static_cast<int>(deadline);
  out.lease_seconds = static_cast<std::uint32_t>(lease / 1000);
  out.providers = o.providers != 0 ? o.providers : config.providers;
  out.min_providers = std::min(o.min_providers != 0 ? o.min_providers : config.min_providers, out.providers);
  TARN_TRY(pool::encode(out.mechanism, out.width, auction::RequesterInput{out.quantity, out.max_price}));
  return out;
}

base::Result<std::int64_t> delivery_wait_ms(const RequestOptions& options) {
  return model::parse_duration_ms(options.delivery_wait, 3'600'000);
}

std::string said(pool::Requester::Step step, const std::string& detail) {
  using Step = pool::Requester::Step;
  switch (step) {
    case Step::kFinding: return "looking for providers";
    case Step::kInviting: return "inviting " + detail + " providers";
    case Step::kConnecting: return "drawn: " + detail + "; they connect";
    case Step::kComputing: return "computing with " + detail + " providers, nobody's amounts shown to anybody";
    case Step::kDelivering: return "signing with " + detail + (detail == "1" ? " winner" : " winners");
    case Step::kTryingAgain: return "trying again without those who failed: " + detail;
  }
  return detail;
}

base::Status write_documents(const std::string& directory, std::vector<LeaseRow>& rows,
                             const std::vector<pool::HeldLease>& leases) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].file = (std::filesystem::path(directory) / (pool::text(rows[i].terms.id) + ".lease")).string();
    const base::Bytes document = leases[i].document.encode();
    std::ofstream out(rows[i].file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(document.data()), static_cast<std::streamsize>(document.size()));
    if (!out.flush()) return base::Error{base::Code::kStorage, rows[i].file + ": cannot be written"};
  }
  return {};
}

void print_leases(const std::vector<LeaseRow>& rows) {
  for (const LeaseRow& row : rows) {
    const pool::LeaseTerms& t = row.terms;
    std::printf("%s  %s\n  %llu x %s, %s credits an hour, until %s\n  from %s at %s\n", pool::text(t.id).c_str(),
                row.state.c_str(), static_cast<unsigned long long>(t.units), t.unit.text().c_str(),
                model::credits_text(t.hourly_payment).c_str(), time_text(t.end_unix_ms).c_str(),
                model::OrganisationId{t.provider}.text().c_str(), row.address.c_str());
    if (!row.file.empty()) std::printf("  %s\n", row.file.c_str());
    if (!row.kubeconfig.empty()) std::printf("  KUBECONFIG=%s kubectl get quota\n", row.kubeconfig.c_str());
  }
}

// The way in, for each lease that is delivered, beside its document.
base::Status write_kubeconfigs(const RequestOptions& options, RequesterHome& home, std::vector<LeaseRow>& rows) {
  TARN_ASSIGN(const std::int64_t wait_ms, delivery_wait_ms(options));
  std::vector<store::LeaseRecord> records;
  for (const LeaseRow& row : rows) {
    TARN_ASSIGN(records.emplace_back(), home.leases().find(row.terms.id));
  }
  LeaseCalls calls(home, interrupted, options.rtt_ms / 2);
  const auto bought = await_delivery(calls, records, wait_ms, home.clock());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LeaseRow& row = rows[i];
    const std::string id = pool::text(row.terms.id);
    row.delivery =
        bought[i].ok() ? base::Result(bought[i]->access) : base::Result<pool::LeaseAccess>(bought[i].error());
    const std::string why = not_yet(bought[i]);
    if (!why.empty()) {
      std::string text = id;
      text.append(" is signed, and not handed over yet: ").append(why).append("; later: tarn lease kubeconfig ");
      progress(text.append(id));
    }
    if (!bought[i].ok() || bought[i]->credentials.empty()) continue;
    const std::string file = (std::filesystem::path(options.out) / (id + ".kubeconfig")).string();
    TARN_TRY(write_kubeconfig(row.terms.id, *bought[i], file));
    row.kubeconfig = file;
  }
  return {};
}

int finish(const RequestOptions& options, RequesterHome& home, const pool::RequestResult& result,
           const base::Status& status) {
  std::vector<LeaseRow> rows;
  for (const pool::HeldLease& held : result.leases) {
    if (const auto record = home.leases().find(held.document.terms.id); record.ok())
      rows.push_back(lease_row(*record, home.clock().unix_ms()));
  }
  base::Status end = status;
  if (end.ok() && !options.out.empty()) end = write_documents(options.out, rows, result.leases);
  if (end.ok() && !options.out.empty()) end = write_kubeconfigs(options, home, rows);
  if (json_wanted())
    std::printf("%s\n", request_json(result, rows, end.ok() ? nullptr : &end.error(), home.clock().unix_ms()).c_str());
  else
    print_leases(rows);
  if (!end.ok()) {
    std::fprintf(stderr, "tarn: %s\n", end.error().message.c_str());
    return exit_code(end.error().code);
  }
  if (rows.empty()) {
    progress("no lease: nobody drawn has so much at this price");
    return kExitNoWinner;
  }
  return kExitDone;
}

}  // namespace

int run_request(const RequestOptions& options) {
  const auto home = RequesterHome::open(options.home);
  if (!home.ok()) return report(home.error());
  const auto wanted = wanted_of(options, (*home)->config());
  if (!wanted.ok()) return report(wanted.error());
  if (const auto wait = delivery_wait_ms(options); !wait.ok())
    return report(refused("--delivery-wait " + wait.error().message));
  if ((*home)->config().dht.bootstrap.empty())
    return report(
        refused("where does the pool begin? --bootstrap HOST:PORT of any of its nodes, or [dht] bootstrap in the "
                "configuration"));
  if (options.max_price.empty())
    progress("no --max-price: where only one provider has so much, it may get up to " +
             model::credits_text((*wanted).max_price) + " credits a unit and hour");
  catch_signals();
  const auto on_step = [](pool::Requester::Step step, const std::string& detail) { progress(said(step, detail)); };
  auto request = PoolRequest::open(**home, options.rtt_ms / 2, on_step);
  if (!request.ok()) return report(request.error());
  pool::RequestResult result;
  const base::Status status = (*request)->run(*wanted, result);
  if (interrupted() && !result.leases.empty()) {
    progress("interrupted: giving the leases back");
    (*request)->give_back(result.leases);
    return finish(options, **home, result,
                  base::Error{base::Code::kCancelled, "interrupted; the leases were given back"});
  }
  return finish(options, **home, result, status);
}

}  // namespace tarn
