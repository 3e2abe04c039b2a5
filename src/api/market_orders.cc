// /v1/orders: bids and offers. An order is what its organisation signed (market/terms.h), so it comes as those bytes.
#include <algorithm>

#include "api/market_call.h"
#include "api/market_views.h"
#include "base/base64.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market_views::shown;

Result<market::SignedTerms> signed_terms(MarketCall& call) {
  market::SignedTerms out;
  const auto document = base::from_base64(call.body.text("document"));
  if (!document) return call.refuse("document", "is not base64");
  out.document.assign(document->begin(), document->end());
  const auto signature = base::from_base64(call.body.text("signature"));
  if (!signature || signature->size() != out.signature.size())
    return call.refuse("signature", "must be the 64 bytes of an Ed25519 signature, in base64");
  std::ranges::copy(*signature, out.signature.begin());
  return out;
}

Result<Reply> submit(MarketCall& call) {
  TARN_ASSIGN(const market::SignedTerms order, signed_terms(call));
  TARN_ASSIGN(const market::Order accepted, call.rules().submit(order));
  return Reply{.body = shown(accepted), .headers = {{"Location", "/v1/orders/" + market::order_text(accepted)}}};
}

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const market::Page page, call.page());
  market::OrderFilter filter;
  if (const auto name = call.asked("market")) {
    TARN_ASSIGN(const market::Market market, call.rules().market(*name));
    filter.market = market.id;
  }
  if (const auto whose = call.asked("organisation")) {
    TARN_ASSIGN(filter.organisation, call.organisation("organisation", *whose));
  }
  TARN_ASSIGN(filter.lot, call.asked_id(market::IdKind::kLot, "lot"));
  if (const auto side = call.asked("side")) {
    if (*side != "bid" && *side != "offer") return call.refuse("side", "must be bid or offer");
    filter.side = *side == "bid" ? market::Side::kBid : market::Side::kOffer;
  }
  if (const auto open = call.asked("open")) {
    if (*open != "true" && *open != "false") return call.refuse("open", "must be true or false");
    filter.open = *open == "true";
  }
  TARN_ASSIGN(auto rows, call.rules().orders(filter, and_one(page)));
  return rows_reply(page, std::move(rows), [](const market::Order& row) { return shown(row); });
}

Result<market::Id> order_id(MarketCall& call) {
  const auto parsed = market::parse_order_id(call.at("order"));
  if (!parsed.ok()) return base::Error{base::Code::kNotFound, "there is no such order: " + parsed.error().message};
  TARN_ASSIGN(const market::Order order, call.rules().order(parsed->second));
  if (order.terms.side != parsed->first)
    return base::Error{base::Code::kNotFound, "there is no such order: it is " + market::order_text(order)};
  return parsed->second;
}

Result<Reply> get(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, order_id(call));
  TARN_ASSIGN(const market::Order order, call.rules().order(id));
  return Reply{.body = shown(order)};
}

Result<Reply> cancel(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, order_id(call));
  TARN_ASSIGN(const market::Order order, call.rules().cancel(id));
  return Reply{.body = shown(order)};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/orders", Kind::kRead, Action::kShowOwn, list, 200,
     "One's own orders, or, for the operator and its auditors, everybody's.", "", "OrderPage",
     "market organisation lot side open after limit"},
    {"POST", "/v1/orders", Kind::kWrite, Action::kTrade, submit, 201,
     "Place a bid or an offer, as its organisation signed it. The same document again is the same order.", "NewOrder",
     "Order"},
    {"GET", "/v1/orders/{order}", Kind::kRead, Action::kShowOwn, get, 200, "An order.", "", "Order"},
    {"DELETE", "/v1/orders/{order}", Kind::kWrite, Action::kTrade, cancel, 200,
     "Cancel a bid or withdraw an offer; what was matched stays.", "", "Order"},
};

}  // namespace

std::span<const MarketRoute> market_order_routes() { return kRoutes; }

}  // namespace api
