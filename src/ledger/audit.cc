#include "ledger/audit.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "model/money.h"

namespace ledger {
namespace {

__extension__ using Int128 = __int128;
constexpr std::size_t kPage = 1'000;

std::string text(std::int64_t amount) {
  return (amount < 0 ? "-" : "") +
         model::credits_text(amount < 0 ? 0 - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount));
}
std::string text(Id id, const std::string& name) { return std::to_string(id) + " (" + name + ")"; }

bool creates(Reason reason) {
  return reason == Reason::kEndowment || reason == Reason::kRecharge || reason == Reason::kGrant;
}

bool is_step(TransferKind kind) { return kind == TransferKind::kPost || kind == TransferKind::kVoid; }

// Adds what was found to be 1 … kMaxAmount; false: the sum is beyond what an account may have.
bool grows(std::int64_t& sum, std::int64_t other, std::int64_t amount) {
  if (sum > kMaxTotal - amount || other > kMaxTotal - amount - sum) return false;
  sum += amount;
  return true;
}

}  // namespace

void Auditor::wrong(const std::string& what) {
  if (++report_.wrong <= kMostFindings) report_.findings.push_back(what);
}
void Auditor::wrong(const Transfer& transfer, const std::string& what) {
  wrong("transfer " + text(transfer.id, transfer.key) + ": " + what);
}

void Auditor::add(const Currency& currency) {
  if (!currencies_.try_emplace(currency.id, AuditReport::CurrencyTotal{currency.id, currency.name}).second)
    wrong("currency " + text(currency.id, currency.name) + ": is there twice");
}

void Auditor::add(const Account& account) {
  const auto named = [&](const std::string& what) { wrong("account " + text(account.id, account.name) + ": " + what); };
  ++report_.accounts;
  const auto currency = currencies_.find(account.currency);
  if (currency == currencies_.end())
    named("its currency is not there");
  else
    ++currency->second.accounts;
  const bool issuer = account.kind == AccountKind::kIssuer;
  if (issuer != (account.name == "issuer")) named("an issuer is called so, and nobody else is");
  if (issuer && account.credit_limit != kUnlimited) named("an issuer has no limit");
  if (account.organisation ? account.kind != AccountKind::kMember || account.name != account.organisation->text()
                           : account.kind == AccountKind::kMember)
    named("a member's account is an organisation's and named after it, and no other is");
  if (account.credit_limit < 0 || account.credit_limit > account.highest_limit || account.highest_limit > kUnlimited)
    named("its limit is none, or higher than it ever was");
  if (!accounts_.try_emplace(account.id, Books{account}).second) named("is there twice");
}

// Where it is in the journal, and in its batch: batches are in one piece, as whoever writes is alone.
bool Auditor::check_place(const Transfer& transfer) {
  if (transfer.id <= last_) wrong(transfer, "is out of order");
  const bool in_order = transfer.id > last_;
  last_ = std::max(last_, transfer.id);
  if (transfer.batch == transfer.id) {
    batch_ = transfer.id;
    batch_at_ = transfer.at;
    ++report_.batches;
  } else if (transfer.batch != batch_) {
    wrong(transfer, "its batch is torn: what came first is missing or elsewhere");
  } else if (transfer.at != batch_at_) {
    wrong(transfer, "its batch was made at one time, and it was not");
  }
  return in_order;
}

bool Auditor::check_form(const Transfer& transfer) {
  if (transfer.kind < TransferKind::kPosted || transfer.kind > TransferKind::kVoid)
    wrong(transfer, "is of no kind");
  else if (transfer.amount < 1 || transfer.amount > kMaxAmount)
    wrong(transfer, "moves nothing, or more than may be");
  else if (transfer.debit == transfer.credit)
    wrong(transfer, "both its accounts are one");
  else if (is_step(transfer.kind) != transfer.pending.has_value())
    wrong(transfer, "a post or void names what it is of, and nothing else does");
  else
    return true;
  return false;
}

void Auditor::check_reason(const Transfer& transfer, const Books& debit, const Books& credit) {
  const auto is_issuer = [](const Books& books) { return books.kept.kind == AccountKind::kIssuer; };
  if (transfer.reason < Reason::kEndowment || transfer.reason > Reason::kCorrection) {
    wrong(transfer, "has no reason");
  } else if (transfer.reason != Reason::kCorrection) {
    if (is_issuer(debit) != creates(transfer.reason))
      wrong(transfer, "makes money without a reason for it, or the reverse");
    if (is_issuer(credit)) wrong(transfer, "takes money back without a reason for it");
  }
}

base::Status Auditor::add(const Transfer& transfer) {
  ++report_.transfers;
  if (!check_place(transfer) || !check_form(transfer)) return {};
  const auto debit = accounts_.find(transfer.debit), credit = accounts_.find(transfer.credit);
  if (debit == accounts_.end() || credit == accounts_.end()) {
    wrong(transfer, "an account of it is not there");
    return {};
  }
  if (debit->second.kept.currency != credit->second.kept.currency)
    wrong(transfer, "its accounts are of two currencies");
  if (const auto currency = currencies_.find(debit->second.kept.currency); currency != currencies_.end())
    ++currency->second.transfers;
  check_reason(transfer, debit->second, credit->second);
  if (is_step(transfer.kind)) return step(transfer, debit->second, credit->second);
  move(transfer, debit->second, credit->second);
  return {};
}

void Auditor::move(const Transfer& transfer, Books& debit, Books& credit) {
  const bool posted = transfer.kind == TransferKind::kPosted;
  const bool fits = posted ? grows(debit.debits_posted, debit.debits_pending, transfer.amount) &&
                                 grows(credit.credits_posted, credit.credits_pending, transfer.amount)
                           : grows(debit.debits_pending, debit.debits_posted, transfer.amount) &&
                                 grows(credit.credits_pending, credit.credits_posted, transfer.amount);
  if (!fits) wrong(transfer, "an account of it has moved more than an account can");
  const std::int64_t had = debit.credits_posted - debit.debits_posted - debit.debits_pending;
  if (debit.kept.highest_limit != kUnlimited && had < -debit.kept.highest_limit)
    wrong(transfer, "account " + text(transfer.debit, debit.kept.name) + " passes its limit by " +
                        text(-debit.kept.highest_limit - had));
  if (posted) return;
  ++report_.pendings;
  open_[transfer.id] = {transfer.debit, transfer.credit, transfer.amount};
}

base::Status Auditor::step(const Transfer& transfer, Books& debit, Books& credit) {
  const auto found = open_.find(*transfer.pending);
  if (found == open_.end()) {
    wrong(transfer, "nothing is left of what it is of, or that never was");
    return {};
  }
  Open& of = found->second;
  if (of.debit != transfer.debit || of.credit != transfer.credit) {
    wrong(transfer, "its accounts are not those of what it is of");
    return {};
  }
  if (transfer.amount > of.left || (transfer.kind == TransferKind::kVoid && transfer.amount != of.left)) {
    wrong(transfer, "moves " + text(transfer.amount) + " of " + text(of.left) + " that are left");
    return {};
  }
  of.left -= transfer.amount;
  debit.debits_pending -= transfer.amount;
  credit.credits_pending -= transfer.amount;
  if (transfer.kind == TransferKind::kPost) {
    debit.debits_posted += transfer.amount;
    credit.credits_posted += transfer.amount;
  }
  if (of.left > 0) return {};
  open_.erase(found);
  return close(*transfer.pending, 0);
}

// What the tables say is left of a pending transfer.
base::Status Auditor::close(Id transfer, std::int64_t left) {
  TARN_ASSIGN(const std::optional<Pending> kept, left_of_(transfer));
  if (!kept || kept->left != left)
    wrong("pending transfer " + std::to_string(transfer) + ": " + text(left) + " are left, the tables say " +
          (kept ? text(kept->left) : "nothing"));
  return {};
}

void Auditor::compare(const Books& books) {
  const Account& kept = books.kept;
  const auto same = [&](std::string_view what, std::int64_t in_tables, std::int64_t in_journal) {
    if (in_tables != in_journal)
      wrong("account " + text(kept.id, kept.name) + ": " + std::string(what) + " are " + text(in_journal) +
            ", the tables say " + text(in_tables));
  };
  same("debits set aside", kept.debits_pending, books.debits_pending);
  same("debits", kept.debits_posted, books.debits_posted);
  same("credits set aside", kept.credits_pending, books.credits_pending);
  same("credits", kept.credits_posted, books.credits_posted);
  const std::int64_t had = books.credits_posted - books.debits_posted - books.debits_pending;
  if (kept.credit_limit != kUnlimited && had < -kept.credit_limit)
    wrong("account " + text(kept.id, kept.name) + ": is below its limit by " + text(-kept.credit_limit - had));
}

// By the tables' own numbers: the journal's add up by themselves.
void Auditor::add_up() {
  std::map<Id, Int128> sums;
  std::map<Id, int> issuers;
  for (const auto& [id, books] : accounts_) {
    const Account& kept = books.kept;
    sums[kept.currency] += Int128{kept.credits_posted} - kept.debits_posted;
    sums[kept.currency] += Int128{kept.credits_pending} - kept.debits_pending;
    const auto currency = currencies_.find(kept.currency);
    if (currency == currencies_.end()) continue;
    if (__builtin_add_overflow(currency->second.set_aside, books.debits_pending, &currency->second.set_aside))
      currency->second.set_aside = std::numeric_limits<std::int64_t>::max();
    if (kept.kind != AccountKind::kIssuer) continue;
    ++issuers[kept.currency];
    currency->second.issued = books.debits_posted - books.credits_posted;
  }
  for (const auto& [id, currency] : currencies_) {
    if (sums[id] != 0) wrong("currency " + text(id, currency.name) + ": does not add up to zero");
    if (issuers[id] != 1)
      wrong("currency " + text(id, currency.name) + ": has " + std::to_string(issuers[id]) + " issuers");
  }
}

base::Result<AuditReport> Auditor::finish() {
  for (const auto& [id, open] : open_) TARN_TRY(close(id, open.left));
  report_.open_pendings = open_.size();
  for (const auto& [id, books] : accounts_) compare(books);
  add_up();
  for (const auto& [id, currency] : currencies_) report_.currencies.push_back(currency);
  return std::move(report_);
}

base::Result<AuditReport> audit(Tables& tables) {
  Auditor auditor([&](Id transfer) { return tables.find_pending(transfer); });
  TARN_ASSIGN(const std::vector<Currency> currencies, tables.currencies());
  for (const Currency& currency : currencies) auditor.add(currency);
  for (Id after = 0;;) {
    TARN_ASSIGN(const std::vector<Account> page, tables.accounts(after, kPage));
    for (const Account& account : page) auditor.add(account);
    if (page.size() < kPage) break;
    after = page.back().id;
  }
  for (Id after = 0;;) {
    TARN_ASSIGN(const std::vector<Transfer> page, tables.transfers(after, kPage));
    for (const Transfer& transfer : page) TARN_TRY(auditor.add(transfer));
    if (page.size() < kPage) break;
    after = page.back().id;
  }
  return auditor.finish();
}

}  // namespace ledger
