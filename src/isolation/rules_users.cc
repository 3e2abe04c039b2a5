// Users and their tokens. What proves who somebody is, never leaves through here.
#include <algorithm>

#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {
namespace {

constexpr std::size_t kMaxPasswordHash = 1'024, kTokenHash = 32, kMaxTokens = 100;

base::Status check_password_hash(std::string_view hash) {
  if (hash.size() <= kMaxPasswordHash) return {};
  return invalid("A password's hash has at most 1024 characters");
}

}  // namespace

Rows<User> Rules::users(const Page& page) {
  TARN_TRY(allowed(caller_, Action::kShowUsers));
  TARN_ASSIGN(std::vector<User> users, store_.users(bounded(page)));
  for (User& user : users) user.password_hash.clear();
  return users;
}

base::Status Rules::create_user(const User& user) {
  TARN_TRY(allowed(caller_, Action::kManageUsers));
  TARN_TRY(check_name("user", user.name));
  TARN_TRY(check_password_hash(user.password_hash));
  TARN_ASSIGN(const std::optional<User> other, store_.find_user(user.name));
  if (other) return conflict("There is a " + named("user", user.name) + " already: choose another name");
  TARN_TRY(store_.insert_user(user));
  return note("user.created", {}, "user/" + user.name);
}

base::Status Rules::change_user(std::string_view name, std::optional<Role> role,
                                std::optional<std::string> password_hash) {
  TARN_TRY(allowed(caller_, Action::kManageUsers));
  TARN_ASSIGN(User user, need(store_.find_user(name), "user", name));
  if (role && *role != Role::kAdministrator) TARN_TRY(never_the_last_administrator(user));
  if (password_hash) TARN_TRY(check_password_hash(*password_hash));
  if (role) user.role = *role;
  if (password_hash) user.password_hash = std::move(*password_hash);
  TARN_TRY(store_.update_user(user));
  return note("user.changed", {}, "user/" + user.name);
}

base::Status Rules::delete_user(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageUsers));
  TARN_ASSIGN(const User user, need(store_.find_user(name), "user", name));
  TARN_TRY(never_the_last_administrator(user));
  TARN_TRY(store_.erase_user(user.id));
  return note("user.deleted", {}, "user/" + user.name);
}

base::Status Rules::never_the_last_administrator(const User& user) {
  if (user.role != Role::kAdministrator) return {};
  Page page{"", kMaxPage};
  for (;;) {
    TARN_ASSIGN(const std::vector<User> users, store_.users(page));
    for (const User& other : users)
      if (other.role == Role::kAdministrator && other.id != user.id) return {};
    if (users.size() < page.limit) break;
    page.after = users.back().name;
  }
  return conflict(named("user", user.name) + " is the last administrator: make another one first");
}

base::Result<std::vector<std::string>> Rules::projects_of(std::string_view name) {
  if (name != caller_.name) TARN_TRY(allowed(caller_, Action::kShowUsers));
  TARN_ASSIGN(const User user, need(store_.find_user(name), "user", name));
  TARN_ASSIGN(const std::vector<Id> ids, store_.projects_of(user.id));
  std::vector<std::string> names;
  for (const Id id : ids) {
    TARN_ASSIGN(Project project, need_row(store_.find_project(id)));
    names.push_back(std::move(project.name));
  }
  std::ranges::sort(names);
  return names;
}

base::Result<Id> Rules::add_token(const ApiToken& token) {
  TARN_TRY(allowed(caller_, Action::kManageOwnTokens));
  TARN_TRY(check_name("token", token.label));
  if (token.hash.size() != kTokenHash) return invalid("A token's hash has 32 bytes");
  if (token.expires && *token.expires <= context_.now) return invalid("A token expires later than now");
  TARN_ASSIGN(const std::vector<ApiToken> others, store_.tokens_of(caller_.user));
  if (others.size() >= kMaxTokens) return conflict("A user has at most 100 tokens: drop one first");
  ApiToken added = token;
  added.user = caller_.user;
  added.created = context_.now;
  TARN_ASSIGN(const Id id, store_.insert_token(added));
  TARN_TRY(note("token.added", {}, "user/" + caller_.name, "token " + token.label));
  return id;
}

Rows<ApiToken> Rules::tokens() {
  TARN_TRY(allowed(caller_, Action::kManageOwnTokens));
  TARN_ASSIGN(std::vector<ApiToken> tokens, store_.tokens_of(caller_.user));
  for (ApiToken& token : tokens) token.hash.clear();
  return tokens;
}

base::Status Rules::drop_token(Id id) {
  TARN_ASSIGN(const std::vector<ApiToken> mine, tokens());
  const auto found = std::ranges::find(mine, id, &ApiToken::id);
  if (found == mine.end()) return not_found("You have no such token: list yours");
  TARN_TRY(store_.erase_token(id));
  return note("token.dropped", {}, "user/" + caller_.name, "token " + found->label);
}

}  // namespace isolation
