// All schemas of the bodies of the market's API, request and answer.
#include <utility>

#include "api/market_service.h"
#include "api/schema_words.h"

namespace api {

namespace {

using namespace words;  // NOLINT(google-build-using-namespace): a language of its own

constexpr std::int64_t kMostMs = 10LL * 366 * 86'400'000;

Json money() { return text(32); }
Json id() { return text(32); }
Json organisation() { return text(68); }
Json duration() { return whole(0, kMostMs); }
Json basis_points() { return whole(0, 10'000); }
Json large() { return text(20); }
Json order_state() {
  return one_of({"open", "partly-matched", "matched", "exhausted", "expired", "cancelled", "withdrawn"});
}
Json role() { return one_of({"trader", "auditor", "administrator", "operator"}); }
Json mechanism() {
  return one_of({"claim", "continuous", "uniform", "pay-as-bid", "vcg", "mcafee", "sbba", "muda", "combinatorial"});
}
Json payments() { return one_of({"pay-as-bid", "threshold", "vcg"}); }
Json penalties(const char* optional) {
  const std::string mark = optional;
  return object({{"failure_bp" + mark, basis_points()},
                 {"reclaim_bp" + mark, basis_points()},
                 {"cancel_bp" + mark, basis_points()}});
}

void add_service(Json& out) {
  out.set("Problem", problem());
  out.set("Health", health());
  out.set("Readiness",
          object({{"status", one_of({"ready", "not_ready"})}, {"time", time()}, {"reason", or_null(text())}}));
  out.set("Document", map_of(any()));
  out.set("WhoAmI", object({{"name", text()}, {"role", role()}, {"organisation", or_null(organisation())}}));
  out.set("MarketKey", object({{"id", organisation()}}));
  out.set("Event", object({{"id", whole(0, INT64_MAX)},
                           {"at", time()},
                           {"kind", text()},
                           {"subject", text()},
                           {"detail", or_null(text())}}));
  out.set("EventPage", page_of("Event"));
}

std::vector<Member> rules_of_market() {
  return {{"mechanism?", mechanism()},
          {"kappa_permille?", whole(0, 1'000)},
          {"payments?", payments()},
          {"deficit_cap?", money()},
          {"work_limit?", whole(1, INT64_MAX)},
          {"slot_ms?", duration()},
          {"call_period_ms?", duration()},
          {"product?", text(1'024)},
          {"horizon_ms?", duration()},
          {"max_duration_ms?", duration()},
          {"max_open_orders?", count()},
          {"max_units_at_once?", count()},
          {"max_unit_slots?", whole(0, INT64_MAX)},
          {"fee_bp?", basis_points()},
          {"penalties?", penalties("?")},
          {"depth_public?", yes_no()},
          {"trades_public?", yes_no()},
          {"transcripts_public?", yes_no()}};
}

void add_markets(Json& out) {
  auto rules = rules_of_market();
  out.set("ChangedMarket", object(rules));
  rules.insert(rules.begin(), {{"name", name()}, {"currency", name()}});
  out.set("NewMarket", object(rules));
  out.set("Market", object({{"id", id()},
                            {"name", text()},
                            {"state", one_of({"open", "closed"})},
                            {"mechanism", mechanism()},
                            {"kappa_permille", whole(0, 1'000)},
                            {"payments", payments()},
                            {"deficit_cap", money()},
                            {"work_limit", large()},
                            {"slot_ms", duration()},
                            {"call_period_ms", duration()},
                            {"next_call", or_null(time())},
                            {"currency", text()},
                            {"product", text()},
                            {"horizon_ms", duration()},
                            {"max_duration_ms", duration()},
                            {"max_open_orders", count()},
                            {"max_units_at_once", count()},
                            {"max_unit_slots", large()},
                            {"fee_bp", basis_points()},
                            {"penalties", penalties("")},
                            {"depth_public", yes_no()},
                            {"trades_public", yes_no()},
                            {"transcripts_public", yes_no()},
                            {"revision", count()},
                            {"created", or_null(time())},
                            {"seed_commitment", text(64)},
                            {"next_number", whole(0, INT64_MAX)}}));
  out.set("MarketPage", page_of("Market"));
}

void add_data(Json& out) {
  out.set("Level", object({{"price", money()}, {"units", whole(0, INT64_MAX)}, {"orders", count()}}));
  out.set("Depth", object({{"bids", list(ref("Level"))}, {"offers", list(ref("Level"))}}));
  out.set("Trade",
          object({{"at", time()}, {"price", money()}, {"units", count()}, {"start", time()}, {"end", time()}}));
  out.set("TradePage", page_of("Trade"));
  out.set("Candle", object({{"from", time()},
                            {"open", money()},
                            {"high", money()},
                            {"low", money()},
                            {"close", money()},
                            {"units", whole(0, INT64_MAX)},
                            {"trades", count()}}));
  out.set("CandlePage", page_of("Candle"));
  out.set("Utilisation", object({{"from", time()},
                                 {"until", time()},
                                 {"offered_unit_ms", large()},
                                 {"leased_unit_ms", large()},
                                 {"share", or_null(typed("number"))}}));
  out.set("Clearing", object({{"id", id()},
                              {"number", whole(0, INT64_MAX)},
                              {"at", time()},
                              {"bids", count()},
                              {"offers", count()},
                              {"trades", count()},
                              {"units", whole(0, INT64_MAX)},
                              {"welfare", money()},
                              {"upper_bound", money()},
                              {"budget", money()},
                              {"price_a_slot", money()}}));
  out.set("ClearingPage", page_of("Clearing"));
}

void add_orders(Json& out) {
  out.set("NewOrder", object({{"document", text(32'768)}, {"signature", text(100)}}));
  out.set("Window", object({{"from", time()}, {"until", time()}}));
  out.set("Order", object({{"id", id()},
                           {"market", text()},
                           {"revision", count()},
                           {"side", one_of({"bid", "offer"})},
                           {"organisation", organisation()},
                           {"state", order_state()},
                           {"reason", or_null(text())},
                           {"price", money()},
                           {"min_units", count()},
                           {"max_units", count()},
                           {"units_left", count()},
                           {"earliest", time()},
                           {"latest", time()},
                           {"min_duration_ms", whole(0, INT64_MAX)},
                           {"max_duration_ms", whole(0, INT64_MAX)},
                           {"in_force", one_of({"good-till-time", "immediate-or-cancel"})},
                           {"expires", or_null(time())},
                           {"accepted", or_null(time())},
                           {"closed_at", or_null(time())},
                           {"digest", text(64)},
                           {"query?", text()},
                           {"same_site?", yes_no()},
                           {"least_notice_ms?", whole(0, INT64_MAX)},
                           {"lot?", or_null(text())},
                           {"resale_of?", or_null(id())},
                           {"buyers?", list(organisation())},
                           {"groups?", list(text())},
                           {"notice_ms?", whole(0, INT64_MAX)},
                           {"closed?", list(ref("Window"))},
                           {"renewable?", yes_no()}}));
  out.set("OrderPage", page_of("Order"));
}

void add_lots(Json& out) {
  out.set("NewLot", object({{"name", name()},
                            {"kind?", one_of({"units", "server"})},
                            {"capacity?", whole(1, UINT32_MAX)},
                            {"attributes?", map_of(text(255))},
                            {"from", time()},
                            {"until", time()},
                            {"inventory_offer?", or_null(text(255))}}));
  out.set("Lot", object({{"id", id()},
                         {"owner", organisation()},
                         {"name", text()},
                         {"kind", one_of({"units", "server"})},
                         {"capacity", count()},
                         {"attributes", map_of(text())},
                         {"from", time()},
                         {"until", time()},
                         {"inventory_offer", or_null(text())},
                         {"state", one_of({"open", "withdrawn"})},
                         {"created", or_null(time())}}));
  out.set("LotPage", page_of("Lot"));
  out.set("NewGroup", object({{"members", list(organisation(), 1'000)}}));
  out.set("Group", object({{"name", text()}, {"members", list(organisation())}}));
  out.set("GroupPage", page_of("Group"));
}

std::vector<Member> contract_members() {
  return {{"id", id()},
          {"market", text()},
          {"clearing", or_null(id())},
          {"bid", or_null(id())},
          {"offer", or_null(id())},
          {"lot", id()},
          {"resale_of", or_null(id())},
          {"renewal_of", or_null(id())},
          {"buyer", organisation()},
          {"seller", organisation()},
          {"units", count()},
          {"start", time()},
          {"end", time()},
          {"pays", money()},
          {"gets", money()},
          {"paid", money()},
          {"got", money()},
          {"slots", count()},
          {"settled_slots", count()},
          {"notice_ms", whole(0, INT64_MAX)},
          {"renewable", yes_no()},
          {"penalties", penalties("")},
          {"state", one_of({"proposed", "signed", "active", "completed", "cancelled", "breached"})},
          {"reason", or_null(text())},
          {"made", or_null(time())},
          {"ended_at", or_null(time())},
          {"reclaim_at", or_null(time())}};
}

void add_contracts(Json& out) {
  auto members = contract_members();
  out.set("ContractEntry", object(members));
  members.insert(members.end(),
                 {{"document", text(200'000)}, {"signature", text(100)}, {"leases", list(ref("Lease"))}});
  out.set("Contract", object(members));
  out.set("ContractPage", page_of("ContractEntry"));
  out.set("Lease",
          object({{"id", id()},
                  {"contract", id()},
                  {"lot", id()},
                  {"unit", count()},
                  {"start", time()},
                  {"end", time()},
                  {"state", one_of({"scheduled", "provisioning", "active", "reclaiming", "ending", "ended", "failed"})},
                  {"detail", or_null(text())},
                  {"changed", or_null(time())},
                  {"active_since", or_null(time())},
                  {"freed", or_null(time())}}));
  out.set("LeasePage", page_of("Lease"));
  out.set("Why", object({{"why", text(500).set("minLength", 1)}}));
  out.set("Renewal", object({{"until", time()}}));
}

void add_money(Json& out) {
  out.set("NewPolicy", object({{"kind", one_of({"earn-only", "fixed-endowment", "recharging"})},
                               {"amount?", money()},
                               {"period_ms?", duration()},
                               {"credit_limit?", money()}}));
  out.set("Policy", object({{"kind", one_of({"earn-only", "fixed-endowment", "recharging"})},
                            {"amount", money()},
                            {"period_ms", whole(0, INT64_MAX)},
                            {"credit_limit", money()}}));
  out.set("NewCurrency", object({{"name", name()}, {"policy", ref("NewPolicy")}}));
  out.set("Currency", object({{"name", text()}, {"policy", ref("Policy")}, {"next_recharge", or_null(time())}}));
  out.set("CurrencyPage", page_of("Currency"));
  out.set("NewGrant", object({{"to", organisation()}, {"amount", money()}, {"why", text(500).set("minLength", 1)}}));
  out.set("Made", object({{"transfer", id()}}));
  out.set("Account", object({{"id", id()},
                             {"currency", text()},
                             {"kind", one_of({"member", "issuer", "market"})},
                             {"name", text()},
                             {"organisation", or_null(organisation())},
                             {"balance", money()},
                             {"available", or_null(money())},
                             {"set_aside", money()},
                             {"expected", money()},
                             {"credit_limit", or_null(money())},
                             {"frozen", yes_no()},
                             {"created", or_null(time())}}));
  out.set("AccountPage", page_of("Account"));
  out.set("StatementLine", object({{"at", time()},
                                   {"transfer", id()},
                                   {"kind", one_of({"posted", "pending", "post", "void"})},
                                   {"reason", text()},
                                   {"reference", or_null(text())},
                                   {"amount", money()},
                                   {"change", money()},
                                   {"balance", money()}}));
  out.set("Statement", object({{"account", ref("Account")},
                               {"from", time()},
                               {"until", time()},
                               {"opening", money()},
                               {"closing", money()},
                               {"by_reason", map_of(money())},
                               {"lines", list(ref("StatementLine"))}}));
  out.set("InvoiceLine", object({{"account", id()},
                                 {"name", text()},
                                 {"reference", or_null(text())},
                                 {"paid", money()},
                                 {"received", money()},
                                 {"by_reason", map_of(money())}}));
  out.set("Invoice", object({{"account", ref("Account")},
                             {"from", time()},
                             {"until", time()},
                             {"paid", money()},
                             {"received", money()},
                             {"lines", list(ref("InvoiceLine"))}}));
}

void add_members(Json& out) {
  out.set("NewMember", object({{"id", organisation()}, {"name", name()}}));
  out.set("Member",
          object({{"id", organisation()}, {"name", text()}, {"suspended", yes_no()}, {"since", or_null(time())}}));
  out.set("MemberPage", page_of("Member"));
  out.set("Suspension", object({{"suspended", yes_no()}}));
  out.set("NewToken", object({{"label", text(63)},
                              {"role", role()},
                              {"organisation?", or_null(organisation())},
                              {"expires?", or_null(time())}}));
  out.set("Token", object({{"id", id()},
                           {"organisation", or_null(organisation())},
                           {"role", role()},
                           {"label", text()},
                           {"created", or_null(time())},
                           {"expires", or_null(time())}}));
  out.set("TokenPage", page_of("Token"));
  out.set("MadeToken", object({{"id", id()}, {"token", or_null(text())}}));
}

Json all_schemas() {
  Json out = Json::object();
  add_service(out);
  add_markets(out);
  add_data(out);
  add_orders(out);
  add_lots(out);
  add_contracts(out);
  add_money(out);
  add_members(out);
  return out;
}

}  // namespace

const Json& market_schemas() {
  static const Json kAll = all_schemas();
  return kAll;
}

}  // namespace api
