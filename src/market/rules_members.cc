// Who takes part: members, their tokens, and the groups that they sell to.
#include <algorithm>

#include "market/lookup.h"
#include "market/member_account.h"
#include "market/orders.h"
#include "market/rules.h"

namespace market {
namespace {

constexpr std::size_t kMostGroupMembers = 1'000, kHashSize = 32;

// Roles of an organisation stay within it, and nobody of an organisation is the operator.
bool fits(const ApiToken& token) {
  if (token.organisation)
    return token.role == Role::kTrader || token.role == Role::kAuditor || token.role == Role::kAdministrator;
  return token.role == Role::kOperator || token.role == Role::kAuditor;
}

}  // namespace

Rows<Member> Rules::members(std::string_view after_name, std::size_t limit) {
  TARN_TRY(allowed(caller_, Action::kShowMarkets));
  return store_.members(after_name, std::clamp<std::size_t>(limit, 1, kMaxPage));
}

base::Result<Member> Rules::member(const OrganisationId& id) {
  TARN_TRY(allowed(caller_, Action::kShowMarkets));
  return need(store_.find_member(id), "member", id.text());
}

base::Result<Member> Rules::add_member(const OrganisationId& id, std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageMembers));
  TARN_TRY(check_name("name", name));
  TARN_ASSIGN(const std::vector<Member> others, all_members(store_));
  if (others.size() >= context_.limits->members) return conflict("there are as many members as this market takes");
  TARN_ASSIGN(const std::optional<Member> same, store_.find_member(id));
  if (same) return conflict("this organisation is a member already, as " + same->name);
  TARN_ASSIGN(const std::optional<Member> namesake, store_.find_member_named(name));
  if (namesake) return conflict(named("member", name) + " is another organisation: choose another name");
  const Member member{id, std::string(name), false, context_.now};
  TARN_TRY(store_.insert_member(member));
  TARN_ASSIGN(const std::vector<CurrencyPolicy> policies, store_.policies());
  for (const CurrencyPolicy& policy : policies) TARN_TRY(open_member_account(store_, context_, policy, id));
  TARN_TRY(note_everybody(store_, context_, "member.joined", {id.text()}, member.name));
  return member;
}

base::Status Rules::set_suspended(const OrganisationId& id, bool suspended) {
  TARN_TRY(allowed(caller_, Action::kManageMembers));
  TARN_ASSIGN(Member member, need(store_.find_member(id), "member", id.text()));
  if (member.suspended == suspended) return {};
  member.suspended = suspended;
  TARN_TRY(store_.update_member(member));
  if (suspended) TARN_TRY(close_orders(store_, context_, {.organisation = id}, "its organisation was suspended"));
  return note(store_, context_, suspended ? "member.suspended" : "member.readmitted", {id.text()}, member.name, {id});
}

base::Result<Id> Rules::add_token(const ApiToken& wanted) {
  ApiToken token = wanted;
  if (caller_.organisation && !token.organisation) token.organisation = caller_.organisation;
  TARN_TRY(allowed(caller_, Action::kManageOwnTokens, token.organisation));
  TARN_TRY(check_name("label", token.label));
  if (token.organisation) TARN_TRY(need(store_.find_member(*token.organisation), "member", token.organisation->text()));
  if (!fits(token))
    return invalid("role", "is trader, auditor or administrator of an organisation, or operator or auditor of none");
  if (token.hash.size() != kHashSize) return invalid("hash", "is the SHA-256 of the token");
  if (token.expires && *token.expires <= context_.now) return invalid("expires", "has to be later than now");
  TARN_ASSIGN(const std::vector<ApiToken> others, store_.tokens(token.organisation));
  if (others.size() >= context_.limits->tokens_a_member) return conflict("there are too many tokens: remove one first");
  token.created = context_.now;
  return store_.insert_token(token);
}

Rows<ApiToken> Rules::tokens() {
  TARN_TRY(allowed(caller_, Action::kShowOwnTokens, caller_.organisation));
  return store_.tokens(caller_.organisation);
}

base::Status Rules::drop_token(Id id) {
  TARN_TRY(allowed(caller_, Action::kManageOwnTokens, caller_.organisation));
  bool gone = false;
  if (caller_.organisation) {
    TARN_ASSIGN(const std::vector<ApiToken> own, store_.tokens(caller_.organisation));
    gone = std::ranges::find(own, id, &ApiToken::id) == own.end();
  }
  if (!gone) {
    TARN_ASSIGN(const bool erased, store_.erase_token(id));
    gone = !erased;
  }
  return gone ? base::Status(not_found("There is no such token: look for it in the list")) : base::Status();
}

Rows<Group> Rules::groups() {
  TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  if (!caller_.organisation) return invalid("organisation", "groups are an organisation's: ask as one");
  return store_.groups(*caller_.organisation);
}

base::Status Rules::put_group(std::string_view name, const std::vector<OrganisationId>& members) {
  TARN_TRY(allowed(caller_, Action::kManageGroups, caller_.organisation));
  TARN_TRY(check_name("name", name));
  std::vector<OrganisationId> sorted = members;
  std::ranges::sort(sorted);
  if (sorted.empty() || sorted.size() > kMostGroupMembers || std::ranges::adjacent_find(sorted) != sorted.end())
    return invalid("members", "are 1 to 1,000 organisations, each once");
  for (const OrganisationId& member : sorted) TARN_TRY(need(store_.find_member(member), "member", member.text()));
  TARN_ASSIGN(const std::optional<Group> same, store_.find_group(*caller_.organisation, name));
  TARN_ASSIGN(const std::vector<Group> others, store_.groups(*caller_.organisation));
  if (!same && others.size() >= context_.limits->groups_a_member)
    return conflict("there are too many groups: remove one first");
  TARN_TRY(store_.put_group({same ? same->id : 0, *caller_.organisation, std::string(name), std::move(sorted)}));
  return {};
}

base::Status Rules::drop_group(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kManageGroups, caller_.organisation));
  TARN_ASSIGN(const Group group, need(store_.find_group(*caller_.organisation, name), "group", name));
  return store_.erase_group(group.id);
}

}  // namespace market
