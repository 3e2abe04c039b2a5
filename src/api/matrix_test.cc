// Every call of the table, as every kind of caller: who may and who may not, as isolation/access.h says; and what comes
// back is of the shape that the OpenAPI document shows. A call without a sample request fails here.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "api/json.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/schema.h"
#include "api/text.h"
#include "support/isolation_samples.h"
#include "support/isolation_town.h"

namespace {

using api::Json;
using api::Kind;
using api::Route;
using support::IsolationTown;
using support::Sample;

const char* const kUsers[] = {"", "bob", "ann", "bea", "aud", "root"};  // nobody, another project's member, …

std::string name_of(const Route& route) { return std::string(route.method) + " " + std::string(route.path); }

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

net::HttpResponse ask(IsolationTown& town, const std::string& user, const Route& route, const Sample& sample) {
  std::string target = replaced(sample.target, "OPERATION", town.operation);
  target = replaced(target, "TOKEN", user.empty() ? "1" : town.token_of.at(user));
  return town.ask(user, std::string(route.method), target, sample.body);
}

isolation::Caller caller_of(IsolationTown& town, const std::string& name) {
  const auto tables = town.store.tables();
  const isolation::User& user = tables.users.at(town.user_id(name));
  isolation::Caller out{user.id, user.name, user.role, {}};
  for (const auto& [member, project] : tables.members)
    if (member == user.id) out.projects.insert(project);
  return out;
}

bool should_be_let(IsolationTown& town, const std::string& user, const Route& route, const Sample& sample) {
  if (route.kind == Kind::kOpen) return true;
  if (user.empty()) return false;
  if (!route.action) return true;
  std::optional<isolation::Id> project;
  for (const auto& [id, row] : town.store.tables().projects)
    if (row.name == sample.project) project = id;
  return isolation::may(caller_of(town, user), *route.action, project);
}

void expect_refused(const net::HttpResponse& response, const Route& route, const std::string& user) {
  const bool hil = route.path.rfind("/v0/", 0) == 0;
  if (user.empty() || hil) {
    EXPECT_EQ(response.status, 401U) << name_of(route) << " as \"" << user << "\": " << response.body;
  } else {
    EXPECT_TRUE(response.status == 403 || response.status == 404)
        << name_of(route) << " as " << user << ": " << response.status << " " << response.body;
  }
  const auto body = Json::parse(response.body);
  ASSERT_TRUE(body.ok()) << name_of(route);
  const auto fault = api::check(hil ? "HilError" : "Problem", *body);
  EXPECT_FALSE(fault) << name_of(route) << ": " << fault->field << " " << fault->message;
}

void expect_shape(const net::HttpResponse& response, const Route& route) {
  if (route.response.empty()) {
    EXPECT_TRUE(response.body.empty() || route.type != "application/json") << name_of(route) << ": " << response.body;
    return;
  }
  EXPECT_EQ(response.content_type, route.type) << name_of(route);
  const auto body = Json::parse(response.body);
  ASSERT_TRUE(body.ok()) << name_of(route) << ": " << response.body;
  const auto fault = api::check(route.response, *body);
  EXPECT_FALSE(fault) << name_of(route) << ": " << fault->field << " " << fault->message << " in " << response.body;
}

TEST(IsolationApiMatrix, EveryCallIsForThoseWhomTheRulesLetAndForNobodyElse) {
  for (const Route& route : api::routes()) {
    const Sample* sample = support::sample_of(route);
    ASSERT_NE(sample, nullptr) << name_of(route) << " has no sample in tests/support/isolation_samples.h";
    for (const char* user : kUsers) {
      net::Metrics metrics;
      IsolationTown town(&metrics);
      const bool let = should_be_let(town, user, route, *sample);
      const std::size_t writes = town.store.writes();
      const net::HttpResponse response = ask(town, user, route, *sample);
      if (!let) {
        expect_refused(response, route, user);
        EXPECT_EQ(town.store.writes(), writes) << name_of(route) << " as " << user << " changed something";
        continue;
      }
      EXPECT_EQ(response.status, route.status) << name_of(route) << " as \"" << user << "\": " << response.body;
      if (response.status == route.status) expect_shape(response, route);
    }
  }
}

TEST(IsolationApiMatrix, EveryActionIsThatOfACallOrOfWhatACallShows) {
  std::set<isolation::Action> used;
  for (const Route& route : api::routes())
    if (route.action) used.insert(*route.action);
  // Decided within calls whose action is another: what a node's page leaves out, and whose a new network may be.
  for (const auto action : {isolation::Action::kShowFreeNode, isolation::Action::kShowTopology,
                            isolation::Action::kCreateAnyNetwork, isolation::Action::kShowAllAttachments})
    used.insert(action);
  for (const isolation::Rule& rule : isolation::rules()) EXPECT_TRUE(used.contains(rule.action)) << rule.name;
}

TEST(IsolationApiMatrix, NoTwoCallsAreForTheSameRequest) {
  std::set<std::string> seen;
  for (const Route& route : api::routes()) {
    EXPECT_TRUE(seen.insert(name_of(route)).second) << name_of(route);
    const auto found = api::endpoints().match(route.method, *api::path_segments(std::string(route.path)));
    ASSERT_NE(found.endpoint, nullptr) << name_of(route);
    EXPECT_EQ(&api::routes()[api::endpoints().index_of(*found.endpoint)], &route) << name_of(route);
  }
}

TEST(IsolationOpenApi, DocumentsEveryCallWithItsBodiesAndParameters) {
  const Json document = api::openapi();
  EXPECT_EQ(document.text("openapi"), "3.1.0");
  const Json& paths = *document.find("paths");
  std::set<std::string> ids;
  for (const Route& route : api::routes()) {
    std::string path(route.path);
    path.erase(std::remove(path.begin(), path.end(), '*'), path.end());
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    ASSERT_NE(paths.find(path), nullptr) << path;
    const Json* operation = paths.find(path)->find(method);
    ASSERT_NE(operation, nullptr) << name_of(route);
    EXPECT_TRUE(ids.insert(operation->text("operationId")).second) << operation->text("operationId");
    EXPECT_FALSE(operation->text("summary").empty());
    EXPECT_EQ(operation->has("requestBody"), !route.request.empty()) << name_of(route);
    EXPECT_TRUE(operation->find("responses")->has(std::to_string(route.status)));
    for (const std::string_view schema : {route.request, route.response})
      EXPECT_TRUE(schema.empty() || api::schemas().find(schema) != nullptr) << schema;
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

TEST(IsolationOpenApi, RefersOnlyToWhatIsThereAndHasNothingThatNobodyRefersTo) {
  std::set<std::string> references;
  collect_references(api::openapi(), references);
  for (const auto& [name, schema] : *api::schemas().members())
    EXPECT_EQ(references.erase("#/components/schemas/" + name), 1U) << name << " is used by no call";
  EXPECT_TRUE(references.empty()) << *references.begin();
}

}  // namespace
