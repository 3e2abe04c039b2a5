#include "api/front.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "api/origin.h"
#include "api/problem.h"
#include "api/schema.h"
#include "crypto/hmac.h"
#include "crypto/sealed_box.h"  // SecretBytes
#include "crypto/sha256.h"

namespace api {

namespace {

constexpr std::size_t kMaxBody = 1 << 20, kMaxKey = 255;
constexpr std::string_view kRequests = "tarn_api_requests_total", kSeconds = "tarn_api_request_seconds";

bool query_allowed(const Endpoint& endpoint, std::string_view name) {
  std::string_view rest = endpoint.query;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one == name || (one.back() == '.' && name.substr(0, one.size()) == one && name.size() > one.size()))
      return true;
  }
  return false;
}

base::Status read_query(Exchange& exchange) {
  const auto parameters = query_parameters(exchange.request.query);
  if (!parameters) return exchange.refuse("query", "is not a query of at most 32 parameters");
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    const std::string& name = (*parameters)[i].first;
    if (!query_allowed(exchange.endpoint, name)) return exchange.refuse(name.substr(0, 64), "is not known here");
    for (std::size_t j = 0; j < i; ++j)
      if ((*parameters)[j].first == name) return exchange.refuse(name, "is there twice");
  }
  exchange.query = *parameters;
  return {};
}

base::Result<std::optional<std::string>> idempotency_key(Exchange& exchange) {
  const std::string* key = exchange.request.header("Idempotency-Key");
  if (key == nullptr || !changes_something(exchange.endpoint)) return std::optional<std::string>();
  const bool printable = std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (key->empty() || key->size() > kMaxKey || !printable)
    return exchange.refuse("Idempotency-Key", "must be 1 to 255 printable characters");
  return std::optional<std::string>(*key);
}

net::HttpResponse success(const Exchange& exchange, Reply reply) {
  net::HttpResponse out;
  out.status = reply.status == 0 ? exchange.endpoint.status : reply.status;
  out.headers = std::move(reply.headers);
  out.content_type = std::move(reply.content_type);
  out.next = std::move(reply.stream);
  if (reply.text) {
    out.body = std::move(*reply.text);
  } else if (reply.body) {
    out.body = reply.body->dump();
  }
  return out;
}

}  // namespace

std::string Exchange::at(std::string_view name) const {
  for (const auto& [key, value] : path)
    if (key == name) return value;
  return {};
}

std::optional<std::string> Exchange::asked(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

base::Error Exchange::refuse(std::string_view which, std::string_view why) {
  field = which;
  return {base::Code::kInvalidInput, std::string(why)};
}

base::Error Exchange::come_later() {
  retry_after_s = 1;
  later = "too_many_at_once";
  return {base::Code::kConflict, "too much of this is going on at once, or too much of yours: try again in a second"};
}

base::Result<std::int64_t> Exchange::digits(std::string_view name, std::string_view text) {
  const auto number = from_digits(text);
  if (!number) return refuse(name, "must be a whole number");
  return *number;
}

base::Result<std::size_t> Exchange::limit() {
  const auto limit = asked("limit");
  if (!limit) return std::size_t{100};
  TARN_ASSIGN(const std::int64_t number, digits("limit", *limit));
  if (number < 1 || number > static_cast<std::int64_t>(kMostOnAPage)) return refuse("limit", "must be 1 to 500");
  return static_cast<std::size_t>(number);
}

base::Result<std::int64_t> Exchange::wait_ms() {
  const auto wait = asked("wait_ms");
  if (!wait) return std::int64_t{0};
  TARN_ASSIGN(const std::int64_t number, digits("wait_ms", *wait));
  return std::min(number, kLongestWaitMs);
}

base::Result<std::int64_t> Exchange::time(std::string_view name) {
  const auto at = from_rfc3339(body.text(name));
  if (!at) return refuse(name, "must be a time as in RFC 3339: 2026-01-31T12:00:00Z");
  return *at;
}

Front::Front(const FrontParts& parts)
    : front_(parts),
      random_(parts.random),
      polls_(parts.polls),
      slow_calls_(parts.slow_calls),
      streams_(parts.streams) {
  random_.fill(key_.expose());
  if (parts.metrics == nullptr) return;
  parts.metrics->declare_counter(std::string(kRequests), "Requests to the API, by call and status.");
  parts.metrics->declare_histogram(std::string(kSeconds), "How long requests to the API took, by call.",
                                   {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 20});
}

void Front::changed() {
  {
    const std::lock_guard lock(mutex_);
    ++changes_;
  }
  something_changed_.notify_all();
}

std::uint64_t Front::news() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void Front::wait_for_news(std::uint64_t seen, int timeout_ms) {
  std::unique_lock lock(mutex_);
  something_changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return changes_ != seen; });
}

net::HttpResponse Front::refusal(const net::HttpRequest&, unsigned status, std::string_view code,
                                 std::string_view detail) const {
  return problem(status, code, detail);
}

net::HttpResponse Front::failure(Exchange& exchange, const base::Error& error) {
  if (exchange.retry_after_s) return problem(429, exchange.later, error.message);
  return problem(error, exchange.field);
}

net::HttpResponse Front::handle(const net::HttpRequest& request) {
  net::HttpResponse out = answered(request);
  if (out.status == 401) out.headers.emplace_back("WWW-Authenticate", front_.challenge);
  return out;
}

std::optional<net::HttpResponse> Front::refused_unread(const net::HttpRequest& request,
                                                       const Endpoint& endpoint) const {
  if (request.body.size() > kMaxBody) return refusal(request, 413, "too_large", "a body may have 1 MiB");
  if (changes_something(endpoint) && from_another_origin(request))
    return refusal(request, 403, "another_origin", "a page of another origin may not change anything here");
  if (bodies_say_json(request) && !request.body.empty() && !says_json(request))
    return refusal(request, 415, "not_json", "a body is JSON: send it with Content-Type: application/json");
  return std::nullopt;
}

net::HttpResponse Front::answered(const net::HttpRequest& request) {
  const std::int64_t started = front_.clock.steady_ms();
  const auto segments = path_segments(request.path);
  if (!segments) return refusal(request, 404, "not_found", "there is no such path");
  auto matched = front_.endpoints.match(request.method == "HEAD" ? "GET" : request.method, *segments);
  if (matched.endpoint == nullptr && matched.allow.empty())
    return refusal(request, 404, "not_found", "there is no such path; see /v1/openapi.json");
  if (matched.endpoint == nullptr) {
    net::HttpResponse out = refusal(request, 405, "method_not_allowed", "this path takes " + matched.allow);
    out.headers.emplace_back("Allow", matched.allow);
    return out;
  }
  if (auto refused = refused_unread(request, *matched.endpoint)) return std::move(*refused);
  const auto call = exchange(request, *matched.endpoint);
  call->path = std::move(matched.parameters);
  base::Result<Reply> reply = base::Error{base::Code::kStorage, "not answered"};
  try {
    reply = prepared(*call);
  } catch (const std::exception& mistake) {  // a driver's, most likely; this call fails, the service goes on
    reply = base::Error{base::Code::kStorage, mistake.what()};
  }
  wipe_secrets(call->body);
  net::HttpResponse out = reply.ok() ? success(*call, std::move(reply).value()) : failed(*call, reply.error());
  count(call->endpoint, out.status, started);
  return out;
}

net::HttpResponse Front::failed(Exchange& exchange, const base::Error& error) {
  if (exchange.field == "Idempotency-Key" && error.code == base::Code::kConflict)
    return problem(422, "key_reused", error.message, exchange.field);
  if (!exchange.retry_after_s && error.code == base::Code::kStorage)
    front_.log.error("api_storage_failed", {{"path", exchange.endpoint.path}, {"reason", error.message}});
  net::HttpResponse out = failure(exchange, error);
  if (exchange.retry_after_s || out.status == 503)
    out.headers.emplace_back("Retry-After", std::to_string(exchange.retry_after_s.value_or(1)));
  return out;
}

base::Status Front::read_body(Exchange& exchange) const {
  const std::string_view schema = exchange.endpoint.request;
  if (schema.empty()) {
    if (exchange.request.body.empty() || exchange.request.body == "{}") return {};
    return exchange.refuse("body", "this call takes no body");
  }
  if (exchange.request.body.empty()) {
    exchange.body = Json::object();
  } else {
    auto body = Json::parse(exchange.request.body);
    if (!body.ok()) return exchange.refuse("body", body.error().message);
    exchange.body = std::move(body).value();
  }
  if (const auto fault = check(front_.schemas, schema, exchange.body))
    return exchange.refuse(fault->field, fault->message);
  return {};
}

void Front::wipe_secrets(Json& body) const {
  for (const std::string_view secret : front_.secrets) body.wipe_member(secret);
}

base::Result<Reply> Front::prepared(Exchange& exchange) {
  if (exchange.endpoint.kind != Kind::kOpen) TARN_TRY(identify(exchange));
  TARN_TRY(read_query(exchange));
  TARN_TRY(read_body(exchange));
  base::Result<Reply> reply = run(exchange);
  if (!reply.ok()) return reply;
  done(exchange);
  if (changes_something(exchange.endpoint)) changed();
  return reply;
}

base::Result<Reply> Front::run(Exchange& exchange) {
  if (exchange.endpoint.kind == Kind::kOpen) return act(exchange);
  if (exchange.endpoint.kind == Kind::kOutside) return run_outside(exchange);
  if (exchange.endpoint.kind == Kind::kWrite) return run_write(exchange);
  std::optional<Reply> reply;
  TARN_TRY(within(exchange, false, [&]() -> base::Status {
    TARN_ASSIGN(reply, act(exchange));
    return {};
  }));
  return std::move(*reply);
}

base::Result<Reply> Front::run_write(Exchange& exchange) {
  TARN_TRY(prepare(exchange));
  std::optional<Reply> reply;
  TARN_TRY(within(exchange, true, [&]() -> base::Status {
    TARN_ASSIGN(reply, kept_reply(exchange));
    if (reply) return {};
    TARN_ASSIGN(reply, act(exchange));
    return keep(exchange, *reply);
  }));
  return std::move(*reply);
}

// Its effect and the kept reply are not one transaction: a repetition of what was cut off in between acts again.
base::Result<Reply> Front::run_outside(Exchange& exchange) {
  if (!changes_something(exchange.endpoint) || exchange.request.header("Idempotency-Key") == nullptr)
    return act(exchange);
  std::optional<Reply> kept;
  TARN_TRY(within(exchange, false, [&]() -> base::Status {
    TARN_ASSIGN(kept, kept_reply(exchange));
    return {};
  }));
  if (kept) return std::move(*kept);
  TARN_ASSIGN(Reply reply, act(exchange));
  TARN_TRY(within(exchange, true, [&] { return keep(exchange, reply); }));
  return reply;
}

base::Result<std::optional<Reply>> Front::kept_reply(Exchange& exchange) {
  TARN_ASSIGN(const auto key, idempotency_key(exchange));
  if (!key) return std::optional<Reply>();
  TARN_ASSIGN(const auto kept, find_reply(exchange, *key));
  if (!kept || kept->at + front_.keep_replies_ms <= front_.clock.unix_ms()) return std::optional<Reply>();
  if (kept->request_hash != request_hash(exchange)) {
    exchange.field = "Idempotency-Key";
    return base::Error{base::Code::kConflict, "the key was used for another request; take a new one"};
  }
  Reply reply{.status = static_cast<unsigned>(kept->status), .headers = {{"Idempotency-Replayed", "true"}}};
  if (!kept->body.empty()) reply.text = kept->body;
  return std::optional<Reply>(std::move(reply));
}

base::Status Front::keep(Exchange& exchange, const Reply& reply) {
  TARN_ASSIGN(const auto key, idempotency_key(exchange));
  if (!key) return {};
  const std::optional<Json>& body = reply.kept ? reply.kept : reply.body;
  return keep_reply(exchange, *key,
                    {.request_hash = request_hash(exchange),
                     .status = static_cast<int>(reply.status == 0 ? exchange.endpoint.status : reply.status),
                     .body = body ? body->dump() : "",
                     .at = front_.clock.unix_ms()});
}

// What makes two requests with one key the same. From a fast hash of a guessable text that text could be guessed, so
// with a secret in it, it is a MAC under a key that does not outlive the process: then the same request looks like
// another.
base::Bytes Front::request_hash(const Exchange& exchange) const {
  Json without = exchange.body;
  wipe_secrets(without);
  std::string text = exchange.body.dump();
  const bool has_secret = text != without.dump();
  crypto::SecretBytes all;
  const net::HttpRequest& request = exchange.request;
  for (const std::string_view part : {std::string_view(request.method), std::string_view(request.path),
                                      std::string_view(request.query), std::string_view(text)}) {
    const std::string size = std::to_string(part.size()) + ":";
    all.insert(all.end(), size.begin(), size.end());
    all.insert(all.end(), part.begin(), part.end());
  }
  base::wipe(text.data(), text.size());
  const crypto::Digest digest = has_secret ? crypto::hmac_sha256(key_.expose(), all) : crypto::sha256(all);
  return {digest.begin(), digest.end()};
}

void Front::count(const Endpoint& endpoint, unsigned status, std::int64_t started_ms) {
  if (front_.metrics == nullptr) return;
  const std::string name = std::string(endpoint.method) + " " + std::string(endpoint.path);
  front_.metrics->add(std::string(kRequests), {{"call", name}, {"status", std::to_string(status)}});
  front_.metrics->observe(std::string(kSeconds), {{"call", name}},
                          static_cast<double>(front_.clock.steady_ms() - started_ms) / 1'000);
}

}  // namespace api
