#include "ledger/batch.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "model/money.h"

namespace ledger {
namespace {

base::Error invalid(std::string why) { return {base::Code::kInvalidInput, std::move(why)}; }
base::Error conflict(std::string why) { return {base::Code::kConflict, std::move(why)}; }
base::Error not_found(std::string why) { return {base::Code::kNotFound, std::move(why)}; }

bool is_key(const Key& key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::ranges::all_of(key, [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

bool moves_at_once_or_later(TransferKind kind) {
  return kind == TransferKind::kPosted || kind == TransferKind::kPending;
}

// A transfer of an earlier place in this batch, if that is what it names.
std::optional<std::size_t> place_of(Id pending) {
  return pending < 0 ? std::optional(static_cast<std::size_t>(-1 - pending)) : std::nullopt;
}

base::Status take(Account& from, std::int64_t amount, TransferKind kind) {
  if (from.frozen) return conflict("the account is frozen: nothing new is debited");
  if (const std::int64_t there = available(from); from.credit_limit != kUnlimited && there < amount)
    return conflict("not enough money: " + model::credits_text(static_cast<std::uint64_t>(amount - there)) +
                    " more are needed");
  if (kMaxTotal - from.debits_posted - from.debits_pending < amount)
    return conflict("the account has moved as much as an account can; open another");
  (kind == TransferKind::kPosted ? from.debits_posted : from.debits_pending) += amount;
  return {};
}

base::Status give(Account& to, std::int64_t amount, TransferKind kind) {
  if (kMaxTotal - to.credits_posted - to.credits_pending < amount)
    return conflict("the account has moved as much as an account can; open another");
  (kind == TransferKind::kPosted ? to.credits_posted : to.credits_pending) += amount;
  return {};
}

}  // namespace

base::Result<std::vector<Id>> Batch::make(std::span<const NewTransfer> transfers) {
  if (transfers.empty() || transfers.size() > kLargestBatch)
    return invalid("a batch has 1 to " + std::to_string(kLargestBatch) + " transfers");
  TARN_ASSIGN(std::optional<std::vector<Id>> made, made_before(transfers));
  if (made) return std::move(*made);
  for (const NewTransfer& wanted : transfers) TARN_TRY(add(wanted));
  return write();
}

base::Result<std::optional<std::vector<Id>>> Batch::made_before(std::span<const NewTransfer> transfers) {
  std::set<std::string_view> keys;
  std::vector<Id> ids;
  std::set<Id> batches;
  for (const NewTransfer& wanted : transfers) {
    if (!is_key(wanted.key)) return invalid("a transfer's key is 1 to 64 printable letters without blanks");
    if (!keys.insert(wanted.key).second) return invalid("two transfers of the batch have the key " + wanted.key);
    TARN_ASSIGN(const std::optional<Transfer> found, tables_.find_transfer(wanted.key));
    if (!found) continue;
    TARN_TRY(check_same(*found, wanted, ids));
    ids.push_back(found->id);
    batches.insert(found->batch);
  }
  if (ids.empty()) return std::optional<std::vector<Id>>();
  if (ids.size() < transfers.size() || batches.size() > 1)
    return conflict("a part of the batch was made before, in another one");
  return std::optional(std::move(ids));
}

base::Status Batch::check_same(const Transfer& made, const NewTransfer& wanted, std::span<const Id> ids) const {
  std::optional<Id> pending = wanted.pending;
  if (const auto place = place_of(pending.value_or(0)); place && *place < ids.size()) pending = ids[*place];
  const bool is_new = moves_at_once_or_later(made.kind);
  const bool same = made.kind == wanted.kind && made.reason == wanted.reason && made.reference == wanted.reference &&
                    made.pending == pending && (made.kind == TransferKind::kVoid || made.amount == wanted.amount) &&
                    (!is_new || (made.debit == wanted.debit && made.credit == wanted.credit));
  return same ? base::Status() : conflict("the key " + wanted.key + " belongs to another transfer");
}

base::Status Batch::check_form(const NewTransfer& wanted) const {
  const bool is_void = wanted.kind == TransferKind::kVoid;
  if (is_void ? wanted.amount != 0 : (wanted.amount < 1 || wanted.amount > kMaxAmount))
    return invalid(is_void ? "a void names no amount: it releases all that is left"
                           : "an amount is 1 to 10¹⁸ micro-credits");
  if (moves_at_once_or_later(wanted.kind) == wanted.pending.has_value())
    return invalid("a post or void names the pending transfer that it is of, and nothing else does");
  if (wanted.reference.size() > kLongestReference) return invalid("the reference is too long");
  return {};
}

base::Status Batch::add(const NewTransfer& wanted) {
  TARN_TRY(check_form(wanted));
  return moves_at_once_or_later(wanted.kind) ? add_new(wanted) : add_step(wanted);
}

base::Status Batch::add_new(const NewTransfer& wanted) {
  if (wanted.debit == wanted.credit) return invalid("a transfer needs two accounts");
  TARN_ASSIGN(Account* const from, account(wanted.debit));
  TARN_ASSIGN(Account* const to, account(wanted.credit));
  if (from->currency != to->currency) return invalid("a transfer's accounts are of one currency");
  TARN_TRY(take(*from, wanted.amount, wanted.kind));
  TARN_TRY(give(*to, wanted.amount, wanted.kind));
  if (wanted.kind == TransferKind::kPending)
    escrows_[in_this_batch(planned_.size())] = {wanted.debit, wanted.credit, wanted.amount, true};
  planned_.push_back({.key = wanted.key,
                      .kind = wanted.kind,
                      .debit = wanted.debit,
                      .credit = wanted.credit,
                      .amount = wanted.amount,
                      .pending = {},
                      .reason = wanted.reason,
                      .reference = wanted.reference,
                      .at = now_});
  return {};
}

// What was set aside stays within every limit when it moves, or no longer moves.
base::Status Batch::add_step(const NewTransfer& wanted) {
  TARN_ASSIGN(Escrow* const of, escrow(*wanted.pending));
  if ((wanted.debit != 0 && wanted.debit != of->debit) || (wanted.credit != 0 && wanted.credit != of->credit))
    return invalid("the accounts are not the pending transfer's");
  TARN_ASSIGN(Account* const from, account(of->debit));
  TARN_ASSIGN(Account* const to, account(of->credit));
  if (of->left == 0) return conflict("nothing is left of the pending transfer");
  const bool posts = wanted.kind == TransferKind::kPost;
  const std::int64_t amount = posts ? wanted.amount : of->left;
  if (amount > of->left)
    return conflict("less is left of the pending transfer: " +
                    model::credits_text(static_cast<std::uint64_t>(amount - of->left)) + " are missing");
  of->left -= amount;
  of->changed = true;
  from->debits_pending -= amount;
  to->credits_pending -= amount;
  if (posts) {
    from->debits_posted += amount;
    to->credits_posted += amount;
  }
  planned_.push_back({.key = wanted.key,
                      .kind = wanted.kind,
                      .debit = of->debit,
                      .credit = of->credit,
                      .amount = amount,
                      .pending = wanted.pending,
                      .reason = wanted.reason,
                      .reference = wanted.reference,
                      .at = now_});
  return {};
}

base::Result<Account*> Batch::account(Id id) {
  if (const auto found = accounts_.find(id); found != accounts_.end()) return &found->second;
  TARN_ASSIGN(std::optional<Account> found, tables_.find_account(id));
  if (!found) return not_found("there is no such account");
  return &accounts_.emplace(id, std::move(*found)).first->second;
}

base::Result<Batch::Escrow*> Batch::escrow(Id id) {
  if (const auto found = escrows_.find(id); found != escrows_.end()) return &found->second;
  TARN_ASSIGN(const std::optional<Pending> pending, tables_.find_pending(id));
  TARN_ASSIGN(const std::optional<Transfer> transfer, tables_.find_transfer(id));
  if (!pending || !transfer || transfer->kind != TransferKind::kPending)
    return not_found("there is no such pending transfer");
  return &escrows_.emplace(id, Escrow{transfer->debit, transfer->credit, pending->left, false}).first->second;
}

base::Result<std::vector<Id>> Batch::write() {
  std::vector<Id> ids;
  const auto resolved = [&](Id pending) {
    const auto place = place_of(pending);
    return place ? ids[*place] : pending;
  };
  for (Transfer& transfer : planned_) {
    if (transfer.pending) transfer.pending = resolved(*transfer.pending);
    transfer.batch = ids.empty() ? 0 : ids.front();
    TARN_ASSIGN(const Id id, tables_.insert_transfer(transfer));
    ids.push_back(id);
  }
  for (const auto& [id, account] : accounts_) TARN_TRY(tables_.update_account(account));
  for (const auto& [id, escrow] : escrows_)
    if (escrow.changed) TARN_TRY(tables_.put_pending({resolved(id), escrow.left}));
  return ids;
}

}  // namespace ledger
