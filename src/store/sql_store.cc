#include "store/sql_store.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sql_postgres.h"
#include "store/sql_sqlite.h"

namespace store {
namespace {

using Opened = base::Result<std::unique_ptr<SqlStore>>;

// While the write-ahead log grows, each commit also has the file system note its new length, which takes as long again.
// SQLite begins a log of a thousand pages anew, without cutting it; so it gets that length now. What fills it goes again.
// A process that was killed left it as long as it was.
base::Status grow_log(Database& database, const std::string& path) {
  constexpr std::uintmax_t kPages = 1000, kPage = 4096;
  std::error_code none;
  const std::uintmax_t length = std::filesystem::file_size(path + "-wal", none);
  if (!none && length >= kPages * kPage) return {};
  const base::Status written = database.transaction([&]() -> base::Status {
    TARN_TRY(database.run("CREATE TABLE IF NOT EXISTS filler (bytes BLOB)"));
    return database.run("INSERT INTO filler VALUES (zeroblob(1000 * 4096))");
  });
  if (!written.ok()) return written.error();
  return database.run("DROP TABLE IF EXISTS filler");
}

DatabaseKind file_of(const SqlStoreKind& kind) {
  return {.name = kind.title,
          .application_id = kind.application_id,
          .migrations = kind.migrations(SqlDialect::kSqlite),
          .loss = kind.loss};
}

ReaderPool::Open sqlite_readers(const std::string& path, const SqlStoreKind& kind) {
  return [path, file = file_of(kind)]() -> base::Result<std::unique_ptr<SqlConnection>> {
    TARN_ASSIGN(std::unique_ptr<Database> reader, Database::open_reader(path, file));
    return std::unique_ptr<SqlConnection>(std::make_unique<SqliteConnection>(std::move(reader)));
  };
}

Opened open_sqlite(const std::string& path, const SqlStoreKind& kind) {
  TARN_ASSIGN(std::unique_ptr<Database> database, Database::open(path, file_of(kind)));
  TARN_TRY(grow_log(*database, path));
  return std::make_unique<SqlStore>(std::make_unique<SqliteConnection>(std::move(database)),
                                    sqlite_readers(path, kind));
}

Opened open_server(const std::string& where, const SqlStoreKind& kind) {
  const auto open = [where] { return open_postgres(where); };
  TARN_ASSIGN(std::unique_ptr<SqlConnection> writer, open());
  TARN_TRY(migrate_postgres(*writer, kind.name, kind.migrations(SqlDialect::kPostgres)));
  return std::make_unique<SqlStore>(std::move(writer), open);
}

base::Status check(const SqlStoreSettings& settings) {
  if (settings.path.empty() != settings.connection.empty()) return {};
  return base::Error{base::Code::kInvalidInput, "the store is either a file or a PostgreSQL database; name one"};
}

}  // namespace

base::Result<bool> SqlStore::exists(const SqlStoreSettings& settings, const SqlStoreKind& kind) {
  TARN_TRY(check(settings));
  if (settings.connection.empty()) {
    std::error_code failed;
    const bool there = std::filesystem::exists(settings.path, failed);
    if (failed) return base::Error{base::Code::kStorage, settings.path + ": " + failed.message()};
    return there;
  }
  TARN_ASSIGN(const std::unique_ptr<SqlConnection> connection, open_postgres(settings.connection));
  return is_used_postgres(*connection, kind.name, kind.migrations(SqlDialect::kPostgres));
}

base::Result<std::unique_ptr<ReaderPool>> SqlStore::open_readers(const SqlStoreSettings& settings,
                                                                 const SqlStoreKind& kind) {
  TARN_TRY(check(settings));
  if (settings.connection.empty()) return std::make_unique<ReaderPool>(sqlite_readers(settings.path, kind));
  const auto open = [where = settings.connection] { return open_postgres(where); };
  TARN_ASSIGN(const std::unique_ptr<SqlConnection> first, open());
  TARN_TRY(check_postgres(*first, kind.name, kind.migrations(SqlDialect::kPostgres)));
  return std::make_unique<ReaderPool>(open);
}

Opened SqlStore::open(const SqlStoreSettings& settings, const SqlStoreKind& kind) {
  TARN_TRY(check(settings));
  return settings.connection.empty() ? open_sqlite(settings.path, kind) : open_server(settings.connection, kind);
}

}  // namespace store
