// /v1/users and /v1/tokens.
#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

// Hashing takes 50 ms and much memory: before the transaction, and for administrators only.
Result<Reply> hash_password(Call& call) {
  TARN_TRY(isolation::allowed(call.caller, Action::kManageUsers));
  if (!call.body.has("password")) return Reply{};
  TARN_ASSIGN(call.password_hash, call.service.parts().hash_password(*call.body.find("password")->string()));
  return Reply{};
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().users(and_one(page)));
  return page_reply<isolation::User>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> create(Call& call) {
  const isolation::User user{.id = 0,
                             .name = call.body.text("name"),
                             .password_hash = call.password_hash.value_or(""),
                             .role = role_of(call.body.text("role", "member")).value_or(isolation::Role::kMember)};
  TARN_TRY(call.rules().create_user(user));
  return Reply{.body = shown(user)};
}

Result<Reply> change(Call& call) {
  TARN_TRY(call.rules().change_user(call.at("user"), role_of(call.body.text("role")), call.password_hash));
  TARN_ASSIGN(const auto user, call.store->find_user(call.at("user")));
  if (!user) return base::Error{base::Code::kNotFound, "the user is gone"};
  return Reply{.body = shown(*user)};
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_user(call.at("user")));
  return Reply{};
}

Result<Reply> projects(Call& call) {
  TARN_ASSIGN(const auto names, call.rules().projects_of(call.at("user")));
  Json items = Json::array();
  for (const std::string& name : names) items.push(name);
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<Reply> tokens(Call& call) {
  TARN_ASSIGN(const auto rows, call.rules().tokens());
  Json items = Json::array();
  for (const auto& row : rows) items.push(shown(row));
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

// The token is shown this once: what is kept for a repetition is without it.
Result<Reply> create_token(Call& call) {
  isolation::ApiToken token{.id = 0,
                            .user = call.caller.user,
                            .label = call.body.text("label"),
                            .hash = {},
                            .created = call.service.parts().clock.unix_ms(),
                            .expires = {}};
  if (call.body.has("expires")) {
    TARN_ASSIGN(token.expires, call.time("expires"));
  }
  std::string text;
  token.hash = call.service.parts().make_token(text);
  TARN_ASSIGN(token.id, call.rules().add_token(token));
  Json body = shown(token);
  const Json kept = body;
  body.set("token", std::move(text));
  return Reply{.body = std::move(body), .headers = {{"Cache-Control", "no-store"}}, .kept = kept};
}

Result<Reply> drop_token(Call& call) {
  TARN_ASSIGN(const std::int64_t id, call.digits("token", call.at("token")));
  TARN_TRY(call.rules().drop_token(id));
  return Reply{};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/users", Kind::kRead, Action::kShowUsers, list, 200, "All users.", "", "UserPage", "after limit"},
    {"POST", "/v1/users", Kind::kWrite, Action::kManageUsers, create, 201,
     "Make a user; without a password it has tokens only.", "NewUser", "User", "", "application/json", hash_password},
    {"PATCH", "/v1/users/{user}", Kind::kWrite, Action::kManageUsers, change, 200, "Change a user's role or password.",
     "UserPatch", "User", "", "application/json", hash_password},
    {"DELETE", "/v1/users/{user}", Kind::kWrite, Action::kManageUsers, remove, 204,
     "Delete a user; never the last administrator.", "", ""},
    {"GET", "/v1/users/{user}/projects", Kind::kRead, Action::kShowUsers, projects, 200, "A user's projects.", "",
     "NamesPage"},
    {"GET", "/v1/tokens", Kind::kRead, Action::kManageOwnTokens, tokens, 200, "The caller's own tokens.", "",
     "TokenPage"},
    {"POST", "/v1/tokens", Kind::kWrite, Action::kManageOwnTokens, create_token, 201,
     "Make a token for oneself; it is shown this once.", "NewToken", "Token"},
    {"DELETE", "/v1/tokens/{token}", Kind::kWrite, Action::kManageOwnTokens, drop_token, 204, "Revoke a token.", "",
     ""},
};

}  // namespace

std::span<const Route> user_routes() { return kRoutes; }

}  // namespace api
