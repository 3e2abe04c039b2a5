#include "api/market_service.h"

#include <algorithm>
#include <utility>

#include "api/market_call.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "crypto/api_token.h"

namespace api {

namespace {

using base::Result;

constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kLongestField = 64;

FrontParts front_parts(const MarketParts& parts) {
  return {.endpoints = market_endpoints(),
          .schemas = market_schemas(),
          .clock = parts.clock,
          .random = parts.random,
          .log = parts.log,
          .metrics = parts.metrics,
          .challenge = "Bearer realm=\"tarn\"",
          .keep_replies_ms = parts.keep_replies_ms,
          .polls = parts.polls,
          .slow_calls = parts.polls,
          .streams = parts.streams};
}

MarketCall& call_of(Exchange& exchange) { return static_cast<MarketCall&>(exchange); }

base::Error unknown(std::string why) { return {base::Code::kUnauthenticated, std::move(why)}; }

Result<market::Caller> by_token(market::Transaction& store, std::string_view header, std::int64_t now) {
  const bool bearer = header.size() > kBearer.size() && same_word(header.substr(0, kBearer.size()), kBearer);
  const auto hash = bearer ? crypto::api_token_hash(header.substr(kBearer.size())) : std::nullopt;
  if (!hash)
    return unknown(bearer
                       ? "what was sent as a token is none: they begin with tarn_, and are shown when they are made"
                       : "send your token as Authorization: Bearer tarn_…, or come with your identity's certificate");
  TARN_ASSIGN(const auto token, store.find_token(*hash));
  if (!token || (token->expires && *token->expires <= now)) return unknown("the token is not valid, or not any more");
  return market::Caller{.organisation = token->organisation,
                        .role = token->role,
                        .name = market::id_text(market::IdKind::kToken, token->id),
                        .token = token->id};
}

Result<market::Caller> by_key(market::Transaction& store, const market::OrganisationId& key) {
  TARN_ASSIGN(const auto member, store.find_member(key));
  if (!member) return unknown(key.text() + " is no member here; ask the operator to let it in");
  return market::Caller{.organisation = key, .role = market::Role::kAdministrator, .name = key.text()};
}

// "units: must be …", as the rules say it; "": no such text.
std::string_view field_in(std::string_view message) {
  const std::size_t colon = message.substr(0, kLongestField).find(": ");
  if (colon == std::string_view::npos || colon == 0) return {};
  const bool word = std::ranges::all_of(message.substr(0, colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' || c == ']';
  });
  return word ? message.substr(0, colon) : std::string_view();
}

std::vector<MarketRoute> all_routes() {
  std::vector<MarketRoute> out;
  for (const auto& table :
       {market_service_routes(), market_routes(), market_data_routes(), market_order_routes(), market_lot_routes(),
        market_contract_routes(), market_money_routes(), market_member_routes()})
    out.insert(out.end(), table.begin(), table.end());
  return out;
}

std::vector<Endpoint> all_endpoints() {
  std::vector<Endpoint> out;
  for (const MarketRoute& route : market_api_routes()) {
    std::string_view action;
    for (const market::Rule& rule : market::rules())
      if (route.action == rule.action) action = rule.name;
    out.push_back(endpoint_of(route, action));
  }
  return out;
}

}  // namespace

std::span<const MarketRoute> market_api_routes() {
  static const std::vector<MarketRoute> kRoutes = all_routes();
  return kRoutes;
}

const Endpoints& market_endpoints() {
  static const Endpoints kEndpoints(all_endpoints());
  return kEndpoints;
}

Json market_openapi() {
  return openapi({.title = "Tarn market",
                  .description = "Servers and namespaces, traded between organisations that do not trust each other. "
                                 "Amounts are decimal texts of credits, times RFC 3339 in UTC.",
                  .endpoints = market_endpoints(),
                  .schemas = market_schemas(),
                  .security_schemes = Json::object({{"token", Json::object({{"type", "http"}, {"scheme", "bearer"}})},
                                                    {"identity", Json::object({{"type", "mutualTLS"}})}})});
}

MarketService::MarketService(MarketParts parts) : Front(front_parts(parts)), parts_(std::move(parts)) {}

market::Context MarketService::context() {
  return {.now = parts_.clock.unix_ms(), .random = &random(), .signer = &parts_.signer, .limits = &parts_.limits};
}

base::Status MarketService::read(const market::Caller& caller,
                                 const std::function<base::Status(market::Rules&, market::Transaction&)>& work) {
  const market::Context now = context();
  return parts_.store.read([&](market::Transaction& store) {
    market::Rules rules(store, caller, now);
    return work(rules, store);
  });
}

Result<market::Caller> MarketService::caller_of(market::Transaction& store, const net::HttpRequest& request) const {
  if (const std::string* header = request.header("Authorization"))
    return by_token(store, *header, parts_.clock.unix_ms());
  if (request.client_key) return by_key(store, {*request.client_key});
  return unknown("who are you? Send a token (Authorization: Bearer …), or come with your identity's certificate");
}

Result<market::Caller> MarketService::again(market::Transaction& store, const market::Caller& caller) const {
  if (!caller.token) return by_key(store, *caller.organisation);
  TARN_ASSIGN(const auto tokens, store.tokens(caller.organisation));
  const auto token = std::ranges::find(tokens, *caller.token, &market::ApiToken::id);
  if (token == tokens.end() || (token->expires && *token->expires <= parts_.clock.unix_ms()))
    return unknown("the token is not valid any more");
  return caller;
}

std::unique_ptr<Exchange> MarketService::exchange(const net::HttpRequest& request, const Endpoint& endpoint) {
  return std::make_unique<MarketCall>(*this, request, endpoint,
                                      market_api_routes()[market_endpoints().index_of(endpoint)]);
}

base::Status MarketService::may_decide(const Exchange& exchange) const {
  return parts_.may_decide && changes_something(exchange.endpoint) ? parts_.may_decide() : base::Status();
}

// By a clock that cannot be believed nobody's token is judged either.
base::Status MarketService::identify(Exchange& exchange) {
  TARN_TRY(may_decide(exchange));
  MarketCall& call = call_of(exchange);
  return parts_.store.read([&](market::Transaction& store) -> base::Status {
    TARN_ASSIGN(call.caller, caller_of(store, call.request));
    return {};
  });
}

base::Status MarketService::within(Exchange& exchange, bool writes, const Work& work) {
  MarketCall& call = call_of(exchange);
  const market::Context now = context();
  TARN_TRY(may_decide(exchange));  // by that very time
  const auto known = [&](market::Transaction& store) {
    market::Rules rules(store, call.caller, now);
    call.store = &store;
    call.in_transaction = &rules;
    const base::Status outcome = work();
    call.store = nullptr;
    call.in_transaction = nullptr;
    return outcome;
  };
  return writes ? parts_.store.write(known) : parts_.store.read(known);
}

Result<Reply> MarketService::act(Exchange& exchange) {
  MarketCall& call = call_of(exchange);
  // The rules decide it again for each row that is touched; here nobody even learns what is there.
  if (call.route.action) TARN_TRY(market::allowed(call.caller, *call.route.action, call.caller.organisation));
  return call.route.handler(call);
}

void MarketService::done(Exchange& exchange) {
  if (parts_.wake && changes_something(exchange.endpoint)) parts_.wake();
}

Result<std::optional<KeptText>> MarketService::find_reply(Exchange& exchange, std::string_view key) {
  const MarketCall& call = call_of(exchange);
  TARN_ASSIGN(const auto kept, call.store->find_reply(call.caller.name, key));
  if (!kept) return std::optional<KeptText>();
  return std::optional<KeptText>({kept->request_hash, kept->status, kept->body, kept->at});
}

base::Status MarketService::keep_reply(Exchange& exchange, std::string_view key, const KeptText& reply) {
  const MarketCall& call = call_of(exchange);
  return call.store->keep_reply(call.caller.name, key, {reply.request_hash, reply.status, reply.body, reply.at});
}

net::HttpResponse MarketService::failure(Exchange& exchange, const base::Error& error) {
  // Nothing else cancels a call: see may_decide().
  if (error.code == base::Code::kCancelled) return problem(503, "clock_not_right", error.message);
  const std::string_view field = field_in(error.message);
  if (error.code != base::Code::kInvalidInput || !exchange.field.empty() || field.empty())
    return Front::failure(exchange, error);
  exchange.field = field;
  return Front::failure(exchange, {error.code, error.message.substr(field.size() + 2)});
}

}  // namespace api
