// The market's API: who calls, what errors say, repetitions, pages, streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "support/market_api_samples.h"

namespace {

using api::Json;
using support::MarketApi;
using testing::HasSubstr;
using testing::Not;

net::HttpResponse ask_by_key(MarketApi& market, const market::OrganisationId& key, const std::string& path) {
  net::HttpRequest request;
  request.path = path;
  request.client_key = key.key;
  return market.service.handle(request);
}

Json parsed(const net::HttpResponse& response) { return *Json::parse(response.body); }

TEST(MarketCallers, AMembersKeyIsItsAdministrator) {
  MarketApi market;
  const auto answer = ask_by_key(market, market.red->id, "/v1/whoami");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(parsed(answer).text("role"), "administrator");
  EXPECT_EQ(parsed(answer).text("organisation"), market.red->id.text());
}

TEST(MarketCallers, AKeyThatIsNoMembersIsNobody) {
  MarketApi market;
  const auto answer = ask_by_key(market, {market.town.signer().public_key()}, "/v1/whoami");
  EXPECT_EQ(answer.status, 401U);
  EXPECT_THAT(parsed(answer).text("detail"), HasSubstr("is no member here"));
}

TEST(MarketCallers, ATokenCountsBeforeAKeyAndEndsAtOnce) {
  MarketApi market;
  net::HttpRequest request;
  request.path = "/v1/whoami";
  request.client_key = market.blue->id.key;
  request.headers.emplace_back("Authorization", "Bearer " + market.tokens.at("trader"));
  EXPECT_EQ(parsed(market.service.handle(request)).text("role"), "trader");
  EXPECT_EQ(market.ask("administrator", "DELETE", "/v1/tokens/" + market.token).status, 204U);
  const auto gone = market.ask("administrator", "GET", "/v1/whoami");
  EXPECT_EQ(gone.status, 401U);
  EXPECT_EQ(gone.headers.back().first, "WWW-Authenticate");
}

TEST(MarketCallers, NobodyMakesATokenOfMoreThanItself) {
  MarketApi market;
  for (
      const char* const body :
      {R"({"label":"x","role":"operator"})",
       R"({"label":"x","role":"trader","organisation":"org_0101010101010101010101010101010101010101010101010101010101010101"})"})
    EXPECT_GE(market.ask("administrator", "POST", "/v1/tokens", body).status, 400U) << body;
}

TEST(MarketErrors, NameTheFieldAndAreProblems) {
  MarketApi market;
  const auto field_of = [&](const std::string& method, const std::string& target, const std::string& body) {
    const auto answer = market.ask("operator", method, target, body);
    EXPECT_EQ(answer.status, 400U) << target << ": " << answer.body;
    EXPECT_EQ(answer.content_type, "application/problem+json");
    return parsed(answer).text("field");
  };
  EXPECT_EQ(field_of("POST", "/v1/markets", R"({"name":"x","currency":"credits","sloth_ms":1})"), "sloth_ms");
  EXPECT_EQ(field_of("POST", "/v1/markets", R"({"name":"x","currency":"pebbles"})"), "currency");
  EXPECT_EQ(field_of("POST", "/v1/markets", R"({"name":"x","currency":"credits","deficit_cap":"-1"})"), "deficit_cap");
  EXPECT_EQ(field_of("POST", "/v1/members", R"({"id":"org_12","name":"x"})"), "id");
  EXPECT_EQ(field_of("GET", "/v1/markets/hours/trades?from=yesterday", ""), "from");
  EXPECT_EQ(field_of("GET", "/v1/markets/hours/candles?width_ms=1", ""), "width_ms");
  // The rules' own words become the field, too.
  EXPECT_EQ(field_of("POST", "/v1/markets", R"({"name":"a market","currency":"credits"})"), "name");
}

TEST(MarketErrors, AnOrderThatIsNoneIsRefusedByItsField) {
  MarketApi market;
  const auto refused = [&](const std::string& body) {
    return parsed(market.ask("trader", "POST", "/v1/orders", body));
  };
  EXPECT_EQ(refused(R"({"document":"%","signature":""})").text("field"), "document");
  EXPECT_EQ(refused(R"({"document":"AAAA","signature":"AAAA"})").text("field"), "signature");
  const auto stolen = refused(market.order_body(*market.blue, market.town.bid("hours", 1, 20'000)));
  EXPECT_GE(stolen.number("status"), 400);  // somebody else's order, however well it is signed
}

TEST(MarketOrders, TheSameDocumentIsTheSameOrder) {
  MarketApi market;
  const std::string body = market.order_body(*market.red, market.town.bid("other", 1, 20'000));
  const Json first = market.json("trader", "POST", "/v1/orders", body);
  EXPECT_EQ(market.json("trader", "POST", "/v1/orders", body).text("id"), first.text("id"));
  EXPECT_EQ(first.text("price"), "0.02");
}

TEST(MarketOrders, AnIdOfTheOtherSideIsNotFound) {
  MarketApi market;
  std::string wrong = market.bid;
  wrong.replace(0, 3, "off");
  EXPECT_EQ(market.ask("trader", "GET", "/v1/orders/" + wrong).status, 404U);
  EXPECT_EQ(market.ask("trader", "GET", "/v1/orders/12").status, 404U);
}

TEST(MarketRepetitions, AGrantWithTheSameKeyIsMadeOnce) {
  MarketApi market;
  const std::string body = R"({"to":")" + market.red->id.text() + R"(","amount":"1.5","why":"a prize"})";
  const std::string target = "/v1/currencies/credits/grants";
  const auto before = market.town.balance(*market.red);
  const auto first = market.ask("operator", "POST", target, body, {{"Idempotency-Key", "one"}});
  const auto again = market.ask("operator", "POST", target, body, {{"Idempotency-Key", "one"}});
  EXPECT_EQ(first.status, 201U);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(market.town.balance(*market.red), before + 1'500'000);
  const auto other = market.ask("operator", "POST", target, "{\"to\":\"x\",\"amount\":\"1\",\"why\":\"y\"}",
                                {{"Idempotency-Key", "one"}});
  EXPECT_EQ(other.status, 422U);
}

TEST(MarketRepetitions, AKeyIsItsCallersAlone) {
  MarketApi market;
  const std::string body = R"({"label":"laptop","role":"trader"})";
  const auto ours = market.ask("administrator", "POST", "/v1/tokens", body, {{"Idempotency-Key", "t"}});
  const auto theirs = market.ask("blue", "POST", "/v1/tokens", body, {{"Idempotency-Key", "t"}});
  EXPECT_EQ(theirs.status, 201U);
  EXPECT_NE(parsed(theirs).text("id"), parsed(ours).text("id"));
  EXPECT_THAT(theirs.body, HasSubstr("tarn_")) << "made for it, not shown again";
}

TEST(MarketRepetitions, DoNotShowATokenAgain) {
  MarketApi market;
  const std::string body = R"({"label":"laptop","role":"trader"})";
  const auto first = market.ask("administrator", "POST", "/v1/tokens", body, {{"Idempotency-Key", "t"}});
  const auto again = market.ask("administrator", "POST", "/v1/tokens", body, {{"Idempotency-Key", "t"}});
  EXPECT_THAT(first.body, HasSubstr("tarn_"));
  EXPECT_THAT(again.body, Not(HasSubstr("tarn_")));
  EXPECT_EQ(parsed(first).text("id"), parsed(again).text("id"));
}

TEST(MarketPages, GoOnWhereTheyEnded) {
  MarketApi market;
  std::vector<std::string> seen;
  std::string target = "/v1/orders?limit=1";
  for (int i = 0; i < 10; ++i) {
    const Json page = market.json("operator", "GET", target);
    for (const Json& item : page.list("items")) seen.push_back(item.text("id"));
    if (!page.has("next")) break;
    target = "/v1/orders?limit=1&after=" + page.text("next");
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(MarketEvents, StreamToWhoMaySeeThemUntilItMayNotAnyMore) {
  MarketApi market;
  auto answer = market.ask("administrator", "GET", "/v1/events", "", {{"Accept", "text/event-stream"}});
  ASSERT_TRUE(answer.next);
  const auto first = answer.next();
  ASSERT_TRUE(first);
  EXPECT_THAT(*first, HasSubstr("event: contract.signed"));
  EXPECT_EQ(market.ask("administrator", "DELETE", "/v1/tokens/" + market.token).status, 204U);
  EXPECT_FALSE(answer.next());
}

TEST(MarketEvents, BeginBehindTheLatestForWhoWantsOnlyWhatComes) {
  MarketApi market;
  const Json nothing = market.json("blue", "GET", "/v1/events?after=latest");
  EXPECT_TRUE(nothing.list("items").empty());
  market.json("operator", "POST", "/v1/markets/hours/clear");
  const Json news = market.json("blue", "GET", "/v1/events?after=" + nothing.text("next"));
  ASSERT_FALSE(news.list("items").empty());
  for (const Json& event : news.list("items")) EXPECT_GT(std::to_string(event.number("id")), nothing.text("next"));
  // A stream that was cut off goes on where it was, not behind what came meanwhile.
  auto stream = market.ask("blue", "GET", "/v1/events?after=latest", "",
                           {{"Accept", "text/event-stream"}, {"Last-Event-ID", nothing.text("next")}});
  ASSERT_TRUE(stream.next);
  EXPECT_THAT(stream.next().value_or(""), HasSubstr("id: " + std::to_string(news.list("items")[0].number("id"))));
}

TEST(MarketEvents, AreOfOneMarketIfThatIsAsked) {
  MarketApi market;
  const Json all = market.json("operator", "GET", "/v1/events?limit=500");
  const Json hours = market.json("operator", "GET", "/v1/events?market=hours&limit=500");
  ASSERT_FALSE(hours.list("items").empty());
  EXPECT_LT(hours.list("items").size(), all.list("items").size()) << "members joined, and lots were made";
  for (const Json& event : hours.list("items")) {
    const std::string kind = event.text("kind");
    EXPECT_FALSE(kind.starts_with("member.") || kind.starts_with("lot.") || kind.starts_with("account.")) << kind;
  }
  const Json blues = market.json("blue", "GET", "/v1/events?market=hours&limit=500");
  EXPECT_LT(blues.list("items").size(), hours.list("items").size()) << "red's orders are red's";
  for (const Json& event : blues.list("items"))
    EXPECT_EQ(std::ranges::count(hours.list("items"), event), 1) << event.dump();
  EXPECT_EQ(market.ask("blue", "GET", "/v1/events?market=nowhere").status, 404U);
  auto stream = market.ask("blue", "GET", "/v1/events?market=hours", "", {{"Accept", "text/event-stream"}});
  ASSERT_TRUE(stream.next);
  const std::string first = stream.next().value_or("");
  EXPECT_THAT(first, HasSubstr("event: order.accepted"));
  EXPECT_THAT(first, testing::Not(HasSubstr("event: member.joined")));
}

TEST(MarketTrades, AreShownNewestFirstIfThatIsAsked) {
  MarketApi market;
  CHECK(market.town
            .within([&](market::Transaction& store) -> base::Status {
              TARN_ASSIGN(const auto hours, store.find_market_named("hours"));
              for (std::uint32_t units = 1; units <= 9; ++units)
                TARN_TRY(store.insert_tick({0, hours->id, market.town.now + units, 1, 100 + units, 0, 1}));
              return {};
            })
            .ok());
  const Json page = market.json("blue", "GET", "/v1/markets/hours/trades?latest=true&limit=2");
  ASSERT_EQ(page.list("items").size(), 2U);
  EXPECT_EQ(page.list("items")[0].number("units"), 109);
  EXPECT_EQ(page.list("items")[1].number("units"), 108);
  EXPECT_EQ(market.ask("blue", "GET", "/v1/markets/hours/trades?latest=true&after=3").status, 400U);
}

TEST(MarketData, SpansAreBounded) {
  MarketApi market;
  for (const char* const what : {"candles?width_ms=86400000&", "utilisation?"}) {
    const std::string from = "/v1/markets/hours/" + std::string(what) + "from=2027-01-01T00:00:00Z&until=2027-";
    EXPECT_EQ(market.ask("blue", "GET", from + "02-01T00:00:00Z").status, 200U) << what;
    const auto longer = market.ask("blue", "GET", from + "02-01T00:00:01Z");
    EXPECT_EQ(longer.status, 400U) << what;
    EXPECT_THAT(longer.body, HasSubstr("31 days"));
  }
}

TEST(MarketMoney, AnInvoiceIsOfWhatWasPaidAndAFrozenAccountAgreesToNothing) {
  MarketApi market;
  const Json granted = market.json("trader", "GET", "/v1/accounts/" + market.account + "/invoice");
  ASSERT_EQ(granted.list("lines").size(), 2U) << granted.dump();
  EXPECT_EQ(granted.text("received"), "1000002");
  EXPECT_EQ(granted.list("lines")[0].text("name"), "issuer");
  EXPECT_TRUE(market.json("operator", "POST", "/v1/accounts/" + market.account + "/freeze").flag("frozen"));
  const auto refused =
      market.ask("trader", "POST", "/v1/orders", market.order_body(*market.red, market.town.bid("other", 1, 20'000)));
  EXPECT_EQ(refused.status, 409U) << refused.body;
  EXPECT_FALSE(market.json("operator", "POST", "/v1/accounts/" + market.account + "/thaw").flag("frozen", true));
  EXPECT_EQ(
      market.ask("trader", "POST", "/v1/orders", market.order_body(*market.red, market.town.bid("other", 1, 20'000)))
          .status,
      201U);
  const Json all = market.json("operator", "GET", "/v1/accounts");
  for (const Json& item : all.list("items"))
    if (item.text("kind") != "member") {
      EXPECT_EQ(market.ask("operator", "POST", "/v1/accounts/" + item.text("id") + "/freeze").status, 409U);
    }
}

TEST(MarketEvents, WritesWakeTheClock) {
  MarketApi market;
  const std::size_t before = market.woken;
  market.json("operator", "POST", "/v1/markets/hours/clear");
  EXPECT_EQ(market.woken, before + 1);
  market.json("operator", "GET", "/v1/markets");
  EXPECT_EQ(market.woken, before + 1);
}

TEST(MarketDefaults, FitWhatWasSaid) {
  MarketApi market;
  const Json fine =
      market.json("operator", "POST", "/v1/markets", R"({"name":"fine","currency":"credits","slot_ms":1000})");
  EXPECT_EQ(fine.number("horizon_ms"), 99'999'000);
  EXPECT_EQ(fine.number("max_duration_ms"), 99'999'000);
  EXPECT_TRUE(fine.has("next_call"));
  const Json now =
      market.json("operator", "POST", "/v1/markets", R"({"name":"now","currency":"credits","mechanism":"continuous"})");
  EXPECT_EQ(now.number("call_period_ms", -1), 0);
}

TEST(MarketHealth, TellsOfTheClockAndTheStore) {
  MarketApi market;
  EXPECT_EQ(market.ask("", "GET", "/healthz").status, 200U);
  market.healthy = false;
  EXPECT_EQ(market.ask("", "GET", "/healthz").status, 503U);
}

// Who looks goes on looking. Whoever restarted what is not healthy would have a wrong time taken for right.
TEST(MarketClock, NothingChangesByATimeThatIsNotRight) {
  MarketApi market;
  EXPECT_EQ(market.json("", "GET", "/readyz").text("status"), "ready");
  const std::string order = market.order_body(*market.red, market.town.offer("hours", "small", 1, 95'000));
  market.clock_is_right = false;
  const auto readiness = market.ask("", "GET", "/readyz");
  EXPECT_EQ(readiness.status, 503U);
  EXPECT_EQ(parsed(readiness).text("reason"), "the clock says: tomorrow");
  EXPECT_EQ(market.ask("", "GET", "/healthz").status, 200U);
  EXPECT_EQ(market.ask("trader", "GET", "/v1/orders").status, 200U);
  const std::size_t events = market.town.memory.tables().events.size(), woken = market.woken;
  for (const auto& [who, method, target, body] :
       std::vector<std::array<std::string, 4>>{{"trader", "POST", "/v1/orders", order},
                                               {"trader", "DELETE", "/v1/orders/" + market.bid, ""},
                                               {"operator", "POST", "/v1/markets/hours/clear", ""},
                                               {"operator", "POST", "/v1/leases/" + market.lease + "/ready", ""}}) {
    const auto answer = market.ask(who, method, target, body);
    EXPECT_EQ(answer.status, 503U) << target;
    EXPECT_EQ(parsed(answer).text("code"), "clock_not_right");
    EXPECT_EQ(parsed(answer).text("detail"), "the clock says: tomorrow");
    EXPECT_TRUE(std::ranges::any_of(answer.headers, [](const auto& one) { return one.first == "Retry-After"; }));
  }
  EXPECT_EQ(market.town.memory.tables().events.size(), events);
  EXPECT_EQ(market.woken, woken);
  market.clock_is_right = true;
  market.json("trader", "POST", "/v1/orders", order);
}

TEST(MarketPrivacy, DataShowNoNames) {
  MarketApi market;
  for (const char* const what : {"depth", "trades", "clearings", "clearings/1/transcript"}) {
    const auto answer = market.ask("blue", "GET", "/v1/markets/hours/" + std::string(what));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr(market.red->id.text().substr(4)))) << what;
    EXPECT_THAT(answer.body, Not(HasSubstr("org_"))) << what;
  }
}

}  // namespace
