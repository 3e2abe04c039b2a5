// Batch: transfers that are made together. All are checked on copies of the accounts first, each on what those before it
// left, and only then is anything written: so an error of the rules leaves no trace in the transaction.
// Errors, threads: as rules.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ledger/rules.h"
#include "ledger/tables.h"
#include "ledger/types.h"

namespace ledger {

class Batch {
 public:
  Batch(Tables& tables, std::int64_t now) : tables_(tables), now_(now) {}
  base::Result<std::vector<Id>> make(std::span<const NewTransfer> transfers);

 private:
  // A pending transfer, and what is left of it; by its id, or by in_this_batch().
  struct Escrow {
    Id debit = 0, credit = 0;
    std::int64_t left = 0;
    bool changed = false;
  };

  // The ids, if all of them were made before; nothing, if none was.
  base::Result<std::optional<std::vector<Id>>> made_before(std::span<const NewTransfer> transfers);
  base::Status check_same(const Transfer& made, const NewTransfer& wanted, std::span<const Id> ids) const;
  base::Status check_form(const NewTransfer& wanted) const;
  base::Status add(const NewTransfer& wanted);
  base::Status add_new(const NewTransfer& wanted);   // kPosted, kPending
  base::Status add_step(const NewTransfer& wanted);  // kPost, kVoid
  base::Result<Account*> account(Id id);
  base::Result<Escrow*> escrow(Id id);
  base::Result<std::vector<Id>> write();

  Tables& tables_;
  std::int64_t now_;
  std::vector<Transfer> planned_;  // .pending may be in_this_batch()
  std::map<Id, Account> accounts_;
  std::map<Id, Escrow> escrows_;
};

}  // namespace ledger
