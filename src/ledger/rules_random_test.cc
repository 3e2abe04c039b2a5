// The rules against a model that knows nothing but the list of what was made, and adds up from the start each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/rules.h"
#include "support/ledger_world.h"

namespace ledger {
namespace {

struct Sums {
  std::int64_t available = 0, pending = 0;
};

class Model {
 public:
  Model(Id issuer, Id market) : issuer_(issuer), market_(market) {}

  // Whether all of them may be made; if so, they are.
  bool make(const std::vector<NewTransfer>& batch, const std::vector<Id>& ids_if_made) {
    const std::vector<Transfer> before = made_;
    if (repeated(batch)) return true;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (!one(batch[i], i < ids_if_made.size() ? ids_if_made[i] : 0)) {
        made_ = before;
        return false;
      }
    return true;
  }
  std::int64_t left(Id pending) const {
    std::int64_t left = 0;
    for (const Transfer& t : made_) left += t.id == pending ? t.amount : t.pending == pending ? -t.amount : 0;
    return left;
  }
  std::int64_t balance(Id account) const {
    std::int64_t sum = 0;
    for (const Transfer& t : made_)
      if (t.kind == TransferKind::kPosted || t.kind == TransferKind::kPost)
        sum += t.credit == account ? t.amount : t.debit == account ? -t.amount : 0;
    return sum;
  }
  std::int64_t set_aside(Id account) const {
    std::int64_t sum = 0;
    for (const Transfer& t : made_)
      if (t.kind == TransferKind::kPending && t.debit == account) sum += left(t.id);
    return sum;
  }
  const std::vector<Transfer>& made() const { return made_; }

 private:
  bool repeated(const std::vector<NewTransfer>& batch) const {
    std::set<Id> batches;
    for (const NewTransfer& wanted : batch) {
      const auto found = std::ranges::find(made_, wanted.key, &Transfer::key);
      if (found == made_.end() || !same(*found, wanted)) return false;
      batches.insert(found->batch);
    }
    return batches.size() == 1 && distinct(batch);
  }
  static bool distinct(const std::vector<NewTransfer>& batch) {
    std::set<Key> keys;
    for (const NewTransfer& wanted : batch) keys.insert(wanted.key);
    return keys.size() == batch.size();
  }
  static bool same(const Transfer& made, const NewTransfer& wanted) {
    const bool is_new = made.kind == TransferKind::kPosted || made.kind == TransferKind::kPending;
    return made.kind == wanted.kind && made.pending == wanted.pending && made.reason == wanted.reason &&
           made.reference == wanted.reference && (made.kind == TransferKind::kVoid || made.amount == wanted.amount) &&
           (!is_new || (made.debit == wanted.debit && made.credit == wanted.credit));
  }
  bool one(const NewTransfer& wanted, Id id) {
    if (std::ranges::find(made_, wanted.key, &Transfer::key) != made_.end()) return false;
    Transfer t{.id = id, .key = wanted.key, .kind = wanted.kind, .debit = wanted.debit, .credit = wanted.credit};
    t.amount = wanted.amount, t.pending = wanted.pending, t.reason = wanted.reason, t.reference = wanted.reference;
    if (wanted.pending) {
      const auto of = std::ranges::find(made_, *wanted.pending, &Transfer::id);
      t.debit = of->debit, t.credit = of->credit;
      if (t.kind == TransferKind::kVoid) t.amount = left(*wanted.pending);
      if (t.amount < 1 || t.amount > left(*wanted.pending)) return false;
    } else {
      const std::int64_t limit = t.debit == market_ ? 500 : 0;
      if (t.amount < 1 || t.debit == t.credit) return false;
      if (t.debit != issuer_ && balance(t.debit) - set_aside(t.debit) + limit < t.amount) return false;
    }
    t.batch = 0;
    made_.push_back(t);
    return true;
  }

  Id issuer_, market_;
  std::vector<Transfer> made_;
};

void expect_same(const Model& model, support::LedgerWorld& world) {
  const support::MarketTables tables = world.store.tables();
  std::int64_t sum = 0;
  for (const auto& [id, account] : tables.accounts) {
    EXPECT_EQ(balance(account), model.balance(id));
    EXPECT_EQ(account.debits_pending, model.set_aside(id));
    EXPECT_GE(available(account), 0);
    sum += balance(account);
  }
  EXPECT_EQ(sum, 0);
  for (const auto& [id, pending] : tables.pendings) {
    EXPECT_EQ(pending.left, model.left(id));
    EXPECT_GE(pending.left, 0);
  }
  EXPECT_EQ(tables.transfers.size(), model.made().size());
}

TEST(LedgerRulesAtRandom, DoWhatAModelDoesThatAddsUpFromTheStart) {
  std::size_t made = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    support::LedgerWorld world(seed);
    Model model(world.issuer, world.accounts.back());
    for (int step = 0; step < 150 && !testing::Test::HasFailure(); ++step) {
      const std::vector<NewTransfer> batch = world.some_batch();
      const auto done = world.make(batch);
      const bool expected = model.make(batch, done.ok() ? *done : std::vector<Id>());
      EXPECT_EQ(done.ok(), expected) << "seed " << seed << ", step " << step << ": "
                                     << (done.ok() ? "made" : done.error().message);
      ++(done.ok() ? made : refused);
      if (step % 10 == 0) expect_same(model, world);
    }
    expect_same(model, world);
  }
  EXPECT_GT(made, 500U);
  EXPECT_GT(refused, 200U);
}

}  // namespace
}  // namespace ledger
