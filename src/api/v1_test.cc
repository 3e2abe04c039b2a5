// /v1: problems, cursors, idempotency, bulk changes, events, what is kept secret.
#include <gtest/gtest.h>

#include <algorithm>

#include "api/problem.h"
#include "crypto/sha256.h"
#include "support/isolation_town.h"

namespace {

using api::Json;
using support::IsolationTown;

std::string header(const net::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

void expect_problem(const net::HttpResponse& response, unsigned status, const std::string& code,
                    const std::string& field) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = Json::parse(response.body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->number("status"), status);
  EXPECT_EQ(body->text("code"), code) << response.body;
  EXPECT_EQ(body->text("field"), field) << response.body;
  EXPECT_FALSE(body->text("detail").empty());
}

std::string names_of(const Json& page) {
  std::string out;
  for (const Json& item : page.list("items")) out += item.text("name") + " ";
  return out;
}

TEST(Problem, NamesTheFieldOfBodyQueryAndHeader) {
  IsolationTown town;
  expect_problem(town.ask("root", "POST", "/v1/projects", R"({"nmae":"x","name":"y"})"), 400, "invalid_input", "nmae");
  expect_problem(town.ask("root", "POST", "/v1/projects", "{\"name\":"), 400, "invalid_input", "body");
  expect_problem(town.ask("root", "GET", "/v1/projects", "{\"a\":1}"), 400, "invalid_input", "body");
  expect_problem(town.ask("root", "GET", "/v1/projects?limit=0"), 400, "invalid_input", "limit");
  expect_problem(town.ask("root", "GET", "/v1/projects?limit=501"), 400, "invalid_input", "limit");
  expect_problem(town.ask("root", "GET", "/v1/projects?first=1"), 400, "invalid_input", "first");
  expect_problem(town.ask("root", "GET", "/v1/projects?limit=1&limit=2"), 400, "invalid_input", "limit");
  expect_problem(town.ask("root", "GET", "/v1/nodes?free=maybe"), 400, "invalid_input", "free");
  expect_problem(town.ask("root", "PUT", "/v1/nodes/n-own/loan", R"({"project":"blue","until":"tomorrow"})"), 400,
                 "invalid_input", "until");
  expect_problem(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})", {{"Idempotency-Key", ""}}), 400,
                 "invalid_input", "Idempotency-Key");
}

TEST(Problem, HasOneStatusForEachCode) {
  IsolationTown town;
  expect_problem(town.ask("", "GET", "/v1/whoami"), 401, "unauthenticated", "");
  EXPECT_NE(header(town.ask("", "GET", "/v1/whoami"), "WWW-Authenticate"), "");
  expect_problem(town.ask("ann", "GET", "/v1/projects"), 403, "forbidden", "");
  expect_problem(town.ask("root", "GET", "/v1/projects/none"), 404, "not_found", "");
  expect_problem(town.ask("root", "GET", "/v1/none"), 404, "not_found", "");
  expect_problem(town.ask("root", "POST", "/v1/projects", R"({"name":"red"})"), 409, "conflict", "");
  expect_problem(town.ask("root", "POST", "/v1/projects", std::string((1 << 20) + 1, ' ')), 413, "too_large", "");
  town.bmcs.set_fault("n-red-bmc", support::MemoryBmcs::Fault::kUnreachable);
  expect_problem(town.ask("ann", "GET", "/v1/nodes/n-red/power"), 502, "unreachable", "");
  EXPECT_EQ(api::status_of(base::Code::kDeadline), 504U);
  town.store.die_at(1);
  expect_problem(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})"), 503, "storage", "");
}

TEST(Problem, OfAWrongMethodSaysWhichThereAre) {
  IsolationTown town;
  const auto response = town.ask("root", "PATCH", "/v1/nodes/n-red");
  expect_problem(response, 405, "method_not_allowed", "");
  EXPECT_EQ(header(response, "Allow"), "GET, DELETE");
}

TEST(Problem, OfADriverThatThrowsEndsTheCallAndNotTheService) {
  IsolationTown town;
  town.bmcs.set_fault("n-red-bmc", support::MemoryBmcs::Fault::kThrows);
  EXPECT_EQ(town.ask("ann", "GET", "/v1/nodes/n-red/power").status, 503U);
  EXPECT_EQ(town.ask("", "GET", "/v1/health").status, 200U);
}

TEST(Cursor, GoesThroughAllRowsOnceAndEndsWithNull) {
  IsolationTown town;
  std::string seen, after;
  int pages = 0;
  while (true) {
    const Json page = town.json("root", "GET", "/v1/nodes?limit=3&after=" + after);
    seen += names_of(page);
    ++pages;
    if (!page.has("next")) break;
    after = page.text("next");
  }
  EXPECT_EQ(seen, "n-bare n-free n-lent n-own n-red n-red2 n-wired ");
  EXPECT_EQ(pages, 3);
  EXPECT_FALSE(town.json("root", "GET", "/v1/nodes?limit=7").has("next"));
}

TEST(Cursor, OfOperationsIsTheirIdNewestFirst) {
  IsolationTown town;
  const std::string second =
      town.json("ann", "POST", "/v1/changes",
                R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-pub"}]})")
          .text("id");
  const Json page = town.json("ann", "GET", "/v1/operations?limit=1");
  EXPECT_EQ(page.list("items")[0].text("id"), second);
  EXPECT_EQ(page.text("next"), second);
  EXPECT_EQ(town.json("ann", "GET", "/v1/operations?limit=1&after=" + second).list("items")[0].text("id"),
            town.operation);
  EXPECT_TRUE(town.json("bob", "GET", "/v1/operations").list("items").empty());
}

TEST(NodeSearch, FindsByStateProjectOwnerAndMetadata) {
  IsolationTown town;
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/nodes?free=true")), "n-bare n-free n-wired ");
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/nodes?free=true&metadata.rack=7")), "n-free ");
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/nodes?free=true&metadata.rack=")), "n-free ");
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/nodes?free=true&metadata.rack=east")), "");
  EXPECT_EQ(names_of(town.json("ann", "GET", "/v1/nodes?project=red")), "n-lent n-red n-red2 ");
  EXPECT_EQ(names_of(town.json("ann", "GET", "/v1/nodes?owner=red")), "n-own ");
  EXPECT_EQ(names_of(town.json("root", "GET", "/v1/nodes?state=idle&owner=red")), "n-own ");
  EXPECT_EQ(town.ask("bob", "GET", "/v1/nodes?project=red").status, 403U);
  EXPECT_EQ(town.ask("bob", "GET", "/v1/nodes?project=nobodys").status, 403U) << "tells which projects there are";
}

TEST(Allocation, TakesANodeByNameOrOneThatIsLike) {
  IsolationTown town;
  EXPECT_EQ(town.json("bob", "POST", "/v1/projects/blue/nodes", R"({"like":{"metadata":{"rack":7}}})").text("name"),
            "n-free");
  EXPECT_EQ(town.ask("bob", "POST", "/v1/projects/blue/nodes", R"({"like":{"metadata":{"rack":7}}})").status, 409U);
  EXPECT_EQ(town.json("bob", "POST", "/v1/projects/blue/nodes", R"({"like":{}})").text("name"), "n-bare");
  EXPECT_EQ(town.ask("bob", "POST", "/v1/projects/blue/nodes", R"({"node":"n-free"})").status, 409U);
  expect_problem(town.ask("bob", "POST", "/v1/projects/blue/nodes", "{}"), 400, "invalid_input", "node");
  expect_problem(town.ask("bob", "POST", "/v1/projects/blue/nodes", R"({"node":"n-wired","like":{}})"), 400,
                 "invalid_input", "node");
}

TEST(Quota, LimitsNodesAndIsLiftedByNull) {
  IsolationTown town;
  EXPECT_EQ(
      town.json("root", "PUT", "/v1/projects/blue/quota", R"({"nodes":0,"networks":null})").number("node_quota", 9), 0);
  EXPECT_EQ(town.ask("bob", "POST", "/v1/projects/blue/nodes", R"({"like":{}})").status, 409U);
  town.json("root", "PUT", "/v1/projects/blue/quota", R"({"nodes":null,"networks":null})");
  EXPECT_EQ(town.ask("bob", "POST", "/v1/projects/blue/nodes", R"({"like":{}})").status, 201U);
}

const IsolationTown::Headers kKey = {{"Idempotency-Key", "k-1"}};

TEST(Idempotency, GivesTheSameAnswerAndActsOnce) {
  IsolationTown town;
  const std::string body = R"({"like":{}})";
  const auto first = town.ask("bob", "POST", "/v1/projects/blue/nodes", body, kKey);
  const auto second = town.ask("bob", "POST", "/v1/projects/blue/nodes", body, kKey);
  EXPECT_EQ(first.status, 201U);
  EXPECT_EQ(second.status, 201U);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.content_type, first.content_type);
  EXPECT_EQ(header(second, "Idempotency-Replayed"), "true");
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/projects/blue/nodes")), "n-bare ");
}

TEST(Idempotency, IsOfOneUserAndOneRequestForADay) {
  IsolationTown town;
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})", kKey).status, 201U);
  expect_problem(town.ask("root", "POST", "/v1/projects", R"({"name":"y"})", kKey), 422, "key_reused",
                 "Idempotency-Key");
  expect_problem(town.ask("root", "DELETE", "/v1/projects/x", "", kKey), 422, "key_reused", "Idempotency-Key");
  EXPECT_EQ(town.ask("bob", "POST", "/v1/networks", R"({"name":"n","owner":"blue"})", kKey).status, 201U);
  town.clock.advance(24LL * 3'600 * 1'000);
  const auto events = town.store.tables().events.size();
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"y"})", kKey).status, 201U);
  EXPECT_EQ(header(town.ask("root", "POST", "/v1/projects", R"({"name":"y"})", kKey), "Idempotency-Replayed"), "true");
  town.clock.advance(100LL * 24 * 3'600 * 1'000);
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"z"})", kKey).status, 201U);
  EXPECT_GT(town.store.tables().events.size(), events) << "what is old is not the API's to erase";
}

TEST(Idempotency, TellsPasswordsApartAndKeepsNoHashToGuessThemBy) {
  IsolationTown town;
  const auto change = [&](const std::string& password) {
    return town.ask("root", "PATCH", "/v1/users/ann", R"({"password":")" + password + "\"}", kKey);
  };
  EXPECT_EQ(change("first secret").status, 200U);
  EXPECT_EQ(header(change("first secret"), "Idempotency-Replayed"), "true");
  expect_problem(change("second secret"), 422, "key_reused", "Idempotency-Key");
  const auto tables = town.store.tables();
  const auto& kept = tables.replies.at({town.user_id("root"), "k-1"}).request_hash;
  EXPECT_EQ(kept.size(), 32U);
  const std::string text = R"(5:PATCH13:/v1/users/ann0:27:{"password":"first secret"})";
  const crypto::Digest guess = crypto::sha256(base::view(text));
  EXPECT_NE(kept, base::Bytes(guess.begin(), guess.end()));
}

TEST(Idempotency, KeepsNoAnswerOfACallThatFailed) {
  IsolationTown town;
  EXPECT_EQ(town.ask("root", "DELETE", "/v1/projects/red", "", kKey).status, 409U);
  EXPECT_EQ(town.ask("root", "DELETE", "/v1/projects/empty", "", kKey).status, 204U);
  EXPECT_EQ(town.ask("root", "DELETE", "/v1/projects/empty", "", kKey).status, 204U);
}

TEST(Idempotency, IsCommittedWithTheWriteOrNotAtAll) {
  IsolationTown town;
  town.store.die_at(1, support::MemoryIsolationStore::Death::kAfterCommit);
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})", kKey).status, 503U);
  town.store.revive();
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})", kKey).status, 201U) << "it was done";
  town.store.die_at(1);
  const IsolationTown::Headers other = {{"Idempotency-Key", "k-2"}};
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"y"})", other).status, 503U);
  town.store.revive();
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"y"})", other).status, 201U) << "it was not";
}

TEST(Idempotency, CoversPowerToo) {
  IsolationTown town;
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(town.ask("ann", "POST", "/v1/nodes/n-red/power", R"({"action":"cycle"})", kKey).status, 204U);
  const auto calls = town.bmcs.server("n-red-bmc").calls;
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "power_cycle"), 1);
}

TEST(Wires, AreLookedAtBeforeTheirNodeIsAnybodys) {
  IsolationTown town;
  const std::string wire = "/v1/switches/s1/ports/p3/nic", body = R"({"node":"n-free","nic":"eth0"})";
  town.engine_runs = false;
  EXPECT_EQ(town.ask("root", "PUT", wire, body).status, 200U);
  const auto refused = town.ask("ann", "POST", "/v1/projects/red/nodes", R"({"node":"n-free"})");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.body.find("p3"), std::string::npos) << refused.body;
  EXPECT_EQ(town.ask("root", "DELETE", wire).status, 204U);
  town.engine_runs = true;
  EXPECT_EQ(town.ask("root", "PUT", wire, body).status, 200U);
  EXPECT_EQ(town.ask("ann", "POST", "/v1/projects/red/nodes", R"({"node":"n-free"})").status, 201U);
}

TEST(Secrets, OfTokensAreShownOnceAndNotKept) {
  IsolationTown town;
  const std::string body = R"({"label":"job"})";
  const auto first = town.ask("ann", "POST", "/v1/tokens", body, kKey);
  const std::string token = Json::parse(first.body)->text("token");
  EXPECT_EQ(token.substr(0, 5), "tarn_");
  const auto second = town.ask("ann", "POST", "/v1/tokens", body, kKey);
  EXPECT_EQ(second.status, 201U);
  EXPECT_FALSE(Json::parse(second.body)->has("token"));
  for (const auto& [key, reply] : town.store.tables().replies) EXPECT_EQ(reply.body.find(token), std::string::npos);
  EXPECT_EQ(town.ask("ann", "GET", "/v1/tokens").body.find(token), std::string::npos);
}

TEST(Secrets, OfControllersAreSealedAndNeverAnswered) {
  IsolationTown town;
  const auto body = [](const std::string& password) {
    return R"({"name":"n-new","bmc":{"type":"ipmi","address":"h","user":"u","password":")" + password + "\"}}";
  };
  const auto response = town.ask("root", "POST", "/v1/nodes", body("opensesame"), kKey);
  EXPECT_EQ(response.status, 201U);
  EXPECT_EQ(town.sealed.back(), "n-new:opensesame");
  EXPECT_EQ(response.body.find("opensesame"), std::string::npos);
  EXPECT_EQ(town.ask("root", "GET", "/v1/nodes/n-new").body.find("password"), std::string::npos);
  EXPECT_EQ(town.ask("root", "POST", "/v1/nodes", body("opensesame"), kKey).status, 201U);
  expect_problem(town.ask("root", "POST", "/v1/nodes", body("another"), kKey), 422, "key_reused", "Idempotency-Key");
}

// What a tenant gets to read of it names no switch, port or address; administrators and auditors get the whole.
TEST(Secrets, OfTheSwitchesAreInNoErrorThatATenantReads) {
  IsolationTown town;
  town.engine_runs = false;
  town.switches.at("s1").set_fault(support::MemorySwitch::Fault::kUnreachable);
  const std::string body = R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-red"}]})";
  const std::string id = town.json("ann", "POST", "/v1/changes", body).text("id");
  for (int i = 0; i < 20; ++i) {
    town.clock.advance(60'000);
    town.run_engines();
  }
  const std::string v1 = "/v1/operations/" + id, v0 = "/v0/networking_action/" + id;
  for (const char* target : {v1.c_str(), v0.c_str(), "/v1/operations", "/v1/events?limit=500"}) {
    const std::string seen = town.ask("ann", "GET", target).body;
    EXPECT_NE(seen.find("The switch did not take it"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("s1"), std::string::npos) << seen;
    for (const char* user : {"root", "aud"}) {
      const std::string whole = town.ask(user, "GET", target).body;
      EXPECT_NE(whole.find(R"(switch \"s1\" did not take it: )"), std::string::npos) << user << target << whole;
      EXPECT_EQ(whole.find("\\n"), std::string::npos) << whole;
    }
  }
  const auto stream = town.ask("ann", "GET", "/v1/events", "", {{"Accept", "text/event-stream"}}).next();
  ASSERT_TRUE(stream);
  EXPECT_NE(stream->find("nic.failed"), std::string::npos);
  EXPECT_EQ(stream->find("s1"), std::string::npos) << *stream;
}

TEST(Secrets, OfControllersAreInNoErrorThatATenantReads) {
  IsolationTown town;
  town.bmcs.set_fault("n-red-bmc", support::MemoryBmcs::Fault::kUnreachable);
  const auto seen = town.ask("ann", "GET", "/v1/nodes/n-red/power");
  expect_problem(seen, 502, "unreachable", "");
  EXPECT_EQ(seen.body.find("n-red-bmc"), std::string::npos) << seen.body;
  EXPECT_NE(town.ask("root", "GET", "/v1/nodes/n-red/power").body.find("n-red-bmc"), std::string::npos);
  const auto old = town.ask("ann", "POST", "/v0/node/n-red/power_on");
  EXPECT_EQ(old.status, 500U);
  EXPECT_EQ(old.body.find("n-red-bmc"), std::string::npos) << old.body;
}

TEST(Secrets, OfControllersAreNotEvenNamedToTenants) {
  IsolationTown town;
  EXPECT_TRUE(town.json("root", "GET", "/v1/nodes/n-red").has("bmc"));
  EXPECT_FALSE(town.json("ann", "GET", "/v1/nodes/n-red").has("bmc"));
  EXPECT_FALSE(town.json("ann", "GET", "/v1/nodes/n-red/nics/eth0").has("port"));
}

TEST(Changes, OfManyNicsAreOneOperationOrNothing) {
  IsolationTown town;
  const std::string good = R"({"kind":"connect","node":"n-red","nic":"eth1","network":"net-red"})";
  const std::string bad = R"({"kind":"connect","node":"n-red2","nic":"eth0","network":"net-red"})";  // on no port
  EXPECT_EQ(town.ask("ann", "POST", "/v1/changes", R"({"changes":[)" + good + "," + bad + "]}").status, 404U);
  EXPECT_TRUE(town.json("ann", "GET", "/v1/nodes/n-red/nics/eth1").list("attachments").empty());
  const auto response = town.ask("ann", "POST", "/v1/changes", R"({"changes":[)" + good + "]}");
  EXPECT_EQ(response.status, 202U);
  const Json operation = town.json("ann", "GET", header(response, "Location"));
  EXPECT_EQ(operation.text("state"), "done");
  EXPECT_EQ(operation.list("changes")[0].text("channel"), "vlan/native");
}

TEST(Changes, GetInLineAtABusyNicOnlyIfTheCallerWaits) {
  IsolationTown town;
  town.engine_runs = false;
  const auto connect = [&](const char* network, const char* channel, const char* wait) {
    return town.ask("ann", "POST", "/v1/changes",
                    R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":")" + std::string(network) +
                        R"(","channel":")" + channel + R"("}],"wait":)" + wait + "}");
  };
  EXPECT_EQ(connect("net-pub", "vlan/native", "false").status, 202U);
  const std::string tagged = town.json("ann", "GET", "/v1/networks/net-red").list("channels")[1].dump();
  const std::string channel = tagged.substr(1, tagged.size() - 2);
  EXPECT_EQ(connect("net-red", channel.c_str(), "false").status, 409U);
  const auto waiting = connect("net-red", channel.c_str(), "true");
  EXPECT_EQ(waiting.status, 202U);
  EXPECT_EQ(Json::parse(waiting.body)->list("changes")[0].text("state"), "waiting");
  town.run_engines();
  town.run_engines();
  EXPECT_EQ(town.json("ann", "GET", header(waiting, "Location")).text("state"), "done");
}

TEST(Changes, WakeTheSwitchesThatTheyAreOn) {
  IsolationTown town;
  town.woken.clear();
  town.json("ann", "POST", "/v1/changes",
            R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-red"}]})");
  ASSERT_EQ(town.woken.size(), 1U);
  EXPECT_EQ(town.store.tables().switches.at(town.woken[0]).name, "s1");
}

TEST(Attachments, SayWhetherTheSwitchWasSeenToHaveThem) {
  IsolationTown town;
  const auto observed = [&] {
    return town.json("ann", "GET", "/v1/nodes/n-red/attachments").list("items")[0].find("observed")->dump();
  };
  EXPECT_EQ(observed(), "true");
  town.switches.at("s1").meddle("p1", {});
  const Json drift = town.json("root", "GET", "/v1/switches/s1/drift");
  EXPECT_EQ(drift.list("items")[0].text("port"), "p1");
  EXPECT_EQ(observed(), "false");
  town.json("root", "POST", "/v1/switches/s1/reconcile");
  EXPECT_EQ(observed(), "true");
  EXPECT_TRUE(town.json("root", "GET", "/v1/switches/s1/drift").list("items").empty());
}

TEST(Ports, ThatCarryEveryVlanAreShownInAFewWords) {
  IsolationTown town;
  isolation::PortState every;
  for (isolation::VlanId vlan = 1; vlan <= isolation::kMaxVlan; ++vlan) every.tagged.insert(vlan);
  town.switches.at("s1").meddle("p9", every);
  const std::string was = R"({"native":null,"tagged":[],"all":true})";
  EXPECT_EQ(town.json("root", "GET", "/v1/switches/s1/drift").list("items")[0].find("observed")->dump(), was);
  const Json ports = town.json("root", "GET", "/v1/switches/s1/ports");
  for (const Json& port : ports.list("items"))
    EXPECT_EQ(port.find("observed")->dump() == was, port.text("name") == "p9") << port.dump();
  every.tagged.erase(7);
  town.switches.at("s1").meddle("p9", every);
  EXPECT_EQ(town.json("root", "GET", "/v1/switches/s1/drift").list("items")[0].find("observed")->list("tagged").size(),
            4093U);
}

TEST(Loan, GoesToTheBorrowerAndBackToTheOwner) {
  IsolationTown town;
  EXPECT_EQ(
      town.ask("bo", "PUT", "/v1/nodes/n-own/loan", R"({"project":"blue","until":"2030-01-01T00:00:00Z"})").status,
      403U);
  EXPECT_EQ(town.json("bea", "PUT", "/v1/nodes/n-own/loan", R"({"project":"blue","until":"2030-01-01T00:00:00Z"})")
                .text("lent_until"),
            "2030-01-01T00:00:00.000Z");
  EXPECT_EQ(town.json("bob", "GET", "/v1/nodes/n-own").text("project"), "blue");
  EXPECT_EQ(town.ask("bob", "DELETE", "/v1/nodes/n-own/loan").status, 202U);
  const Json home = town.json("ann", "GET", "/v1/nodes/n-own");
  EXPECT_EQ(home.text("state") + " " + home.text("owner"), "idle red");
  EXPECT_EQ(names_of(town.json("bob", "GET", "/v1/nodes?free=true")), "n-bare n-free n-wired ");
}

TEST(Events, AreReadByCursorAndOnlyByWhomTheyConcern) {
  IsolationTown town;
  const Json all = town.json("root", "GET", "/v1/events?limit=500");
  const std::string last = all.text("next");
  EXPECT_EQ(town.json("root", "GET", "/v1/events?after=" + last).list("items").size(), 0U);
  EXPECT_EQ(town.json("root", "GET", "/v1/events?after=" + last).text("next"), last);
  town.json("bob", "POST", "/v1/projects/blue/nodes", R"({"node":"n-free"})");
  const Json news = town.json("bob", "GET", "/v1/events?after=" + last);
  ASSERT_EQ(news.list("items").size(), 1U);
  EXPECT_EQ(news.list("items")[0].text("kind") + " " + news.list("items")[0].text("subject"),
            "node.allocated node/n-free");
  EXPECT_TRUE(town.json("ann", "GET", "/v1/events?after=" + last).list("items").empty());
}

TEST(Service, SaysWhetherItCanWorkWithoutALogin) {
  IsolationTown town;
  EXPECT_EQ(town.ask("", "GET", "/v1/health").status, 200U);
  town.healthy = false;
  EXPECT_EQ(town.ask("", "GET", "/v1/health").status, 503U);
  town.healthy = true;
  town.store.die_at(1);
  EXPECT_EQ(town.ask("root", "POST", "/v1/projects", R"({"name":"x"})").status, 503U);
  EXPECT_EQ(town.ask("", "GET", "/v1/health").status, 503U);
}

TEST(Service, CountsCallsByTheirTemplateWhereMetricsAreServed) {
  net::Metrics metrics;
  IsolationTown town(&metrics);
  town.ask("ann", "GET", "/v1/nodes/n-red");
  const std::string text = town.ask("", "GET", "/metrics").body;
  EXPECT_NE(text.find(R"(tarn_api_requests_total{call="GET /v1/nodes/{node}",status="200"} 1)"), std::string::npos)
      << text;
  IsolationTown without;
  EXPECT_EQ(without.ask("", "GET", "/metrics").status, 404U);
}

TEST(Service, TellsCallersWhoTheyAre) {
  IsolationTown town;
  EXPECT_EQ(town.json("ann", "GET", "/v1/whoami").dump(), R"({"name":"ann","role":"member","projects":["red"]})");
}

TEST(IsolationApi, RegistersOnlyWhatThereIsADriverFor) {
  IsolationTown town;
  const auto before = town.ask("root", "GET", "/v1/events?after=0&limit=500").body;
  const auto device = town.ask("root", "POST", "/v1/switches", R"({"name":"s3","type":"none","settings":{}})");
  EXPECT_EQ(device.status, 400U) << device.body;
  EXPECT_EQ(Json::parse(device.body)->text("code"), "invalid_input");
  const auto node = town.ask("root", "POST", "/v1/nodes",
                             R"({"name":"n-new","bmc":{"type":"none","address":"h","user":"u","password":"hush"}})");
  EXPECT_EQ(node.status, 400U) << node.body;
  EXPECT_NE(node.body.find("ipmi"), std::string::npos) << "does not say what there is: " << node.body;
  EXPECT_EQ(town.ask("root", "GET", "/v1/events?after=0&limit=500").body, before);
}

}  // namespace
