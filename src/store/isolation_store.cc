#include "store/isolation_store.h"

#include "store/commit_group.h"
#include "store/isolation_schema.h"
#include "store/isolation_transaction.h"
#include "store/reader_pool.h"
#include "store/sql_postgres.h"
#include "store/sql_sqlite.h"

namespace store {
namespace {

class SqlIsolationStore : public isolation::Store {
 public:
  SqlIsolationStore(std::unique_ptr<SqlConnection> writer, ReaderPool::Open open_reader)
      : writers_(std::move(writer)), readers_(std::move(open_reader)) {}
  base::Status write(const std::function<base::Status(isolation::Transaction&)>& body) override {
    return writers_.run(on_rows(body));
  }
  base::Status read(const std::function<base::Status(isolation::Transaction&)>& body) override {
    return readers_.run(on_rows(body));
  }

 private:
  static CommitGroup::Body on_rows(const std::function<base::Status(isolation::Transaction&)>& body) {
    return [&body](SqlConnection& connection) {
      SqlTransaction transaction(connection);
      return body(transaction);
    };
  }

  CommitGroup writers_;
  ReaderPool readers_;
};

using Opened = base::Result<std::unique_ptr<isolation::Store>>;

Opened opened(std::unique_ptr<SqlConnection> writer, ReaderPool::Open open_reader) {
  return std::unique_ptr<isolation::Store>(
      std::make_unique<SqlIsolationStore>(std::move(writer), std::move(open_reader)));
}

// While the write-ahead log grows, each commit also has the file system note its new length, which takes as long again.
// SQLite begins a log of a thousand pages anew, without cutting it; so it gets that length now. What fills it goes again.
base::Status grow_log(Database& database) {
  const base::Status written = database.transaction([&]() -> base::Status {
    TARN_TRY(database.run("CREATE TABLE IF NOT EXISTS filler (bytes BLOB)"));
    return database.run("INSERT INTO filler VALUES (zeroblob(1000 * 4096))");
  });
  if (!written.ok()) return written.error();
  return database.run("DROP TABLE IF EXISTS filler");
}

Opened open_sqlite(const std::string& path) {
  const DatabaseKind kind{.name = "isolation database",
                          .application_id = 0x5452'4e48,  // "TRNH"
                          .migrations = isolation_migrations(SqlDialect::kSqlite),
                          .loss = "who has which server and network"};
  TARN_ASSIGN(std::unique_ptr<Database> database, Database::open(path, kind));
  TARN_TRY(grow_log(*database));
  const auto open_reader = [path, kind]() -> base::Result<std::unique_ptr<SqlConnection>> {
    TARN_ASSIGN(std::unique_ptr<Database> reader, Database::open_reader(path, kind));
    return std::unique_ptr<SqlConnection>(std::make_unique<SqliteConnection>(std::move(reader)));
  };
  return opened(std::make_unique<SqliteConnection>(std::move(database)), open_reader);
}

Opened open_server(const std::string& where) {
  const auto open = [where] { return open_postgres(where); };
  TARN_ASSIGN(std::unique_ptr<SqlConnection> writer, open());
  TARN_TRY(migrate_postgres(*writer, "isolation", isolation_migrations(SqlDialect::kPostgres)));
  return opened(std::move(writer), open);
}

}  // namespace

Opened open_isolation_store(const IsolationStoreSettings& settings) {
  if (settings.path.empty() == settings.connection.empty())
    return base::Error{base::Code::kInvalidInput, "the store is either a file or a PostgreSQL database; name one"};
  return settings.connection.empty() ? open_sqlite(settings.path) : open_server(settings.connection);
}

}  // namespace store
