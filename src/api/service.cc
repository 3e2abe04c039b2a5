#include "api/service.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "api/call.h"
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

bool is_hil(const net::HttpRequest& request) { return request.path == "/v0" || request.path.rfind("/v0/", 0) == 0; }

bool changes_something(const Route& route) { return route.method != "GET"; }

net::HttpResponse refused(const net::HttpRequest& request, unsigned status, std::string_view code,
                          std::string_view detail) {
  if (!is_hil(request)) return problem(status, code, detail);
  const std::string_view type = status == 404   ? "NotFoundError"
                                : status == 403 ? "AuthorizationError"
                                                : "ValidationError";
  return hil_error(status, type, detail);
}

std::optional<net::HttpResponse> refused_unread(const net::HttpRequest& request, const Route& route) {
  if (request.body.size() > kMaxBody) return refused(request, 413, "too_large", "a body may have 1 MiB");
  if (changes_something(route) && from_another_origin(request))
    return refused(request, 403, "another_origin", "a page of another origin may not change anything here");
  if (!is_hil(request) && !request.body.empty() && !says_json(request))
    return refused(request, 415, "not_json", "a body is JSON: send it with Content-Type: application/json");
  return std::nullopt;
}

bool query_allowed(const Route& route, std::string_view name) {
  std::string_view rest = route.query;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one == name || (one.back() == '.' && name.substr(0, one.size()) == one && name.size() > one.size()))
      return true;
  }
  return false;
}

base::Status read_query(Call& call) {
  const auto parameters = query_parameters(call.request.query);
  if (!parameters) return call.refuse("query", "is not a query of at most 32 parameters");
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    const std::string& name = (*parameters)[i].first;
    if (!query_allowed(*call.route, name)) return call.refuse(name.substr(0, 64), "is not known here");
    for (std::size_t j = 0; j < i; ++j)
      if ((*parameters)[j].first == name) return call.refuse(name, "is there twice");
  }
  call.query = *parameters;
  return {};
}

base::Status read_body(Call& call) {
  const std::string_view schema = call.route->request;
  if (schema.empty()) {
    if (call.request.body.empty() || call.request.body == "{}") return {};
    return call.refuse("body", "this call takes no body");
  }
  if (call.request.body.empty()) {
    call.body = Json::object();
  } else {
    auto body = Json::parse(call.request.body);
    if (!body.ok()) return call.refuse("body", body.error().message);
    call.body = std::move(body).value();
  }
  if (const auto fault = check(schema, call.body)) return call.refuse(fault->field, fault->message);
  return {};
}

void wipe_passwords(Json& body) {
  body.wipe_member("password");
  body.wipe_member("admin_token");  // HIL's obmd
}

base::Result<std::optional<std::string>> idempotency_key(Call& call) {
  const std::string* key = call.request.header("Idempotency-Key");
  if (key == nullptr || !changes_something(*call.route)) return std::optional<std::string>();
  const bool printable = std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (key->empty() || key->size() > kMaxKey || !printable)
    return call.refuse("Idempotency-Key", "must be 1 to 255 printable characters");
  return std::optional<std::string>(*key);
}

// HIL says 401, not 404, of what is there and not the caller's. What the call is about comes first in its path; if that
// is not there, whose the rest is does not matter.
bool hidden_from(const isolation::Caller& caller, isolation::Transaction& store, const Call& call) {
  const auto hidden = [&](std::optional<isolation::Id> project) {
    return call.route->action && !isolation::may(caller, *call.route->action, project);
  };
  const auto node = store.find_node(call.at("node"));
  if (node.ok() && *node) return hidden((*node)->project);
  const auto network = store.find_network(call.at("network"));
  if (network.ok() && *network) return hidden((*network)->owner);
  if (!call.at("network").empty()) return false;
  const auto operation = store.find_operation(call.at("operation"));
  if (operation.ok() && *operation) return hidden((*operation)->project);
  const auto project = store.find_project(call.at("project"));
  return project.ok() && *project && hidden((*project)->id);
}

net::HttpResponse failed(Call& call, base::Error error) {
  IsolationService& service = call.service;
  if (call.retry_after_s) {
    net::HttpResponse later = is_hil(call.request) ? hil_error(429, "AuthorizationError", error.message)
                                                   : problem(429, call.later, error.message);
    later.headers.emplace_back("Retry-After", std::to_string(*call.retry_after_s));
    return later;
  }
  if (error.code == base::Code::kStorage)
    service.parts().log.error("api_storage_failed", {{"path", call.route->path}, {"reason", error.message}});
  if (!is_hil(call.request)) return problem(error, call.field);
  if (error.code == base::Code::kNotFound) {
    bool hidden = false;
    const base::Status looked = call.read([&](isolation::Rules&, isolation::Transaction& store) -> base::Status {
      hidden = hidden_from(call.caller, store, call);
      return {};
    });
    if (looked.ok() && hidden) error = {base::Code::kForbidden, "you do not have access to it"};
  }
  if (!call.field.empty() && error.code == base::Code::kInvalidInput)
    return hil_error(400, "ValidationError", call.field + ": " + error.message);
  if (error.code == base::Code::kConflict && !call.hil_conflict.empty())
    return hil_error(hil_status_of(error.code), call.hil_conflict, error.message);
  return hil_error(error, "", call.route->creates);
}

net::HttpResponse answered(const Call& call, Reply reply) {
  net::HttpResponse out;
  out.status = reply.status == 0 ? call.route->status : reply.status;
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

IsolationService::IsolationService(IsolationParts parts)
    : parts_(std::move(parts)),
      random_(parts_.random),
      polls_(parts_.polls),
      slow_calls_(parts_.slow_calls),
      streams_(parts_.streams) {
  random_.fill(key_.expose());
  if (parts_.metrics == nullptr) return;
  parts_.metrics->declare_counter(std::string(kRequests), "Requests to the API, by call and status.");
  parts_.metrics->declare_histogram(std::string(kSeconds), "How long requests to the API took, by call.",
                                    {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 20});
}

isolation::Context IsolationService::context() {
  return {.now = parts_.clock.unix_ms(), .random = &random_, .settings = &parts_.settings};
}

void IsolationService::changed() {
  {
    const std::lock_guard lock(mutex_);
    ++changes_;
  }
  something_changed_.notify_all();
}

std::uint64_t IsolationService::news() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void IsolationService::wait_for_news(std::uint64_t seen, int timeout_ms) {
  std::unique_lock lock(mutex_);
  something_changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return changes_ != seen; });
}

base::Result<isolation::Caller> IsolationService::again(isolation::Transaction& store,
                                                        const isolation::Caller& caller) const {
  TARN_ASSIGN(const auto user, store.find_user(caller.user));
  if (!user) return base::Error{base::Code::kUnauthenticated, "the user is gone"};
  if (caller.token) {
    TARN_ASSIGN(const auto tokens, store.tokens_of(user->id));
    const auto token = std::ranges::find(tokens, *caller.token, &isolation::ApiToken::id);
    if (token == tokens.end() || (token->expires && *token->expires <= parts_.clock.unix_ms()))
      return base::Error{base::Code::kUnauthenticated, "the token is not valid any more"};
  } else if (caller.password != password_mark(user->password_hash)) {
    return base::Error{base::Code::kUnauthenticated, "the password was changed"};
  }
  TARN_ASSIGN(const auto projects, store.projects_of(caller.user));
  return isolation::Caller{.user = user->id,
                           .name = user->name,
                           .role = user->role,
                           .projects = {projects.begin(), projects.end()},
                           .token = caller.token,
                           .password = caller.password};
}

net::HttpResponse IsolationService::handle(const net::HttpRequest& request) {
  const std::int64_t started = parts_.clock.steady_ms();
  const auto segments = path_segments(request.path);
  if (!segments) return refused(request, 404, "not_found", "there is no such path");
  Match matched = match(request.method == "HEAD" ? "GET" : request.method, *segments);
  if (matched.route == nullptr && matched.allow.empty())
    return refused(request, 404, "not_found", "there is no such path; see /v1/openapi.json");
  if (matched.route == nullptr) {
    net::HttpResponse out = refused(request, 405, "method_not_allowed", "this path takes " + matched.allow);
    out.headers.emplace_back("Allow", matched.allow);
    return out;
  }
  if (auto refusal = refused_unread(request, *matched.route)) return std::move(*refusal);
  Call call{.service = *this, .request = request, .route = matched.route, .path = std::move(matched.parameters)};
  base::Result<Reply> reply = base::Error{base::Code::kStorage, "not answered"};
  try {
    reply = prepared(call);
  } catch (const std::exception& mistake) {  // a driver's, most likely; this call fails, the service goes on
    reply = base::Error{base::Code::kStorage, mistake.what()};
  }
  wipe_passwords(call.body);
  const bool mismatch = !reply.ok() && call.field == "Idempotency-Key" && reply.error().code == base::Code::kConflict;
  net::HttpResponse out = reply.ok() ? answered(call, std::move(reply).value())
                          : mismatch ? problem(422, "key_reused", reply.error().message, call.field)
                                     : failed(call, reply.error());
  count(call, out.status, started);
  return out;
}

base::Result<Reply> IsolationService::prepared(Call& call) {
  if (call.route->kind != Kind::kOpen) {
    auto who = parts_.authenticate(call.request);
    if (auto* refusal = std::get_if<Authentication::Refusal>(&who)) {
      call.retry_after_s = refusal->retry_after_s;
      return std::move(refusal->error);
    }
    call.caller = std::get<isolation::Caller>(std::move(who));
  }
  TARN_TRY(read_query(call));
  TARN_TRY(read_body(call));
  base::Result<Reply> reply = run(call);
  if (reply.ok()) wake(call);
  return reply;
}

base::Result<Reply> IsolationService::run(Call& call) {
  if (call.route->kind == Kind::kOpen) return call.route->handler(call);
  if (call.route->kind == Kind::kOutside) return run_outside(call);
  if (call.route->kind == Kind::kWrite) return run_write(call);
  std::optional<Reply> reply;
  TARN_TRY(call.read([&](isolation::Rules& rules, isolation::Transaction& store) -> base::Status {
    call.store = &store;
    call.in_transaction = &rules;
    TARN_ASSIGN(reply, call.route->handler(call));
    return {};
  }));
  return std::move(*reply);
}

base::Result<Reply> IsolationService::run_write(Call& call) {
  if (call.route->prepare != nullptr) TARN_TRY(call.route->prepare(call));
  std::optional<Reply> reply;
  TARN_TRY(call.write([&](isolation::Rules& rules, isolation::Transaction& store) -> base::Status {
    call.store = &store;
    call.in_transaction = &rules;
    TARN_ASSIGN(reply, kept_reply(call, store));
    if (reply) return {};
    TARN_ASSIGN(reply, call.route->handler(call));
    return keep_reply(call, store, *reply);
  }));
  return std::move(*reply);
}

// Its effect and the kept reply are not one transaction: a repetition of what was cut off in between acts again.
base::Result<Reply> IsolationService::run_outside(Call& call) {
  if (!changes_something(*call.route) || call.request.header("Idempotency-Key") == nullptr)
    return call.route->handler(call);
  std::optional<Reply> kept;
  TARN_TRY(call.read([&](isolation::Rules&, isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(kept, kept_reply(call, store));
    return {};
  }));
  if (kept) return std::move(*kept);
  TARN_ASSIGN(Reply reply, call.route->handler(call));
  TARN_TRY(
      call.write([&](isolation::Rules&, isolation::Transaction& store) { return keep_reply(call, store, reply); }));
  return reply;
}

base::Result<std::optional<Reply>> IsolationService::kept_reply(Call& call, isolation::Transaction& store) {
  TARN_ASSIGN(const auto key, idempotency_key(call));
  if (!key) return std::optional<Reply>();
  TARN_ASSIGN(const auto kept, store.find_reply(call.caller.user, *key));
  if (!kept || kept->at + parts_.keep_replies_ms <= parts_.clock.unix_ms()) return std::optional<Reply>();
  if (kept->request_hash != request_hash(call)) {
    call.field = "Idempotency-Key";
    return base::Error{base::Code::kConflict, "the key was used for another request; take a new one"};
  }
  Reply reply{.status = static_cast<unsigned>(kept->status), .headers = {{"Idempotency-Replayed", "true"}}};
  if (!kept->body.empty()) reply.text = kept->body;
  return std::optional<Reply>(std::move(reply));
}

base::Status IsolationService::keep_reply(Call& call, isolation::Transaction& store, const Reply& reply) {
  TARN_ASSIGN(const auto key, idempotency_key(call));
  if (!key) return {};
  const std::optional<Json>& body = reply.kept ? reply.kept : reply.body;
  return store.keep_reply(call.caller.user, *key,
                          {.request_hash = request_hash(call),
                           .status = static_cast<int>(reply.status == 0 ? call.route->status : reply.status),
                           .body = body ? body->dump() : "",
                           .at = parts_.clock.unix_ms()});
}

// What makes two requests with one key the same. From a fast hash of a guessable text that text could be guessed, so
// with a password in it, it is a MAC under a key that does not outlive the process: then the same request looks like
// another.
base::Bytes IsolationService::request_hash(const Call& call) const {
  Json without = call.body;
  wipe_passwords(without);
  std::string text = call.body.dump();
  const bool has_password = text != without.dump();
  crypto::SecretBytes all;
  for (const std::string_view part : {std::string_view(call.request.method), std::string_view(call.request.path),
                                      std::string_view(call.request.query), std::string_view(text)}) {
    const std::string size = std::to_string(part.size()) + ":";
    all.insert(all.end(), size.begin(), size.end());
    all.insert(all.end(), part.begin(), part.end());
  }
  base::wipe(text.data(), text.size());
  const crypto::Digest digest = has_password ? crypto::hmac_sha256(key_.expose(), all) : crypto::sha256(all);
  return {digest.begin(), digest.end()};
}

void IsolationService::wake(const Call& call) {
  for (const isolation::Id id : call.wake_switches) parts_.wake_switch(id);
  for (const isolation::Id id : call.look_at_switches) parts_.look_at_switch(id);
  if (call.wake_releaser) parts_.wake_releaser();
  if (changes_something(*call.route)) changed();
}

void IsolationService::count(const Call& call, unsigned status, std::int64_t started_ms) {
  if (parts_.metrics == nullptr) return;
  const std::string name = std::string(call.route->method) + " " + std::string(call.route->path);
  parts_.metrics->add(std::string(kRequests), {{"call", name}, {"status", std::to_string(status)}});
  parts_.metrics->observe(std::string(kSeconds), {{"call", name}},
                          static_cast<double>(parts_.clock.steady_ms() - started_ms) / 1'000);
}

}  // namespace api
