// The market's API over a MarketTown, with something of everything in it, for tests of the API. Members red (a seller, with
// lots and a group) and blue (a buyer); who calls says so by the name of a token: "" (nobody), "trader", "auditor",
// "administrator" (all of red), "blue" (an administrator of it), "operator", "auditors" (of everything).
//   market hours: red's offer of "small"; one contract of two units between them     market other: red's bid
// Threads: one.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/front.h"
#include "api/json.h"
#include "api/market_service.h"
#include "base/base64.h"
#include "crypto/api_token.h"
#include "market/ids.h"
#include "support/isolation_town.h"  // SilentLog
#include "support/market_town.h"

namespace support {

class MarketApi {
 public:
  explicit MarketApi(net::Metrics* metrics = nullptr) : clock_(town), service(parts(metrics)) { build(); }

  net::HttpResponse ask(const std::string& who, const std::string& method, const std::string& target,
                        const std::string& body = "", std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpRequest request;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.method = method;
    request.body = body;
    request.headers = std::move(headers);
    if (!who.empty()) request.headers.emplace_back("Authorization", "Bearer " + tokens.at(who));
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    return service.handle(request);
  }
  // The body of an answer that must be a success.
  api::Json json(const std::string& who, const std::string& method, const std::string& target,
                 const std::string& body = "") {
    const net::HttpResponse response = ask(who, method, target, body);
    if (response.status >= 300)
      std::fprintf(stderr, "%s %s: %s\n", method.c_str(), target.c_str(), response.body.c_str());
    CHECK(response.status < 300);
    if (response.body.empty()) return {};
    return *api::Json::parse(response.body);
  }
  // As POST /v1/orders takes it.
  std::string order_body(const Party& party, const market::Terms& terms) {
    const market::SignedTerms order = town.signed_by(party, terms);
    return api::Json::object({{"document", base64(order.document)}, {"signature", base64(order.signature)}}).dump();
  }
  market::Caller caller(const std::string& who) {
    std::optional<market::Caller> out;
    const base::Status read = town.store().read([&](market::Transaction& store) -> base::Status {
      net::HttpRequest request;
      request.headers.emplace_back("Authorization", "Bearer " + tokens.at(who));
      TARN_ASSIGN(out, service.caller_of(store, request));
      return {};
    });
    CHECK(read.ok());
    return *out;
  }

 private:
  // The town's time, as a clock: each look at it takes as long as anybody may wait, so that nobody does, whatever it asks.
  class TownTime final : public base::Clock {
   public:
    explicit TownTime(const MarketTown& town) : town_(town) {}
    std::int64_t unix_ms() const override { return town_.now; }
    std::int64_t steady_ms() const override { return steady_ += api::kLongestWaitMs; }

   private:
    const MarketTown& town_;
    mutable std::atomic<std::int64_t> steady_ = 0;
  };

 public:
  MarketTown town;

 private:
  TownTime clock_;
  SilentLog log_;

 public:
  bool healthy = true, clock_is_right = true;
  std::size_t woken = 0;
  api::MarketService service;
  Party* red = nullptr;
  Party* blue = nullptr;
  std::map<std::string, std::string> tokens;  // by who
  std::string bid, offer, contract, lease, account, token, transfer;

 private:
  static std::string base64(base::ByteView bytes) {
    return base::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  api::MarketParts parts(net::Metrics* metrics) {
    return {.store = town.store(),
            .clock = clock_,
            .random = town.random(),
            .log = log_,
            .signer = town.signer(),
            .limits = town.limits,
            .metrics = metrics,
            .healthy = [this] { return healthy; },
            .wake = [this] { ++woken; },
            .may_decide = [this]() -> base::Status {
              if (clock_is_right) return {};
              return base::Error{base::Code::kCancelled, "the clock says: tomorrow"};
            }};
  }
  void add_token(const std::string& who, const std::optional<market::OrganisationId>& of, market::Role role) {
    crypto::ApiTokenText text;
    crypto::make_api_token(town.random(), text);
    const auto hash = crypto::api_token_hash(text.text);
    CHECK(town.within([&](market::Transaction& store) -> base::Status {
                market::ApiToken made;
                made.organisation = of;
                made.role = role;
                made.label = who;
                made.hash.assign(hash->begin(), hash->end());
                made.created = town.now;
                TARN_ASSIGN(const market::Id id, store.insert_token(made));
                if (who == "administrator") token = market::id_text(market::IdKind::kToken, id);
                return {};
              })
              .ok());
    tokens[who] = text.text;
  }
  void build() {
    red = &town.join("red");
    blue = &town.join("blue");
    add_token("trader", red->id, market::Role::kTrader);
    add_token("auditor", red->id, market::Role::kAuditor);
    add_token("administrator", red->id, market::Role::kAdministrator);
    add_token("blue", blue->id, market::Role::kAdministrator);
    add_token("operator", std::nullopt, market::Role::kOperator);
    add_token("auditors", std::nullopt, market::Role::kAuditor);
    town.make_market("hours", [](market::Market& rules) { rules.clearing.mechanism = market::Mechanism::kPayAsBid; });
    town.lot(*red, "small", 16);
    json("administrator", "PUT", "/v1/groups/friends", R"({"members":[")" + blue->id.text() + "\"]}");
    market::Terms sells = town.offer("hours", "small", 4, 40'000);
    sells = MarketTown::lasting(MarketTown::in_window(sells, town.hour(0), town.hour(4)), MarketTown::kHour,
                                4 * MarketTown::kHour);
    sells.renewable = true;
    town.accepted(*red, sells);
    town.accepted(*blue, town.bid("hours", 2, 60'000));
    town.clear("hours");
    contract = text_of(json("blue", "GET", "/v1/contracts"));
    lease = market::id_text(market::IdKind::kLease, town.memory.tables().leases.begin()->first);
    offer = market::order_text(town.accepted(*red, town.offer("hours", "small", 1, 90'000)));
    town.make_market("other");  // nobody trades with itself
    bid = market::order_text(town.accepted(*red, town.bid("other", 1, 10'000)));
    account = text_of(json("administrator", "GET", "/v1/accounts"));
    transfer = json("operator", "POST", "/v1/currencies/credits/grants",
                    R"({"to":")" + red->id.text() + R"(","amount":"2","why":"a mistake"})")
                   .text("transfer");
  }
  static std::string text_of(const api::Json& page) { return page.list("items").at(0).text("id"); }
};

}  // namespace support
