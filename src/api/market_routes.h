// The calls of the market's API: one row each, in one table, as routes.h has those of the isolation service.
// Threads: any.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/endpoint.h"
#include "base/result.h"
#include "market/access.h"

namespace api {

struct MarketCall;
struct Reply;

struct MarketRoute {
  std::string_view method, path;
  Kind kind;
  std::optional<market::Action> action;  // none: anybody's who is known
  base::Result<Reply> (*handler)(MarketCall&);
  unsigned status;                             // of success
  std::string_view summary;                    // a sentence
  std::string_view request;                    // the body's schema; empty: no body
  std::string_view response;                   // empty: no body
  std::string_view query = {};                 // names, separated by spaces
  std::string_view type = "application/json";  // of the answer
};

std::span<const MarketRoute> market_api_routes();
const Endpoints& market_endpoints();  // the same, in the same order

// The tables that it is put together from (market_….cc).
std::span<const MarketRoute> market_service_routes();
std::span<const MarketRoute> market_routes();
std::span<const MarketRoute> market_data_routes();
std::span<const MarketRoute> market_order_routes();
std::span<const MarketRoute> market_lot_routes();
std::span<const MarketRoute> market_contract_routes();
std::span<const MarketRoute> market_money_routes();
std::span<const MarketRoute> market_member_routes();

}  // namespace api
