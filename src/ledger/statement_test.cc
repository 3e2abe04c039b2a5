#include "ledger/statement.h"

#include <gtest/gtest.h>

#include <set>

#include "support/failing_market_store.h"
#include "support/ledger_world.h"

namespace ledger {
namespace {

// Adds up the journal from its first entry, for each question anew.
std::int64_t balance_at(const support::MarketTables& tables, Id account, std::int64_t time) {
  std::int64_t sum = 0;
  for (const auto& [id, t] : tables.transfers)
    if (t.at < time) sum += change_of(t, account);
  return sum;
}

void expect_statement(const support::MarketTables& tables, Tables& t, Id account, std::int64_t from,
                      std::int64_t until) {
  const auto got = statement(t, account, from, until);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->currency, "credits");
  EXPECT_EQ(got->opening, balance_at(tables, account, from));
  EXPECT_EQ(got->closing, balance_at(tables, account, until));
  std::int64_t balance = got->opening;
  std::map<std::uint8_t, std::int64_t> by_reason;
  std::vector<Id> ids, wanted;
  for (const StatementLine& line : got->lines) {
    balance += line.change;
    EXPECT_EQ(line.balance_after, balance);
    by_reason[static_cast<std::uint8_t>(line.transfer.reason)] += line.change;
    ids.push_back(line.transfer.id);
  }
  EXPECT_EQ(balance, got->closing);
  EXPECT_EQ(by_reason, got->by_reason);
  for (const auto& [id, transfer] : tables.transfers)
    if ((transfer.debit == account || transfer.credit == account) && from <= transfer.at && transfer.at < until)
      wanted.push_back(id);
  EXPECT_EQ(ids, wanted);
}

void expect_invoice(const support::MarketTables& tables, Tables& t, Id account, std::int64_t from, std::int64_t until) {
  const auto got = invoice(t, account, from, until);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->received - got->paid, balance_at(tables, account, until) - balance_at(tables, account, from));
  std::int64_t paid = 0, received = 0;
  std::set<std::pair<Id, std::string>> seen;
  for (const InvoiceLine& line : got->lines) {
    EXPECT_TRUE(seen.insert({line.counterparty, line.reference}).second) << "one line each";
    EXPECT_EQ(line.counterparty_name, tables.accounts.at(line.counterparty).name);
    std::int64_t out = 0, in = 0;
    for (const auto& [id, transfer] : tables.transfers) {
      if (transfer.reference != line.reference || transfer.at < from || transfer.at >= until) continue;
      if (transfer.debit == account && transfer.credit == line.counterparty) out -= change_of(transfer, account);
      if (transfer.credit == account && transfer.debit == line.counterparty) in += change_of(transfer, account);
    }
    EXPECT_EQ(line.paid, out);
    EXPECT_EQ(line.received, in);
    std::int64_t net = 0;
    for (const auto& [reason, change] : line.by_reason) net += change;
    EXPECT_EQ(net, in - out);
    paid += out, received += in;
  }
  EXPECT_EQ(got->paid, paid);
  EXPECT_EQ(got->received, received);
}

TEST(LedgerStatement, SaysWhatAddingUpTheWholeJournalSays) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    support::LedgerWorld world(seed);
    const std::int64_t start = world.now;
    world.live(200);
    const support::MarketTables tables = world.store.tables();
    const auto some_time = [&] {
      return start - 100 + static_cast<std::int64_t>(world.below(static_cast<std::size_t>(world.now - start + 200)));
    };
    for (int i = 0; i < 20; ++i) {
      std::int64_t from = some_time(), until = some_time();
      if (from > until) std::swap(from, until);
      const Id account = world.accounts[world.below(world.accounts.size())];
      EXPECT_TRUE(world.store
                      .read([&](market::Transaction& t) -> base::Status {
                        expect_statement(tables, t, account, from, until);
                        expect_invoice(tables, t, account, from, until);
                        return {};
                      })
                      .ok());
    }
  }
}

// Of as many calls to the store as the period itself takes: the account, its currency, a page, and a sum.
TEST(LedgerStatement, OfAnOldPeriodReadsNothingOfWhatCameSince) {
  support::LedgerWorld world(1);
  const Id ann = world.accounts[0];
  const auto grants = [&](int from, int until) {
    world.write([&](Rules& rules) -> base::Status {
      for (int i = from; i < until; ++i) {
        NewTransfer grant{.debit = world.issuer, .credit = ann, .amount = 1, .reason = Reason::kGrant};
        grant.key = std::to_string(i);
        TARN_TRY(rules.make(grant));
      }
      return {};
    });
  };
  grants(0, 5);
  const std::int64_t until = ++world.now;
  grants(5, 2'500);
  support::FailingMarketStore store(world.store);
  store.fail_at(5);
  const base::Status read = store.read([&](market::Transaction& t) -> base::Status {
    TARN_ASSIGN(const Statement anns, statement(t, ann, 0, until));
    EXPECT_EQ(anns.lines.size(), 5U);
    EXPECT_EQ(anns.closing, 5);
    return {};
  });
  EXPECT_TRUE(read.ok()) << "it asks more of the store, the more there is behind it";
}

TEST(LedgerStatement, LeavesOutOfAnInvoiceWhatWasOnlySetAside) {
  support::LedgerWorld world(1);
  world.write([&](Rules& rules) -> base::Status {
    const Id ann = world.accounts[0], ben = world.accounts[1];
    const std::vector<NewTransfer> batch{
        {.key = "a", .debit = world.issuer, .credit = ann, .amount = 100, .reason = Reason::kGrant, .reference = "g"},
        {.key = "b",
         .kind = TransferKind::kPending,
         .debit = ann,
         .credit = ben,
         .amount = 50,
         .reason = Reason::kEscrow,
         .reference = "ctr_1"},
        {.key = "c",
         .kind = TransferKind::kPost,
         .amount = 30,
         .pending = in_this_batch(1),
         .reason = Reason::kDelivery,
         .reference = "ctr_1"},
        {.key = "d",
         .kind = TransferKind::kVoid,
         .pending = in_this_batch(1),
         .reason = Reason::kRelease,
         .reference = "ctr_1"}};
    TARN_TRY(rules.make(batch));
    return {};
  });
  EXPECT_TRUE(world.store
                  .read([&](market::Transaction& t) -> base::Status {
                    TARN_ASSIGN(const Invoice bens, invoice(t, world.accounts[1], 0, world.now + 1));
                    EXPECT_EQ(bens.received, 30);
                    EXPECT_EQ(bens.lines.size(), 1U);
                    TARN_ASSIGN(const Statement anns, statement(t, world.accounts[0], 0, world.now + 1));
                    EXPECT_EQ(anns.lines.size(), 4U);
                    EXPECT_EQ(anns.closing, 70);
                    return {};
                  })
                  .ok());
}

TEST(LedgerStatement, RefusesAnAccountOrPeriodThatIsNone) {
  support::LedgerWorld world(1);
  (void)world.store.read([&](market::Transaction& t) -> base::Status {
    EXPECT_EQ(statement(t, 999'999, 0, 1).error().code, base::Code::kNotFound);
    EXPECT_EQ(invoice(t, 999'999, 0, 1).error().code, base::Code::kNotFound);
    EXPECT_EQ(statement(t, world.accounts[0], 2, 1).error().code, base::Code::kInvalidInput);
    return {};
  });
}

}  // namespace
}  // namespace ledger
