#include "ledger/rules.h"

#include <gtest/gtest.h>

#include "support/memory_market_store.h"

namespace ledger {
namespace {

using base::Code;
using base::Status;

constexpr std::int64_t kNow = 1'800'000'000'000;

std::optional<Code> code(const Status& status) {
  return status.ok() ? std::nullopt : std::optional(status.error().code);
}
template <class T>
std::optional<Code> code(const base::Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error().code);
}
#define EXPECT_OK(expression) EXPECT_EQ(code(expression), std::nullopt)
#define EXPECT_CODE(expression, wanted) EXPECT_EQ(code(expression), std::optional(wanted))

model::OrganisationId organisation(std::uint8_t number) {
  model::OrganisationId id;
  id.key.fill(number);
  return id;
}

// Two members with 100 each, and a market.
struct Books {
  Id currency = 0, issuer = 0, ann = 0, ben = 0, market = 0;
};

class LedgerRules : public testing::Test {
 protected:
  using Body = std::function<Status(Rules&, Tables&)>;
  void SetUp() override {
    in([&](Rules& rules, Tables&) -> Status {
      TARN_ASSIGN(b.currency, rules.create_currency("credits"));
      TARN_ASSIGN(const Account issuer, rules.issuer(b.currency));
      b.issuer = issuer.id;
      TARN_ASSIGN(const Account ann, rules.open_account({.currency = b.currency, .organisation = organisation(1)}));
      TARN_ASSIGN(const Account ben, rules.open_account({.currency = b.currency, .organisation = organisation(2)}));
      TARN_ASSIGN(const Account market,
                  rules.open_account({.currency = b.currency, .kind = AccountKind::kMarket, .name = "market/spot"}));
      b.ann = ann.id, b.ben = ben.id, b.market = market.id;
      const std::vector<NewTransfer> endowments{posted("start/1", b.issuer, b.ann, 100),
                                                posted("start/2", b.issuer, b.ben, 100)};
      TARN_TRY(rules.make(endowments));
      return {};
    });
  }
  void TearDown() override {
    const support::MarketTables tables = store_.tables();
    std::int64_t sum = 0;
    for (const auto& [id, account] : tables.accounts) {
      sum += balance(account);
      EXPECT_GE(available(account), 0) << account.name;
    }
    EXPECT_EQ(sum, 0) << "money was made or lost";
  }
  void in(const Body& body) {
    const Status done = store_.write([&](market::Transaction& t) {
      Rules rules(t, kNow);
      return body(rules, t);
    });
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  }
  Account account(Id id) const { return store_.tables().accounts.at(id); }

  static NewTransfer posted(Key key, Id debit, Id credit, std::int64_t amount) {
    return {.key = std::move(key), .debit = debit, .credit = credit, .amount = amount, .reference = "test"};
  }
  static NewTransfer pending(Key key, Id debit, Id credit, std::int64_t amount) {
    NewTransfer out = posted(std::move(key), debit, credit, amount);
    out.kind = TransferKind::kPending;
    out.reason = Reason::kEscrow;
    return out;
  }
  static NewTransfer post(Key key, Id of, std::int64_t amount) {
    return {.key = std::move(key),
            .kind = TransferKind::kPost,
            .amount = amount,
            .pending = of,
            .reason = Reason::kDelivery,
            .reference = "test"};
  }
  static NewTransfer release(Key key, Id of) {
    return {.key = std::move(key),
            .kind = TransferKind::kVoid,
            .pending = of,
            .reason = Reason::kRelease,
            .reference = "test"};
  }

  support::MemoryMarketStore store_;
  Books b;
};

TEST_F(LedgerRules, MoveMoneyFromOneAccountToAnother) {
  in([&](Rules& rules, Tables& tables) -> Status {
    TARN_ASSIGN(const Id id, rules.make(posted("a", b.ann, b.ben, 30)));
    TARN_ASSIGN(const auto found, tables.find_transfer(id));
    EXPECT_EQ(found->batch, id);
    EXPECT_EQ(found->at, kNow);
    return {};
  });
  EXPECT_EQ(balance(account(b.ann)), 70);
  EXPECT_EQ(balance(account(b.ben)), 130);
  EXPECT_EQ(balance(account(b.issuer)), -200);
}

TEST_F(LedgerRules, LetNobodySpendWhatIsNotThereAndTellHowMuchIsMissing) {
  in([&](Rules& rules, Tables&) -> Status {
    const auto refused = rules.make(posted("a", b.ann, b.ben, 101 * 1'000'000));
    EXPECT_CODE(refused, Code::kConflict);
    EXPECT_NE(refused.error().message.find("100.9999 more"), std::string::npos) << refused.error().message;
    EXPECT_OK(rules.make(posted("b", b.ann, b.ben, 100)));
    EXPECT_CODE(rules.make(posted("c", b.ann, b.ben, 1)), Code::kConflict);
    return {};
  });
}

TEST_F(LedgerRules, LetAnAccountGoDownToItsCreditLimitAndNoFurther) {
  in([&](Rules& rules, Tables&) -> Status {
    EXPECT_OK(rules.set_credit_limit(b.ann, 50));
    EXPECT_OK(rules.make(posted("a", b.ann, b.ben, 150)));
    EXPECT_CODE(rules.make(posted("b", b.ann, b.ben, 1)), Code::kConflict);
    EXPECT_CODE(rules.set_credit_limit(b.ann, 49), Code::kConflict);
    EXPECT_CODE(rules.set_credit_limit(b.ann, -1), Code::kInvalidInput);
    EXPECT_CODE(rules.set_credit_limit(b.issuer, 0), Code::kInvalidInput);
    return {};
  });
  EXPECT_EQ(account(b.ann).credit_limit, 50);
}

TEST_F(LedgerRules, SetAsideThenMoveInPartsThenReleaseTheRest) {
  in([&](Rules& rules, Tables&) -> Status {
    TARN_ASSIGN(const Id escrow, rules.make(pending("e", b.ann, b.ben, 90)));
    EXPECT_CODE(rules.make(posted("a", b.ann, b.ben, 11)), Code::kConflict) << "that is set aside";
    EXPECT_CODE(rules.make(posted("b", b.ben, b.ann, 101)), Code::kConflict) << "that has not come yet";
    EXPECT_OK(rules.make(post("e/1", escrow, 30)));
    EXPECT_EQ(*rules.left(escrow), 60);
    EXPECT_CODE(rules.make(post("e/2", escrow, 61)), Code::kConflict);
    EXPECT_OK(rules.make(post("e/3", escrow, 10)));
    EXPECT_OK(rules.make(release("e/4", escrow)));
    EXPECT_EQ(*rules.left(escrow), 0);
    EXPECT_CODE(rules.make(post("e/5", escrow, 1)), Code::kConflict);
    EXPECT_CODE(rules.make(release("e/6", escrow)), Code::kConflict);
    EXPECT_OK(rules.make(posted("c", b.ann, b.ben, 60)));
    return {};
  });
  EXPECT_EQ(balance(account(b.ben)), 200);
  EXPECT_EQ(account(b.ann).debits_pending, 0);
  EXPECT_EQ(account(b.ben).credits_pending, 0);
}

TEST_F(LedgerRules, MakeABatchWholeOrLeaveNoTraceEvenIfTheTransactionGoesOn) {
  const support::MarketTables before = store_.tables();
  in([&](Rules& rules, Tables&) -> Status {
    const std::vector<NewTransfer> batch{posted("a", b.ann, b.ben, 60), pending("b", b.ann, b.ben, 40),
                                         posted("c", b.ann, b.ben, 1)};
    EXPECT_CODE(rules.make(batch), Code::kConflict);
    return {};
  });
  EXPECT_EQ(store_.tables().accounts, before.accounts);
  EXPECT_EQ(store_.tables().transfers, before.transfers);
  EXPECT_EQ(store_.tables().pendings, before.pendings);
}

TEST_F(LedgerRules, LetALaterTransferOfABatchUseWhatAnEarlierOneFreed) {
  in([&](Rules& rules, Tables& tables) -> Status {
    TARN_ASSIGN(const Id bid, rules.make(pending("bid", b.ann, b.market, 100)));
    const std::vector<NewTransfer> batch{release("bid/release", bid), pending("ctr", b.ann, b.ben, 80),
                                         post("ctr/1", in_this_batch(1), 30), pending("bid/2", b.ann, b.market, 20)};
    TARN_ASSIGN(const std::vector<Id> ids, rules.make(batch));
    EXPECT_EQ(*rules.left(ids[1]), 50);
    EXPECT_EQ(*rules.left(ids[3]), 20);
    for (const Id id : ids) EXPECT_EQ((*tables.find_transfer(id))->batch, ids.front());
    EXPECT_EQ((*tables.find_transfer(ids[2]))->pending, ids[1]);
    // The same again: nothing happens, and the same ids.
    TARN_ASSIGN(const std::vector<Id> again, rules.make(batch));
    EXPECT_EQ(again, ids);
    return {};
  });
  EXPECT_EQ(available(account(b.ann)), 0);
  EXPECT_EQ(balance(account(b.ben)), 130);
}

TEST_F(LedgerRules, DoNothingTwiceForOneKeyAndRefuseItForAnythingElse) {
  in([&](Rules& rules, Tables&) -> Status {
    const NewTransfer first = posted("a", b.ann, b.ben, 10);
    TARN_ASSIGN(const Id id, rules.make(first));
    EXPECT_EQ(*rules.make(first), id);
    TARN_ASSIGN(const Id escrow, rules.make(pending("e", b.ann, b.ben, 10)));
    const auto other = [&](auto change) {
      NewTransfer second = first;
      change(second);
      EXPECT_CODE(rules.make(second), Code::kConflict);
    };
    other([](NewTransfer& t) { t.amount = 11; });
    other([&](NewTransfer& t) { t.credit = b.market; });
    other([&](NewTransfer& t) { t.debit = b.market; });
    other([](NewTransfer& t) { t.reason = Reason::kFee; });
    other([](NewTransfer& t) { t.reference = "else"; });
    other([](NewTransfer& t) { t.kind = TransferKind::kPending; });
    other([&](NewTransfer& t) { t = post("a", escrow, 10); });
    const std::vector<NewTransfer> mixed{first, posted("b", b.ann, b.ben, 1)};
    EXPECT_CODE(rules.make(mixed), Code::kConflict);
    const std::vector<NewTransfer> twice{posted("c", b.ann, b.ben, 1), posted("c", b.ann, b.ben, 1)};
    EXPECT_CODE(rules.make(twice), Code::kInvalidInput);
    return {};
  });
  EXPECT_EQ(balance(account(b.ben)), 110);
}

TEST_F(LedgerRules, DebitNothingNewFromAFrozenAccountButFinishWhatWasSetAside) {
  in([&](Rules& rules, Tables&) -> Status {
    TARN_ASSIGN(const Id escrow, rules.make(pending("e", b.ann, b.ben, 20)));
    EXPECT_OK(rules.set_frozen(b.ann, true));
    EXPECT_CODE(rules.make(posted("a", b.ann, b.ben, 1)), Code::kConflict);
    EXPECT_CODE(rules.make(pending("b", b.ann, b.ben, 1)), Code::kConflict);
    EXPECT_OK(rules.make(posted("c", b.ben, b.ann, 1)));
    EXPECT_OK(rules.make(post("e/1", escrow, 15)));
    EXPECT_OK(rules.make(release("e/2", escrow)));
    EXPECT_OK(rules.set_frozen(b.ann, false));
    EXPECT_OK(rules.make(posted("d", b.ann, b.ben, 1)));
    return {};
  });
}

TEST_F(LedgerRules, RefuseWhatIsNoTransfer) {
  in([&](Rules& rules, Tables&) -> Status {
    TARN_ASSIGN(const Id other, rules.create_currency("tokens"));
    TARN_ASSIGN(const Account foreign, rules.open_account({.currency = other, .organisation = organisation(1)}));
    TARN_ASSIGN(const Id escrow, rules.make(pending("e", b.ann, b.ben, 5)));
    const auto refused = [&](const NewTransfer& transfer, Code why = Code::kInvalidInput) {
      EXPECT_CODE(rules.make(transfer), why) << transfer.key;
    };
    refused(posted("", b.ann, b.ben, 1));
    refused(posted("with blank", b.ann, b.ben, 1));
    refused(posted(std::string(kLongestKey + 1, 'k'), b.ann, b.ben, 1));
    refused(posted("zero", b.ann, b.ben, 0));
    refused(posted("negative", b.ann, b.ben, -1));
    refused(posted("much", b.issuer, b.ben, kMaxAmount + 1));
    refused(posted("same", b.ann, b.ann, 1));
    refused(posted("currencies", b.ann, foreign.id, 1));
    refused(posted("nobody", b.ann, 999'999, 1), Code::kNotFound);
    refused(post("no-pending", 999'999, 1), Code::kNotFound);
    refused(post("later", in_this_batch(0), 1), Code::kNotFound);
    NewTransfer amount = release("void-amount", escrow);
    amount.amount = 5;
    refused(amount);
    NewTransfer accounts = post("other-accounts", escrow, 1);
    accounts.debit = b.market;
    refused(accounts);
    NewTransfer posted_with = posted("posted-with-pending", b.ann, b.ben, 1);
    posted_with.pending = escrow;
    refused(posted_with);
    NewTransfer without = post("post-without", escrow, 1);
    without.pending.reset();
    refused(without);
    NewTransfer wordy = posted("wordy", b.ann, b.ben, 1);
    wordy.reference = std::string(kLongestReference + 1, 'r');
    refused(wordy);
    EXPECT_CODE(rules.make(std::span<const NewTransfer>()), Code::kInvalidInput);
    const std::vector<NewTransfer> many(kLargestBatch + 1, posted("a", b.ann, b.ben, 1));
    EXPECT_CODE(rules.make(many), Code::kInvalidInput);
    return {};
  });
}

// What overflows would wrap to a fortune.
TEST_F(LedgerRules, StopBeforeASumOverflows) {
  in([&](Rules& rules, Tables&) -> Status {
    for (int i = 0; i < 3; ++i) EXPECT_OK(rules.make(posted("a" + std::to_string(i), b.issuer, b.market, kMaxAmount)));
    EXPECT_OK(rules.make(posted("almost", b.issuer, b.market, kMaxAmount - 200)));  // the issuer gave 200 before
    EXPECT_CODE(rules.make(posted("issuer", b.issuer, b.market, 1)), Code::kConflict);
    EXPECT_OK(rules.make(posted("b", b.market, b.ann, kMaxAmount)));
    EXPECT_OK(rules.make(posted("c", b.ann, b.market, 200)));
    EXPECT_CODE(rules.make(posted("full", b.ben, b.market, 1)), Code::kConflict);
    return {};
  });
  EXPECT_EQ(account(b.market).credits_posted, kMaxTotal);
}

TEST_F(LedgerRules, OpenEachAccountOnceAndNamedAfterWhoseItIs) {
  in([&](Rules& rules, Tables&) -> Status {
    EXPECT_EQ((*rules.member_account(b.currency, organisation(1))).id, b.ann);
    EXPECT_CODE(rules.member_account(b.currency, organisation(9)), Code::kNotFound);
    EXPECT_CODE(rules.create_currency("credits"), Code::kConflict);
    EXPECT_CODE(rules.create_currency(""), Code::kInvalidInput);
    EXPECT_CODE(rules.open_account({.currency = b.currency, .organisation = organisation(1)}), Code::kConflict);
    EXPECT_CODE(rules.open_account({.currency = 999'999, .organisation = organisation(3)}), Code::kNotFound);
    EXPECT_CODE(rules.open_account({.currency = b.currency}), Code::kInvalidInput) << "whose is it?";
    EXPECT_CODE(rules.open_account({.currency = b.currency, .kind = AccountKind::kIssuer, .name = "issuer2"}),
                Code::kInvalidInput);
    EXPECT_CODE(rules.open_account({.currency = b.currency, .name = "ann", .organisation = organisation(3)}),
                Code::kInvalidInput);
    EXPECT_CODE(rules.open_account({.currency = b.currency, .organisation = organisation(3), .credit_limit = -1}),
                Code::kInvalidInput);
    return {};
  });
}

}  // namespace
}  // namespace ledger
