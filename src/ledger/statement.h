// Statements and invoices of one account and period [from, until), out of the journal.
// A statement has every transfer of the account, what each did to its balance, and sums by reason. An invoice has what was
// paid and received, summed up by counterparty and by what it was about (a contract's reference), without what was only
// set aside.
// Errors: kNotFound (the account), kInvalidInput (the period, or it has more than kMostLines: a shorter one has fewer),
// kStorage. Threads: as the transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/tables.h"
#include "ledger/types.h"

namespace ledger {

inline constexpr std::size_t kMostLines = 50'000;

// What a transfer changes of an account's balance: nothing, while it is set aside or released.
std::int64_t change_of(const Transfer& transfer, Id account);

struct StatementLine {
  Transfer transfer;
  std::int64_t change = 0;
  std::int64_t balance_after = 0;
};
struct Statement {
  Account account;
  std::string currency;
  std::int64_t from = 0, until = 0, opening = 0, closing = 0;
  std::vector<StatementLine> lines;
  std::map<std::uint8_t, std::int64_t> by_reason;  // Reason → change
};
base::Result<Statement> statement(Tables& tables, Id account, std::int64_t from, std::int64_t until);

struct InvoiceLine {
  Id counterparty = 0;            // account
  std::string counterparty_name;  // of the account
  std::string reference;          // "ctr_12"
  std::int64_t paid = 0, received = 0;
  std::map<std::uint8_t, std::int64_t> by_reason;  // Reason → received − paid
  bool operator==(const InvoiceLine&) const = default;
};
struct Invoice {
  Account account;
  std::string currency;
  std::int64_t from = 0, until = 0, paid = 0, received = 0;
  std::vector<InvoiceLine> lines;  // by counterparty, then reference
};
base::Result<Invoice> invoice(Tables& tables, Id account, std::int64_t from, std::int64_t until);

}  // namespace ledger
