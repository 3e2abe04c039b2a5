#include "tarn/market_commands.h"

#include <array>
#include <initializer_list>

namespace tarn {
namespace {

using Kind = ClientParameter::Kind;
using Shows = ClientCommand::Shows;

const ClientParameter kMarket{"MARKET", "the market's name"}, kLot{"LOT", "the lot's name"},
    kOrder{"ORDER", "the order's id: bid_12, off_7"}, kContract{"CONTRACT", "the contract's id: ctr_3"},
    kLease{"LEASE", "the lease's id: lse_9"}, kAccount{"ACCOUNT", "the account's id: acc_2"},
    kMember{"ORG", "the organisation's id: org_…"}, kCurrency{"CURRENCY", "the currency's name"};
const ClientParameter kFrom{"--from", "since when: 7d (ago), or 2026-12-31T12:00:00Z", Kind::kSince, "?from"},
    kUntil{"--until", "until when (default: now)", Kind::kSince, "?until"};
// Not the service's business: lot.cc.
const ClientParameter kInventoryStateDir{"--inventory-state-dir",
                                         "the state directory of your provider that runs, whose inventory it is"},
    kInventoryConfig{"--inventory-config", "or your provider's configuration; it may be running"};

const std::vector<ClientColumn> kMarketColumns{{"MARKET", "name"},         {"STATE", "state"},
                                               {"MECHANISM", "mechanism"}, {"CURRENCY", "currency"},
                                               {"NEXT CALL", "next_call"}, {"PRODUCT", "product"}};
const std::vector<ClientColumn> kOrderColumns{
    {"ORDER", "id"},      {"MARKET", "market"},         {"STATE", "state"},
    {"PRICE", "price"},   {"UNITS LEFT", "units_left"}, {"OF", "max_units"},
    {"FROM", "earliest"}, {"UNTIL", "latest"},          {"WHY CLOSED", "reason"}};
const std::vector<ClientColumn> kContractColumns{{"CONTRACT", "id"}, {"MARKET", "market"}, {"STATE", "state"},
                                                 {"UNITS", "units"}, {"START", "start"},   {"END", "end"},
                                                 {"PAYS", "pays"},   {"PAID", "paid"},     {"WHY", "reason"}};
const std::vector<ClientColumn> kLeaseColumns{{"LEASE", "id"},     {"CONTRACT", "contract"}, {"UNIT", "unit"},
                                              {"STATE", "state"},  {"START", "start"},       {"END", "end"},
                                              {"DETAIL", "detail"}};
const std::vector<ClientColumn> kAccountColumns{
    {"ACCOUNT", "id"},      {"CURRENCY", "currency"},   {"KIND", "kind"},          {"NAME", "name"},
    {"BALANCE", "balance"}, {"AVAILABLE", "available"}, {"SET ASIDE", "set_aside"}};

ClientParameter into(ClientParameter parameter, const char* to) {
  parameter.to = to;
  return parameter;
}
ClientParameter needed(ClientParameter parameter) {
  parameter.required = true;
  return parameter;
}

// As the service calls them.
std::vector<ClientColumn> members(std::initializer_list<const char*> names) {
  std::vector<ClientColumn> out;
  for (const char* const name : names) out.push_back({name, name});
  return out;
}

// The rules of a market, as `create` and `change` take them.
std::vector<ClientParameter> rules_after(std::vector<ClientParameter> first) {
  const std::vector<ClientParameter> rules{
      {"--mechanism", "claim, continuous, uniform, pay-as-bid, vcg, mcafee, sbba, muda or combinatorial", Kind::kText,
       "mechanism"},
      {"--kappa", "uniform: where between the last bid and offer the price is, in 1/1000 (default 500)", Kind::kCount,
       "kappa_permille"},
      {"--payments", "combinatorial: pay-as-bid, threshold or vcg", Kind::kText, "payments"},
      {"--deficit-cap", "vcg: what the market adds to a call at most, in credits", Kind::kText, "deficit_cap"},
      {"--slot", "the grid of time (default 1h)", Kind::kDuration, "slot_ms"},
      {"--period", "between calls (default 5m); none: at once, of claim and continuous", Kind::kDuration,
       "call_period_ms"},
      {"--product", "what is sold: \"cpu = 1 and memory >= 1Gi\"", Kind::kText, "product"},
      {"--horizon", "how far ahead orders may reach (default 366d; at most 99,999 slots)", Kind::kDuration,
       "horizon_ms"},
      {"--max-duration", "of a rental (default 31d)", Kind::kDuration, "max_duration_ms"},
      {"--max-open-orders", "of a member (default 100)", Kind::kCount, "max_open_orders"},
      {"--max-units", "of a member at once; 0: no cap (the default)", Kind::kCount, "max_units_at_once"},
      {"--max-unit-slots", "of a member in all; 0: no cap (the default)", Kind::kCount, "max_unit_slots"},
      {"--fee-bp", "of what sellers get, in 1/10000 (default 0, as the penalties)", Kind::kCount, "fee_bp"},
      {"--failure-bp", "what an owner owes who does not deliver: 1/10000 of the slots' price", Kind::kCount,
       "penalties.failure_bp"},
      {"--reclaim-bp", "what an owner owes who calls back, in 1/10000", Kind::kCount, "penalties.reclaim_bp"},
      {"--cancel-bp", "what a buyer owes who cancels, in 1/10000", Kind::kCount, "penalties.cancel_bp"},
      {"--depth-public", "true or false: whether members see the depth", Kind::kJson, "depth_public"},
      {"--trades-public", "true or false: whether they see trades", Kind::kJson, "trades_public"},
      {"--transcripts-public", "true or false: whether they see transcripts", Kind::kJson, "transcripts_public"}};
  first.insert(first.end(), rules.begin(), rules.end());
  return first;
}

std::vector<ClientCommand> market_rule_commands() {
  return {
      {"market list", "all markets", "GET", "/v1/markets", {}, Shows::kList, kMarketColumns},
      {"market show", "a market and its rules", "GET", "/v1/markets/{MARKET}", {kMarket}, Shows::kObject},
      {"market create",
       "open a market: as the operator",
       "POST",
       "/v1/markets",
       rules_after({into(kMarket, "name"), needed({"--currency", "what is paid in", Kind::kText, "currency"})}),
       Shows::kDone,
       {},
       "",
       "Examples:\n"
       "  tarn market create hours --currency credits\n"
       "  tarn market create now --currency credits --mechanism continuous --slot 1m --period none\n"
       "  tarn market create fair --currency credits --mechanism mcafee --period 1h --product \"gpu.model = a100\""},
      {"market change", "change a market's rules; its open orders are closed: as the operator", "PATCH",
       "/v1/markets/{MARKET}", rules_after({kMarket}), Shows::kDone},
      {"market close",
       "take no new orders, and close those that are open; contracts go on: as the operator",
       "DELETE",
       "/v1/markets/{MARKET}",
       {kMarket}},
      {"market clear",
       "clear a market now: as the operator",
       "POST",
       "/v1/markets/{MARKET}/clear",
       {kMarket},
       Shows::kObject},
      {"market events",
       "what has happened",
       "GET",
       "/v1/events",
       {{"--market", "only those of this market", Kind::kText, "?market"},
        {"--after", "only those behind this event's id", Kind::kText, "?after"},
        {"--follow", "and then those that come", Kind::kFlag}},
       Shows::kEvents,
       {{"EVENT", "id"}, {"AT", "at"}, {"KIND", "kind"}, {"ABOUT", "subject"}, {"DETAIL", "detail"}}},
      {"market whoami", "who you are here", "GET", "/v1/whoami", {}, Shows::kObject},
  };
}

std::vector<ClientCommand> market_data_commands() {
  return {
      {"market depth",
       "how many units are bid and offered at which price",
       "GET",
       "/v1/markets/{MARKET}/depth",
       {kMarket, {"--levels", "how many prices a side (default 10)", Kind::kText, "?levels"}},
       Shows::kObject},
      {"market trades",
       "what was traded; the last week, unless said otherwise",
       "GET",
       "/v1/markets/{MARKET}/trades",
       {kMarket, kFrom, kUntil},
       Shows::kList,
       {{"AT", "at"}, {"PRICE", "price"}, {"UNITS", "units"}, {"START", "start"}, {"END", "end"}}},
      {"market prices",
       "the history of prices; the last day in hours, unless said otherwise",
       "GET",
       "/v1/markets/{MARKET}/candles",
       {kMarket, kFrom, kUntil, {"--width", "of one line: 15m, 1h, 1d", Kind::kDuration, "?width_ms"}},
       Shows::kList,
       {{"FROM", "from"},
        {"OPEN", "open"},
        {"HIGH", "high"},
        {"LOW", "low"},
        {"CLOSE", "close"},
        {"UNITS", "units"},
        {"TRADES", "trades"}}},
      {"market utilisation",
       "how much of what was offered is leased",
       "GET",
       "/v1/markets/{MARKET}/utilisation",
       {kMarket, kFrom, {"--until", "until when (default: now): 7d, or a moment", Kind::kTime, "?until"}},
       Shows::kObject},
      {"market clearings",
       "the calls that were cleared",
       "GET",
       "/v1/markets/{MARKET}/clearings",
       {kMarket},
       Shows::kList,
       {{"NUMBER", "number"},
        {"AT", "at"},
        {"BIDS", "bids"},
        {"OFFERS", "offers"},
        {"TRADES", "trades"},
        {"UNITS", "units"},
        {"WELFARE", "welfare"},
        {"BUDGET", "budget"}}},
      {"market transcript",
       "what a clearing was decided from; tarn market verify checks it",
       "GET",
       "/v1/markets/{MARKET}/clearings/{NUMBER}/transcript",
       {kMarket, {"NUMBER", "the clearing's number"}},
       Shows::kStream,
       {},
       "",
       "Example: tarn market transcript hours 1 > hours-1.json && tarn market verify hours-1.json"},
  };
}

std::vector<ClientCommand> member_commands() {
  return {
      {"market member list",
       "who takes part",
       "GET",
       "/v1/members",
       {},
       Shows::kList,
       {{"MEMBER", "name"}, {"ID", "id"}, {"SUSPENDED", "suspended"}, {"SINCE", "since"}}},
      {"market member show", "a member", "GET", "/v1/members/{ORG}", {kMember}, Shows::kObject},
      {"market member add",
       "let an organisation in, by its key's id (tarn id FILE): as the operator",
       "POST",
       "/v1/members",
       {into(kMember, "id"), needed({"--name", "what people call it", Kind::kText, "name"})},
       Shows::kDone,
       {},
       "",
       "Example: tarn market member add org_f5bb… --name acme    # the whole id, as tarn keygen printed it"},
      {"market member suspend",
       "take no new orders of a member: as the operator",
       "PUT",
       "/v1/members/{ORG}/suspension",
       {kMember},
       Shows::kDone,
       {},
       R"({"suspended":true})"},
      {"market member readmit",
       "take orders of a suspended member again: as the operator",
       "PUT",
       "/v1/members/{ORG}/suspension",
       {kMember},
       Shows::kDone,
       {},
       R"({"suspended":false})"},
      {"market token list",
       "your organisation's tokens",
       "GET",
       "/v1/tokens",
       {},
       Shows::kList,
       {{"TOKEN", "id"}, {"ROLE", "role"}, {"LABEL", "label"}, {"EXPIRES", "expires"}, {"OF", "organisation"}}},
      {"market token create",
       "make a token; it is shown once",
       "POST",
       "/v1/tokens",
       {{"LABEL", "what it is for", Kind::kText, "label"},
        needed({"--role", "trader, auditor, administrator or operator", Kind::kText, "role"}),
        {"--of", "the organisation's id: org_…; if you are the operator", Kind::kText, "organisation"},
        {"--expires", "in how long, or when (default: never)", Kind::kTime, "expires"}},
       Shows::kObject,
       {},
       "",
       "Example: tarn market token create nightly --role trader --expires 30d"},
      {"market token revoke", "take a token back", "DELETE", "/v1/tokens/{TOKEN}", {{"TOKEN", "its id: tok_4"}}},
      {"market group list",
       "whom you sell to under one name",
       "GET",
       "/v1/groups",
       {},
       Shows::kList,
       {{"GROUP", "name"}, {"MEMBERS", "members"}}},
      {"market group set",
       "say who is in a group",
       "PUT",
       "/v1/groups/{GROUP}",
       {{"GROUP", "its name"}, {"ORG", "the ids of all of them: org_…", Kind::kTexts, "members"}}},
      {"market group delete", "forget a group", "DELETE", "/v1/groups/{GROUP}", {{"GROUP", "its name"}}},
  };
}

std::vector<ClientParameter> policy_after(std::vector<ClientParameter> first, bool within) {
  const std::vector<ClientParameter> policy{
      {"--policy", "earn-only (the default), fixed-endowment or recharging", Kind::kText,
       within ? "policy.kind" : "kind"},
      {"--amount", "what members get, in credits", Kind::kText, within ? "policy.amount" : "amount"},
      {"--recharge", "recharging: how often, 7d", Kind::kDuration, within ? "policy.period_ms" : "period_ms"},
      {"--credit-limit", "how far below zero members may go", Kind::kText,
       within ? "policy.credit_limit" : "credit_limit"}};
  first.insert(first.end(), policy.begin(), policy.end());
  return first;
}

std::vector<ClientCommand> money_commands() {
  return {
      {"market currency list",
       "the currencies",
       "GET",
       "/v1/currencies",
       {},
       Shows::kList,
       {{"CURRENCY", "name"}, {"POLICY", "policy"}, {"NEXT RECHARGE", "next_recharge"}}},
      {"market currency create",
       "make a currency: as the operator",
       "POST",
       "/v1/currencies",
       policy_after({into(kCurrency, "name")}, true),
       Shows::kDone,
       {},
       R"({"policy":{"kind":"earn-only"}})",
       "Examples:\n"
       "  tarn market currency create credits\n"
       "  tarn market currency create hours --policy recharging --amount 1000 --recharge 7d"},
      {"market currency policy",
       "say how members get money from now on: as the operator",
       "PUT",
       "/v1/currencies/{CURRENCY}/policy",
       policy_after({kCurrency}, false),
       Shows::kDone,
       {},
       R"({"kind":"earn-only"})"},
      {"market currency grant",
       "give a member money: as the operator",
       "POST",
       "/v1/currencies/{CURRENCY}/grants",
       {kCurrency,
        into(kMember, "to"),
        {"AMOUNT", "in credits: 250, 0.5", Kind::kText, "amount"},
        needed({"--why", "a sentence, for the statement", Kind::kText, "why"})},
       Shows::kObject},
      {"market currency correct",
       "undo a transfer by another, the other way round: as the operator",
       "POST",
       "/v1/transfers/{TRANSFER}/correction",
       {{"TRANSFER", "its id: xfr_8"}, needed({"--why", "a sentence", Kind::kText, "why"})},
       Shows::kObject},
      {"account list", "your accounts", "GET", "/v1/accounts", {}, Shows::kList, kAccountColumns},
      {"account show", "an account as it stands", "GET", "/v1/accounts/{ACCOUNT}", {kAccount}, Shows::kObject},
      {"account statement",
       "each transfer, and the sums by reason; the last month, unless said otherwise",
       "GET",
       "/v1/accounts/{ACCOUNT}/statement",
       {kAccount, kFrom, kUntil},
       Shows::kObject,
       members({"from", "until", "opening", "closing", "by_reason", "lines"}),
       "",
       "Example: tarn account statement acc_2 --from 7d --output json"},
      {"account invoice",
       "what was paid and received, by whom and what for; the last month, unless said otherwise",
       "GET",
       "/v1/accounts/{ACCOUNT}/invoice",
       {kAccount, kFrom, kUntil},
       Shows::kObject,
       members({"from", "until", "paid", "received", "lines"}),
       "",
       "Example: tarn account invoice acc_2 --from 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z"},
      {"account freeze",
       "let a member agree to nothing new; what is set aside is still paid: as the operator",
       "POST",
       "/v1/accounts/{ACCOUNT}/freeze",
       {kAccount},
       Shows::kDone},
      {"account thaw", "end a freeze: as the operator", "POST", "/v1/accounts/{ACCOUNT}/thaw", {kAccount}},
  };
}

std::vector<ClientCommand> trade_commands() {
  const std::vector<ClientParameter> which{{"--market", "only those in this market", Kind::kText, "?market"},
                                           {"--open", "only those that are open", Kind::kFlag, "?open"}};
  return {
      {"lot list",
       "what you have to offer",
       "GET",
       "/v1/lots",
       {},
       Shows::kList,
       {{"LOT", "name"},
        {"STATE", "state"},
        {"UNITS", "capacity"},
        {"FROM", "from"},
        {"UNTIL", "until"},
        {"ID", "id"}}},
      {"lot show", "a lot", "GET", "/v1/lots/{LOT}", {kLot}, Shows::kObject},
      {"lot create",
       "promise units, or one server, for a window; offers in any market draw on it",
       "POST",
       "/v1/lots",
       {into(kLot, "name"),
        {"--units", "how many (default 1)", Kind::kCount, "capacity"},
        {"--kind", "units (the default), or server: the lot's name is the server's", Kind::kText, "kind"},
        {"--attribute", "what they are like: cpu=4, gpu.model=a100; any number of times", Kind::kAttributes,
         "attributes"},
        needed({"--from", "from when: now, 4h, 2026-12-31T12:00:00Z", Kind::kTime, "from"}),
        needed({"--until", "until when", Kind::kTime, "until"}),
        {"--inventory-offer", "the offer of your inventory of which they are reserved first", Kind::kText,
         "inventory_offer"},
        kInventoryStateDir,
        kInventoryConfig},
       Shows::kDone,
       {},
       "",
       "Examples:\n"
       "  tarn lot create small --units 64 --attribute cpu=1 --attribute memory=1Gi --from now --until 30d\n"
       "  tarn lot create gpu-17 --kind server --attribute gpu.model=a100 --from now --until 7d\n"
       "  tarn lot create night --units 16 --from 2027-01-01T00:00:00Z --until 2027-01-08T00:00:00Z \\\n"
       "    --inventory-offer small --inventory-state-dir /var/lib/tarn\n"
       "With an inventory, the units are reserved there for the window before the market hears of them, and released "
       "if\n"
       "it refuses; where nobody knows whether it did, they stay reserved: do the same again, with times, not "
       "durations.",
       run_lot_create},
      {"lot withdraw",
       "offer it no longer; leases go on",
       "DELETE",
       "/v1/lots/{LOT}",
       {kLot, kInventoryStateDir, kInventoryConfig},
       Shows::kDone,
       {},
       "",
       "With an inventory, the units that were reserved for it are released, all at once, as soon as no contract needs "
       "any\n"
       "of them. While contracts go on, or a lease is not cleaned yet, all stay reserved and the exit code is 11: do "
       "the\n"
       "same again when they are over. What nobody releases is free at the end of the lot's window.",
       run_lot_withdraw},
      {"offer list", "your offers", "GET", "/v1/orders?side=offer", which, Shows::kList, kOrderColumns},
      {"offer show", "an offer", "GET", "/v1/orders/{ORDER}", {kOrder}, Shows::kObject},
      {"offer withdraw", "withdraw an offer; what was matched stays", "DELETE", "/v1/orders/{ORDER}", {kOrder}},
      {"bid list", "your bids", "GET", "/v1/orders?side=bid", which, Shows::kList, kOrderColumns},
      {"bid show", "a bid", "GET", "/v1/orders/{ORDER}", {kOrder}, Shows::kObject},
      {"bid cancel", "cancel a bid; what was matched stays", "DELETE", "/v1/orders/{ORDER}", {kOrder}},
  };
}

std::vector<ClientCommand> contract_commands() {
  const ClientParameter why = needed({"--why", "a sentence, for the other side", Kind::kText, "why"});
  const std::vector<ClientColumn> all_of_it = members(
      {"id",  "market", "state",    "reason",    "buyer",      "seller",    "lot",           "units",     "start",
       "end", "pays",   "paid",     "gets",      "got",        "slots",     "settled_slots", "notice_ms", "renewable",
       "bid", "offer",  "clearing", "resale_of", "renewal_of", "penalties", "reclaim_at",    "ended_at",  "leases"});
  const std::vector<ClientColumn> end = members({"id", "state", "reason", "paid", "reclaim_at", "ended_at"});
  return {
      {"contract list",
       "your contracts",
       "GET",
       "/v1/contracts",
       {{"--market", "only those of this market", Kind::kText, "?market"},
        {"--live", "only those that have not ended", Kind::kFlag, "?live"}},
       Shows::kList,
       kContractColumns},
      {"contract show",
       "a contract and its leases; --output json has the signed document, too",
       "GET",
       "/v1/contracts/{CONTRACT}",
       {kContract},
       Shows::kObject,
       all_of_it},
      {"contract cancel",
       "end it early, as its buyer, for the penalty that was agreed",
       "POST",
       "/v1/contracts/{CONTRACT}/cancel",
       {kContract, why},
       Shows::kObject,
       end},
      {"contract reclaim",
       "call it back, as its seller, with the notice that was agreed",
       "POST",
       "/v1/contracts/{CONTRACT}/reclaim",
       {kContract, why},
       Shows::kObject,
       end},
      {"contract renew",
       "go on right behind it, where that was agreed",
       "POST",
       "/v1/contracts/{CONTRACT}/renew",
       {kContract, needed({"--until", "until when, at a whole slot: 2026-12-31T12:00:00Z", Kind::kTime, "until"})},
       Shows::kObject,
       all_of_it,
       "",
       "Example: tarn contract renew ctr_3 --until 2027-02-01T00:00:00Z"},
      {"market lease list",
       "what is to be delivered, or taken away: as the operator",
       "GET",
       "/v1/leases",
       {{"--contract", "only those of this contract", Kind::kText, "?contract"}},
       Shows::kList,
       kLeaseColumns},
      {"market lease ready", "mark it delivered: as the operator", "POST", "/v1/leases/{LEASE}/ready", {kLease}},
      {"market lease failed",
       "say that it cannot be delivered, or taken away: as the operator",
       "POST",
       "/v1/leases/{LEASE}/failed",
       {kLease, why}},
      {"market lease gone",
       "mark it taken away and cleaned: as the operator",
       "POST",
       "/v1/leases/{LEASE}/gone",
       {kLease}},
  };
}

}  // namespace

std::span<const ClientCommand> market_commands() {
  static const std::vector<ClientCommand> kAll = [] {
    std::vector<ClientCommand> out;
    for (auto& some : {market_rule_commands(), market_data_commands(), member_commands(), money_commands(),
                       trade_commands(), contract_commands()})
      out.insert(out.end(), some.begin(), some.end());
    return out;
  }();
  return kAll;
}

std::span<const ClientGroup> market_groups() {
  static constexpr std::array kGroups{
      ClientGroup{"market", "markets for servers and namespaces: serve, rules, prices, members"},
      ClientGroup{"lot", "what you have to offer, and when"},
      ClientGroup{"offer", "sell: signed offers of your lots"},
      ClientGroup{"bid", "buy: signed bids"},
      ClientGroup{"contract", "what was agreed: show, cancel, call back, renew, verify"},
      ClientGroup{"account", "your money: balance, statements, invoices"},
      ClientGroup{"ledger", "the market's books: audit"},
  };
  return kGroups;
}

}  // namespace tarn
