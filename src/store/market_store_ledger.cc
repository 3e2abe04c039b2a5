// The ledger's tables.
#include "store/market_transaction.h"

namespace store {

using namespace ledger;

Found<Currency> SqlMarketTransaction::find_currency(std::string_view name) { return find_by_name<Currency>(name); }
Found<Currency> SqlMarketTransaction::find_currency(Id id) { return find_by_id<Currency>(id); }
base::Result<std::vector<Currency>> SqlMarketTransaction::currencies() { return select<Currency>(" ORDER BY id", {}); }
base::Result<Id> SqlMarketTransaction::insert_currency(const Currency& currency) { return insert(currency); }

// Rules find an account by its name, and the ledger then by its id. Nobody else writes meanwhile.
Found<Account> SqlMarketTransaction::find_account(Id id) {
  if (const auto known = accounts_.find(id); known != accounts_.end()) return std::optional(known->second);
  return find_by_id<Account>(id);
}
Found<Account> SqlMarketTransaction::find_account(Id currency, std::string_view name) {
  constexpr std::size_t kMostKept = 1'000;
  TARN_ASSIGN(const std::optional<Account> found, find<Account>(" WHERE currency = ? AND name = ?", {currency, name}));
  if (found && accounts_.size() < kMostKept) accounts_.insert_or_assign(found->id, *found);
  return found;
}
base::Result<std::vector<Account>> SqlMarketTransaction::accounts(Id after, std::size_t limit) {
  return page_where<Account>(SqlCondition(), {after, limit});
}
base::Result<std::vector<Account>> SqlMarketTransaction::accounts_of(const OrganisationId& organisation) {
  return select<Account>(" WHERE organisation = ? ORDER BY id", {as_value(organisation)});
}
base::Result<Id> SqlMarketTransaction::insert_account(const Account& account) { return insert(account); }
base::Status SqlMarketTransaction::update_account(const Account& account) {
  accounts_.erase(account.id);
  return post_update(account);
}

Found<Transfer> SqlMarketTransaction::find_transfer(Id id) { return find_by_id<Transfer>(id); }
Found<Transfer> SqlMarketTransaction::find_transfer(const Key& key) { return find<Transfer>(" WHERE key = ?", {key}); }
base::Result<Id> SqlMarketTransaction::insert_transfer(const Transfer& transfer) { return insert(transfer); }
base::Result<std::vector<Transfer>> SqlMarketTransaction::transfers(Id after, std::size_t limit) {
  return page_where<Transfer>(SqlCondition(), {after, limit});
}

// Each side has an index; no transfer is on both.
base::Result<std::vector<Transfer>> SqlMarketTransaction::transfers_of(Id account, std::int64_t from,
                                                                       std::int64_t until, Id after,
                                                                       std::size_t limit) {
  const auto side = [&](std::string_view which) {
    return page_where<Transfer>(SqlCondition().with(which, account).with("at >= ?", from).with("at < ?", until),
                                {after, limit});
  };
  TARN_ASSIGN(std::vector<Transfer> debits, side("debit = ?"));
  TARN_ASSIGN(std::vector<Transfer> credits, side("credit = ?"));
  return merged(std::move(debits), std::move(credits), limit);
}

// Each side's index has all that is added up, and a side's sum fits, as the account's own does.
base::Result<std::int64_t> SqlMarketTransaction::changed_since(Id account, std::int64_t from) {
  const auto side = [&](const std::string& which) {
    return number("SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM transfers WHERE " + which +
                      " = ? AND at >= ? AND kind IN (1, 3)",
                  {account, from});
  };
  TARN_ASSIGN(const std::int64_t debits, side("debit"));
  TARN_ASSIGN(const std::int64_t credits, side("credit"));
  return credits - debits;
}

Found<Pending> SqlMarketTransaction::find_pending(Id transfer) {
  std::optional<Pending> found;
  TARN_TRY(ask("SELECT remaining FROM pendings WHERE transfer = ?", SqlValues{transfer}, [&](const SqlRow& row) {
    found = Pending{transfer, row.integer(0)};
    return true;
  }));
  return found;
}
base::Status SqlMarketTransaction::put_pending(const Pending& pending) {
  return post(
      "INSERT INTO pendings (transfer, remaining) VALUES (?, ?)"
      " ON CONFLICT (transfer) DO UPDATE SET remaining = excluded.remaining",
      SqlValues{pending.transfer, pending.left});
}

}  // namespace store
