// tarn market serve: the daemon. tarn ledger audit: its books, from the journal alone.
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "api/json.h"
#include "api/market_views.h"
#include "ledger/audit.h"
#include "tarn/market_daemon.h"
#include "tarn/market_options.h"
#include "tarn/output.h"

namespace tarn {
namespace {

using api::Json;

base::Result<ledger::AuditReport> audit(const LedgerAuditOptions& options) {
  TARN_ASSIGN(MarketConfig config, load_market_config(options.config, options.state_dir));
  if (config.state_dir.empty() && config.postgres.empty())
    return base::Error{base::Code::kInvalidInput, "whose books? Say --state-dir DIR, or --config FILE"};
  const store::MarketStoreSettings settings = database_of(config, "market.db");
  if (!settings.path.empty() && ::access(settings.path.c_str(), R_OK) != 0)
    return base::Error{base::Code::kStorage,
                       settings.path + (errno == EACCES ? ": you may not read it" : ": there are no books here")};
  TARN_ASSIGN(const auto store, store::open_market_books(settings));
  std::optional<ledger::AuditReport> report;
  TARN_TRY(store->read([&](market::Transaction& tables) -> base::Status {
    TARN_ASSIGN(report, ledger::audit(tables));
    return {};
  }));
  return std::move(*report);
}

Json shown(const ledger::AuditReport& report) {
  Json currencies = Json::array(), findings = Json::array();
  for (const auto& total : report.currencies)
    currencies.push(Json::object({{"currency", total.name},
                                  {"accounts", total.accounts},
                                  {"transfers", total.transfers},
                                  {"issued", api::market_views::money(total.issued)},
                                  {"set_aside", api::market_views::money(total.set_aside)}}));
  for (const std::string& finding : report.findings) findings.push(finding);
  return Json::object({{"clean", report.clean()},
                       {"accounts", report.accounts},
                       {"transfers", report.transfers},
                       {"batches", report.batches},
                       {"open_escrows", report.open_pendings},
                       {"wrong", report.wrong},
                       {"currencies", std::move(currencies)},
                       {"findings", std::move(findings)}});
}

void print(const ledger::AuditReport& report) {
  if (json_wanted()) {
    std::printf("%s\n", shown(report).dump().c_str());
    return;
  }
  std::vector<std::vector<std::string>> rows{{"CURRENCY", "ACCOUNTS", "TRANSFERS", "ISSUED", "SET ASIDE"}};
  for (const auto& total : report.currencies)
    rows.push_back({total.name, std::to_string(total.accounts), std::to_string(total.transfers),
                    api::market_views::money(total.issued), api::market_views::money(total.set_aside)});
  std::printf("%s", table(rows).c_str());
  for (const std::string& finding : report.findings) std::printf("wrong: %s\n", finding.c_str());
  std::printf("%llu transfers in %llu batches: %s\n", static_cast<unsigned long long>(report.transfers),
              static_cast<unsigned long long>(report.batches),
              report.clean() ? "the books are right" : "the books are WRONG");
}

}  // namespace

int run_market_serve(const ServeOptions& options) {
  return serve<MarketDaemon>(load_market_config(options.config, options.state_dir), options);
}

int run_ledger_audit(const LedgerAuditOptions& options) {
  const auto found = audit(options);
  if (!found.ok()) return report(found.error());
  print(*found);
  return found->clean() ? kExitDone : kExitStorage;
}

}  // namespace tarn
