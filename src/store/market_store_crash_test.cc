// What is left of a market after a crash, how many write to it at once, and who of several processes leads.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "ledger/audit.h"
#include "ledger/rules.h"
#include "store/market_leader.h"
#include "support/market_samples.h"
#include "support/market_stores.h"

namespace store {
namespace {

using namespace market;
using base::Code;
using base::Status;
using support::organisation;

const Page kAll{0, 1'000'000};

class SqlMarkets : public support::MarketStores {
 protected:
  // Two members with a lot of money each, and a market.
  void SetUp() override {
    MarketStores::SetUp();
    if (IsSkipped() || store_ == nullptr) return;
    const Status done = store_->write([&](Transaction& t) -> Status {
      ledger::Rules rules(t, 1);
      TARN_ASSIGN(const Id currency, rules.create_currency("credits"));
      TARN_ASSIGN(const ledger::Account issuer, rules.issuer(currency));
      for (const std::uint8_t number : std::array<std::uint8_t, 2>{1, 2}) {
        TARN_ASSIGN(const ledger::Account account,
                    rules.open_account({.currency = currency, .organisation = organisation(number)}));
        TARN_TRY(rules.make({.key = "start/" + std::to_string(number),
                             .debit = issuer.id,
                             .credit = account.id,
                             .amount = 1'000'000'000}));
        (number == 1 ? buyer_ : seller_) = account.id;
      }
      TARN_ASSIGN(market_, t.insert_market(support::full_market(currency)));
      return {};
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  // A contract with its escrow, two leases and an event, of which the first slot is paid at once.
  static Status trade(Transaction& t, Id market, Id buyer, Id seller, const std::string& name) {
    ledger::Rules rules(t, 2);
    const std::vector<ledger::NewTransfer> transfers{{.key = name,
                                                      .kind = ledger::TransferKind::kPending,
                                                      .debit = buyer,
                                                      .credit = seller,
                                                      .amount = 50,
                                                      .reason = ledger::Reason::kEscrow,
                                                      .reference = name},
                                                     {.key = name + "/1",
                                                      .kind = ledger::TransferKind::kPost,
                                                      .amount = 20,
                                                      .pending = ledger::in_this_batch(0),
                                                      .reason = ledger::Reason::kDelivery,
                                                      .reference = name}};
    TARN_ASSIGN(const std::vector<Id> ids, rules.make(transfers));
    Contract contract;
    contract.market = market, contract.buyer = organisation(1), contract.seller = organisation(2);
    contract.pays = contract.gets = 50, contract.paid = contract.got = 20;
    contract.escrow = ids.front(), contract.reason = name;
    TARN_ASSIGN(const Id id, t.insert_contract(contract));
    for (std::uint32_t unit = 0; unit < 2; ++unit) {
      Lease lease;
      lease.contract = id, lease.unit = unit, lease.detail = name;
      TARN_TRY(t.insert_lease(lease));
    }
    return t.insert_event({.at = 1, .kind = "contract.signed", .visible_to = {}, .subject = name, .detail = {}});
  }

  // Nothing by halves: what contracts, leases, events and the journal say is one story.
  void expect_whole(market::Store& store) const {
    const Status done = store.read([&](Transaction& t) -> Status {
      TARN_ASSIGN(const ledger::AuditReport report, ledger::audit(t));
      EXPECT_TRUE(report.clean()) << report.findings.front();
      TARN_ASSIGN(const std::vector<Contract> contracts, t.contracts({}, kAll));
      TARN_ASSIGN(const std::vector<Lease> leases, t.leases({}, kAll));
      TARN_ASSIGN(const std::vector<Event> events, t.events(0, {}, kAll.limit));
      EXPECT_EQ(leases.size(), 2 * contracts.size());
      EXPECT_EQ(events.size(), contracts.size());
      EXPECT_EQ(report.pendings, contracts.size());
      EXPECT_EQ(report.transfers, 2 * contracts.size() + 2);
      for (const Contract& contract : contracts) {
        TARN_ASSIGN(const auto escrow, t.find_transfer(*contract.escrow));
        EXPECT_EQ(escrow->key, contract.reason);
        TARN_ASSIGN(const auto left, t.find_pending(*contract.escrow));
        EXPECT_EQ(left->left, contract.pays - contract.paid);
      }
      return {};
    });
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  }

  Id market_ = 0, buyer_ = 0, seller_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Sql, SqlMarkets, testing::Values(support::Engine::kSqlite, support::Engine::kPostgres),
                         support::name_of);

constexpr int kThreads = 4;
std::string numbered(int thread, std::uint32_t number) {
  return "ctr-" + std::to_string(thread) + "-" + std::to_string(number);
}

// Until it is killed, each thread writes one thing after the other and answers for each with its number.
class KilledMarkets : public SqlMarkets {
 protected:
  using Counts = std::array<std::uint32_t, kThreads>;

  [[noreturn]] void work(const Counts& from, int answers) const {
    auto opened = open_market_store(settings_);
    if (!opened.ok()) ::_exit(1);
    const auto write = [&](int thread) {
      for (std::uint32_t number = from[static_cast<std::size_t>(thread)];; ++number) {
        const Status done = (*opened)->write(
            [&](Transaction& t) { return trade(t, market_, buyer_, seller_, numbered(thread, number)); });
        const char answer = static_cast<char>(thread);
        if (!done.ok() || ::write(answers, &answer, 1) != 1) ::_exit(2);
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(write, thread);
    for (std::thread& thread : threads) thread.join();
    ::_exit(3);
  }

  Counts run_and_kill(const Counts& from, int at_least, int then_us) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      work(from, ends[1]);
    }
    ::close(ends[1]);
    Counts answered{};
    char thread = 0;
    for (int all = 0; all < at_least && ::read(ends[0], &thread, 1) == 1; ++all)
      ++answered[static_cast<std::size_t>(thread)];
    std::this_thread::sleep_for(std::chrono::microseconds(then_us));
    ::kill(child, SIGKILL);
    while (::read(ends[0], &thread, 1) == 1) ++answered[static_cast<std::size_t>(thread)];
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    return answered;
  }
};
INSTANTIATE_TEST_SUITE_P(Sql, KilledMarkets, testing::Values(support::Engine::kSqlite, support::Engine::kPostgres),
                         support::name_of);

TEST_P(KilledMarkets, HaveAllThatWasAnsweredForAndBooksThatBalance) {
  store_.reset();
  std::mt19937_64 random(5);
  Counts next{};
  for (int round = 0; round < 12; ++round) {
    const Counts answered = run_and_kill(next, static_cast<int>(random() % 20), static_cast<int>(random() % 4'000));
    const auto store = open();
    ASSERT_NE(store, nullptr);
    // On a server, what the killed process was committing may still go on: a write of our own waits for its end.
    ASSERT_TRUE(store->write([](Transaction&) -> Status { return {}; }).ok());
    EXPECT_TRUE(store
                    ->read([&](Transaction& t) -> Status {
                      for (int thread = 0; thread < kThreads; ++thread) {
                        std::uint32_t& mine = next[static_cast<std::size_t>(thread)];
                        for (std::uint32_t more = answered[static_cast<std::size_t>(thread)]; more > 0; --more, ++mine)
                          EXPECT_TRUE((*t.find_transfer(numbered(thread, mine))).has_value())
                              << "lost in round " << round;
                        mine += (*t.find_transfer(numbered(thread, mine))).has_value();  // kept, but not answered for
                        EXPECT_FALSE((*t.find_transfer(numbered(thread, mine))).has_value());
                      }
                      return {};
                    })
                    .ok());
    expect_whole(*store);
  }
  EXPECT_GT(next[0] + next[1] + next[2] + next[3], 60U) << "nothing was tried";
}

TEST_P(SqlMarkets, BalanceWithSixteenWritersInTwoProcessesStores) {
  const auto other = open();
  ASSERT_NE(other, nullptr);
  std::atomic<int> made = 0, refused = 0;
  const auto write = [&](market::Store& store, int thread) {
    for (int number = 0; number < 12; ++number) {
      const bool fails = (number + thread) % 4 == 0;
      const Status done = support::write_beside_another(store, [&](Transaction& t) -> Status {
        TARN_TRY(trade(t, market_, buyer_, seller_, numbered(thread, static_cast<std::uint32_t>(number))));
        return fails ? Status(base::Error{Code::kConflict, "changed its mind"}) : Status();
      });
      EXPECT_EQ(done.ok(), !fails) << (done.ok() ? "" : done.error().message);
      ++(done.ok() ? made : refused);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back(write, std::ref(i % 2 == 0 ? *store_ : *other), i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 144);
  EXPECT_EQ(refused, 48);
  EXPECT_TRUE(store_
                  ->read([&](Transaction& t) -> Status {
                    EXPECT_EQ(t.contracts({}, kAll)->size(), 144U);
                    EXPECT_EQ((*t.find_account(seller_))->credits_posted, 1'000'000'000 + 144 * 20);
                    return {};
                  })
                  .ok());
  expect_whole(*store_);
}

// Of those that are written together all are lost with one that cannot be, each is told so, and may try again.
TEST_P(SqlMarkets, KeepNothingThatWasLostAndAllThatWasNot) {
  std::atomic<int> kept = 0;
  const auto write = [&](int thread) {
    for (int number = 0; number < 12;) {
      const bool bad = thread == 0;
      const Status done = store_->write([&](Transaction& t) -> Status {
        TARN_TRY(trade(t, market_, buyer_, seller_, numbered(thread, static_cast<std::uint32_t>(number))));
        return bad ? t.update_lease({.id = 999'999, .contract = 1, .detail = {}}) : Status();
      });
      EXPECT_TRUE(bad ? !done.ok() : true);
      EXPECT_TRUE(done.ok() || done.error().code == Code::kStorage) << done.error().message;
      kept += done.ok();
      number += done.ok() || bad;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(write, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(kept, 84);
  EXPECT_TRUE(store_
                  ->read([&](Transaction& t) -> Status {
                    EXPECT_EQ(t.contracts({}, kAll)->size(), 84U);
                    return {};
                  })
                  .ok());
  expect_whole(*store_);
}

// Two accounts with enough for one: whatever each writer read still holds when it writes.
TEST_P(SqlMarkets, SellNothingTwiceToManyAtOnce) {
  const auto other = open();
  ASSERT_NE(other, nullptr);
  std::atomic<int> bought = 0;
  std::vector<std::thread> threads;
  const auto buy = [&](market::Store& store, int thread) {
    const Status done = support::write_beside_another(store, [&](Transaction& t) -> Status {
      ledger::Rules rules(t, 3);
      TARN_TRY(rules.make({.key = "all/" + std::to_string(thread),
                           .debit = buyer_,
                           .credit = seller_,
                           .amount = 600'000'000,
                           .reason = ledger::Reason::kFee}));
      return {};
    });
    bought += done.ok();
    EXPECT_TRUE(done.ok() || done.error().code == Code::kConflict) << done.error().message;
  };
  for (int i = 0; i < 8; ++i) threads.emplace_back(buy, std::ref(i % 2 == 0 ? *store_ : *other), i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bought, 1);
}

TEST_P(SqlMarkets, AreNoOtherServicesToOpen) {
  const auto other = open_isolation_store(settings_);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kStorage);
  EXPECT_NE(other.error().message.find("another"), std::string::npos) << other.error().message;
  EXPECT_EQ(open_market_store({}).error().code, Code::kInvalidInput);
}

// A clearing of a turn: refused if that is over.
Status clear(market::Store& store, std::int64_t turn) {
  return store.write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const std::int64_t now, t.fence());
    if (now != turn) return base::Error{Code::kConflict, "another process leads"};
    return t.insert_event({.at = 1, .kind = "cleared", .visible_to = {}, .subject = {}, .detail = {}});
  });
}

bool leads(MarketLeader& leader) {
  const auto turn = leader.lead();
  return turn.ok() && turn->has_value();
}

TEST_P(SqlMarkets, AreLedByOneThatStartsATurnOfItsOwn) {
  MarketLeader leader(settings_, *store_);
  for (int again = 0; again < 3; ++again) EXPECT_EQ(*leader.lead(), std::optional<std::int64_t>(1));
  EXPECT_TRUE(clear(*store_, 1).ok());
  leader.resign();
  EXPECT_EQ(*leader.lead(), std::optional<std::int64_t>(2));
  EXPECT_FALSE(clear(*store_, 1).ok());
  EXPECT_TRUE(clear(*store_, 2).ok());
}

class ServedMarkets : public SqlMarkets {};
INSTANTIATE_TEST_SUITE_P(Server, ServedMarkets, testing::Values(support::Engine::kPostgres), support::name_of);

TEST_P(ServedMarkets, AreLedByOneOfSeveral) {
  const auto other_store = open();
  MarketLeader one(settings_, *store_), other(settings_, *other_store);
  EXPECT_EQ(*one.lead(), std::optional<std::int64_t>(1));
  for (int again = 0; again < 3; ++again) EXPECT_EQ(*other.lead(), std::nullopt);
  EXPECT_EQ(*one.lead(), std::optional<std::int64_t>(1));
  one.resign();
  EXPECT_TRUE(support::eventually([&] { return leads(other); }));
  EXPECT_EQ(*other.lead(), std::optional<std::int64_t>(2));
  EXPECT_EQ(*one.lead(), std::nullopt);
}

TEST_P(ServedMarkets, RefuseTheWorkOfALeaderThatWasCutOffAndDoesNotKnowIt) {
  const auto other_store = open();
  MarketLeader one(settings_, *store_), other(settings_, *other_store);
  ASSERT_EQ(*one.lead(), std::optional<std::int64_t>(1));
  EXPECT_TRUE(clear(*store_, 1).ok());
  support::Postgres::get()->sql(settings_.connection,
                                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  EXPECT_TRUE(support::eventually([&] { return leads(other); }));
  EXPECT_EQ(clear(*store_, 1).error().code, Code::kConflict);
  EXPECT_TRUE(clear(*other_store, 2).ok());
  EXPECT_FALSE(leads(one));
  other.resign();
  EXPECT_TRUE(support::eventually([&] { return leads(one); }));
  EXPECT_EQ(*one.lead(), std::optional<std::int64_t>(3)) << "a turn of its own, not the one that was over";
}

TEST_P(ServedMarkets, AreLedByAnotherAfterTheLeaderWasKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open_market_store(settings_);
    MarketLeader leader(settings_, **store);
    const char answer = (*leader.lead()).value_or(0) == 1 ? 'y' : 'n';
    if (::write(ends[1], &answer, 1) == 1) ::pause();
    ::_exit(1);
  }
  char answer = 0;
  EXPECT_EQ(::read(ends[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  MarketLeader leader(settings_, *store_);
  EXPECT_EQ(*leader.lead(), std::nullopt);
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(support::eventually([&] { return leads(leader); }));
  EXPECT_EQ(*leader.lead(), std::optional<std::int64_t>(2));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_P(ServedMarkets, AreLedByNobodyWhileTheServerIsAway) {
  MarketLeader leader(settings_, *store_);
  ASSERT_TRUE(leads(leader));
  support::Postgres::get()->stop();
  EXPECT_EQ(leader.lead().error().code, Code::kStorage);
  support::Postgres::get()->start();
  EXPECT_TRUE(support::eventually([&] { return leads(leader); }));
  EXPECT_EQ(*leader.lead(), std::optional<std::int64_t>(2));
}

}  // namespace
}  // namespace store
