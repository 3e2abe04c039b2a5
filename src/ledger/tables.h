// Tables: the ledger's tables within somebody's transaction (market/store.h extends it), which is atomic, serialisable and
// durable once committed. Nothing here decides anything; rules.h does, and nobody else writes these rows.
// find… give nothing where there is nothing. Errors: kConflict (a unique name or key is taken), kStorage.
// Threads: as the transaction that it belongs to. Implementations: store/ (SQLite, PostgreSQL), tests/support (memory).
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/types.h"

namespace ledger {

template <class T>
using Found = base::Result<std::optional<T>>;

class Tables {
 public:
  virtual ~Tables() = default;

  virtual Found<Currency> find_currency(std::string_view name) = 0;
  virtual Found<Currency> find_currency(Id id) = 0;
  virtual base::Result<std::vector<Currency>> currencies() = 0;
  virtual base::Result<Id> insert_currency(const Currency& currency) = 0;

  virtual Found<Account> find_account(Id id) = 0;
  virtual Found<Account> find_account(Id currency, std::string_view name) = 0;
  virtual base::Result<std::vector<Account>> accounts(Id after, std::size_t limit) = 0;  // by id
  virtual base::Result<std::vector<Account>> accounts_of(const model::OrganisationId& organisation) = 0;
  virtual base::Result<Id> insert_account(const Account& account) = 0;
  virtual base::Status update_account(const Account& account) = 0;

  virtual Found<Transfer> find_transfer(Id id) = 0;
  virtual Found<Transfer> find_transfer(const Key& key) = 0;
  // .id is not read; .batch 0: the first of its batch, so its own id. There is no update.
  virtual base::Result<Id> insert_transfer(const Transfer& transfer) = 0;
  virtual base::Result<std::vector<Transfer>> transfers(Id after, std::size_t limit) = 0;  // the journal, by id
  // Those that debit or credit the account, by id, of `after < id`, made at `from` ≤ at < `until`.
  virtual base::Result<std::vector<Transfer>> transfers_of(Id account, std::int64_t from, std::int64_t until, Id after,
                                                           std::size_t limit) = 0;
  // What the account's transfers made at `from` or later changed of its balance: those that post, credits minus debits.
  virtual base::Result<std::int64_t> changed_since(Id account, std::int64_t from) = 0;
  virtual Found<Pending> find_pending(Id transfer) = 0;
  virtual base::Status put_pending(const Pending& pending) = 0;  // new, or in place of the one of that transfer
};

}  // namespace ledger
