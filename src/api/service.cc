#include "api/service.h"

#include <algorithm>
#include <utility>

#include "api/call.h"
#include "api/problem.h"
#include "api/schema.h"

namespace api {

namespace {

constexpr std::string_view kSecrets[] = {"password", "admin_token"};  // the second: HIL's obmd

bool is_hil(const net::HttpRequest& request) { return request.path == "/v0" || request.path.rfind("/v0/", 0) == 0; }

FrontParts front_parts(const IsolationParts& parts) {
  return {.endpoints = endpoints(),
          .schemas = schemas(),
          .clock = parts.clock,
          .random = parts.random,
          .log = parts.log,
          .metrics = parts.metrics,
          .challenge = Authentication::kChallenge,
          .secrets = kSecrets,
          .keep_replies_ms = parts.keep_replies_ms,
          .polls = parts.polls,
          .slow_calls = parts.slow_calls,
          .streams = parts.streams};
}

Call& call_of(Exchange& exchange) { return static_cast<Call&>(exchange); }

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

}  // namespace

IsolationService::IsolationService(IsolationParts parts) : Front(front_parts(parts)), parts_(std::move(parts)) {}

isolation::Context IsolationService::context() {
  return {.now = parts_.clock.unix_ms(), .random = &random(), .settings = &parts_.settings};
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

std::unique_ptr<Exchange> IsolationService::exchange(const net::HttpRequest& request, const Endpoint& endpoint) {
  return std::make_unique<Call>(*this, request, endpoint, routes()[endpoints().index_of(endpoint)]);
}

base::Status IsolationService::identify(Exchange& exchange) {
  auto who = parts_.authenticate(exchange.request);
  if (auto* refusal = std::get_if<Authentication::Refusal>(&who)) {
    exchange.retry_after_s = refusal->retry_after_s;
    return std::move(refusal->error);
  }
  call_of(exchange).caller = std::get<isolation::Caller>(std::move(who));
  return {};
}

base::Status IsolationService::prepare(Exchange& exchange) {
  Call& call = call_of(exchange);
  if (call.route->prepare != nullptr) TARN_TRY(call.route->prepare(call));
  return {};
}

base::Status IsolationService::within(Exchange& exchange, bool writes, const Work& work) {
  Call& call = call_of(exchange);
  const auto known = [&](isolation::Rules& rules, isolation::Transaction& store) {
    call.store = &store;
    call.in_transaction = &rules;
    const base::Status outcome = work();
    call.store = nullptr;
    call.in_transaction = nullptr;
    return outcome;
  };
  return writes ? call.write(known) : call.read(known);
}

base::Result<Reply> IsolationService::act(Exchange& exchange) {
  Call& call = call_of(exchange);
  return call.route->handler(call);
}

void IsolationService::done(Exchange& exchange) {
  const Call& call = call_of(exchange);
  for (const isolation::Id id : call.wake_switches) parts_.wake_switch(id);
  for (const isolation::Id id : call.look_at_switches) parts_.look_at_switch(id);
  if (call.wake_releaser) parts_.wake_releaser();
}

base::Result<std::optional<KeptText>> IsolationService::find_reply(Exchange& exchange, std::string_view key) {
  const Call& call = call_of(exchange);
  TARN_ASSIGN(const auto kept, call.store->find_reply(call.caller.user, key));
  if (!kept) return std::optional<KeptText>();
  return std::optional<KeptText>({kept->request_hash, kept->status, kept->body, kept->at});
}

base::Status IsolationService::keep_reply(Exchange& exchange, std::string_view key, const KeptText& reply) {
  const Call& call = call_of(exchange);
  return call.store->keep_reply(call.caller.user, key, {reply.request_hash, reply.status, reply.body, reply.at});
}

bool IsolationService::bodies_say_json(const net::HttpRequest& request) const { return !is_hil(request); }

net::HttpResponse IsolationService::refusal(const net::HttpRequest& request, unsigned status, std::string_view code,
                                            std::string_view detail) const {
  if (!is_hil(request)) return problem(status, code, detail);
  const std::string_view type = status == 404   ? "NotFoundError"
                                : status == 403 ? "AuthorizationError"
                                                : "ValidationError";
  return hil_error(status, type, detail);
}

net::HttpResponse IsolationService::failure(Exchange& exchange, const base::Error& error) {
  Call& call = call_of(exchange);
  if (!is_hil(call.request)) return Front::failure(exchange, error);
  if (call.retry_after_s) return hil_error(429, "AuthorizationError", error.message);
  base::Error said = error;
  if (error.code == base::Code::kNotFound) {
    bool hidden = false;
    const base::Status looked = call.read([&](isolation::Rules&, isolation::Transaction& store) -> base::Status {
      hidden = hidden_from(call.caller, store, call);
      return {};
    });
    if (looked.ok() && hidden) said = {base::Code::kForbidden, "you do not have access to it"};
  }
  if (!call.field.empty() && said.code == base::Code::kInvalidInput)
    return hil_error(400, "ValidationError", call.field + ": " + said.message);
  if (said.code == base::Code::kConflict && !call.hil_conflict.empty())
    return hil_error(hil_status_of(said.code), call.hil_conflict, said.message);
  return hil_error(said, "", call.route->creates);
}

}  // namespace api
