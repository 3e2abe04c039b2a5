// IsolationService: the REST API of the isolation service, as one function from request to answer. /v0 speaks as HIL did
// (v0_*.cc), so that HIL's own client works; /v1 is ours (v1_*.cc). routes.h lists the calls; what all calls have in
// common, front.h does.
// Long calls (power, waiting for an operation, streams) hold no transaction while they wait, and each wait has its limit.
// Passwords in bodies are overwritten once they are used, and are in no log, event or answer.
// Threads: handle() and changed() from any; none of its own. What it is made of must outlive it, and its answers' streams.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/authentication.h"
#include "api/front.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "isolation/access.h"
#include "isolation/engine.h"
#include "isolation/rules.h"
#include "isolation/store.h"
#include "isolation/turns.h"
#include "net/http_server.h"
#include "net/metrics.h"

namespace api {

struct Call;

struct IsolationParts {
  isolation::Store& store;
  base::Clock& clock;
  base::Random& random;  // for this service alone; its calls take turns
  base::Log& log;
  isolation::Turns& turns;  // shared with whoever releases nodes
  isolation::Settings settings = {};
  // Authentication's caller(), password_hash() and make_token().
  std::function<Authentication::Answer(const net::HttpRequest&)> authenticate = {};
  std::function<base::Result<std::string>(std::string_view password)> hash_password = {};
  std::function<base::Bytes(std::string& token)> make_token = {};  // a new one, and the hash to keep
  // For BmcAccess::sealed_password.
  std::function<base::Result<base::Bytes>(std::string_view node, std::string_view password)> seal_password = {};
  // Whether there is such a driver, and it can read that: kInvalidInput. Without a connection.
  std::function<base::Status(const isolation::SwitchRecord&)> check_switch = {};
  std::function<base::Status(const isolation::BmcAccess&)> check_bmc = {};
  isolation::OpenBmc open_bmc = {};
  std::function<base::Result<Stream>(const isolation::Node&)> open_console = {};
  // Compares a switch with what is wanted of it, and sets it right if told to.
  std::function<base::Result<std::vector<isolation::SwitchQueue::Drift>>(isolation::Id switch_id, bool repair)> drift =
      {};
  std::function<void(isolation::Id switch_id)> wake_switch = {};     // something was queued for it
  std::function<void(isolation::Id switch_id)> look_at_switch = {};  // a port of it is to be seen soon
  std::function<void()> wake_releaser = {};
  net::Metrics* metrics = nullptr;     // none: GET /metrics is 404
  std::function<bool()> healthy = {};  // whether all that goes on besides works, too; none: there is nothing
  std::int64_t keep_replies_ms = 24LL * 3'600 * 1'000;
  // Of the server's threads, and of its streams: what waits for news; what waits for a controller or a release; streams.
  Places::Limit polls = {8, 4}, slow_calls = {16, 8}, streams = {64, 16};
  int bmc_timeout_ms = 10'000;
  int release_timeout_ms = 10'000;  // how long /v0 waits for a node to be free
  int look_timeout_ms = 5'000;      // how long /v0 waits for a port to be seen
};

class IsolationService final : public Front {
 public:
  explicit IsolationService(IsolationParts parts);

  // For the calls (call.h).
  const IsolationParts& parts() const { return parts_; }
  isolation::Context context();
  // The caller as it is now, by its user: the rights of a stream end when they are taken away. kUnauthenticated: gone, or
  // its token is, or its password was changed.
  base::Result<isolation::Caller> again(isolation::Transaction& store, const isolation::Caller& caller) const;

 private:
  std::unique_ptr<Exchange> exchange(const net::HttpRequest& request, const Endpoint& endpoint) override;
  base::Status identify(Exchange& exchange) override;
  base::Status prepare(Exchange& exchange) override;
  base::Status within(Exchange& exchange, bool writes, const Work& work) override;
  base::Result<Reply> act(Exchange& exchange) override;
  void done(Exchange& exchange) override;
  base::Result<std::optional<KeptText>> find_reply(Exchange& exchange, std::string_view key) override;
  base::Status keep_reply(Exchange& exchange, std::string_view key, const KeptText& reply) override;
  bool bodies_say_json(const net::HttpRequest& request) const override;
  net::HttpResponse refusal(const net::HttpRequest& request, unsigned status, std::string_view code,
                            std::string_view detail) const override;
  net::HttpResponse failure(Exchange& exchange, const base::Error& error) override;

  IsolationParts parts_;
};

}  // namespace api
