// Front: what every API does with every request, once: 404 and 405, who calls, queries and bodies checked by their schema,
// one transaction a call, Idempotency-Key, errors as problem documents, metrics. A service derives from it, and says what
// its calls are (endpoint.h), who calls, what a transaction is and where replies are kept. Exchange: one request on its
// way, with what any handler needs; Reply: what it comes to.
// A browser that knows a user's password sends it along with what any page asks for: what changes something must not come
// from a page of another origin, and a body has to say that it is JSON, which such a page cannot without asking.
// What is secret in bodies is overwritten once it is used, and is in no log or answer; in the hash by which a request is
// known again it is under a key that is nowhere but in this process.
// Threads: handle() and changed() from any; none of its own. An Exchange: as its request.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/endpoint.h"
#include "api/json.h"
#include "api/places.h"
#include "api/text.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "net/http_server.h"
#include "net/metrics.h"

namespace api {

// What comes next, in a second at most: some text, none yet (empty), or the end.
using Stream = std::function<std::optional<std::string>()>;

struct Reply {
  unsigned status = 0;  // 0: the endpoint's
  std::optional<Json> body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  Stream stream = {};
  std::string content_type = "application/json";
  std::optional<std::string> text = {};  // instead of a body
  std::optional<Json> kept = {};         // what a repetition gets instead of the body, where that has a secret
};

struct KeptText {
  base::Bytes request_hash;
  int status = 0;
  std::string body;
  std::int64_t at = 0;
};

inline constexpr std::int64_t kLongestWaitMs = 30'000;
inline constexpr std::size_t kMostOnAPage = 500;  // one more is asked for, and the rules give 1,000 at most

struct Exchange {
  Exchange(const net::HttpRequest& of, const Endpoint& at_endpoint) : request(of), endpoint(at_endpoint) {}
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const net::HttpRequest& request;
  const Endpoint& endpoint;
  std::vector<std::pair<std::string, std::string>> path = {};  // the template's parameters
  Parameters query = {};
  Json body = {};
  std::optional<int> retry_after_s = {};         // not before: 429
  std::string_view later = "too_many_failures";  // and the problem's code then
  std::string field = {};                        // of an error: which part of the request it is about

  std::string at(std::string_view name) const;                       // of the path
  std::optional<std::string> asked(std::string_view name) const;     // of the query
  base::Error refuse(std::string_view which, std::string_view why);  // kInvalidInput, and its field
  base::Error come_later();                                          // 429: the caller has too much going on at once
  base::Result<std::size_t> limit();                                 // ?limit=, at most kMostOnAPage; else 100
  base::Result<std::int64_t> wait_ms();                              // ?wait_ms=, at most kLongestWaitMs
  base::Result<std::int64_t> time(std::string_view name);            // a member of the body, RFC 3339
  base::Result<std::int64_t> digits(std::string_view name, std::string_view text);
};

struct FrontParts {
  const Endpoints& endpoints;
  const Json& schemas;
  base::Clock& clock;
  base::Random& random;  // for this service alone; its calls take turns
  base::Log& log;
  net::Metrics* metrics = nullptr;
  std::string_view challenge;                      // WWW-Authenticate, of 401
  std::span<const std::string_view> secrets = {};  // members of bodies, however deep
  std::int64_t keep_replies_ms = 0;
  Places::Limit polls, slow_calls, streams;
};

class Front {
 public:
  explicit Front(const FrontParts& parts);
  virtual ~Front() = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  net::HttpResponse handle(const net::HttpRequest& request);
  // Something was changed that a call may wait for: all who wait look again.
  void changed();
  const base::Clock& clock() const { return front_.clock; }
  // Until changed() after `seen` was asked for, or timeout_ms.
  std::uint64_t news() const;
  void wait_for_news(std::uint64_t seen, int timeout_ms);
  Places& polls() { return polls_; }
  Places& slow_calls() { return slow_calls_; }
  Places& streams() { return streams_; }

 protected:
  using Work = std::function<base::Status()>;
  virtual std::unique_ptr<Exchange> exchange(const net::HttpRequest& request, const Endpoint& endpoint) = 0;
  virtual base::Status identify(Exchange& exchange) = 0;  // or exchange.retry_after_s
  virtual base::Status prepare(Exchange&) { return {}; }  // of a kWrite, what takes long, before the transaction
  // `work` in one transaction, which the exchange knows of meanwhile.
  virtual base::Status within(Exchange& exchange, bool writes, const Work& work) = 0;
  virtual base::Result<Reply> act(Exchange& exchange) = 0;  // the call itself
  virtual void done(Exchange&) {}                           // after the commit
  // Within a transaction; the caller's.
  virtual base::Result<std::optional<KeptText>> find_reply(Exchange& exchange, std::string_view key) = 0;
  virtual base::Status keep_reply(Exchange& exchange, std::string_view key, const KeptText& reply) = 0;
  // How errors look. `exchange`: what the request had come to.
  virtual bool bodies_say_json(const net::HttpRequest&) const { return true; }
  virtual net::HttpResponse refusal(const net::HttpRequest& request, unsigned status, std::string_view code,
                                    std::string_view detail) const;
  virtual net::HttpResponse failure(Exchange& exchange, const base::Error& error);

  base::Random& random() { return random_; }

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

  net::HttpResponse answered(const net::HttpRequest& request);
  net::HttpResponse failed(Exchange& exchange, const base::Error& error);
  std::optional<net::HttpResponse> refused_unread(const net::HttpRequest& request, const Endpoint& endpoint) const;
  base::Status read_body(Exchange& exchange) const;
  base::Result<Reply> prepared(Exchange& exchange);
  base::Result<Reply> run(Exchange& exchange);
  base::Result<Reply> run_write(Exchange& exchange);
  base::Result<Reply> run_outside(Exchange& exchange);
  base::Result<std::optional<Reply>> kept_reply(Exchange& exchange);
  base::Status keep(Exchange& exchange, const Reply& reply);
  base::Bytes request_hash(const Exchange& exchange) const;
  void wipe_secrets(Json& body) const;
  void count(const Endpoint& endpoint, unsigned status, std::int64_t started_ms);

  const FrontParts front_;
  LockedRandom random_;
  mutable std::mutex mutex_;
  std::condition_variable something_changed_;
  std::uint64_t changes_ = 0;
  base::Secret<32> key_;  // of this process, for hashes of requests with secrets
  Places polls_, slow_calls_, streams_;
};

// A page's body from one row more than asked for: {"items", "next"}. `cursor`: of a row, what `after` is behind it.
template <class Row>
Reply page_reply(std::size_t limit, std::vector<Row> rows, const std::function<Json(const Row&)>& shown,
                 const std::function<std::string(const Row&)>& cursor) {
  Json items = Json::array(), next;
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  for (const Row& row : rows) items.push(shown(row));
  if (more) next = cursor(rows.back());
  return {.body = Json::object({{"items", std::move(items)}, {"next", std::move(next)}})};
}

}  // namespace api
