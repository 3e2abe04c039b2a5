#include "ledger/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include "support/ledger_world.h"

namespace ledger {
namespace {

// The rows of a ledger, as somebody may have changed them.
struct Rows {
  std::vector<Currency> currencies;
  std::vector<Account> accounts;
  std::vector<Transfer> transfers;
  std::map<Id, Pending> pendings;

  static Rows of(const support::MarketTables& tables) {
    Rows rows;
    for (const auto& [id, row] : tables.currencies) rows.currencies.push_back(row);
    for (const auto& [id, row] : tables.accounts) rows.accounts.push_back(row);
    for (const auto& [id, row] : tables.transfers) rows.transfers.push_back(row);
    rows.pendings = tables.pendings;
    return rows;
  }
  AuditReport audited() const {
    Auditor auditor([&](Id transfer) -> Found<Pending> {
      const auto found = pendings.find(transfer);
      return found == pendings.end() ? std::optional<Pending>() : std::optional(found->second);
    });
    for (const Currency& row : currencies) auditor.add(row);
    for (const Account& row : accounts) auditor.add(row);
    for (const Transfer& row : transfers) EXPECT_TRUE(auditor.add(row).ok());
    return *auditor.finish();
  }
  Account& member() { return accounts[1]; }
  Transfer& first(TransferKind kind) { return *std::ranges::find(transfers, kind, &Transfer::kind); }
};

Rows honest(std::uint64_t seed = 7) {
  support::LedgerWorld world(seed);
  world.live(400);
  return Rows::of(world.store.tables());
}

TEST(LedgerAudit, FindsNothingWhereNobodyCheated) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    support::LedgerWorld world(seed);
    world.live(200);
    base::Result<AuditReport> report = base::Error{base::Code::kStorage, "not read"};
    EXPECT_TRUE(world.store
                    .read([&](market::Transaction& t) -> base::Status {
                      report = audit(t);
                      return {};
                    })
                    .ok());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->clean()) << report->findings.front();
    EXPECT_EQ(report->transfers, world.store.tables().transfers.size());
    EXPECT_EQ(report->accounts, world.accounts.size() + 1);
    EXPECT_EQ(report->pendings, world.store.tables().pendings.size());
    ASSERT_EQ(report->currencies.size(), 1U);
    EXPECT_GT(report->currencies[0].issued, 0);
    EXPECT_EQ(report->currencies[0].transfers, report->transfers);
  }
}

TEST(LedgerAudit, ReadsAJournalOfManyPages) {
  support::LedgerWorld world(3);
  world.live(4'000);
  const std::size_t transfers = world.store.tables().transfers.size();
  EXPECT_GT(transfers, 2'500U);
  EXPECT_TRUE(world.store
                  .read([&](market::Transaction& t) -> base::Status {
                    TARN_ASSIGN(const AuditReport report, audit(t));
                    EXPECT_TRUE(report.clean()) << report.findings.front();
                    EXPECT_EQ(report.transfers, transfers);
                    return {};
                  })
                  .ok());
}

struct Cheat {
  const char* what;
  std::function<void(Rows&)> does;
};

TEST(LedgerAudit, FindsEachThingThatSomebodyChanged) {
  const std::vector<Cheat> cheats{
      {"an account's debits", [](Rows& r) { r.member().debits_posted -= 1; }},
      {"an account's credits", [](Rows& r) { r.member().credits_posted += 1'000'000; }},
      {"an account's debits set aside", [](Rows& r) { r.member().debits_pending += 1; }},
      {"an account's credits set aside", [](Rows& r) { r.member().credits_pending += 1; }},
      {"an account's currency", [](Rows& r) { r.member().currency += 1'000; }},
      {"an account's kind", [](Rows& r) { r.member().kind = AccountKind::kMarket; }},
      {"a second issuer", [](Rows& r) { r.member().kind = AccountKind::kIssuer; }},
      {"an account's name", [](Rows& r) { r.member().name = "ann"; }},
      {"whose an account is", [](Rows& r) { r.member().organisation->key[0] ^= 1; }},
      {"a limit above what it ever was", [](Rows& r) { r.member().credit_limit = 5; }},
      {"an account that is gone", [](Rows& r) { r.accounts.erase(r.accounts.begin() + 1); }},
      {"an account that is there twice", [](Rows& r) { r.accounts.push_back(r.accounts[1]); }},
      {"a currency that is gone", [](Rows& r) { r.currencies.clear(); }},
      {"money for two at once", [](Rows& r) { r.accounts[1].credits_posted += 5, r.accounts[2].debits_posted += 5; }},
      {"a transfer's id", [](Rows& r) { r.transfers[5].id = 0; }},
      {"a transfer that is there twice", [](Rows& r) { r.transfers.insert(r.transfers.begin() + 5, r.transfers[5]); }},
      {"a posted transfer that is gone",
       [](Rows& r) { std::erase(r.transfers, Transfer(r.first(TransferKind::kPosted))); }},
      {"a pending transfer that is gone",
       [](Rows& r) { std::erase(r.transfers, Transfer(r.first(TransferKind::kPending))); }},
      {"a post that is gone", [](Rows& r) { std::erase(r.transfers, Transfer(r.first(TransferKind::kPost))); }},
      {"a void that is gone", [](Rows& r) { std::erase(r.transfers, Transfer(r.first(TransferKind::kVoid))); }},
      {"the last transfer that is gone", [](Rows& r) { r.transfers.pop_back(); }},
      {"an amount", [](Rows& r) { r.first(TransferKind::kPosted).amount += 1; }},
      {"an amount of nothing", [](Rows& r) { r.first(TransferKind::kPosted).amount = 0; }},
      {"an amount set aside", [](Rows& r) { r.first(TransferKind::kPending).amount += 1; }},
      {"an amount released", [](Rows& r) { r.first(TransferKind::kVoid).amount -= 1; }},
      {"an amount delivered", [](Rows& r) { r.first(TransferKind::kPost).amount += 1; }},
      {"who paid",
       [](Rows& r) {
         r.first(TransferKind::kPosted).debit =
             r.accounts[2].id + r.accounts[3].id - r.first(TransferKind::kPosted).credit;
       }},
      {"who was paid",
       [](Rows& r) {
         auto& t = r.first(TransferKind::kPosted);
         t.credit = t.credit == r.accounts[2].id ? r.accounts[3].id : r.accounts[2].id;
       }},
      {"both sides as one",
       [](Rows& r) {
         auto& t = r.first(TransferKind::kPosted);
         t.credit = t.debit;
       }},
      {"accounts that are not there", [](Rows& r) { r.first(TransferKind::kPosted).debit = 999'999; }},
      {"who paid of what was set aside",
       [](Rows& r) {
         auto& t = r.first(TransferKind::kPost);
         std::swap(t.debit, t.credit);
       }},
      {"a kind", [](Rows& r) { r.first(TransferKind::kPending).kind = TransferKind::kPosted; }},
      {"a void that posts", [](Rows& r) { r.first(TransferKind::kVoid).kind = TransferKind::kPost; }},
      {"no kind", [](Rows& r) { r.transfers[3].kind = static_cast<TransferKind>(9); }},
      {"what a post is of", [](Rows& r) { r.first(TransferKind::kPost).pending = 999'999; }},
      {"a post of nothing", [](Rows& r) { r.first(TransferKind::kPost).pending.reset(); }},
      {"a batch", [](Rows& r) { r.transfers[4].batch = r.transfers[4].id - 1; }},
      {"the first of a batch that is gone",
       [](Rows& r) {
         const auto second = std::ranges::find_if(r.transfers, [](const Transfer& t) { return t.batch != t.id; });
         r.transfers.erase(second - 1);
       }},
      {"when a part of a batch was made",
       [](Rows& r) { std::ranges::find_if(r.transfers, [](const Transfer& t) { return t.batch != t.id; })->at += 1; }},
      {"no reason", [](Rows& r) { r.transfers[4].reason = static_cast<Reason>(99); }},
      {"a grant out of nowhere",
       [](Rows& r) {
         std::ranges::find(r.transfers, Reason::kCancelPenalty, &Transfer::reason)->reason = Reason::kGrant;
       }},
      {"money made as a fine",
       [](Rows& r) {
         std::ranges::find(r.transfers, Reason::kGrant, &Transfer::reason)->reason = Reason::kFailurePenalty;
       }},
      {"what is left of one that is open",
       [](Rows& r) {
         std::ranges::find_if(r.pendings, [](const auto& p) { return p.second.left > 0; })->second.left += 1;
       }},
      {"what is left of one that is closed",
       [](Rows& r) {
         std::ranges::find_if(r.pendings, [](const auto& p) { return p.second.left == 0; })->second.left = 3;
       }},
      {"what is left that is gone", [](Rows& r) { r.pendings.erase(r.pendings.begin()); }},
  };
  for (const Cheat& cheat : cheats) {
    Rows rows = honest();
    ASSERT_TRUE(rows.audited().clean());
    cheat.does(rows);
    EXPECT_FALSE(rows.audited().clean()) << "did not find " << cheat.what;
  }
}

// Who changes the tables to match a journal that broke the rules is found all the same.
TEST(LedgerAudit, FindsALimitThatWasPassedOnlyForAMoment) {
  Rows rows = honest();
  Account& ann = rows.accounts[1];
  Account& ben = rows.accounts[2];
  const auto moved = [&](const Account& from, const Account& to, const char* key) {
    const Id id = rows.transfers.back().id + 1;
    rows.transfers.push_back(
        {.id = id, .key = key, .debit = from.id, .credit = to.id, .amount = 1'000'000, .batch = id});
    rows.transfers.back().reason = Reason::kCancelPenalty;
  };
  moved(ann, ben, "there");
  moved(ben, ann, "and-back");
  for (Account* const account : {&ann, &ben}) account->debits_posted += 1'000'000, account->credits_posted += 1'000'000;
  const AuditReport report = rows.audited();
  ASSERT_EQ(report.wrong, 1U) << report.findings.front();
  EXPECT_NE(report.findings[0].find("passes its limit"), std::string::npos) << report.findings[0];
  ann.highest_limit = 1'000'000;  // it once had one
  EXPECT_TRUE(rows.audited().clean());
}

TEST(LedgerAudit, CountsAllThatIsWrongAndListsTheFirst) {
  Rows rows = honest();
  for (Id id = 0; id < 2'000; ++id) rows.transfers.push_back({.id = 5, .batch = 5});
  const AuditReport report = rows.audited();
  EXPECT_GE(report.wrong, 2'000U);
  EXPECT_EQ(report.findings.size(), kMostFindings);
}

TEST(LedgerAudit, SurvivesNumbersThatAddUpToMoreThanThereAre) {
  Rows rows = honest();
  for (Account& account : rows.accounts)
    account.credits_posted = account.debits_pending = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 12; ++i) {
    const Id id = rows.transfers.back().id + 1;
    rows.transfers.push_back(
        {.id = id, .debit = rows.accounts[0].id, .credit = rows.accounts[1].id, .amount = kMaxAmount, .batch = id});
  }
  EXPECT_FALSE(rows.audited().clean());
}

}  // namespace
}  // namespace ledger
