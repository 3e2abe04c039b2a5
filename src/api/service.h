// IsolationService: the REST API of the isolation service, as one function from request to answer. /v0 speaks as HIL did
// (v0_*.cc), so that HIL's own client works; /v1 is ours (v1_*.cc). routes.h lists the calls, and everything else is done
// here, once, by that list: 404 and 405, who calls, queries and bodies checked by their schema, one transaction a call,
// Idempotency-Key, errors as statuses, metrics.
// Long calls (power, waiting for an operation, streams) hold no transaction while they wait, and each wait has its limit.
// Passwords in bodies are overwritten once they are used, and are in no log, event or answer; in the hash by which a
// request is known again they are under a key that is nowhere but in this process.
// A browser that knows a user's password sends it along with what any page asks for: what changes something must not come
// from a page of another origin, and a body of /v1 has to say that it is JSON, which such a page cannot without asking.
// Threads: handle() and changed() from any; none of its own. What it is made of must outlive it, and its answers' streams.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/authentication.h"
#include "api/places.h"
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
struct Reply;

// What comes next, in a second at most: some text, none yet (empty), or the end.
using Stream = std::function<std::optional<std::string>()>;

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

class IsolationService {
 public:
  explicit IsolationService(IsolationParts parts);
  net::HttpResponse handle(const net::HttpRequest& request);
  // Something was changed that a call may wait for: all who wait look again.
  void changed();

  // For the calls (call.h).
  const IsolationParts& parts() const { return parts_; }
  isolation::Context context();
  // Until changed() after `seen` was asked for, or timeout_ms.
  std::uint64_t news() const;
  void wait_for_news(std::uint64_t seen, int timeout_ms);
  Places& polls() { return polls_; }
  Places& slow_calls() { return slow_calls_; }
  Places& streams() { return streams_; }
  // The caller as it is now, by its user: the rights of a stream end when they are taken away. kUnauthenticated: gone, or
  // its token is, or its password was changed.
  base::Result<isolation::Caller> again(isolation::Transaction& store, const isolation::Caller& caller) const;

 private:
  class LockedRandom final : public base::Random {
   public:
    explicit LockedRandom(base::Random& random) : random_(random) {}
    void fill(std::span<std::uint8_t> out) override {
      const std::lock_guard lock(mutex_);
      random_.fill(out);
    }

   private:
    base::Random& random_;
    std::mutex mutex_;
  };

  base::Result<Reply> prepared(Call& call);
  base::Result<Reply> run(Call& call);
  base::Result<Reply> run_write(Call& call);
  base::Result<Reply> run_outside(Call& call);
  base::Result<std::optional<Reply>> kept_reply(Call& call, isolation::Transaction& store);
  base::Status keep_reply(Call& call, isolation::Transaction& store, const Reply& reply);
  void wake(const Call& call);
  base::Bytes request_hash(const Call& call) const;
  void count(const Call& call, unsigned status, std::int64_t started_ms);

  IsolationParts parts_;
  LockedRandom random_;
  mutable std::mutex mutex_;
  std::condition_variable something_changed_;
  std::uint64_t changes_ = 0;
  base::Secret<32> key_;  // of this process, for hashes of requests with passwords
  Places polls_, slow_calls_, streams_;
};

}  // namespace api
