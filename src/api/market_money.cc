// /v1/currencies, /v1/transfers, /v1/accounts: money, and what became of it.
#include "api/market_call.h"
#include "api/market_views.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market::IdKind;
using market_views::shown;

constexpr std::int64_t kMonthMs = 31LL * 86'400'000;

Result<market::CreditPolicy> policy_in(MarketCall& call, const Json& policy, const std::string& where) {
  market::CreditPolicy out;
  out.kind = market_views::policy_of(policy.text("kind")).value_or(out.kind);
  TARN_ASSIGN(out.amount, call.money(policy, "amount", where + "amount"));
  TARN_ASSIGN(out.credit_limit, call.money(policy, "credit_limit", where + "credit_limit"));
  out.period_ms = policy.number("period_ms");
  return out;
}

Json currency(const ledger::Currency& row, const market::CurrencyPolicy& policy) {
  return Json::object({{"name", row.name},
                       {"policy", shown(policy.policy)},
                       {"next_recharge", market_views::time_or_null(policy.next_recharge)}});
}

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const auto rows, call.rules().currencies());
  return all_reply(rows, [](const auto& row) { return currency(row.first, row.second); });
}

Result<Reply> one(MarketCall& call, std::string_view name) {
  TARN_ASSIGN(const auto rows, call.rules().currencies());
  for (const auto& [row, policy] : rows)
    if (row.name == name) return Reply{.body = currency(row, policy)};
  return base::Error{base::Code::kNotFound, "there is no such currency"};
}

Result<Reply> create(MarketCall& call) {
  TARN_ASSIGN(const auto policy, policy_in(call, *call.body.find("policy"), "policy."));
  const std::string name = call.body.text("name");
  TARN_TRY(call.rules().create_currency(name, policy));
  return one(call, name);
}

Result<Reply> put_policy(MarketCall& call) {
  TARN_ASSIGN(const auto policy, policy_in(call, call.body, ""));
  TARN_TRY(call.rules().set_policy(call.at("currency"), policy));
  return one(call, call.at("currency"));
}

Result<Reply> grant(MarketCall& call) {
  TARN_ASSIGN(const auto to, call.organisation("to", call.body.text("to")));
  TARN_ASSIGN(const std::int64_t amount, call.money(call.body, "amount", "amount"));
  TARN_ASSIGN(const ledger::Id made, call.rules().grant(call.at("currency"), to, amount, call.body.text("why")));
  return Reply{.body = Json::object({{"transfer", market::id_text(IdKind::kTransfer, made)}})};
}

Result<Reply> correct(MarketCall& call) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kTransfer, "transfer"));
  TARN_ASSIGN(const ledger::Id made, call.rules().correct(id, call.body.text("why")));
  return Reply{.body = Json::object({{"transfer", market::id_text(IdKind::kTransfer, made)}})};
}

Result<Reply> accounts(MarketCall& call) {
  TARN_ASSIGN(const auto rows, call.rules().accounts());
  Json items = Json::array();
  for (const ledger::Account& account : rows) {
    TARN_ASSIGN(const std::string name, market_views::currency_name(*call.store, account.currency));
    items.push(shown(account, name));
  }
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<market::Statement> statement_of(MarketCall& call, std::int64_t from, std::int64_t until) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kAccount, "account"));
  return call.rules().statement(id, from, until);
}

Result<Reply> account(MarketCall& call) {
  TARN_ASSIGN(const auto found, statement_of(call, call.now(), call.now() + 1));
  return Reply{.body = shown(found.account, found.currency)};
}

struct Span {
  std::int64_t from = 0, until = 0;
};
// The last one, unless the call says otherwise.
Result<Span> month_of(MarketCall& call) {
  Span out;
  TARN_ASSIGN(out.until, call.asked_time("until", call.now() + 1));
  TARN_ASSIGN(out.from, call.asked_time("from", std::max<std::int64_t>(0, out.until - kMonthMs)));
  if (out.from >= out.until) return call.refuse("until", "must be after from");
  return out;
}

Result<Reply> statement(MarketCall& call) {
  TARN_ASSIGN(const Span span, month_of(call));
  TARN_ASSIGN(const auto found, statement_of(call, span.from, span.until));
  return Reply{.body = shown(found)};
}

Result<Reply> invoice(MarketCall& call) {
  TARN_ASSIGN(const Span span, month_of(call));
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kAccount, "account"));
  TARN_ASSIGN(const ledger::Invoice found, call.rules().invoice(id, span.from, span.until));
  return Reply{.body = shown(found)};
}

Result<Reply> set_frozen(MarketCall& call, bool frozen) {
  TARN_ASSIGN(const market::Id id, call.id(IdKind::kAccount, "account"));
  TARN_ASSIGN(const ledger::Account account, call.rules().set_frozen(id, frozen));
  TARN_ASSIGN(const std::string currency, market_views::currency_name(*call.store, account.currency));
  return Reply{.body = shown(account, currency)};
}
Result<Reply> freeze(MarketCall& call) { return set_frozen(call, true); }
Result<Reply> thaw(MarketCall& call) { return set_frozen(call, false); }

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/currencies", Kind::kRead, Action::kShowMarkets, list, 200,
     "The currencies, and how money gets to members by itself.", "", "CurrencyPage"},
    {"POST", "/v1/currencies", Kind::kWrite, Action::kManageCurrencies, create, 201, "Make a currency.", "NewCurrency",
     "Currency"},
    {"PUT", "/v1/currencies/{currency}/policy", Kind::kWrite, Action::kManageCurrencies, put_policy, 200,
     "Say how money gets to members by itself from now on.", "NewPolicy", "Currency"},
    {"POST", "/v1/currencies/{currency}/grants", Kind::kWrite, Action::kManageCurrencies, grant, 201,
     "Give a member money. Without an Idempotency-Key a second request gives it a second time.", "NewGrant", "Made"},
    {"POST", "/v1/transfers/{transfer}/correction", Kind::kWrite, Action::kManageCurrencies, correct, 201,
     "The same transfer the other way round: nothing is ever changed or removed.", "Why", "Made"},
    {"GET", "/v1/accounts", Kind::kRead, Action::kShowOwn, accounts, 200,
     "One's own accounts, or, for the operator and its auditors, all.", "", "AccountPage"},
    {"GET", "/v1/accounts/{account}", Kind::kRead, Action::kShowOwn, account, 200, "An account as it stands.", "",
     "Account"},
    {"GET", "/v1/accounts/{account}/statement", Kind::kRead, Action::kShowOwn, statement, 200,
     "Each transfer of an account, and the sums by reason; the last month, unless from and until say otherwise.", "",
     "Statement", "from until"},
    {"GET", "/v1/accounts/{account}/invoice", Kind::kRead, Action::kShowOwn, invoice, 200,
     "What was paid and received, by counterparty and by what for, without what was only set aside; the last month, "
     "unless from and until say otherwise.",
     "", "Invoice", "from until"},
    {"POST", "/v1/accounts/{account}/freeze", Kind::kWrite, Action::kManageCurrencies, freeze, 200,
     "Let a member agree to nothing new: its orders are closed at the next call; what is set aside for contracts is "
     "still "
     "paid.",
     "", "Account"},
    {"POST", "/v1/accounts/{account}/thaw", Kind::kWrite, Action::kManageCurrencies, thaw, 200, "And let it again.", "",
     "Account"},
};

}  // namespace

std::span<const MarketRoute> market_money_routes() { return kRoutes; }

}  // namespace api
