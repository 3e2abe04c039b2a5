// Currencies and accounts: what the operator issues, and what everybody sees of its own.
#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "ledger/policy.h"
#include "market/ids.h"
#include "market/lookup.h"
#include "market/member_account.h"
#include "market/rules.h"
#include "model/money.h"

namespace market {
namespace {

base::Result<ledger::Currency> currency_named(Transaction& store, std::string_view name) {
  return need(store.find_currency(name), "currency", name);
}

// Of an account that is another's it is as if it were not there.
base::Result<ledger::Account> known_account(Transaction& store, const Caller& caller, ledger::Id id) {
  TARN_ASSIGN(std::optional<ledger::Account> found, store.find_account(id));
  const bool own = found && found->organisation && may(caller, Action::kShowOwn, found->organisation);
  if (!own && !may(caller, Action::kShowEverything)) found.reset();
  return need(Found<ledger::Account>(found), "account", id_text(IdKind::kAccount, id));
}

std::string limit_text(std::int64_t limit, std::size_t above) {
  std::string text = "credit limit " + model::credits_text(static_cast<std::uint64_t>(limit));
  if (above == 0) return text;
  return text + "; members that have used more: " + std::to_string(above) +
         ", which may use no more than that: set it again once they have paid";
}

}  // namespace

base::Result<ledger::Id> Rules::create_currency(std::string_view name, const CreditPolicy& policy) {
  TARN_TRY(allowed(caller_, Action::kManageCurrencies));
  TARN_TRY(check_name("name", name));
  TARN_TRY(ledger::check(policy));
  TARN_ASSIGN(const ledger::Id currency, ledger::Rules(store_, context_.now).create_currency(name));
  const CurrencyPolicy row{currency, policy, ledger::next_recharge(policy, context_.now, context_.now)};
  TARN_TRY(store_.put_policy(row));
  TARN_ASSIGN(const std::vector<Member> members, all_members(store_));
  for (const Member& member : members) TARN_TRY(open_member_account(store_, context_, row, member.id));
  return currency;
}

base::Result<std::vector<std::pair<ledger::Currency, CurrencyPolicy>>> Rules::currencies() {
  TARN_TRY(allowed(caller_, Action::kShowMarkets));
  std::vector<std::pair<ledger::Currency, CurrencyPolicy>> out;
  TARN_ASSIGN(const std::vector<ledger::Currency> currencies, store_.currencies());
  for (const ledger::Currency& currency : currencies) {
    TARN_ASSIGN(CurrencyPolicy policy, need_row(store_.find_policy(currency.id)));
    out.emplace_back(currency, policy);
  }
  return out;
}

// Who has used more than a lower limit allows keeps what it has used as its own, and holds up nobody else.
base::Status Rules::set_policy(std::string_view currency, const CreditPolicy& policy) {
  TARN_TRY(allowed(caller_, Action::kManageCurrencies));
  TARN_TRY(ledger::check(policy));
  TARN_ASSIGN(const ledger::Currency found, currency_named(store_, currency));
  TARN_TRY(store_.put_policy({found.id, policy, ledger::next_recharge(policy, context_.now, context_.now)}));
  ledger::Rules ledger(store_, context_.now);
  TARN_ASSIGN(const std::vector<Member> members, all_members(store_));
  std::size_t above = 0;
  for (const Member& member : members) {
    TARN_ASSIGN(const ledger::Account account, ledger.member_account(found.id, member.id));
    const std::int64_t used = account.debits_pending - ledger::balance(account);
    if (used > policy.credit_limit) ++above;
    TARN_TRY(ledger.set_credit_limit(account.id, std::max(used, policy.credit_limit)));
  }
  return note(store_, context_, "currency.changed", {found.name}, limit_text(policy.credit_limit, above), {});
}

base::Result<ledger::Id> Rules::grant(std::string_view currency, const OrganisationId& to, std::int64_t amount,
                                      std::string_view why) {
  TARN_TRY(allowed(caller_, Action::kManageCurrencies));
  TARN_TRY(check_reason("why", why));
  if (amount < 1 || amount > ledger::kMaxAmount) return invalid("amount", "is an amount of credits above 0");
  TARN_ASSIGN(const ledger::Currency found, currency_named(store_, currency));
  TARN_TRY(need(store_.find_member(to), "member", to.text()));
  ledger::Rules ledger(store_, context_.now);
  TARN_ASSIGN(const ledger::Account issuer, ledger.issuer(found.id));
  TARN_ASSIGN(const ledger::Account account, ledger.member_account(found.id, to));
  std::array<std::uint8_t, 16> unique{};
  context_.random->fill(unique);
  ledger::NewTransfer transfer;
  transfer.key = "grant/" + base::to_hex(unique);
  transfer.debit = issuer.id;
  transfer.credit = account.id;
  transfer.amount = amount;
  transfer.reason = ledger::Reason::kGrant;
  transfer.reference = why;
  TARN_ASSIGN(const ledger::Id id, ledger.make(transfer));
  TARN_TRY(note(store_, context_, "account.granted", {id_text(IdKind::kTransfer, id)}, std::string(why), {to}));
  return id;
}

// Its key is the transfer's that it corrects, so nothing is corrected twice.
base::Result<ledger::Id> Rules::correct(ledger::Id transfer, std::string_view why) {
  TARN_TRY(allowed(caller_, Action::kManageCurrencies));
  TARN_TRY(check_reason("why", why));
  const std::string name = id_text(IdKind::kTransfer, transfer);
  TARN_ASSIGN(const ledger::Transfer wrong, need(store_.find_transfer(transfer), "transfer", name));
  if (ledger::change_of(wrong, wrong.debit) == 0)
    return conflict(named("transfer", name) + " moved nothing: correct what it posted");
  ledger::NewTransfer right;
  right.key = "correct/" + name;
  right.debit = wrong.credit;
  right.credit = wrong.debit;
  right.amount = wrong.amount;
  right.reason = ledger::Reason::kCorrection;
  right.reference = name + " " + std::string(why);
  TARN_ASSIGN(const std::optional<ledger::Transfer> before, store_.find_transfer(right.key));
  if (before && before->reference != right.reference)
    return conflict(named("transfer", name) + " was corrected already, by " + id_text(IdKind::kTransfer, before->id));
  return ledger::Rules(store_, context_.now).make(right);
}

base::Result<std::vector<ledger::Account>> Rules::accounts() {
  if (!may(caller_, Action::kShowEverything)) {
    TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
    return store_.accounts_of(*caller_.organisation);
  }
  return all_rows<ledger::Account>(kAllRows, [&](const Page& page) { return store_.accounts(page.after, page.limit); });
}

base::Result<Statement> Rules::statement(ledger::Id id, std::int64_t from, std::int64_t until) {
  TARN_TRY(known_account(store_, caller_, id));
  return ledger::statement(store_, id, from, until);
}

base::Result<ledger::Invoice> Rules::invoice(ledger::Id id, std::int64_t from, std::int64_t until) {
  TARN_TRY(known_account(store_, caller_, id));
  return ledger::invoice(store_, id, from, until);
}

// What an issuer or the market itself pays belongs to others already.
base::Result<ledger::Account> Rules::set_frozen(ledger::Id id, bool frozen) {
  TARN_TRY(allowed(caller_, Action::kManageCurrencies));
  TARN_ASSIGN(const ledger::Account found, known_account(store_, caller_, id));
  if (found.kind != ledger::AccountKind::kMember) return conflict("only a member's account can be frozen");
  TARN_TRY(ledger::Rules(store_, context_.now).set_frozen(id, frozen));
  if (found.frozen != frozen)
    TARN_TRY(note(store_, context_, frozen ? "account.frozen" : "account.thawed", {id_text(IdKind::kAccount, id)}, "",
                  {*found.organisation}));
  return need_row(store_.find_account(id));
}

}  // namespace market
