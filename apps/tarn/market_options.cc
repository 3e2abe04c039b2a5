#include "tarn/market_options.h"

#include <array>

#include "tarn/client_options.h"
#include "tarn/leaf.h"
#include "tarn/market_commands.h"
#include "tarn/serve_options.h"

namespace tarn {
namespace {

const char* const kGroup = "Market";

constexpr std::array kWithin{
    ClientGroup{"member", "who takes part"},
    ClientGroup{"token", "tokens to come in with"},
    ClientGroup{"currency", "money, and how members get it"},
    ClientGroup{"group", "whom you sell to under one name"},
    ClientGroup{"lease", "mark what is delivered, failed and gone: as the operator"},
};

const char* group_help(std::string_view word) { return help_of(kWithin, word); }

CLI::App* place(CLI::App& app, std::string_view words, const char* help) {
  return place_of(app, words, help, group_help);
}

void add_serve(CLI::App& app, ServeOptions& o, int& exit_code) {
  CLI::App* serve = place(app, "market serve", "run markets: a daemon");
  add_serve_options(serve, o, kMarketPort, "plain HTTP, on a loopback address only; tokens, no identities");
  serve->footer(
      "The first start makes the market's key (market.key), its certificate, and the operator's first token\n"
      "(operator.token) in the state directory. A configuration; everything but state_dir has the default shown:\n"
      "  [http]\n"
      "  listen       = \"127.0.0.1:7700\"\n"
      "  certificate  = \"server.pem\"          # PEM, with its chain   (default: made at the first start)\n"
      "  key          = \"server.key\"          # relative to this file, as all paths\n"
      "  metrics      = true                  # GET /metrics, for anybody who reaches the address\n"
      "  connections  = 1024                  # at once; threads = 32 for them, and streams = 64 of events beside\n"
      "  [storage]\n"
      "  state_dir    = \"/var/lib/tarn-market\"\n"
      "  postgres     = \"host=db dbname=tarn\"  # instead of SQLite; several processes may serve one database\n"
      "  [limits]\n"
      "  tick         = \"1s\"                  # of the clock: calls, settlement, expiry\n"
      "  max_clock_step = \"5m\"                # set by more, the wall clock is not believed; \"0s\": always\n"
      "  keep_events  = \"366d\"\n"
      "  keep_replies = \"1d\"                  # a call that is repeated with its key is answered so long\n"
      "  orders_in_call = 20000               # of a side; combinatorial_orders = 5000 of those with windows\n"
      "  members      = 10000                 # markets = 1000; each member: lots_a_member = 10000,\n"
      "                                       # groups_a_member = 100, tokens_a_member = 100\n"
      "  [delivery]\n"
      "  by           = \"manual\"              # the operator marks leases; or \"recording\": nothing is "
      "delivered\n\n" +
      std::string(kExitCodesHelp));
  leaf(serve, o, run_market_serve, exit_code);
}

void add_times(CLI::App* order, OrderOptions& o) {
  order->add_option("--from", o.from, "not before: now, 2h, 2026-12-31T12:00:00Z (default: the next slot)");
  order->add_option("--until", o.until, "over by then (default: from, and the duration)");
  order->add_option("--expires", o.expires, "good until then (default: while it could still begin)");
  order->add_flag("--at-once", o.at_once, "at the next call, or not at all (immediate or cancel)");
}

void add_common(CLI::App* order, OrderOptions& o) {
  order->add_option("MARKET", o.market, "the market's name")->required();
  order->add_option("--units", o.units, "how many at most")->check(CLI::Range(1U, 4'096U))->capture_default_str();
  order->add_option("--least-units", o.least_units, "and how many at least (default 1)");
  order->add_flag("--all-or-none", o.all_or_none, "all units or none");
  order->add_flag("--dry-run", o.dry_run, "print what would be signed, and send nothing");
  add_times(order, o);
}

void add_bid(CLI::App& app, OrderOptions& o, int& exit_code) {
  CLI::App* bid = place(app, "bid create", "ask for units; signed with your key");
  o.bid = true;
  o.home.service = "market";
  add_common(bid, o);
  bid->add_option("--price", o.price, "at most, in credits for a unit and hour: 0.05")->required();
  bid->add_option("--duration", o.duration, "for how long (default: from --from to --until, else one slot)");
  bid->add_option("--least-duration", o.least_duration, "takes less as well, down to this");
  bid->add_option("--where", o.query, "what they have to be: \"cpu >= 4 and site in (bos, nyc)\"");
  bid->add_flag("--same-site", o.same_site, "all units at one site");
  bid->add_option("--notice", o.notice, "takes what may be called back with at least this notice (default: not)");
  add_connection(bid, o.home);
  bid->footer(
      "What the bid may cost at most is set aside until it is matched or closed. Examples:\n"
      "  tarn bid create hours --units 4 --price 0.05 --duration 2h\n"
      "  tarn bid create flex --units 2 --all-or-none --price 0.2 --from 1d --until 2d --duration 6h   # slides\n"
      "  tarn bid create now --price 1.2 --duration 30m --where \"gpu.model = a100\" --notice 1h --at-once\n");
  leaf(bid, o, run_order_create, exit_code);
}

void add_offer(CLI::App& app, OrderOptions& o, int& exit_code) {
  CLI::App* offer = place(app, "offer create", "offer units of a lot; signed with your key");
  o.bid = false;
  o.home.service = "market";
  add_common(offer, o);
  offer->add_option("--price", o.price, "at least, in credits for a unit and hour: 0.04")->required();
  auto* lot = offer->add_option("--lot", o.lot, "which of your lots");
  auto* contract = offer->add_option("--contract", o.contract, "or: of which contract of yours, to sell it on");
  lot->excludes(contract);
  offer->add_option("--duration", o.duration, "rentals of at most this (default: all of the window)");
  offer->add_option("--least-duration", o.least_duration, "and of at least this (default: one slot)");
  offer->add_option("--buyer", o.buyers, "only to this organisation; any number of times")->allow_extra_args(false);
  offer->add_option("--group", o.groups, "only to this group of yours; any number of times")->allow_extra_args(false);
  offer->add_option("--notice", o.notice, "may be called back with this notice (default: not)");
  offer->add_option("--closed", o.closed, "not in FROM/UNTIL; any number of times")->allow_extra_args(false);
  offer->add_flag("--renewable", o.renewable, "a buyer may go on at its price while the lot is free");
  add_connection(offer, o.home);
  offer->footer(
      "Examples:\n"
      "  tarn offer create hours --lot small --units 8 --price 0.04 --until 29d\n"
      "  tarn offer create now --lot gpu-17 --price 0.6 --until 1d --notice 1h --group partners\n"
      "  tarn offer create fair --lot gpu-17 --price 0.5 --duration 2h --least-duration 2h   # a whole window, which\n"
      "                                                             # vcg, mcafee, sbba and muda sell alone\n"
      "  tarn offer create hours --contract ctr_12 --units 2 --price 0.03      # sells on\n");
  leaf(offer, o, run_order_create, exit_code);
}

void add_verify(CLI::App& app, ContractVerifyOptions& o, int& exit_code) {
  CLI::App* verify =
      place(app, "contract verify", "that both sides and the market signed a contract, and the orders allow it");
  o.home.service = "market";
  verify->add_option("CONTRACT", o.contract, "its id: ctr_3");
  verify->add_option("--file", o.file, "or what tarn contract show --output json printed");
  add_connection(verify, o.home);
  verify->footer(
      "Without a key that is pinned the service itself says whose signature it has to be: pin the one that the market\n"
      "published. A file needs one. Example: tarn contract verify ctr_3 --market-key org_…");
  leaf(verify, o, run_contract_verify, exit_code);
}

void add_watch(CLI::App& app, MarketWatchOptions& o, int& exit_code) {
  CLI::App* watch = place(app, "market watch", "a market as it goes: depth, trades, your orders");
  o.home.service = "market";
  watch->add_option("MARKET", o.market, "the market's name")->required();
  watch->add_flag("--once", o.once, "one look, and no more");
  add_connection(watch, o.home);
  watch->footer(
      "On a terminal it redraws in place, until q or Ctrl-C; into a pipe, or with --output json, it prints a line for "
      "each\n"
      "event of this market that you may see.");
  leaf(watch, o, run_market_watch, exit_code);
}

void add_audit(CLI::App& app, LedgerAuditOptions& o, int& exit_code) {
  CLI::App* audit = place(app, "ledger audit", "whether the books are right, from the journal alone");
  audit->add_option("--state-dir", o.state_dir, "the market's; it may be running");
  audit->add_option("--config", o.config, "or the configuration that it runs with");
  audit->footer("Exit code 8: they are not. Example: tarn ledger audit --state-dir /var/lib/tarn-market");
  leaf(audit, o, run_ledger_audit, exit_code);
}

}  // namespace

void add_market(CLI::App& app, MarketOptions& options, std::string_view chosen, int& exit_code) {
  const auto wanted = [&](std::string_view group) { return is_wanted(group, chosen); };
  add_client_groups(app, market_groups(), kGroup, chosen);
  if (wanted("market")) add_serve(app, options.serve, exit_code);
  add_client_commands(app, market_commands(), "market", group_help, chosen, options.calls, exit_code);
  if (wanted("market")) {
    add_watch(app, options.watch, exit_code);
    add_market_verify(*app.get_subcommand("market"), options.market_verify, exit_code);
  }
  if (wanted("bid")) add_bid(app, options.bid, exit_code);
  if (wanted("offer")) add_offer(app, options.offer, exit_code);
  if (wanted("contract")) add_verify(app, options.verify, exit_code);
  if (wanted("ledger")) add_audit(app, options.audit, exit_code);
}

}  // namespace tarn
