// Every call of the market's API as every kind of caller: who may and who may not, as market/access.h says; and what comes
// back is of the shape that the OpenAPI document shows. A call without a sample request fails here.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "api/json.h"
#include "api/market_routes.h"
#include "api/schema.h"
#include "api/text.h"
#include "support/market_api_samples.h"

namespace {

using api::Json;
using api::Kind;
using api::MarketRoute;
using support::MarketApi;
using support::MarketSample;

const char* const kCallers[] = {"", "trader", "auditor", "administrator", "blue", "operator", "auditors"};

std::string name_of(const MarketRoute& route) { return std::string(route.method) + " " + std::string(route.path); }

bool should_be_let(MarketApi& market, const std::string& who, const MarketRoute& route) {
  if (route.kind == Kind::kOpen) return true;
  if (who.empty()) return false;
  if (!route.action) return true;
  const market::Caller caller = market.caller(who);
  return market::may(caller, *route.action, caller.organisation);
}

// Whether the sample is about the caller's own business: what is somebody else's is not found.
bool is_about(const MarketRoute& route, const std::string& who) {
  static const std::set<std::string> kReds{"GET /v1/orders/{order}",
                                           "DELETE /v1/orders/{order}",
                                           "POST /v1/orders",
                                           "GET /v1/lots/{lot}",
                                           "DELETE /v1/lots/{lot}",
                                           "DELETE /v1/groups/{group}",
                                           "GET /v1/accounts/{account}",
                                           "GET /v1/accounts/{account}/statement",
                                           "GET /v1/accounts/{account}/invoice",
                                           "POST /v1/contracts/{contract}/reclaim",
                                           "DELETE /v1/tokens/{token}"};
  static const std::set<std::string> kBlues{"POST /v1/contracts/{contract}/cancel",
                                            "POST /v1/contracts/{contract}/renew"};
  // An organisation's own, of which the operator has none.
  static const std::set<std::string> kOwners{"GET /v1/lots/{lot}", "GET /v1/groups"};
  const bool of_red = who == "trader" || who == "auditor" || who == "administrator";
  const std::string name = name_of(route);
  if (kOwners.contains(name) && (who == "operator" || who == "auditors")) return false;
  if (kReds.contains(name) && who == "blue") return false;
  return !(kBlues.contains(name) && of_red);
}

// What the state of the town forbids whoever asks: its one lease is not due yet, and cannot be ready, or gone.
bool is_too_early(const MarketRoute& route) {
  const std::string name = name_of(route);
  return name == "POST /v1/leases/{lease}/ready" || name == "POST /v1/leases/{lease}/failed" ||
         name == "POST /v1/leases/{lease}/gone" || name == "POST /v1/contracts/{contract}/reclaim";
}

void expect_problem(const net::HttpResponse& response, const MarketRoute& route, const std::string& who) {
  const auto body = Json::parse(response.body);
  ASSERT_TRUE(body.ok()) << name_of(route) << " as " << who;
  const auto fault = api::check(api::market_schemas(), "Problem", *body);
  EXPECT_FALSE(fault) << name_of(route) << ": " << fault->field << " " << fault->message;
}

void expect_shape(const net::HttpResponse& response, const MarketRoute& route) {
  if (route.response.empty()) {
    EXPECT_TRUE(response.body.empty() || route.type != "application/json") << name_of(route) << ": " << response.body;
    return;
  }
  EXPECT_EQ(response.content_type, route.type) << name_of(route);
  const auto body = Json::parse(response.body);
  ASSERT_TRUE(body.ok()) << name_of(route) << ": " << response.body;
  const auto fault = api::check(api::market_schemas(), route.response, *body);
  EXPECT_FALSE(fault) << name_of(route) << ": " << fault->field << " " << fault->message << " in " << response.body;
}

void try_as(const std::string& who, const MarketRoute& route, const MarketSample& sample) {
  net::Metrics metrics;
  MarketApi market(&metrics);
  const std::string body = support::filled(market, sample.body), target = support::filled(market, sample.target);
  const bool let = should_be_let(market, who, route), about = is_about(route, who);
  const std::size_t writes = market.town.memory.writes();
  const net::HttpResponse response = market.ask(who, std::string(route.method), target, body);
  const std::string said =
      name_of(route) + " as \"" + who + "\": " + std::to_string(response.status) + " " + response.body;
  if (!let || !about) {
    const std::set<unsigned> refusals = who.empty() ? std::set<unsigned>{401}
                                        : let       ? std::set<unsigned>{400, 403, 404}
                                                    : std::set<unsigned>{403, 404};
    EXPECT_TRUE(refusals.contains(response.status)) << said;
    EXPECT_EQ(market.town.memory.writes(), writes) << said << " and changed something";
    expect_problem(response, route, who);
  } else if (is_too_early(route)) {
    EXPECT_EQ(response.status, 409U) << said;
    expect_problem(response, route, who);
  } else {
    EXPECT_EQ(response.status, route.status) << said;
    if (response.status == route.status) expect_shape(response, route);
  }
}

TEST(MarketApiMatrix, EveryCallIsForThoseWhomTheRulesLetAndForNobodyElse) {
  for (const MarketRoute& route : api::market_api_routes()) {
    const MarketSample* sample = support::sample_of(route);
    ASSERT_NE(sample, nullptr) << name_of(route) << " has no sample in tests/support/market_api_samples.h";
    for (const char* who : kCallers) try_as(who, route, *sample);
  }
}

TEST(MarketApiMatrix, EveryActionIsThatOfACall) {
  std::set<market::Action> used{market::Action::kShowEverything};  // decided within the calls that show one's own
  for (const MarketRoute& route : api::market_api_routes())
    if (route.action) used.insert(*route.action);
  for (const market::Rule& rule : market::rules()) EXPECT_TRUE(used.contains(rule.action)) << rule.name;
}

TEST(MarketApiMatrix, NoTwoCallsAreForTheSameRequest) {
  std::set<std::string> seen;
  for (const MarketRoute& route : api::market_api_routes()) {
    EXPECT_TRUE(seen.insert(name_of(route)).second) << name_of(route);
    const auto found = api::market_endpoints().match(route.method, *api::path_segments(std::string(route.path)));
    ASSERT_NE(found.endpoint, nullptr) << name_of(route);
    EXPECT_EQ(&api::market_api_routes()[api::market_endpoints().index_of(*found.endpoint)], &route) << name_of(route);
  }
}

void collect_references(const Json& value, std::set<std::string>& out) {
  if (value.members() != nullptr)
    for (const auto& [name, member] : *value.members()) {
      if (name == "$ref") out.insert(*member.string());
      collect_references(member, out);
    }
  if (value.items() != nullptr)
    for (const Json& item : *value.items()) collect_references(item, out);
}

TEST(MarketOpenApi, DocumentsEveryCallAndEverySchemaThatOneUses) {
  const Json document = api::market_openapi();
  const Json& paths = *document.find("paths");
  std::set<std::string> ids;
  for (const MarketRoute& route : api::market_api_routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    ASSERT_NE(paths.find(route.path), nullptr) << route.path;
    const Json* operation = paths.find(route.path)->find(method);
    ASSERT_NE(operation, nullptr) << name_of(route);
    EXPECT_TRUE(ids.insert(operation->text("operationId")).second) << operation->text("operationId");
    EXPECT_EQ(operation->has("requestBody"), !route.request.empty()) << name_of(route);
    EXPECT_EQ(operation->has("x-action"), route.action.has_value()) << name_of(route);
  }
  std::set<std::string> references;
  collect_references(document, references);
  for (const auto& [name, schema] : *api::market_schemas().members())
    EXPECT_EQ(references.erase("#/components/schemas/" + name), 1U) << name << " is used by no call";
  EXPECT_TRUE(references.empty()) << *references.begin();
}

}  // namespace
