// MarketService: the REST API of the market, as one function from request to answer. market_routes.h lists the calls; what
// all APIs have in common, front.h does; what a call decides, market/rules.h does.
// Who calls is told by a token (Authorization: Bearer …), or else by the key that it proved in the TLS handshake: the
// key of a member is that organisation's administrator. Both are looked up anew for each request, and again and again
// while a stream is open, so what is taken away ends at once. A token is never guessed, so failures need no counting.
// Threads: handle() and changed() from any; none of its own. What it is made of must outlive it, and its answers' streams.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "api/front.h"
#include "crypto/identity.h"
#include "market/access.h"
#include "market/rules.h"
#include "market/store.h"

namespace api {

struct MarketCall;

struct MarketParts {
  market::Store& store;
  base::Clock& clock;
  base::Random& random;  // for this service alone; its calls take turns
  base::Log& log;
  const crypto::Identity& signer;  // the market's own
  market::Limits limits = {};
  net::Metrics* metrics = nullptr;     // none: GET /metrics is 404
  std::function<bool()> healthy = {};  // whether what goes on besides works, too; none: there is nothing
  std::function<void()> wake = {};     // something may be due sooner; none: nobody waits
  // Whether anything can be decided by this clock; if not, calls that change something are refused, with this error.
  std::function<base::Status()> may_decide = {};
  std::int64_t keep_replies_ms = 24LL * 3'600 * 1'000;
  Places::Limit polls = {8, 4}, streams = {64, 16};
};

class MarketService final : public Front {
 public:
  explicit MarketService(MarketParts parts);

  // For the calls (market_call.h).
  const MarketParts& parts() const { return parts_; }
  market::Context context();
  base::Status read(const market::Caller& caller,
                    const std::function<base::Status(market::Rules&, market::Transaction&)>& work);
  // Who the request is from; kUnauthenticated.
  base::Result<market::Caller> caller_of(market::Transaction& store, const net::HttpRequest& request) const;
  // The same caller as it is now: kUnauthenticated, once its token or membership is gone.
  base::Result<market::Caller> again(market::Transaction& store, const market::Caller& caller) const;

 private:
  std::unique_ptr<Exchange> exchange(const net::HttpRequest& request, const Endpoint& endpoint) override;
  base::Status identify(Exchange& exchange) override;
  base::Status may_decide(const Exchange& exchange) const;
  base::Status within(Exchange& exchange, bool writes, const Work& work) override;
  base::Result<Reply> act(Exchange& exchange) override;
  void done(Exchange& exchange) override;
  base::Result<std::optional<KeptText>> find_reply(Exchange& exchange, std::string_view key) override;
  base::Status keep_reply(Exchange& exchange, std::string_view key, const KeptText& reply) override;
  net::HttpResponse failure(Exchange& exchange, const base::Error& error) override;

  MarketParts parts_;
};

const Json& market_schemas();
Json market_openapi();

}  // namespace api
