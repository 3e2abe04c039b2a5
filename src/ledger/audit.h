// The audit: whether the books are right, from the journal alone. It goes through all transfers in their order, adds up
// every account and every pending transfer anew, holds each step to the rules (rules.h), and compares with what the tables
// say in the end. It shares no code with the rules, so that a mistake there is found here.
// What it finds: rows that are missing, added, changed or out of order as far as money is concerned; batches torn apart;
// limits passed at any point; currencies that do not add up to zero; money made or taken back without a reason for it.
// What it cannot find: another key, reference or time than once was, within the rules; keep copies for that.
// It holds all accounts and those pending transfers that are open, and no more of the journal than a page.
// Errors: kStorage, reading. What is wrong with the books is no error but a finding.
// Threads: audit() as the transaction; Auditor one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/tables.h"
#include "ledger/types.h"

namespace ledger {

struct AuditReport {
  struct CurrencyTotal {
    Id id = 0;
    std::string name;
    std::uint64_t accounts = 0, transfers = 0;
    std::int64_t issued = 0;     // what its issuer owes: what all others have
    std::int64_t set_aside = 0;  // by pending transfers that are open
  };
  std::vector<CurrencyTotal> currencies;
  std::uint64_t accounts = 0, transfers = 0, batches = 0, pendings = 0, open_pendings = 0;
  std::uint64_t wrong = 0;            // findings in all
  std::vector<std::string> findings;  // the first kMostFindings, each one line
  bool clean() const { return wrong == 0; }
};
inline constexpr std::size_t kMostFindings = 1'000;

// All of one database, within one transaction that reads.
base::Result<AuditReport> audit(Tables& tables);

// The same, fed by whoever has the rows: all currencies, all accounts, then all transfers by id.
class Auditor {
 public:
  // What the tables say is left of a pending transfer; nothing: they have no such row.
  using LeftOf = std::function<Found<Pending>(Id transfer)>;
  explicit Auditor(LeftOf left_of) : left_of_(std::move(left_of)) {}

  void add(const Currency& currency);
  void add(const Account& account);
  base::Status add(const Transfer& transfer);
  base::Result<AuditReport> finish();

 private:
  struct Books {  // an account as the tables have it, and as the journal makes it
    Account kept;
    std::int64_t debits_pending = 0, debits_posted = 0, credits_pending = 0, credits_posted = 0;
  };
  struct Open {
    Id debit = 0, credit = 0;
    std::int64_t left = 0;
  };

  void wrong(const std::string& what);
  void wrong(const Transfer& transfer, const std::string& what);
  bool check_place(const Transfer& transfer);
  bool check_form(const Transfer& transfer);
  void check_reason(const Transfer& transfer, const Books& debit, const Books& credit);
  void move(const Transfer& transfer, Books& debit, Books& credit);
  base::Status step(const Transfer& transfer, Books& debit, Books& credit);
  base::Status close(Id transfer, std::int64_t left);
  void compare(const Books& books);
  void add_up();

  LeftOf left_of_;
  std::map<Id, AuditReport::CurrencyTotal> currencies_;
  std::map<Id, Books> accounts_;
  std::map<Id, Open> open_;
  Id last_ = 0, batch_ = 0;
  std::int64_t batch_at_ = 0;
  AuditReport report_;
};

}  // namespace ledger
