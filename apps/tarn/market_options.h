// The commands of the market on the command line: `tarn market …`, `tarn bid …`, `tarn account …` and so on. Most are made
// of the table in market_commands.h; those that sign, verify or watch have files of their own.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tarn/client_commands.h"
#include "tarn/market_verify.h"
#include "tarn/serve.h"

namespace CLI {
class App;
}

namespace tarn {

struct LedgerAuditOptions {
  std::string config, state_dir;
};

// A bid or an offer, as it was typed; "" where it was not said.
struct OrderOptions {
  bool bid = true;
  ServiceHome home;
  std::string market, price, from, until, duration, least_duration, expires;
  std::uint32_t units = 1, least_units = 0;  // 0: any number up to units
  bool all_or_none = false, at_once = false;
  std::string query, notice;  // notice: a bid takes offers with at least so much, an offer gives so much
  bool same_site = false;
  std::string lot, contract;  // an offer's: what it is of
  std::vector<std::string> buyers, groups, closed;
  bool renewable = false;
  bool dry_run = false;
};
struct ContractVerifyOptions {
  ServiceHome home;
  std::string contract, file;
};
struct MarketWatchOptions {
  ServiceHome home;
  std::string market;
  bool once = false;
};

struct MarketOptions {
  ServeOptions serve;
  LedgerAuditOptions audit;
  OrderOptions bid, offer;
  ContractVerifyOptions verify;
  MarketVerifyOptions market_verify;
  MarketWatchOptions watch;
  std::deque<ClientCall> calls;  // one a command of the table; the parser points into them
};

int run_market_serve(const ServeOptions& options);
int run_ledger_audit(const LedgerAuditOptions& options);
int run_order_create(const OrderOptions& options);
int run_contract_verify(const ContractVerifyOptions& options);
int run_market_watch(const MarketWatchOptions& options);

// As add_isolation() (isolation_options.h).
void add_market(CLI::App& app, MarketOptions& options, std::string_view chosen, int& exit_code);

}  // namespace tarn
