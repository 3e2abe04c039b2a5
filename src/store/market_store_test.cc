// What every store of the market promises, each promise kept by each of them.
#include "store/market_store.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <stdexcept>

#include "market/signing_key.h"
#include "store/isolation_store.h"
#include "store/market_schema.h"
#include "store/sql_postgres.h"
#include "store/sqlite.h"
#include "support/market_samples.h"
#include "support/market_stores.h"

namespace store {
namespace {

using namespace market;
using base::Code;
using base::Status;
using support::Engine;
using support::full_contract;
using support::full_lot;
using support::full_market;
using support::full_order;
using support::full_rows;
using support::MarketRows;
using support::MarketStores;
using support::organisation;

INSTANTIATE_TEST_SUITE_P(All, MarketStores, testing::Values(Engine::kMemory, Engine::kSqlite, Engine::kPostgres),
                         support::name_of);

// What memory has not: a second door to the same books.
class MarketBooks : public MarketStores {};
INSTANTIATE_TEST_SUITE_P(All, MarketBooks, testing::Values(Engine::kSqlite, Engine::kPostgres), support::name_of);

// The file as it is, or was, with these migrations.
DatabaseKind market_file(std::span<const std::string_view> migrations) {
  return {.name = "market", .application_id = 0x5452'4e4d, .migrations = migrations, .loss = "all"};
}

// ok: nothing
std::optional<Code> code(const Status& status) {
  return status.ok() ? std::nullopt : std::optional(status.error().code);
}
template <class T>
std::optional<Code> code(const base::Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error().code);
}
#define EXPECT_OK(expression) EXPECT_EQ(code(expression), std::nullopt)
#define EXPECT_CODE(expression, wanted) EXPECT_EQ(code(expression), std::optional(wanted))

const Page kAll{0, 100'000};

// What was found, as it is wanted.
template <class T>
void expect_same(const base::Result<std::optional<T>>& found, const T& wanted, const char* what) {
  ASSERT_TRUE(found.ok()) << what << (found.ok() ? "" : ": " + found.error().message);
  ASSERT_TRUE(found->has_value()) << what;
  EXPECT_TRUE(**found == wanted) << what << " came back changed";
}

// Inserted, and then updated to another one: both come back as they were.
template <class T, class Insert, class Update, class Find>
void expect_kept(T row, T other, const Insert& insert, const Update& update, const Find& find, const char* what) {
  const base::Result<Id> id = insert(row);
  ASSERT_TRUE(id.ok()) << what << (id.ok() ? "" : ": " + id.error().message);
  row.id = other.id = *id;
  expect_same(find(*id), row, what);
  EXPECT_OK(update(other)) << what;
  expect_same(find(*id), other, what);
}

TEST_P(MarketStores, KeepEveryFieldOfMarketsLotsOrdersContractsAndLeases) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    Market market = full_market(rows.currency), plain;
    market.name = "second", plain.name = "plain", plain.currency = rows.currency;
    expect_kept(
        market, plain, [&](const Market& m) { return t.insert_market(m); },
        [&](const Market& m) { return t.update_market(m); }, [&](Id id) { return t.find_market(id); }, "market");
    Lot lot = full_lot(), plain_lot;
    lot.name = "second", plain_lot.name = "plain";
    expect_kept(
        lot, plain_lot, [&](const Lot& l) { return t.insert_lot(l); }, [&](const Lot& l) { return t.update_lot(l); },
        [&](Id id) { return t.find_lot(id); }, "lot");
    Order order = full_order(rows), plain_order;
    order.terms.nonce.fill(1), plain_order.market = rows.market;
    expect_kept(
        order, plain_order, [&](const Order& o) { return t.insert_order(o); },
        [&](const Order& o) { return t.update_order(o); }, [&](Id id) { return t.find_order(id); }, "order");
    Contract plain_contract;
    plain_contract.market = rows.market;
    expect_kept(
        full_contract(rows), plain_contract, [&](const Contract& c) { return t.insert_contract(c); },
        [&](const Contract& c) { return t.update_contract(c); }, [&](Id id) { return t.find_contract(id); },
        "contract");
    const Lease lease{0, rows.contract, rows.lot, 4'000'000'000U, 1, 2, Lease::State::kFailed, "smoke", 3, 4, 5};
    Lease plain_lease;
    plain_lease.contract = rows.contract;
    expect_kept(
        lease, plain_lease, [&](const Lease& l) { return t.insert_lease(l); },
        [&](const Lease& l) { return t.update_lease(l); }, [&](Id id) { return t.find_lease(id); }, "lease");
    return {};
  }));
}

TEST_P(MarketStores, KeepEveryFieldOfTheLedger) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    expect_same(t.find_currency(rows.currency), ledger::Currency{rows.currency, "credits"}, "currency");
    expect_same(t.find_currency("credits"), ledger::Currency{rows.currency, "credits"}, "currency");
    ledger::Account account{.currency = rows.currency,
                            .kind = ledger::AccountKind::kMember,
                            .name = organisation(9).text(),
                            .organisation = organisation(9),
                            .credit_limit = 11,
                            .highest_limit = 12,
                            .debits_pending = 1,
                            .debits_posted = 2,
                            .credits_pending = 3,
                            .credits_posted = ledger::kMaxTotal,
                            .created = 5,
                            .frozen = true};
    ledger::Account plain{.currency = rows.currency, .name = "plain", .organisation = {}};
    expect_kept(
        account, plain, [&](const ledger::Account& a) { return t.insert_account(a); },
        [&](const ledger::Account& a) { return t.update_account(a); }, [&](Id id) { return t.find_account(id); },
        "account");
    ledger::Transfer step{.key = "first/1",
                          .kind = ledger::TransferKind::kPost,
                          .debit = rows.account,
                          .credit = rows.other_account,
                          .amount = ledger::kMaxAmount,
                          .pending = rows.transfer,
                          .batch = rows.transfer,
                          .reason = ledger::Reason::kCorrection,
                          .reference = "ctr_12",
                          .at = 1'800'000'000'000};
    TARN_ASSIGN(step.id, t.insert_transfer(step));
    expect_same(t.find_transfer(step.id), step, "transfer");
    expect_same(t.find_transfer("first/1"), step, "transfer");
    EXPECT_EQ((*t.find_transfer(rows.transfer))->batch, rows.transfer) << "the first of a batch is its own";
    for (const std::int64_t left : {5, 0}) {
      EXPECT_OK(t.put_pending({rows.transfer, left}));
      expect_same(t.find_pending(rows.transfer), {rows.transfer, left}, "what is left");
    }
    return {};
  }));
}

TEST_P(MarketStores, KeepEveryFieldOfMembersTokensGroupsPoliciesAndReplies) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    Member member{organisation(1), "moc", true, 5};
    EXPECT_OK(t.insert_member(member));
    expect_same(t.find_member(organisation(1)), member, "member");
    member.name = "neu", member.suspended = false;
    EXPECT_OK(t.update_member(member));
    expect_same(t.find_member_named("neu"), member, "member");
    EXPECT_CODE(t.update_member({organisation(2), "nobody", false, 0}), Code::kStorage);
    ApiToken token{0, organisation(1), Role::kOperator, "ci", {1, 2, 0}, 3, 4};
    TARN_ASSIGN(token.id, t.insert_token(token));
    expect_same(t.find_token(token.hash), token, "token");
    Group group{0, organisation(1), "friends", {organisation(3), organisation(2)}};
    TARN_ASSIGN(group.id, t.put_group(group));
    expect_same(t.find_group(organisation(1), "friends"), group, "group");
    group.members.clear();
    EXPECT_EQ(*t.put_group(group), group.id) << "in place of the other";
    expect_same(t.find_group(organisation(1), "friends"), group, "group");
    CurrencyPolicy policy{rows.currency, {CreditPolicy::Kind::kRecharging, 1, 2, 3}, 4};
    for (int twice = 0; twice < 2; ++twice, policy.policy.amount += 5) {
      EXPECT_OK(t.put_policy(policy));
      expect_same(t.find_policy(rows.currency), policy, "policy");
    }
    for (const base::Bytes& seed : {base::Bytes(32, 7), base::Bytes{0, 1}}) {
      EXPECT_OK(t.set_market_seed(rows.market, seed));
      expect_same(t.market_seed(rows.market), seed, "seed");
    }
    KeptReply reply{{1, 0, 2}, 201, "{\"a\": \"?;\"}", 9};
    for (int twice = 0; twice < 2; ++twice, reply.status = 409) {
      EXPECT_OK(t.keep_reply("token/1", "key", reply));
      expect_same(t.find_reply("token/1", "key"), reply, "reply");
    }
    return {};
  }));
}

TEST_P(MarketStores, KeepEveryFieldOfClearingsTicksAndEvents) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    Clearing clearing{0, rows.market, 1ULL << 63, 2, 3, 4, 5, ~0ULL, -6, 7, -8, 9, "{\"tarn\": \"clearing\"}"};
    TARN_ASSIGN(clearing.id, t.insert_clearing(clearing));
    expect_same(t.find_clearing(rows.market, clearing.number), clearing, "clearing");
    TradeTick tick{0, rows.market, 10, 20, 30, 40, 50};
    EXPECT_OK(t.insert_tick(tick));
    TARN_ASSIGN(const std::vector<TradeTick> ticks, t.ticks(rows.market, 10, 11, kAll));
    EXPECT_EQ(ticks.size(), 1U);
    tick.id = ticks.front().id;
    EXPECT_EQ(ticks.front(), tick);
    Event event{0, 5, "order.matched", {organisation(1), organisation(2)}, false, "ord_1", "it’s done", rows.market};
    EXPECT_OK(t.insert_event(event));
    TARN_ASSIGN(const std::vector<Event> events, t.events(0, {}, 10));
    EXPECT_EQ(events.size(), 1U);
    event.id = events.front().id;
    EXPECT_EQ(events.front(), event);
    event.visible_to.push_back(organisation(3));
    EXPECT_CODE(t.insert_event(event), Code::kStorage);
    return {};
  }));
}

TEST_P(MarketStores, FindNothingWhereThereIsNothing) {
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_FALSE(t.find_currency(1)->has_value() || t.find_currency("x")->has_value());
    EXPECT_FALSE(t.find_account(1)->has_value() || t.find_account(1, "x")->has_value());
    EXPECT_FALSE(t.find_transfer(1)->has_value() || t.find_transfer("x")->has_value());
    EXPECT_FALSE(t.find_pending(1)->has_value() || t.find_policy(1)->has_value() || t.market_seed(1)->has_value());
    EXPECT_FALSE(t.find_member(organisation(1))->has_value() || t.find_member_named("x")->has_value());
    EXPECT_FALSE(t.find_token(base::view("x"))->has_value() || t.find_group(organisation(1), "x")->has_value());
    EXPECT_FALSE(t.find_market(1)->has_value() || t.find_market_named("x")->has_value());
    EXPECT_FALSE(t.find_lot(1)->has_value() || t.find_lot_named(organisation(1), "x")->has_value());
    EXPECT_FALSE(t.find_order(1)->has_value() || t.find_contract(1)->has_value() || t.find_lease(1)->has_value());
    EXPECT_FALSE(t.find_clearing(1, 1)->has_value() || t.find_reply("a", "b")->has_value());
    EXPECT_FALSE(t.find_order(organisation(1), {})->has_value() || t.signing_key()->has_value());
    EXPECT_TRUE(t.levels(1, Side::kBid, true, 9)->empty() && t.latest_ticks(1, 9)->empty());
    EXPECT_EQ(*t.last_event(), 0);
    EXPECT_EQ(*t.count_lots(organisation(1)), 0U);
    EXPECT_EQ(*t.count_open_orders(1, organisation(1)), 0U);
    EXPECT_TRUE(*t.fewer_open(1, market::Side::kBid, 1));
    EXPECT_FALSE(*t.fewer_open(1, market::Side::kBid, 0));
    EXPECT_TRUE(t.currencies()->empty() && t.accounts(0, 9)->empty() && t.transfers(0, 9)->empty());
    EXPECT_TRUE(t.events(0, {organisation(1)}, 9)->empty() && t.clearings(1, kAll)->empty());
    EXPECT_EQ(*t.fence(), 0);
    return {};
  }));
}

TEST_P(MarketStores, RefuseWhatIsTakenAndGoOn) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    EXPECT_CODE(t.insert_currency({0, "credits"}), Code::kConflict);
    EXPECT_CODE(t.insert_account({.currency = rows.currency, .name = "one", .organisation = {}}), Code::kConflict);
    EXPECT_CODE(t.insert_transfer({.key = "first", .debit = rows.account, .credit = rows.other_account, .amount = 1}),
                Code::kConflict);
    EXPECT_CODE(t.insert_market(full_market(rows.currency)), Code::kConflict);
    EXPECT_CODE(t.insert_lot(full_lot()), Code::kConflict);
    EXPECT_CODE(t.insert_order(full_order(rows)), Code::kConflict) << "the nonce";
    EXPECT_EQ((*t.find_order(full_order(rows).terms.organisation, full_order(rows).terms.nonce))->id, rows.order);
    Clearing clearing;
    clearing.market = rows.market, clearing.number = 1;
    EXPECT_CODE(t.insert_clearing(clearing), Code::kConflict);
    EXPECT_OK(t.insert_member({organisation(1), "a", false, 0}));
    EXPECT_OK(t.insert_member({organisation(2), "b", false, 0}));
    EXPECT_CODE(t.insert_member({organisation(1), "c", false, 0}), Code::kConflict);
    EXPECT_CODE(t.insert_member({organisation(3), "b", false, 0}), Code::kConflict);
    EXPECT_CODE(t.update_member({organisation(2), "a", false, 0}), Code::kConflict);
    EXPECT_OK(t.insert_token({0, {}, Role::kAuditor, "", {1}, 0, {}}));
    EXPECT_CODE(t.insert_token({0, {}, Role::kAuditor, "", {1}, 0, {}}), Code::kConflict);
    return {};
  }));
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_EQ(t.members("", 10)->size(), 2U);
    return {};
  }));
}

TEST_P(MarketStores, RefuseToNameWhatIsNotThere) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    constexpr Id kNone = 999'999;
    EXPECT_CODE(t.insert_account({.currency = kNone, .name = "x", .organisation = {}}), Code::kStorage);
    EXPECT_CODE(t.insert_transfer({.key = "x", .debit = rows.account, .credit = kNone, .amount = 1}), Code::kStorage);
    EXPECT_CODE(t.put_policy({kNone, {}, 0}), Code::kStorage);
    EXPECT_CODE(t.set_market_seed(kNone, base::view("x")), Code::kStorage);
    Market market = full_market(kNone);
    market.name = "second";
    EXPECT_CODE(t.insert_market(market), Code::kStorage);
    Order order = full_order(rows);
    order.terms.nonce.fill(0), order.lot = kNone;
    EXPECT_CODE(t.insert_order(order), Code::kStorage);
    Contract contract = full_contract(rows);
    contract.bid = kNone;
    EXPECT_CODE(t.insert_contract(contract), Code::kStorage);
    EXPECT_CODE(t.insert_lease({.contract = kNone, .detail = {}}), Code::kStorage);
    EXPECT_CODE(t.erase_group(kNone), Code::kStorage);
    EXPECT_FALSE(*t.erase_token(kNone));
    return {};
  }));
}

TEST_P(MarketStores, AnswerWhatWasForeseenAsItIsWhenItIsAsked) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    const auto order = [&] { return t.find_order(rows.order); };
    const auto foresee = [&] {
      t.foresee([&](Transaction& soon) {
        EXPECT_FALSE(soon.find_order(rows.order)->has_value()) << "there is nothing in it";
        EXPECT_TRUE(*soon.fewer_open(rows.market, market::Side::kBid, 1));
        EXPECT_TRUE(soon.orders({.market = rows.market}, kAll)->empty());
      });
    };
    foresee();
    TARN_ASSIGN(const auto bids, t.orders({.market = rows.market}, kAll));
    EXPECT_EQ(bids.size(), 1U);
    TARN_ASSIGN(std::optional<Order> found, order());
    found->reason = "changed";
    EXPECT_OK(t.update_order(*found));
    expect_same(order(), *found, "order");
    foresee();
    found->reason = "changed again";
    EXPECT_OK(t.update_order(*found));
    expect_same(order(), *found, "order");
    return {};
  }));
}

// As the ledger asks for it: by name, then by id.
TEST_P(MarketStores, ShowAnAccountAsItWasWrittenLast) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(const MarketRows rows, full_rows(t));
    TARN_ASSIGN(std::optional<ledger::Account> account, t.find_account(rows.account));
    for (std::int64_t debits = 1; debits < 4; ++debits) {
      expect_same(t.find_account(account->currency, account->name), *account, "by name");
      expect_same(t.find_account(account->id), *account, "by id");
      account->credits_posted += 5, account->debits_posted = debits;
      EXPECT_OK(t.update_account(*account));
      expect_same(t.find_account(account->id), *account, "by id, as written");
    }
    return {};
  }));
}

// Whether the write says so at once, a later call, or only the end of it all.
TEST_P(MarketStores, DoNothingOfABodyWithAWriteThatCannotBeDone) {
  MarketRows rows;
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_ASSIGN(rows, full_rows(t));
    return {};
  }));
  constexpr Id kNone = 999'999;
  const auto nowhere = [](auto row) {
    row.id = kNone;
    return row;
  };
  const std::vector<std::function<Status(Transaction&)>> writes{
      [&](Transaction& t) { return t.update_market(nowhere(full_market(rows.currency))); },
      [&](Transaction& t) { return t.update_lot(nowhere(full_lot())); },
      [&](Transaction& t) { return t.update_order(nowhere(full_order(rows))); },
      [&](Transaction& t) { return t.update_contract(nowhere(full_contract(rows))); },
      [&](Transaction& t) { return t.update_lease({.id = kNone, .contract = rows.contract, .detail = {}}); },
      [&](Transaction& t) {
        return t.update_account({.id = kNone, .currency = rows.currency, .name = "none", .organisation = {}});
      },
      [&](Transaction& t) { return t.put_pending({kNone, 1}); },
      [&](Transaction& t) { return t.insert_tick({.market = kNone}); },
  };
  for (std::size_t i = 0; i < writes.size(); ++i)
    for (const bool asks : {false, true}) {
      EXPECT_CODE(store_->write([&](Transaction& t) -> Status {
        TARN_TRY(t.insert_event({.at = 1, .kind = "undone", .visible_to = {}, .subject = {}, .detail = {}}));
        TARN_TRY(t.insert_member({organisation(1), "undone", false, 0}));
        TARN_TRY(writes[i](t));
        if (!asks) return {};
        TARN_TRY(t.find_market(rows.market));
        ADD_FAILURE() << "nobody said that it is lost: " << i;
        return {};
      }),
                  Code::kStorage)
          << i;
    }
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_TRUE(t.members("", 10)->empty());
    EXPECT_TRUE(t.events(0, {}, 10)->empty());
    return {};
  }));
}

// What a body did is there whole, or not at all.
TEST_P(MarketStores, UndoAllOfABodyThatFails) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_TRY(full_rows(t));
    TARN_TRY(t.insert_token({0, organisation(1), Role::kTrader, "", {1}, 0, {}}));
    return t.insert_event({.at = 1, .kind = "kept", .visible_to = {}, .subject = {}, .detail = {}});
  }));
  const auto spoil = [](Transaction& t) -> Status {
    TARN_ASSIGN(std::optional<Lot> lot, t.find_lot_named(organisation(1), "rack-1"));
    lot->capacity = 1;
    TARN_TRY(t.update_lot(*lot));
    TARN_TRY(t.insert_member({organisation(1), "gone", false, 0}));
    TARN_TRY(t.put_pending({(*t.find_transfer("first"))->id, 2}));
    TARN_TRY(t.erase_events_before(10));
    TARN_TRY(t.erase_token((*t.find_token(base::Bytes{1}))->id));
    TARN_TRY(t.keep_reply("a", "b", {}));
    TARN_TRY(t.advance_fence());
    return {};
  };
  EXPECT_CODE(store_->write([&](Transaction& t) -> Status {
    EXPECT_OK(spoil(t));
    return base::Error{Code::kConflict, "no"};
  }),
              Code::kConflict);
  EXPECT_THROW((void)store_->write([&](Transaction& t) -> Status {
    EXPECT_OK(spoil(t));
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    expect_same(
        t.find_lot_named(organisation(1), "rack-1"),
        [&] {
          Lot lot = full_lot();
          lot.id = (*t.find_lot_named(organisation(1), "rack-1"))->id;
          return lot;
        }(),
        "lot");
    EXPECT_TRUE(t.members("", 9)->empty());
    EXPECT_EQ(t.events(0, {}, 9)->size(), 1U);
    EXPECT_TRUE(t.find_token(base::Bytes{1})->has_value());
    EXPECT_FALSE(t.find_reply("a", "b")->has_value());
    EXPECT_EQ(*t.fence(), 0);
    return {};
  }));
}

TEST_P(MarketStores, WriteNothingWhileReading) {
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    TARN_TRY(full_rows(t));
    return {};
  }));
  const auto tried = [&](const std::function<Status(Transaction&)>& body) {
    (void)store_->read([&](Transaction& t) -> Status {
      EXPECT_CODE(body(t), Code::kStorage);
      return {};
    });
  };
  tried([](Transaction& t) { return t.insert_member({organisation(1), "x", false, 0}); });
  tried([](Transaction& t) -> Status {
    TARN_TRY(t.advance_fence());
    return {};
  });
  tried([](Transaction& t) { return t.keep_reply("a", "b", {}); });
  tried([](Transaction& t) -> Status {
    TARN_ASSIGN(const std::optional<Lot> lot, t.find_lot_named(organisation(1), "rack-1"));
    return t.update_lot(*lot);
  });
  EXPECT_OK(store_->read([&](Transaction& t) -> Status {
    EXPECT_TRUE(t.members("", 9)->empty());
    return {};
  }));
}

TEST_P(MarketStores, KeepTheFirstSigningKey) {
  const auto key = support::bytes<32>(1);
  EXPECT_CODE(store_->write([&](Transaction& t) -> Status {
    TARN_TRY(t.set_signing_key(key));
    return base::Error{Code::kConflict, "changed its mind"};
  }),
              Code::kConflict);
  EXPECT_OK(store_->write([&](Transaction& t) { return claim_signing_key(t, key); }));
  EXPECT_OK(store_->write([&](Transaction& t) { return claim_signing_key(t, key); }));
  const Status other = store_->write([&](Transaction& t) { return claim_signing_key(t, support::bytes<32>(2)); });
  EXPECT_CODE(other, Code::kStorage);
  EXPECT_THAT(other.error().message, testing::HasSubstr("copy market.key"));
  EXPECT_OK(store_->write([&](Transaction& t) -> Status {
    EXPECT_CODE(t.set_signing_key(support::bytes<32>(2)), Code::kConflict);
    EXPECT_EQ(*t.signing_key(), std::optional(base::Bytes(key.begin(), key.end())));
    return {};
  }));
}

// The books beside the service that writes them.
TEST_P(MarketBooks, AreShownWithoutWriting) {
  EXPECT_OK(store_->write([](Transaction& t) -> Status {
    TARN_TRY(full_rows(t));
    return {};
  }));
  const auto file = [&](const char* tail) {
    std::ifstream in(settings_.path + tail, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const bool sqlite = GetParam() == Engine::kSqlite;
  const std::string before = sqlite ? file("") : "", log = sqlite ? file("-wal") : "";
  const auto counted = [&](market::Store& books) {
    std::size_t transfers = 0;
    EXPECT_OK(books.read([&](Transaction& t) -> Status {
      TARN_ASSIGN(const auto rows, t.transfers(0, 9));
      transfers = rows.size();
      return {};
    }));
    return transfers;
  };
  {
    const auto books = open_market_books(settings_);
    ASSERT_TRUE(books.ok()) << books.error().message;
    EXPECT_GT(counted(**books), 0U);
    EXPECT_CODE((*books)->write([](Transaction&) { return Status(); }), Code::kStorage);
    EXPECT_CODE((*books)->read([](Transaction& t) -> Status {
      TARN_TRY(t.advance_fence());
      return {};
    }),
                Code::kStorage);
  }
  if (sqlite) {
    EXPECT_TRUE(file("") == before && file("-wal") == log) << "something was written";
  }
  EXPECT_OK(store_->write([](Transaction& t) { return t.insert_member({organisation(9), "later", false, 0}); }));
  store_.reset();
  const auto books = open_market_books(settings_);
  ASSERT_TRUE(books.ok()) << books.error().message;
  EXPECT_GT(counted(**books), 0U) << "and where no service runs";
}

TEST_P(MarketBooks, AreFoundWithoutBeingMade) {
  EXPECT_EQ(*market_store_exists(settings_), true);
  MarketStoreSettings none;
  if (GetParam() == Engine::kSqlite)
    none.path = scratch_.file("none.db");
  else
    none.connection = support::Postgres::get()->new_database();
  EXPECT_EQ(*market_store_exists(none), false);
  EXPECT_EQ(*market_store_exists(none), false) << "looking made it";
  EXPECT_CODE(market_store_exists({}), Code::kInvalidInput);
}

TEST(MarketBooksOfPostgres, AreNotTakenForAnothers) {
  support::Postgres* const server = support::Postgres::get();
  if (server == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  MarketStoreSettings settings;
  settings.connection = server->new_database();
  ASSERT_TRUE(open_isolation_store(settings).ok());
  const auto found = market_store_exists(settings);
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, testing::HasSubstr("another one of tarn's, not market"));
}

TEST_P(MarketBooks, OfAnotherVersionAreNotShown) {
  store_.reset();
  if (GetParam() == Engine::kSqlite) {
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open(settings_.path.c_str(), &file), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(file, "PRAGMA user_version = 0", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(file);
  } else {
    auto server = open_postgres(settings_.connection);
    ASSERT_TRUE(server.ok());
    EXPECT_OK((*server)->begin(SqlConnection::Access::kWrite));
    EXPECT_TRUE((*server)->query("UPDATE tarn_store SET version = 0", {}, {}).ok());
    EXPECT_OK((*server)->commit());
  }
  const auto looked = [&]() -> Status {
    TARN_ASSIGN(const auto books, open_market_books(settings_));
    return books->read([](Transaction&) { return Status(); });
  }();
  EXPECT_CODE(looked, Code::kStorage);
  EXPECT_THAT(looked.error().message, testing::HasSubstr("older tarn"));
}

// Tables of version 1, from before events were of markets, with one in them.
TEST_P(MarketBooks, OfTheFirstVersionAreRaisedAndKeepTheirEvents) {
  store_.reset();
  constexpr std::string_view kEvent =
      "INSERT INTO events (at, kind, everybody, subject, detail) VALUES (5, 'market.created', 1, 'mkt_1', '')";
  if (GetParam() == Engine::kSqlite) {
    settings_.path = scratch_.file("old.db");
    const auto file = Database::open(settings_.path, market_file(market_migrations(SqlDialect::kSqlite).first(1)));
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_OK((*file)->run(kEvent));
  } else {
    settings_.connection = support::Postgres::get()->new_database();
    auto server = open_postgres(settings_.connection);
    ASSERT_TRUE(server.ok());
    EXPECT_OK(migrate_postgres(**server, "market", market_migrations(SqlDialect::kPostgres).first(1)));
    EXPECT_OK((*server)->begin(SqlConnection::Access::kWrite));
    EXPECT_TRUE((*server)->query(kEvent, {}, {}).ok());
    EXPECT_OK((*server)->commit());
  }
  store_ = open();
  ASSERT_NE(store_, nullptr);
  EXPECT_OK(store_->write([](Transaction& t) -> Status {
    TARN_ASSIGN(const std::vector<Event> events, t.events(0, {organisation(1)}, 9));
    EXPECT_EQ(events.size(), 1U);
    EXPECT_EQ(events.front(), (Event{1, 5, "market.created", {}, true, "mkt_1", ""}));
    TARN_TRY(full_rows(t));
    return {};
  }));
}

// An index has all that is added up: no row is read.
TEST(MarketIndexes, HaveAllThatIsAddedUpOfTransfers) {
  const support::Scratch scratch;
  const auto file = Database::open(scratch.file("market.db"), market_file(market_migrations(SqlDialect::kSqlite)));
  ASSERT_TRUE(file.ok()) << file.error().message;
  for (const std::string side : {"debit", "credit"}) {
    auto plan =
        (*file)->query("EXPLAIN QUERY PLAN SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM transfers WHERE " +
                           side + " = ? AND at >= ? AND kind IN (1, 3)",
                       1L, 5L);
    ASSERT_TRUE(plan.ok() && *plan->next());
    EXPECT_THAT(plan->text(3), testing::HasSubstr("USING COVERING INDEX transfers_" + side));
  }
}

TEST_P(MarketStores, CountWhoClearsUpwards) {
  for (std::int64_t turn = 1; turn <= 3; ++turn)
    EXPECT_OK(store_->write([&](Transaction& t) -> Status {
      EXPECT_EQ(*t.advance_fence(), turn);
      EXPECT_EQ(*t.fence(), turn);
      return {};
    }));
}

}  // namespace
}  // namespace store
