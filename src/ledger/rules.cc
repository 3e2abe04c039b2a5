#include "ledger/rules.h"

#include <algorithm>
#include <utility>

#include "ledger/batch.h"
#include "model/money.h"

namespace ledger {
namespace {

constexpr std::string_view kIssuerName = "issuer";

base::Error invalid(std::string why) { return {base::Code::kInvalidInput, std::move(why)}; }
base::Error conflict(std::string why) { return {base::Code::kConflict, std::move(why)}; }
base::Error not_found(std::string why) { return {base::Code::kNotFound, std::move(why)}; }

template <class T>
base::Result<T> there(Found<T> found, std::string_view what) {
  if (!found.ok()) return found.error();
  if (!*found) return not_found("there is no such " + std::string(what));
  return std::move(**found);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::ranges::all_of(name, [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

base::Status check_limit(std::int64_t limit) {
  return limit >= 0 && limit <= kUnlimited ? base::Status() : invalid("a credit limit is 0 to 10¹⁸ micro-credits");
}

}  // namespace

std::int64_t available(const Account& account) {
  if (account.credit_limit == kUnlimited) return kUnlimited;
  return balance(account) + account.credit_limit - account.debits_pending;
}

base::Result<Id> Rules::create_currency(std::string_view name) {
  if (!is_name(name)) return invalid("a currency's name is 1 to 80 printable letters without blanks");
  TARN_ASSIGN(const std::optional<Currency> other, tables_.find_currency(name));
  if (other) return conflict("there is a currency of that name already");
  TARN_ASSIGN(const Id currency, tables_.insert_currency({0, std::string(name)}));
  Account issuer;
  issuer.currency = currency;
  issuer.kind = AccountKind::kIssuer;
  issuer.name = kIssuerName;
  issuer.credit_limit = issuer.highest_limit = kUnlimited;
  issuer.created = now_;
  TARN_TRY(tables_.insert_account(issuer));
  return currency;
}

base::Result<Account> Rules::open_account(const NewAccount& wanted) {
  if (wanted.kind == AccountKind::kIssuer) return invalid("a currency has one issuer, and came with it");
  if ((wanted.kind == AccountKind::kMember) != wanted.organisation.has_value())
    return invalid("a member's account is an organisation's, and no other is");
  TARN_TRY(check_limit(wanted.credit_limit));
  Account account;
  account.currency = wanted.currency;
  account.kind = wanted.kind;
  account.name = wanted.organisation ? wanted.organisation->text() : wanted.name;
  if (!is_name(account.name) || (!wanted.name.empty() && wanted.name != account.name))
    return invalid("an account's name is 1 to 80 printable letters without blanks, a member's is its id");
  account.organisation = wanted.organisation;
  account.credit_limit = account.highest_limit = wanted.credit_limit;
  account.created = now_;
  TARN_TRY(there(tables_.find_currency(wanted.currency), "currency"));
  TARN_ASSIGN(const std::optional<Account> other, tables_.find_account(wanted.currency, account.name));
  if (other) return conflict("there is an account of that name already");
  TARN_ASSIGN(account.id, tables_.insert_account(account));
  return account;
}

base::Result<Account> Rules::account(Id id) { return there(tables_.find_account(id), "account"); }
base::Result<Account> Rules::member_account(Id currency, const model::OrganisationId& organisation) {
  return there(tables_.find_account(currency, organisation.text()), "account");
}
base::Result<Account> Rules::issuer(Id currency) {
  return there(tables_.find_account(currency, kIssuerName), "currency");
}

base::Status Rules::set_credit_limit(Id id, std::int64_t limit) {
  TARN_TRY(check_limit(limit));
  TARN_ASSIGN(Account account, this->account(id));
  if (account.kind == AccountKind::kIssuer) return invalid("an issuer has no limit");
  account.credit_limit = limit;
  account.highest_limit = std::max(account.highest_limit, limit);
  if (const std::int64_t left = available(account); left < 0)
    return conflict("the account has used " + model::credits_text(static_cast<std::uint64_t>(-left)) +
                    " more than that already");
  return tables_.update_account(account);
}

base::Status Rules::set_frozen(Id id, bool frozen) {
  TARN_ASSIGN(Account account, this->account(id));
  account.frozen = frozen;
  return tables_.update_account(account);
}

base::Result<std::vector<Id>> Rules::make(std::span<const NewTransfer> transfers) {
  return Batch(tables_, now_).make(transfers);
}
base::Result<Id> Rules::make(const NewTransfer& transfer) {
  TARN_ASSIGN(const std::vector<Id> ids, make(std::span(&transfer, 1)));
  return ids.front();
}

base::Result<std::int64_t> Rules::left(Id pending) {
  TARN_ASSIGN(const Pending found, there(tables_.find_pending(pending), "pending transfer"));
  return found.left;
}

}  // namespace ledger
