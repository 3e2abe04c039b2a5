// What both engines promise of a connection about what is posted and what is expected. The rest of it is what the stores
// promise (isolation_store_test.cc, market_store_test.cc).
#include "store/sql.h"

#include <gtest/gtest.h>

#include <array>

#include "store/sql_postgres.h"
#include "store/sql_sqlite.h"
#include "support/isolation_stores.h"

namespace store {
namespace {

using base::Code;
using base::Status;
using Access = SqlConnection::Access;
using support::Engine;

constexpr std::array<std::string_view, 1> kTables{
    "CREATE TABLE things (id BIGINT PRIMARY KEY CHECK (id < 1000), name TEXT NOT NULL UNIQUE,"
    " of BIGINT REFERENCES things (id));\n"};
constexpr std::string_view kInsert = "INSERT INTO things (name, of, id) VALUES (?, ?, ?)",
                           kFreshInsert = "INSERT INTO things (id, name) VALUES (?, ?)",
                           kName = "SELECT name FROM things WHERE id = ?",
                           kRename = "UPDATE things SET name = ? WHERE id = ?";

SqlValues thing(std::int64_t id, const std::string& name, std::optional<std::int64_t> of = {}) {
  return {name, of, id};
}
bool is_loss(const Status& status) { return !status.ok() && status.error().code == Code::kStorage; }

class SqlConnections : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == Engine::kPostgres && support::Postgres::get() == nullptr)
      GTEST_SKIP() << "PostgreSQL is not installed";
    auto opened = GetParam() == Engine::kPostgres ? on_server() : on_file();
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    connection_ = std::move(*opened);
  }

  Status begin() { return connection_->begin(Access::kWrite); }
  Status insert(std::int64_t id, const std::string& name, std::optional<std::int64_t> of = {}) {
    return connection_->post(kInsert, thing(id, name, of));
  }
  Status rename(std::int64_t id, const std::string& name) { return connection_->post(kRename, SqlValues{name, id}); }
  // Of all things in their order, separated by blanks; "?" if that cannot be asked.
  std::string names() {
    std::string out;
    const auto asked = connection_->query("SELECT name FROM things ORDER BY id", {}, [&](const SqlRow& row) {
      out += (out.empty() ? "" : " ") + row.text(0);
      return true;
    });
    return asked.ok() ? out : "?";
  }
  std::string name(std::int64_t id) {
    std::string out = "none";
    const auto asked = connection_->query(kName, SqlValues{id}, [&](const SqlRow& row) {
      out = row.text(0);
      return true;
    });
    return asked.ok() ? out : "?";
  }
  std::string names_committed() {
    EXPECT_TRUE(connection_->begin(Access::kRead).ok());
    std::string out = names();
    connection_->rollback();
    return out;
  }

  std::unique_ptr<SqlConnection> connection_;

 private:
  base::Result<std::unique_ptr<SqlConnection>> on_file() {
    const DatabaseKind kind{.name = "things", .application_id = 7, .migrations = kTables, .loss = "nothing"};
    TARN_ASSIGN(std::unique_ptr<Database> database, Database::open(scratch_.file("things.db"), kind));
    return std::unique_ptr<SqlConnection>(std::make_unique<SqliteConnection>(std::move(database)));
  }
  static base::Result<std::unique_ptr<SqlConnection>> on_server() {
    TARN_ASSIGN(auto connection, open_postgres(support::Postgres::get()->new_database()));
    TARN_TRY(migrate_postgres(*connection, "things", kTables));
    return connection;
  }

  support::Scratch scratch_;
};
INSTANTIATE_TEST_SUITE_P(Sql, SqlConnections, testing::Values(Engine::kSqlite, Engine::kPostgres), support::name_of);

TEST_P(SqlConnections, ShowWhatWasPostedToWhoAsksAfterItInItsOrder) {
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(1, "a").ok());
  EXPECT_TRUE(insert(2, "b", 1).ok()) << "of what was posted before it";
  EXPECT_TRUE(rename(1, "c").ok());
  EXPECT_TRUE(rename(2, "a").ok()) << "the name is free by now";
  EXPECT_EQ(names(), "c a");
  EXPECT_TRUE(rename(1, "d").ok());
  EXPECT_TRUE(connection_->commit().ok());
  EXPECT_EQ(names_committed(), "d a");
}

TEST_P(SqlConnections, TakePostedWritesBackWithTheirMarkOrTransaction) {
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(1, "kept").ok());
  EXPECT_TRUE(connection_->mark().ok());
  EXPECT_TRUE(insert(2, "undone").ok());
  EXPECT_TRUE(connection_->undo_to_mark().ok());
  EXPECT_TRUE(connection_->mark().ok());
  EXPECT_TRUE(insert(3, "also-kept").ok());
  EXPECT_TRUE(connection_->keep_mark().ok());
  EXPECT_TRUE(connection_->commit().ok());
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(4, "never-sent").ok());
  connection_->rollback();
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(4, "sent").ok());
  EXPECT_EQ(names(), "kept also-kept sent");
  connection_->rollback();
  EXPECT_EQ(names_committed(), "kept also-kept");
}

TEST_P(SqlConnections, DoAsManyPostedWritesAsThereAre) {
  ASSERT_TRUE(begin().ok());
  for (std::int64_t id = 1; id < 1'000; ++id) {
    EXPECT_TRUE(insert(id, "n" + std::to_string(id)).ok());
    EXPECT_TRUE(rename(id, std::to_string(id)).ok());
  }
  EXPECT_TRUE(connection_->commit().ok());
  std::string all = "1";
  for (int id = 2; id < 1'000; ++id) all += " " + std::to_string(id);
  EXPECT_EQ(names_committed(), all);
}

// Whether it was fetched before, and whatever was written since.
TEST_P(SqlConnections, AnswerWhatWasExpectedAsItIsWhenItIsAsked) {
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(1, "a").ok());
  EXPECT_TRUE(insert(2, "b").ok());
  const auto expect_both = [&] {
    for (const std::int64_t id : {1, 2}) EXPECT_TRUE(connection_->expect(kName, SqlValues{id}).ok());
  };
  expect_both();
  EXPECT_EQ(name(2), "b");
  EXPECT_EQ(name(1), "a");
  expect_both();
  EXPECT_TRUE(rename(2, "posted").ok());
  EXPECT_EQ(name(2), "posted") << "written before it was asked along";
  expect_both();
  EXPECT_EQ(name(1), "a");
  EXPECT_TRUE(rename(2, "posted-after").ok());
  EXPECT_EQ(name(2), "posted-after") << "written after it was asked along";
  expect_both();
  EXPECT_EQ(name(1), "a");
  EXPECT_TRUE(connection_->query(kRename, SqlValues{std::string("queried"), 2}, {}).ok());
  EXPECT_EQ(name(2), "queried");
  EXPECT_TRUE(connection_->mark().ok());
  EXPECT_TRUE(rename(2, "undone").ok());
  expect_both();
  EXPECT_EQ(name(1), "a");
  EXPECT_TRUE(connection_->undo_to_mark().ok());
  EXPECT_EQ(name(2), "queried");
  expect_both();
  EXPECT_TRUE(connection_->commit().ok());
  EXPECT_EQ(names_committed(), "a queried");
}

TEST_P(SqlConnections, ForgetWhatWasExpectedInAnotherTransaction) {
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(1, "a").ok());
  EXPECT_TRUE(connection_->expect(kName, SqlValues{1}).ok());
  EXPECT_EQ(names(), "a");
  connection_->rollback();
  ASSERT_TRUE(begin().ok());
  EXPECT_EQ(name(1), "none");
  connection_->rollback();
}

// With its last answer read, and with that to a ROLLBACK, which waits for the next begin().
TEST(PostgresConnection, IsMadeAnewWhereTheServerEndedItMeanwhile) {
  support::Postgres* const server = support::Postgres::get();
  if (server == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  const std::string where = server->new_database();
  const auto connection = open_postgres(where);
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  const auto look = [&]() -> Status {
    TARN_TRY((*connection)->begin(Access::kWrite));
    TARN_TRY((*connection)->query("SELECT 1", {}, {}));
    return {};
  };
  for (const bool commits : {true, false}) {
    ASSERT_TRUE(look().ok());
    if (commits)
      EXPECT_TRUE((*connection)->commit().ok());
    else
      (*connection)->rollback();
    server->sql(where,
                "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    const Status again = look();
    EXPECT_TRUE(again.ok()) << again.error().message;
    (*connection)->rollback();
  }
}

TEST(PostgresConnection, LetsStatementsTakeLongOnlyWhereTablesAreAltered) {
  support::Postgres* const server = support::Postgres::get();
  if (server == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  const auto connection = open_postgres(server->new_database());
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  for (const auto& [access, limit] :
       {std::pair{Access::kAlter, "1d"}, {Access::kWrite, "30s"}, {Access::kRead, "30s"}}) {
    ASSERT_TRUE((*connection)->begin(access).ok());
    std::string found;
    EXPECT_TRUE((*connection)
                    ->query("SELECT current_setting('statement_timeout')", {},
                            [&](const SqlRow& row) {
                              found = row.text(0);
                              return true;
                            })
                    .ok());
    EXPECT_EQ(found, limit);
    EXPECT_TRUE((*connection)->commit().ok());
  }
}

// Whatever is wrong with it, whoever asks next, and whatever was marked.
struct Bad {
  const char* what;
  std::string_view sql;
  SqlValues arguments;
};
const std::vector<Bad>& bad_writes() {
  static const std::vector<Bad> kAll{
      {"a name that is taken", kInsert, thing(5, "first")},
      {"a reference that leads nowhere", kInsert, thing(5, "x", 77)},
      {"what the table does not take", kInsert, thing(5'000, "x")},
      {"a row that is not there", kRename, {std::string("x"), 77}},
      {"a new name that is taken", kRename, {std::string("first"), 2}},
      {"a table that is not there", "UPDATE nothing SET name = ? WHERE id = ?", {std::string("x"), 1}},
      {"what is no SQL", "INSERT INTO", {}},
  };
  return kAll;
}

class LostTransactions : public SqlConnections {
 protected:
  void SetUp() override {
    SqlConnections::SetUp();
    if (connection_ == nullptr) return;
    ASSERT_TRUE(begin().ok());
    EXPECT_TRUE(insert(1, "first").ok());
    EXPECT_TRUE(insert(2, "second").ok());
    ASSERT_TRUE(connection_->commit().ok());
  }
  // What was good before it, the bad one, and what is behind it, of which one statement is new to the server.
  Status spoil(const Bad& bad) {
    TARN_TRY(begin());
    TARN_TRY(insert(3, "undone"));
    TARN_TRY(connection_->mark());
    TARN_TRY(connection_->post(bad.sql, bad.arguments));
    TARN_TRY(connection_->keep_mark());
    return connection_->post(kFreshInsert, SqlValues{4, std::string("undone as well")});
  }
  void expect_lost() {
    EXPECT_TRUE(is_loss(insert(6, "too late")));
    EXPECT_EQ(names(), "?");
    EXPECT_TRUE(is_loss(connection_->mark()));
    EXPECT_TRUE(is_loss(connection_->undo_to_mark()));
  }
  // Nothing of it was done, and the connection goes on, also with the statements that were new in it.
  void expect_fresh() {
    EXPECT_EQ(names_committed(), "first second");
    ASSERT_TRUE(begin().ok());
    EXPECT_TRUE(connection_->post(kFreshInsert, SqlValues{4, std::string("fourth")}).ok());
    EXPECT_TRUE(rename(2, "other").ok());
    EXPECT_EQ(names(), "first other fourth");
    connection_->rollback();
  }
};
INSTANTIATE_TEST_SUITE_P(Sql, LostTransactions, testing::Values(Engine::kSqlite, Engine::kPostgres), support::name_of);

TEST_P(LostTransactions, AreToldByTheNextQuery) {
  for (const Bad& bad : bad_writes()) {
    SCOPED_TRACE(bad.what);
    Status told = spoil(bad);
    if (told.ok()) {
      const auto asked = connection_->query("SELECT 1", {}, {});
      told = asked.ok() ? Status() : asked.error();
    }
    EXPECT_TRUE(is_loss(told));
    expect_lost();
    EXPECT_TRUE(is_loss(connection_->commit()));
    expect_fresh();
  }
}

TEST_P(LostTransactions, AreToldByTheirCommitAtTheLatest) {
  for (const Bad& bad : bad_writes()) {
    SCOPED_TRACE(bad.what);
    (void)spoil(bad);
    EXPECT_TRUE(is_loss(connection_->commit()));
    expect_fresh();
  }
}

TEST_P(LostTransactions, AreOverWithTheirRollback) {
  for (const Bad& bad : bad_writes()) {
    SCOPED_TRACE(bad.what);
    (void)spoil(bad);
    EXPECT_EQ(names(), "?");
    connection_->rollback();
    expect_fresh();
  }
}

// A query that breaks a constraint undoes itself alone, also between posted writes.
TEST_P(LostTransactions, AreNoneWhereAQueryIsRefused) {
  ASSERT_TRUE(begin().ok());
  EXPECT_TRUE(insert(3, "third").ok());
  const auto refused = connection_->query(kInsert, thing(9, "first"), {});
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_TRUE(rename(3, "3rd").ok());
  EXPECT_TRUE(connection_->commit().ok());
  EXPECT_EQ(names_committed(), "first second 3rd");
}

}  // namespace
}  // namespace store
