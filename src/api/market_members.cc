// /v1/members, /v1/tokens: who takes part, and by what it is known.
#include "api/market_call.h"
#include "api/market_views.h"
#include "crypto/api_token.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market::IdKind;
using market_views::shown;

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const std::size_t limit, call.limit());
  TARN_ASSIGN(auto rows, call.rules().members(call.asked("after").value_or(""), limit + 1));
  return page_reply<market::Member>(
      limit, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> add(MarketCall& call) {
  TARN_ASSIGN(const auto id, call.organisation("id", call.body.text("id")));
  TARN_ASSIGN(const market::Member member, call.rules().add_member(id, call.body.text("name")));
  return Reply{.body = shown(member), .headers = {{"Location", "/v1/members/" + id.text()}}};
}

// What is no organisation's id is nobody's.
Result<market::OrganisationId> member_id(MarketCall& call) {
  auto parsed = market::OrganisationId::parse(call.at("organisation"));
  if (!parsed.ok()) return base::Error{base::Code::kNotFound, "there is no such member: " + parsed.error().message};
  return parsed;
}

Result<Reply> show(MarketCall& call, const market::OrganisationId& id) {
  TARN_ASSIGN(const market::Member member, call.rules().member(id));
  return Reply{.body = shown(member)};
}

Result<Reply> get(MarketCall& call) {
  TARN_ASSIGN(const auto id, member_id(call));
  return show(call, id);
}

Result<Reply> suspend(MarketCall& call) {
  TARN_ASSIGN(const auto id, member_id(call));
  TARN_TRY(call.rules().set_suspended(id, call.body.flag("suspended")));
  return show(call, id);
}

Result<Reply> tokens(MarketCall& call) {
  TARN_ASSIGN(const auto rows, call.rules().tokens());
  return all_reply(rows, [](const market::ApiToken& row) { return shown(row); });
}

// The token itself is in this one answer, and nowhere else: not even a repetition of the request gets it again.
Result<Reply> add_token(MarketCall& call) {
  market::ApiToken token;
  token.organisation = call.caller.organisation;
  token.role = market_views::role_of(call.body.text("role")).value_or(market::Role::kTrader);
  token.label = call.body.text("label");
  token.created = call.now();
  if (call.body.has("organisation")) {
    TARN_ASSIGN(token.organisation, call.organisation("organisation", call.body.text("organisation")));
  }
  if (call.body.has("expires")) {
    TARN_ASSIGN(token.expires, call.time("expires"));
  }
  crypto::ApiTokenText text;
  crypto::make_api_token(*call.service.context().random, text);
  const auto hash = crypto::api_token_hash(text.text);
  token.hash.assign(hash->begin(), hash->end());
  TARN_ASSIGN(const market::Id id, call.rules().add_token(token));
  const std::string shown_id = market::id_text(IdKind::kToken, id);
  return Reply{.body = Json::object({{"id", shown_id}, {"token", text.text}}),
               .headers = {{"Cache-Control", "no-store"}},
               .kept = Json::object({{"id", shown_id}, {"token", nullptr}})};
}

Result<Reply> drop_token(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kToken, "token"));
  TARN_TRY(call.rules().drop_token(id));
  return Reply{};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/members", Kind::kRead, Action::kShowMarkets, list, 200, "Who takes part, by name.", "", "MemberPage",
     "after limit"},
    {"POST", "/v1/members", Kind::kWrite, Action::kManageMembers, add, 201,
     "Let an organisation in, by its key; it gets its accounts.", "NewMember", "Member"},
    {"GET", "/v1/members/{organisation}", Kind::kRead, Action::kShowMarkets, get, 200, "A member.", "", "Member"},
    {"PUT", "/v1/members/{organisation}/suspension", Kind::kWrite, Action::kManageMembers, suspend, 200,
     "No new orders of a member, or again; contracts go on.", "Suspension", "Member"},
    {"GET", "/v1/tokens", Kind::kRead, Action::kShowOwnTokens, tokens, 200, "The tokens of one's organisation.", "",
     "TokenPage"},
    {"POST", "/v1/tokens", Kind::kWrite, Action::kManageOwnTokens, add_token, 201,
     "Make a token: of one's organisation, or, as the operator, of any. It is shown once.", "NewToken", "MadeToken"},
    {"DELETE", "/v1/tokens/{token}", Kind::kWrite, Action::kManageOwnTokens, drop_token, 204,
     "Take a token back; what came in with it ends.", "", ""},
};

}  // namespace

std::span<const MarketRoute> market_member_routes() { return kRoutes; }

}  // namespace api
