#include "ledger/statement.h"

#include <functional>
#include <optional>
#include <utility>

namespace ledger {
namespace {

constexpr std::size_t kPage = 1'000;

struct Head {
  Account account;
  std::string currency;
};

base::Result<Head> head(Tables& tables, Id id, std::int64_t from, std::int64_t until) {
  if (from > until) return base::Error{base::Code::kInvalidInput, "the period ends before it begins"};
  TARN_ASSIGN(std::optional<Account> account, tables.find_account(id));
  if (!account) return base::Error{base::Code::kNotFound, "there is no such account"};
  TARN_ASSIGN(const std::optional<Currency> currency, tables.find_currency(account->currency));
  return Head{std::move(*account), currency ? currency->name : std::string()};
}

base::Status each(Tables& tables, Id account, std::int64_t from, std::int64_t until,
                  const std::function<base::Status(Transfer&)>& visit) {
  for (Id after = 0;;) {
    TARN_ASSIGN(std::vector<Transfer> page, tables.transfers_of(account, from, until, after, kPage));
    for (Transfer& transfer : page) {
      after = transfer.id;
      TARN_TRY(visit(transfer));
    }
    if (page.size() < kPage) return {};
  }
}

base::Error too_long() {
  return {base::Code::kInvalidInput,
          "the period has more than " + std::to_string(kMostLines) + " lines; ask for a shorter one"};
}

}  // namespace

std::int64_t change_of(const Transfer& transfer, Id account) {
  if (transfer.kind == TransferKind::kPending || transfer.kind == TransferKind::kVoid) return 0;
  if (transfer.credit == account) return transfer.amount;
  return transfer.debit == account ? -transfer.amount : 0;
}

// Backwards from today's balance, and of what came since only the sum.
base::Result<Statement> statement(Tables& tables, Id account, std::int64_t from, std::int64_t until) {
  Statement out;
  TARN_ASSIGN(Head whose, head(tables, account, from, until));
  out.account = std::move(whose.account);
  out.currency = std::move(whose.currency);
  out.from = from, out.until = until;
  TARN_TRY(each(tables, account, from, until, [&](Transfer& transfer) -> base::Status {
    if (out.lines.size() == kMostLines) return too_long();
    const std::int64_t change = change_of(transfer, account);
    out.by_reason[static_cast<std::uint8_t>(transfer.reason)] += change;
    out.lines.push_back({std::move(transfer), change, 0});
    return {};
  }));
  TARN_ASSIGN(const std::int64_t since, tables.changed_since(account, until));
  out.closing = balance(out.account) - since;
  std::int64_t after = out.closing;
  for (auto line = out.lines.rbegin(); line != out.lines.rend(); ++line) {
    line->balance_after = after;
    after -= line->change;
  }
  out.opening = after;
  return out;
}

base::Result<Invoice> invoice(Tables& tables, Id account, std::int64_t from, std::int64_t until) {
  Invoice out;
  TARN_ASSIGN(Head whose, head(tables, account, from, until));
  out.account = std::move(whose.account);
  out.currency = std::move(whose.currency);
  out.from = from, out.until = until;
  std::map<std::pair<Id, std::string>, InvoiceLine> lines;
  TARN_TRY(each(tables, account, from, until, [&](const Transfer& transfer) -> base::Status {
    const std::int64_t change = change_of(transfer, account);
    if (change == 0) return {};
    const Id other = transfer.debit == account ? transfer.credit : transfer.debit;
    InvoiceLine& line = lines[{other, transfer.reference}];
    if (lines.size() > kMostLines) return too_long();
    (change < 0 ? line.paid : line.received) += transfer.amount;
    (change < 0 ? out.paid : out.received) += transfer.amount;
    line.by_reason[static_cast<std::uint8_t>(transfer.reason)] += change;
    return {};
  }));
  std::map<Id, std::string> names;
  for (auto& [of, line] : lines) {
    line.counterparty = of.first;
    line.reference = of.second;
    if (!names.contains(of.first)) {
      TARN_ASSIGN(const std::optional<Account> other, tables.find_account(of.first));
      names[of.first] = other ? other->name : std::string();
    }
    line.counterparty_name = names[of.first];
    out.lines.push_back(std::move(line));
  }
  return out;
}

}  // namespace ledger
