// The ledger's rules, inside somebody's transaction: the only code that writes its tables. Every call either does all of
// what it was asked or nothing (linked transfers: make()), so who gets an error may go on in the same transaction; after
// each of them every journal entry still adds up to zero, no account is below its limit, and no pending transfer has
// posted more than it set aside. audit.h proves the same from the journal alone.
// Errors: kInvalidInput (amount, currencies that differ, an account twice, a key or name that is none), kNotFound,
// kConflict (not enough money: says how much is missing, never how much there is; frozen; a pending transfer that has
// less left; a key used for another transfer; a batch made in part before), kStorage. Keys that were all used for the
// same transfers already are no error: their ids are given again.
// Threads: as the transaction.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/tables.h"
#include "ledger/types.h"

namespace ledger {

inline constexpr std::size_t kLargestBatch = 1'000;
inline constexpr std::size_t kLongestName = 80, kLongestReference = 200;

struct NewAccount {
  Id currency = 0;
  AccountKind kind = AccountKind::kMember;
  std::string name = {};  // kMember: may be left empty, and is its organisation's id
  std::optional<model::OrganisationId> organisation = {};
  std::int64_t credit_limit = 0;
};

// A transfer of the same make(), by its place there, as what is posted or voided.
constexpr Id in_this_batch(std::size_t place) { return -1 - static_cast<Id>(place); }

// Accounts of kPost and kVoid are the pending one's and need not be given.
struct NewTransfer {
  Key key = {};
  TransferKind kind = TransferKind::kPosted;
  Id debit = 0, credit = 0;
  std::int64_t amount = 0;         // kVoid: 0, it releases all that is left; kPost: 1 … what is left
  std::optional<Id> pending = {};  // kPost, kVoid: its id; or, within one make(), see in_this_batch
  Reason reason = Reason::kGrant;
  std::string reference = {};
};

class Rules {
 public:
  Rules(Tables& tables, std::int64_t now) : tables_(tables), now_(now) {}

  base::Result<Id> create_currency(std::string_view name);        // and its issuer: account "issuer", unlimited
  base::Result<Account> open_account(const NewAccount& account);  // never an issuer
  base::Result<Account> account(Id id);
  base::Result<Account> member_account(Id currency, const model::OrganisationId& organisation);  // kNotFound
  base::Result<Account> issuer(Id currency);
  base::Status set_credit_limit(Id account, std::int64_t limit);  // kConflict: it has used more than that already
  base::Status set_frozen(Id account, bool frozen);

  // All of them, in this order, or none; the ids. They see each other's effects: a void that frees what the next one takes.
  base::Result<std::vector<Id>> make(std::span<const NewTransfer> transfers);
  base::Result<Id> make(const NewTransfer& transfer);
  base::Result<std::int64_t> left(Id pending);  // 0: nothing any more

 private:
  Tables& tables_;
  std::int64_t now_;
};

std::int64_t available(const Account& account);  // what may still be debited; kUnlimited: no limit

}  // namespace ledger
