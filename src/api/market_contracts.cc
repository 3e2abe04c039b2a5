// /v1/contracts, /v1/leases: what was agreed, and how far its delivery is.
#include "api/market_call.h"
#include "api/market_views.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market::IdKind;
using market_views::shown;

Result<Reply> show(MarketCall& call, market::Id id) {
  TARN_ASSIGN(const market::ContractView view, call.rules().contract(id));
  TARN_ASSIGN(const std::string market, market_views::market_name(*call.store, view.contract.market));
  Json body = shown(view.contract, market, true), leases = Json::array();
  for (const market::Lease& lease : view.leases) leases.push(shown(lease));
  body.set("leases", std::move(leases));
  return Reply{.body = std::move(body)};
}

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const market::Page page, call.page());
  market::ContractFilter filter;
  if (const auto name = call.asked("market")) {
    TARN_ASSIGN(const market::Market market, call.rules().market(*name));
    filter.market = market.id;
  }
  for (const auto& [name, into] :
       {std::pair("buyer", &filter.buyer), {"seller", &filter.seller}, {"party", &filter.party}})
    if (const auto whose = call.asked(name)) {
      TARN_ASSIGN(*into, call.organisation(name, *whose));
    }
  TARN_ASSIGN(filter.lot, call.asked_id(IdKind::kLot, "lot"));
  if (const auto live = call.asked("live")) {
    if (*live != "true" && *live != "false") return call.refuse("live", "must be true or false");
    filter.live = *live == "true";
  }
  TARN_ASSIGN(auto rows, call.rules().contracts(filter, and_one(page)));
  std::map<market::Id, std::string> markets;
  for (const market::Contract& row : rows) {
    if (markets.contains(row.market)) continue;
    TARN_ASSIGN(markets[row.market], market_views::market_name(*call.store, row.market));
  }
  return rows_reply(page, std::move(rows),
                    [&](const market::Contract& row) { return shown(row, markets.at(row.market), false); });
}

Result<Reply> get(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kContract, "contract"));
  return show(call, id);
}

Result<Reply> cancel(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kContract, "contract"));
  TARN_TRY(call.rules().cancel_contract(id, call.body.text("why")));
  return show(call, id);
}

Result<Reply> reclaim(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kContract, "contract"));
  TARN_TRY(call.rules().reclaim(id, call.body.text("why")));
  return show(call, id);
}

Result<Reply> renew(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kContract, "contract"));
  TARN_ASSIGN(const std::int64_t until, call.time("until"));
  TARN_ASSIGN(const market::Contract further, call.rules().renew(id, until));
  TARN_ASSIGN(Reply reply, show(call, further.id));
  reply.headers.emplace_back("Location", "/v1/contracts/" + market::id_text(IdKind::kContract, further.id));
  return reply;
}

// The leases that wait for their operator: of all contracts that live, or of one.
Result<Reply> leases(MarketCall& call) {
  TARN_ASSIGN(const market::Page page, call.page());
  market::LeaseFilter filter{.occupying = true};
  TARN_ASSIGN(filter.contract, call.asked_id(IdKind::kContract, "contract"));
  TARN_ASSIGN(auto rows, call.store->leases(filter, and_one(page)));
  return rows_reply(page, std::move(rows), [](const market::Lease& row) { return shown(row); });
}

Result<Reply> ready(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kLease, "lease"));
  TARN_ASSIGN(const market::Lease lease, call.rules().mark_ready(id));
  return Reply{.body = shown(lease)};
}

Result<Reply> failed(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kLease, "lease"));
  TARN_ASSIGN(const market::Lease lease, call.rules().mark_failed(id, call.body.text("why")));
  return Reply{.body = shown(lease)};
}

Result<Reply> gone(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kLease, "lease"));
  TARN_ASSIGN(const market::Lease lease, call.rules().mark_gone(id));
  return Reply{.body = shown(lease)};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/contracts", Kind::kRead, Action::kShowOwn, list, 200,
     "One's own contracts, or, for the operator and its auditors, everybody's.", "", "ContractPage",
     "market buyer seller party lot live after limit"},
    {"GET", "/v1/contracts/{contract}", Kind::kRead, Action::kShowOwn, get, 200,
     "A contract, its leases, and the document that both sides and the market signed.", "", "Contract"},
    {"POST", "/v1/contracts/{contract}/cancel", Kind::kWrite, Action::kEndContract, cancel, 200,
     "The buyer ends it early, for the penalty that was agreed.", "Why", "Contract"},
    {"POST", "/v1/contracts/{contract}/reclaim", Kind::kWrite, Action::kEndContract, reclaim, 200,
     "The owner calls it back, with the notice that was agreed.", "Why", "Contract"},
    {"POST", "/v1/contracts/{contract}/renew", Kind::kWrite, Action::kEndContract, renew, 201,
     "The buyer goes on right behind it, at the same price, where that was agreed and it is free.", "Renewal",
     "Contract"},
    {"GET", "/v1/leases", Kind::kRead, Action::kDeliver, leases, 200,
     "The leases that occupy something, for who delivers them.", "", "LeasePage", "contract after limit"},
    {"POST", "/v1/leases/{lease}/ready", Kind::kWrite, Action::kDeliver, ready, 200, "It is delivered.", "", "Lease"},
    {"POST", "/v1/leases/{lease}/failed", Kind::kWrite, Action::kDeliver, failed, 200,
     "It cannot be delivered, or taken away.", "Why", "Lease"},
    {"POST", "/v1/leases/{lease}/gone", Kind::kWrite, Action::kDeliver, gone, 200,
     "It is taken away and cleaned: what it occupied is free.", "", "Lease"},
};

}  // namespace

std::span<const MarketRoute> market_contract_routes() { return kRoutes; }

}  // namespace api
