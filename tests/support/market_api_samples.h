// One request for each call of the market's API, which succeeds in a MarketApi for whoever may make it: what the test of
// who may do what, and the fuzzer, ask. A call without a sample fails the test.
#pragma once

#include <string>
#include <string_view>

#include "api/market_routes.h"
#include "support/market_api.h"

namespace support {

struct MarketSample {
  std::string_view call;     // "GET /v1/markets/{market}"
  std::string target, body;  // names in capitals stand for the town's
};

inline const MarketSample kMarketSamples[] = {
    {"GET /healthz", "/healthz", ""},
    {"GET /readyz", "/readyz", ""},
    {"GET /metrics", "/metrics", ""},
    {"GET /v1/openapi.json", "/v1/openapi.json", ""},
    {"GET /v1/key", "/v1/key", ""},
    {"GET /v1/whoami", "/v1/whoami", ""},
    {"GET /v1/events", "/v1/events?limit=5", ""},
    {"GET /v1/markets", "/v1/markets", ""},
    {"POST /v1/markets", "/v1/markets", R"({"name":"days","currency":"credits","slot_ms":86400000,"fee_bp":10})"},
    {"GET /v1/markets/{market}", "/v1/markets/hours", ""},
    {"PATCH /v1/markets/{market}", "/v1/markets/hours", R"({"fee_bp":25,"penalties":{"cancel_bp":100}})"},
    {"DELETE /v1/markets/{market}", "/v1/markets/hours", ""},
    {"POST /v1/markets/{market}/clear", "/v1/markets/hours/clear", ""},
    {"GET /v1/markets/{market}/depth", "/v1/markets/hours/depth?levels=3", ""},
    {"GET /v1/markets/{market}/trades", "/v1/markets/hours/trades?limit=2", ""},
    {"GET /v1/markets/{market}/candles", "/v1/markets/hours/candles?width_ms=3600000", ""},
    {"GET /v1/markets/{market}/utilisation", "/v1/markets/hours/utilisation", ""},
    {"GET /v1/markets/{market}/clearings", "/v1/markets/hours/clearings", ""},
    {"GET /v1/markets/{market}/clearings/{number}", "/v1/markets/hours/clearings/1", ""},
    {"GET /v1/markets/{market}/clearings/{number}/transcript", "/v1/markets/hours/clearings/1/transcript", ""},
    {"GET /v1/orders", "/v1/orders?market=hours&side=bid&open=true", ""},
    {"POST /v1/orders", "/v1/orders", "NEW_ORDER"},
    {"GET /v1/orders/{order}", "/v1/orders/BID", ""},
    {"DELETE /v1/orders/{order}", "/v1/orders/OFFER", ""},
    {"GET /v1/lots", "/v1/lots", ""},
    {"POST /v1/lots", "/v1/lots",
     R"({"name":"big","capacity":2,"attributes":{"cpu":"8"},"from":"2027-02-01T00:00:00Z","until":"2027-03-01T00:00:00Z"})"},
    {"GET /v1/lots/{lot}", "/v1/lots/small", ""},
    {"DELETE /v1/lots/{lot}", "/v1/lots/small", ""},
    {"GET /v1/groups", "/v1/groups", ""},
    {"PUT /v1/groups/{group}", "/v1/groups/partners", R"({"members":["BLUE_ORG"]})"},
    {"DELETE /v1/groups/{group}", "/v1/groups/friends", ""},
    {"GET /v1/contracts", "/v1/contracts?market=hours&live=true", ""},
    {"GET /v1/contracts/{contract}", "/v1/contracts/CONTRACT", ""},
    {"POST /v1/contracts/{contract}/cancel", "/v1/contracts/CONTRACT/cancel", R"({"why":"not needed any more"})"},
    {"POST /v1/contracts/{contract}/reclaim", "/v1/contracts/CONTRACT/reclaim", R"({"why":"needed here"})"},
    {"POST /v1/contracts/{contract}/renew", "/v1/contracts/CONTRACT/renew", R"({"until":"AN_HOUR_MORE"})"},
    {"GET /v1/leases", "/v1/leases?contract=CONTRACT", ""},
    {"POST /v1/leases/{lease}/ready", "/v1/leases/LEASE/ready", ""},
    {"POST /v1/leases/{lease}/failed", "/v1/leases/LEASE/failed", R"({"why":"its disk is broken"})"},
    {"POST /v1/leases/{lease}/gone", "/v1/leases/LEASE/gone", ""},
    {"GET /v1/currencies", "/v1/currencies", ""},
    {"POST /v1/currencies", "/v1/currencies",
     R"({"name":"shells","policy":{"kind":"recharging","amount":"10","period_ms":86400000}})"},
    {"PUT /v1/currencies/{currency}/policy", "/v1/currencies/credits/policy",
     R"({"kind":"fixed-endowment","amount":"5"})"},
    {"POST /v1/currencies/{currency}/grants", "/v1/currencies/credits/grants",
     R"({"to":"RED_ORG","amount":"1.5","why":"a prize"})"},
    {"POST /v1/transfers/{transfer}/correction", "/v1/transfers/TRANSFER/correction", R"({"why":"twice"})"},
    {"GET /v1/accounts", "/v1/accounts", ""},
    {"GET /v1/accounts/{account}", "/v1/accounts/ACCOUNT", ""},
    {"GET /v1/accounts/{account}/statement", "/v1/accounts/ACCOUNT/statement", ""},
    {"GET /v1/accounts/{account}/invoice", "/v1/accounts/ACCOUNT/invoice", ""},
    {"POST /v1/accounts/{account}/freeze", "/v1/accounts/ACCOUNT/freeze", ""},
    {"POST /v1/accounts/{account}/thaw", "/v1/accounts/ACCOUNT/thaw", ""},
    {"GET /v1/members", "/v1/members?limit=1", ""},
    {"POST /v1/members", "/v1/members",
     R"({"id":"org_0101010101010101010101010101010101010101010101010101010101010101","name":"green"})"},
    {"GET /v1/members/{organisation}", "/v1/members/RED_ORG", ""},
    {"PUT /v1/members/{organisation}/suspension", "/v1/members/RED_ORG/suspension", R"({"suspended":true})"},
    {"GET /v1/tokens", "/v1/tokens", ""},
    {"POST /v1/tokens", "/v1/tokens", R"({"label":"laptop","role":"auditor"})"},
    {"DELETE /v1/tokens/{token}", "/v1/tokens/TOKEN", ""},
};

inline const MarketSample* sample_of(const api::MarketRoute& route) {
  const std::string name = std::string(route.method) + " " + std::string(route.path);
  for (const MarketSample& sample : kMarketSamples)
    if (sample.call == name) return &sample;
  return nullptr;
}

// With the town's names in place of those in capitals.
inline std::string filled(MarketApi& market, std::string text) {
  if (text == "NEW_ORDER") return market.order_body(*market.red, market.town.bid("other", 1, 20'000));
  const std::pair<const char*, std::string> names[] = {{"AN_HOUR_MORE", api::rfc3339(market.town.hour(3))},
                                                       {"TRANSFER", market.transfer},
                                                       {"CONTRACT", market.contract},
                                                       {"ACCOUNT", market.account},
                                                       {"RED_ORG", market.red->id.text()},
                                                       {"BLUE_ORG", market.blue->id.text()},
                                                       {"LEASE", market.lease},
                                                       {"OFFER", market.offer},
                                                       {"TOKEN", market.token},
                                                       {"BID", market.bid}};
  for (const auto& [name, value] : names)
    if (const std::size_t at = text.find(name); at != std::string::npos)
      text.replace(at, std::string_view(name).size(), value);
  return text;
}

}  // namespace support
