#include "api/market_views.h"

#include <utility>

#include "api/text.h"
#include "auction/clearing/mechanism.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "market/ids.h"
#include "market/terms.h"
#include "model/money.h"

namespace api::market_views {

namespace {

using market::IdKind;

std::string big(std::uint64_t number) { return std::to_string(number); }

Json id_or_null(IdKind kind, std::optional<market::Id> id) {
  return id && *id != 0 ? Json(id_text(kind, *id)) : Json();
}

Json organisations(const std::vector<market::OrganisationId>& ids) {
  Json out = Json::array();
  for (const auto& id : ids) out.push(id.text());
  return out;
}

std::string base64(base::ByteView bytes) {
  return base::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Json shown(const market::Penalties& penalties) {
  return Json::object(
      {{"failure_bp", penalties.failure_bp}, {"reclaim_bp", penalties.reclaim_bp}, {"cancel_bp", penalties.cancel_bp}});
}

// What only one of the sides says.
void add_own(Json& out, const market::Order& order) {
  const market::Terms& terms = order.terms;
  if (terms.side == market::Side::kBid) {
    out.set("query", terms.query);
    out.set("same_site", terms.same_site);
    out.set("least_notice_ms", terms.least_notice_ms);
    return;
  }
  Json closed = Json::array(), groups = Json::array();
  for (const market::Window& window : terms.closed)
    closed.push(Json::object({{"from", rfc3339(window.from)}, {"until", rfc3339(window.until)}}));
  for (const std::string& group : terms.groups) groups.push(group);
  out.set("lot", text_or_null(terms.lot));
  out.set("resale_of", id_or_null(IdKind::kContract, terms.contract));
  out.set("buyers", organisations(terms.buyers));
  out.set("groups", std::move(groups));
  out.set("notice_ms", terms.notice_ms);
  out.set("closed", std::move(closed));
  out.set("renewable", terms.renewable);
}

Json by_reason(const std::map<std::uint8_t, std::int64_t>& changes) {
  Json out = Json::object();
  for (const auto& [reason, change] : changes)
    out.set(std::string(reason_name(static_cast<ledger::Reason>(reason))), money(change));
  return out;
}

Json levels(const std::vector<market::PriceLevel>& side) {
  Json out = Json::array();
  for (const auto& level : side)
    out.push(Json::object({{"price", money(level.price)}, {"units", level.units}, {"orders", level.orders}}));
  return out;
}

}  // namespace

std::string money(std::int64_t micro_credits) {
  const bool negative = micro_credits < 0;
  const auto size =
      negative ? 0 - static_cast<std::uint64_t>(micro_credits) : static_cast<std::uint64_t>(micro_credits);
  return (negative ? "-" : "") + model::credits_text(size);
}

Json time_or_null(std::int64_t unix_ms) { return unix_ms == 0 ? Json() : Json(rfc3339(unix_ms)); }
Json text_or_null(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json shown(const market::Member& member) {
  return Json::object({{"id", member.id.text()},
                       {"name", member.name},
                       {"suspended", member.suspended},
                       {"since", time_or_null(member.since)}});
}

Json shown(const market::ApiToken& token) {
  return Json::object({{"id", id_text(IdKind::kToken, token.id)},
                       {"organisation", token.organisation ? Json(token.organisation->text()) : Json()},
                       {"role", role_name(token.role)},
                       {"label", token.label},
                       {"created", time_or_null(token.created)},
                       {"expires", time_or_null(token.expires.value_or(0))}});
}

Json shown(const market::Group& group) {
  return Json::object({{"name", group.name}, {"members", organisations(group.members)}});
}

Json shown(const market::CreditPolicy& policy) {
  return Json::object({{"kind", policy_name(policy.kind)},
                       {"amount", money(policy.amount)},
                       {"period_ms", policy.period_ms},
                       {"credit_limit", money(policy.credit_limit)}});
}

Json shown(const market::Market& market, std::string_view currency) {
  const auto& clearing = market.clearing;
  return Json::object({{"id", id_text(IdKind::kMarket, market.id)},
                       {"name", market.name},
                       {"state", market.state == market::Market::State::kOpen ? "open" : "closed"},
                       {"mechanism", auction::clearing::properties(clearing.mechanism).name},
                       {"kappa_permille", clearing.kappa_permille},
                       {"payments", auction::clearing::payments_name(clearing.payments)},
                       {"deficit_cap", money(clearing.deficit_cap)},
                       {"work_limit", big(clearing.work_limit)},
                       {"slot_ms", market.slot_ms},
                       {"call_period_ms", market.call_period_ms},
                       {"next_call", time_or_null(market.next_call)},
                       {"currency", currency},
                       {"product", market.product},
                       {"horizon_ms", market.horizon_ms},
                       {"max_duration_ms", market.max_duration_ms},
                       {"max_open_orders", market.max_open_orders},
                       {"max_units_at_once", market.max_units_at_once},
                       {"max_unit_slots", big(market.max_unit_slots)},
                       {"fee_bp", market.fee_bp},
                       {"penalties", shown(market.penalties)},
                       {"depth_public", market.depth_public},
                       {"trades_public", market.trades_public},
                       {"transcripts_public", market.transcripts_public},
                       {"revision", market.revision},
                       {"created", time_or_null(market.created)},
                       {"seed_commitment", base::to_hex(market.seed_commitment)},
                       {"next_number", market.next_number}});
}

Json shown(const market::Lot& lot) {
  Json attributes = Json::object();
  for (const auto& [name, value] : lot.attributes) attributes.set(name, value);
  return Json::object({{"id", id_text(IdKind::kLot, lot.id)},
                       {"owner", lot.owner.text()},
                       {"name", lot.name},
                       {"kind", lot_kind_name(lot.kind)},
                       {"capacity", lot.capacity},
                       {"attributes", std::move(attributes)},
                       {"from", rfc3339(lot.from)},
                       {"until", rfc3339(lot.until)},
                       {"inventory_offer", text_or_null(lot.inventory_offer)},
                       {"state", lot.state == market::Lot::State::kOpen ? "open" : "withdrawn"},
                       {"created", time_or_null(lot.created)}});
}

Json shown(const market::Order& order) {
  const market::Terms& terms = order.terms;
  Json out =
      Json::object({{"id", order_text(order)},
                    {"market", terms.market},
                    {"revision", terms.market_revision},
                    {"side", terms.side == market::Side::kBid ? "bid" : "offer"},
                    {"organisation", terms.organisation.text()},
                    {"state", order_state_name(order.state)},
                    {"reason", text_or_null(order.reason)},
                    {"price", money(terms.price)},
                    {"min_units", terms.min_units},
                    {"max_units", terms.max_units},
                    {"units_left", order.units_left},
                    {"earliest", rfc3339(terms.earliest)},
                    {"latest", rfc3339(terms.latest)},
                    {"min_duration_ms", terms.min_duration_ms},
                    {"max_duration_ms", terms.max_duration_ms},
                    {"in_force", terms.in_force == market::TimeInForce::kImmediateOrCancel ? "immediate-or-cancel"
                                                                                           : "good-till-time"},
                    {"expires", time_or_null(terms.expires)},
                    {"accepted", time_or_null(order.accepted)},
                    {"closed_at", time_or_null(order.closed_at)},
                    {"digest", base::to_hex(market::order_digest(order.document))}});
  add_own(out, order);
  return out;
}

Json shown(const market::Contract& contract, std::string_view market, bool with_document) {
  Json out = Json::object({{"id", id_text(IdKind::kContract, contract.id)},
                           {"market", market},
                           {"clearing", id_or_null(IdKind::kClearing, contract.clearing)},
                           {"bid", id_or_null(IdKind::kBid, contract.bid)},
                           {"offer", id_or_null(IdKind::kOffer, contract.offer)},
                           {"lot", id_text(IdKind::kLot, contract.lot)},
                           {"resale_of", id_or_null(IdKind::kContract, contract.resale_of)},
                           {"renewal_of", id_or_null(IdKind::kContract, contract.renewal_of)},
                           {"buyer", contract.buyer.text()},
                           {"seller", contract.seller.text()},
                           {"units", contract.units},
                           {"start", rfc3339(contract.start)},
                           {"end", rfc3339(contract.end)},
                           {"pays", money(contract.pays)},
                           {"gets", money(contract.gets)},
                           {"paid", money(contract.paid)},
                           {"got", money(contract.got)},
                           {"slots", contract.slots},
                           {"settled_slots", contract.settled_slots},
                           {"notice_ms", contract.notice_ms},
                           {"renewable", contract.renewable},
                           {"penalties", shown(contract.penalties)},
                           {"state", contract_state_name(contract.state)},
                           {"reason", text_or_null(contract.reason)},
                           {"made", time_or_null(contract.made)},
                           {"ended_at", time_or_null(contract.ended_at)},
                           {"reclaim_at", time_or_null(contract.reclaim_at)}});
  if (!with_document) return out;
  out.set("document", base64(contract.document));
  out.set("signature", base64(contract.signature));
  return out;
}

Json shown(const market::Lease& lease) {
  return Json::object({{"id", id_text(IdKind::kLease, lease.id)},
                       {"contract", id_text(IdKind::kContract, lease.contract)},
                       {"lot", id_text(IdKind::kLot, lease.lot)},
                       {"unit", lease.unit},
                       {"start", rfc3339(lease.start)},
                       {"end", rfc3339(lease.end)},
                       {"state", lease_state_name(lease.state)},
                       {"detail", text_or_null(lease.detail)},
                       {"changed", time_or_null(lease.changed)},
                       {"active_since", time_or_null(lease.active_since)},
                       {"freed", time_or_null(lease.freed)}});
}

Json shown(const market::Clearing& clearing) {
  return Json::object({{"id", id_text(IdKind::kClearing, clearing.id)},
                       {"number", clearing.number},
                       {"at", rfc3339(clearing.at)},
                       {"bids", clearing.bids},
                       {"offers", clearing.offers},
                       {"trades", clearing.trades},
                       {"units", clearing.units},
                       {"welfare", money(clearing.welfare)},
                       {"upper_bound", money(clearing.upper_bound)},
                       {"budget", money(clearing.budget)},
                       {"price_a_slot", money(clearing.price)}});
}

Json shown(const market::TradeTick& tick) {
  return Json::object({{"at", rfc3339(tick.at)},
                       {"price", money(tick.price)},
                       {"units", tick.units},
                       {"start", rfc3339(tick.start)},
                       {"end", rfc3339(tick.end)}});
}

Json shown(const market::Candle& candle) {
  return Json::object({{"from", rfc3339(candle.from)},
                       {"open", money(candle.open)},
                       {"high", money(candle.high)},
                       {"low", money(candle.low)},
                       {"close", money(candle.close)},
                       {"units", candle.units},
                       {"trades", candle.trades}});
}

Json shown(const market::Depth& depth) {
  return Json::object({{"bids", levels(depth.bids)}, {"offers", levels(depth.offers)}});
}

Json shown(const ledger::Account& account, std::string_view currency) {
  const bool unlimited = account.credit_limit == ledger::kUnlimited;
  return Json::object({{"id", id_text(IdKind::kAccount, account.id)},
                       {"currency", currency},
                       {"kind", account_kind_name(account.kind)},
                       {"name", account.name},
                       {"organisation", account.organisation ? Json(account.organisation->text()) : Json()},
                       {"balance", money(ledger::balance(account))},
                       {"available", unlimited ? Json() : Json(money(ledger::available(account)))},
                       {"set_aside", money(account.debits_pending)},
                       {"expected", money(account.credits_pending)},
                       {"credit_limit", unlimited ? Json() : Json(money(account.credit_limit))},
                       {"frozen", account.frozen},
                       {"created", time_or_null(account.created)}});
}

Json shown(const ledger::Transfer& transfer) {
  return Json::object({{"id", id_text(IdKind::kTransfer, transfer.id)},
                       {"kind", transfer_kind_name(transfer.kind)},
                       {"debit", id_text(IdKind::kAccount, transfer.debit)},
                       {"credit", id_text(IdKind::kAccount, transfer.credit)},
                       {"amount", money(transfer.amount)},
                       {"pending", id_or_null(IdKind::kTransfer, transfer.pending)},
                       {"reason", reason_name(transfer.reason)},
                       {"reference", text_or_null(transfer.reference)},
                       {"at", rfc3339(transfer.at)}});
}

Json shown(const market::Statement& statement) {
  Json lines = Json::array();
  for (const market::StatementLine& line : statement.lines)
    lines.push(Json::object({{"at", rfc3339(line.transfer.at)},
                             {"transfer", id_text(IdKind::kTransfer, line.transfer.id)},
                             {"kind", transfer_kind_name(line.transfer.kind)},
                             {"reason", reason_name(line.transfer.reason)},
                             {"reference", text_or_null(line.transfer.reference)},
                             {"amount", money(line.transfer.amount)},
                             {"change", money(line.change)},
                             {"balance", money(line.balance_after)}}));
  return Json::object({{"account", shown(statement.account, statement.currency)},
                       {"from", rfc3339(statement.from)},
                       {"until", rfc3339(statement.until)},
                       {"opening", money(statement.opening)},
                       {"closing", money(statement.closing)},
                       {"by_reason", by_reason(statement.by_reason)},
                       {"lines", std::move(lines)}});
}

Json shown(const ledger::Invoice& invoice) {
  Json lines = Json::array();
  for (const ledger::InvoiceLine& line : invoice.lines)
    lines.push(Json::object({{"account", id_text(IdKind::kAccount, line.counterparty)},
                             {"name", line.counterparty_name},
                             {"reference", text_or_null(line.reference)},
                             {"paid", money(line.paid)},
                             {"received", money(line.received)},
                             {"by_reason", by_reason(line.by_reason)}}));
  return Json::object({{"account", shown(invoice.account, invoice.currency)},
                       {"from", rfc3339(invoice.from)},
                       {"until", rfc3339(invoice.until)},
                       {"paid", money(invoice.paid)},
                       {"received", money(invoice.received)},
                       {"lines", std::move(lines)}});
}

Json shown(const market::Event& event) {
  return Json::object({{"id", event.id},
                       {"at", rfc3339(event.at)},
                       {"kind", event.kind},
                       {"subject", event.subject},
                       {"detail", text_or_null(event.detail)}});
}

base::Result<std::string> currency_name(market::Transaction& store, ledger::Id id) {
  TARN_ASSIGN(const auto found, store.find_currency(id));
  if (!found) return base::Error{base::Code::kStorage, "a currency that something is in is missing"};
  return found->name;
}

base::Result<std::string> market_name(market::Transaction& store, market::Id id) {
  TARN_ASSIGN(const auto found, store.find_market(id));
  if (!found) return base::Error{base::Code::kStorage, "a market that something is of is missing"};
  return found->name;
}

}  // namespace api::market_views
