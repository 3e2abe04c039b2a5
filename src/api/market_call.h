// MarketCall: one request to the market's API on its way through its handler. A handler of kind kRead or kWrite runs within
// one transaction, with rules() for the caller; one of kind kOutside makes its own.
// Errors: kInvalidInput, with the field. Threads: as one request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/market_routes.h"
#include "api/market_service.h"
#include "market/ids.h"
#include "market/rules.h"

namespace api {

struct MarketCall final : Exchange {
  MarketCall(MarketService& of, const net::HttpRequest& asked_for, const Endpoint& at_endpoint, const MarketRoute& by)
      : Exchange(asked_for, at_endpoint), service(of), route(by) {}

  MarketService& service;
  const MarketRoute& route;
  market::Caller caller = {};
  market::Transaction* store = nullptr;  // kRead, kWrite
  market::Rules* in_transaction = nullptr;

  market::Rules& rules() { return *in_transaction; }
  std::int64_t now() const { return service.parts().clock.unix_ms(); }
  Places::User user() const;          // whose places its waiting takes
  base::Result<market::Page> page();  // ?after=&limit=
  base::Result<market::Id> id(market::IdKind kind,
                              std::string_view name);  // of the path: "ctr_12"; what is none: kNotFound
  base::Result<std::optional<market::Id>> asked_id(market::IdKind kind, std::string_view name);
  base::Result<std::int64_t> asked_time(std::string_view name, std::int64_t fallback);
  base::Result<std::int64_t> asked_number(std::string_view name, std::int64_t least, std::int64_t most,
                                          std::int64_t fallback);
  base::Result<std::int64_t> money(const Json& of, std::string_view name, std::string_view field,
                                   std::int64_t fallback = 0);  // a member, decimal credits
  base::Result<market::OrganisationId> organisation(std::string_view field, std::string_view text);
  base::Result<market::Market> market_of(std::string_view name);  // kNotFound
};

// The page with one row more, to know whether there are any.
inline market::Page and_one(market::Page page) {
  ++page.limit;
  return page;
}

// All rows of a short list, which has no pages.
template <class Row, class Shown>
Reply all_reply(const std::vector<Row>& rows, const Shown& shown_as) {
  Json items = Json::array();
  for (const Row& row : rows) items.push(shown_as(row));
  return {.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

// A page of rows that have ids.
template <class Row, class Shown>
Reply rows_reply(const market::Page& page, std::vector<Row> rows, const Shown& shown_as) {
  return page_reply<Row>(page.limit, std::move(rows), shown_as, [](const Row& row) { return std::to_string(row.id); });
}

}  // namespace api
