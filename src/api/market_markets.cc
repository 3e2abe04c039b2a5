// /v1/markets: the markets and their rules.
#include <algorithm>

#include "api/market_call.h"
#include "api/market_views.h"
#include "auction/clearing/mechanism.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market_views::shown;

Result<Reply> show(MarketCall& call, const market::Market& market) {
  TARN_ASSIGN(const std::string currency, market_views::currency_name(*call.store, market.currency));
  return Reply{.body = shown(market, currency)};
}

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const auto rows, call.rules().markets());
  Json items = Json::array();
  for (const market::Market& market : rows) {
    TARN_ASSIGN(const std::string currency, market_views::currency_name(*call.store, market.currency));
    items.push(shown(market, currency));
  }
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

void take(const Json& body, std::string_view name, std::int64_t& out) { out = body.number(name, out); }
void take(const Json& body, std::string_view name, std::uint32_t& out) {
  out = static_cast<std::uint32_t>(body.number(name, out));
}
void take(const Json& body, std::string_view name, std::uint64_t& out) {
  out = static_cast<std::uint64_t>(body.number(name, static_cast<std::int64_t>(out)));
}
void take(const Json& body, std::string_view name, bool& out) { out = body.flag(name, out); }

// What the body says of the rules; the rest stays. Names were checked by the schema.
base::Status take_rules(MarketCall& call, market::Market& market) {
  const Json& body = call.body;
  auto& clearing = market.clearing;
  if (body.has("mechanism"))
    clearing.mechanism = auction::clearing::mechanism_named(body.text("mechanism")).value_or(clearing.mechanism);
  if (body.has("payments"))
    clearing.payments = auction::clearing::payments_named(body.text("payments")).value_or(clearing.payments);
  TARN_ASSIGN(clearing.deficit_cap, call.money(body, "deficit_cap", "deficit_cap", clearing.deficit_cap));
  take(body, "kappa_permille", clearing.kappa_permille);
  take(body, "work_limit", clearing.work_limit);
  take(body, "slot_ms", market.slot_ms);
  take(body, "call_period_ms", market.call_period_ms);
  take(body, "horizon_ms", market.horizon_ms);
  take(body, "max_duration_ms", market.max_duration_ms);
  take(body, "max_open_orders", market.max_open_orders);
  take(body, "max_units_at_once", market.max_units_at_once);
  take(body, "max_unit_slots", market.max_unit_slots);
  take(body, "fee_bp", market.fee_bp);
  take(body, "depth_public", market.depth_public);
  take(body, "trades_public", market.trades_public);
  take(body, "transcripts_public", market.transcripts_public);
  market.product = body.text("product", market.product);
  if (const Json* penalties = body.find("penalties")) {
    take(*penalties, "failure_bp", market.penalties.failure_bp);
    take(*penalties, "reclaim_bp", market.penalties.reclaim_bp);
    take(*penalties, "cancel_bp", market.penalties.cancel_bp);
  }
  return {};
}

// Defaults that follow from what was said. First come, first served and the continuous book have no calls: a market of
// theirs that says no period means none. A fine grid reaches less far.
void choose_defaults(const Json& body, market::Market& market) {
  const bool at_once = market.clearing.mechanism == market::Mechanism::kClaim ||
                       market.clearing.mechanism == market::Mechanism::kContinuous;
  if (at_once && body.has("mechanism") && !body.has("call_period_ms")) market.call_period_ms = 0;
  if (!body.has("slot_ms")) return;
  const std::int64_t farthest = market.slot_ms * (static_cast<std::int64_t>(auction::clearing::kMaxSlots) - 1);
  if (!body.has("horizon_ms")) market.horizon_ms = std::min(market.horizon_ms, farthest);
  if (!body.has("max_duration_ms")) market.max_duration_ms = std::min(market.max_duration_ms, market.horizon_ms);
}

Result<Reply> create(MarketCall& call) {
  market::Market market;
  market.name = call.body.text("name");
  TARN_ASSIGN(const auto currency, call.store->find_currency(call.body.text("currency")));
  if (!currency) return call.refuse("currency", "there is no such currency; tarn market currency list shows which are");
  market.currency = currency->id;
  TARN_TRY(take_rules(call, market));
  choose_defaults(call.body, market);
  TARN_ASSIGN(const market::Market made, call.rules().create_market(market));
  TARN_ASSIGN(Reply reply, show(call, made));
  reply.headers.emplace_back("Location", "/v1/markets/" + percent_encoded(made.name));
  return reply;
}

Result<Reply> get(MarketCall& call) {
  TARN_ASSIGN(const market::Market market, call.rules().market(call.at("market")));
  return show(call, market);
}

Result<Reply> change(MarketCall& call) {
  TARN_ASSIGN(market::Market market, call.rules().market(call.at("market")));
  TARN_TRY(take_rules(call, market));
  choose_defaults(call.body, market);
  TARN_ASSIGN(const market::Market changed, call.rules().change_market(call.at("market"), market));
  return show(call, changed);
}

Result<Reply> close(MarketCall& call) {
  TARN_TRY(call.rules().close_market(call.at("market")));
  return Reply{};
}

Result<Reply> clear(MarketCall& call) {
  TARN_ASSIGN(const market::Clearing clearing, call.rules().clear(call.at("market")));
  return Reply{.body = shown(clearing)};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/markets", Kind::kRead, Action::kShowMarkets, list, 200, "All markets and their rules.", "",
     "MarketPage"},
    {"POST", "/v1/markets", Kind::kWrite, Action::kManageMarkets, create, 201,
     "Open a market; what is not said has a default.", "NewMarket", "Market"},
    {"GET", "/v1/markets/{market}", Kind::kRead, Action::kShowMarkets, get, 200, "A market and its rules.", "",
     "Market"},
    {"PATCH", "/v1/markets/{market}", Kind::kWrite, Action::kManageMarkets, change, 200,
     "Change a market's rules; what is not said stays. Its open orders are closed: nobody trades under rules it has "
     "not "
     "seen.",
     "ChangedMarket", "Market"},
    {"DELETE", "/v1/markets/{market}", Kind::kWrite, Action::kManageMarkets, close, 204,
     "Close a market: no new orders and no calls; contracts go on.", "", ""},
    {"POST", "/v1/markets/{market}/clear", Kind::kWrite, Action::kManageMarkets, clear, 200,
     "Clear a market now, whenever its next call would be.", "", "Clearing"},
};

}  // namespace

std::span<const MarketRoute> market_routes() { return kRoutes; }

}  // namespace api
