// A ledger with a past: members who were endowed, bid, bought, paid, released, fined and corrected at random, by its rules.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ledger/rules.h"
#include "support/memory_market_store.h"

namespace support {

class LedgerWorld {
 public:
  explicit LedgerWorld(std::uint64_t seed, int members = 4) : random_(seed) {
    write([&](ledger::Rules& rules) -> base::Status {
      TARN_ASSIGN(currency, rules.create_currency("credits"));
      TARN_ASSIGN(const ledger::Account of, rules.issuer(currency));
      issuer = of.id;
      for (int i = 0; i < members; ++i) {
        model::OrganisationId id;
        id.key.fill(static_cast<std::uint8_t>(i + 1));
        TARN_ASSIGN(const ledger::Account account, rules.open_account({.currency = currency, .organisation = id}));
        accounts.push_back(account.id);
      }
      TARN_ASSIGN(const ledger::Account market, rules.open_account({.currency = currency,
                                                                    .kind = ledger::AccountKind::kMarket,
                                                                    .name = "market/spot",
                                                                    .credit_limit = 500}));
      accounts.push_back(market.id);
      return {};
    });
  }

  // A batch that somebody tries, whether or not the rules allow it; and time goes on.
  std::vector<ledger::NewTransfer> some_batch() {
    std::vector<ledger::NewTransfer> batch;
    for (std::size_t size = below(5) == 0 ? 3 : 1; size > 0; --size) batch.push_back(some_transfer());
    return batch;
  }
  base::Result<std::vector<ledger::Id>> make(const std::vector<ledger::NewTransfer>& batch) {
    base::Result<std::vector<ledger::Id>> made = base::Error{base::Code::kStorage, ""};
    const base::Status done = store.write([&](market::Transaction& t) -> base::Status {
      made = ledger::Rules(t, now).make(batch);
      return {};  // who gets an error may go on
    });
    EXPECT_TRUE(done.ok());
    now += static_cast<std::int64_t>(below(1'000));
    if (!made.ok()) return made;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (batch[i].kind == ledger::TransferKind::kPending) pendings.push_back((*made)[i]);
    return made;
  }
  void live(int batches) {
    for (int i = 0; i < batches; ++i) (void)make(some_batch());
  }
  void write(const std::function<base::Status(ledger::Rules&)>& body) {
    const base::Status done = store.write([&](market::Transaction& t) {
      ledger::Rules rules(t, now);
      return body(rules);
    });
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  MemoryMarketStore store;
  std::int64_t now = 1'800'000'000'000;
  ledger::Id currency = 0, issuer = 0;
  std::vector<ledger::Id> accounts, pendings;

 private:
  ledger::NewTransfer some_transfer() {
    using ledger::Reason;
    using ledger::TransferKind;
    ledger::NewTransfer out;
    out.key = "k" + std::to_string(below(50) == 0 ? below(keys_ + 1) : ++keys_);  // now and then one that was used
    out.reference = "ctr_" + std::to_string(below(4));
    out.amount = static_cast<std::int64_t>(below(60)) + (below(30) == 0 ? -20 : 1);
    const std::size_t what = below(10);
    if (what < 2) {
      out.reason = Reason::kGrant;
      out.debit = issuer, out.credit = somebody();
    } else if (what < 4) {
      out.reason = Reason::kCancelPenalty;
      out.debit = somebody(), out.credit = somebody();
    } else if (what < 6 || pendings.empty()) {
      out.kind = TransferKind::kPending;
      out.reason = Reason::kEscrow;
      out.debit = somebody(), out.credit = somebody();
    } else {
      const bool posts = what < 9;
      out.kind = posts ? TransferKind::kPost : TransferKind::kVoid;
      out.reason = posts ? Reason::kDelivery : Reason::kRelease;
      out.pending = pendings[pendings.size() - 1 - below(std::min<std::size_t>(pendings.size(), 6))];
      if (!posts) out.amount = 0;
    }
    return out;
  }
  ledger::Id somebody() { return accounts[below(accounts.size())]; }

  std::mt19937_64 random_;
  std::size_t keys_ = 0;
};

}  // namespace support
