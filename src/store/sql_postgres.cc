#include "store/sql_postgres.h"

#include "base/module.h"
#include "store/postgres_module.h"

namespace store {
namespace {

// One transaction around the look and the work, so that of two services that start at once one waits.
class Migration {
 public:
  Migration(SqlConnection& connection, std::string_view kind) : connection_(connection), kind_(kind) {}

  base::Status run(std::span<const std::string_view> migrations) {
    TARN_TRY(make_room());
    TARN_ASSIGN(const std::size_t version, this->version(migrations.size()));
    if (version == migrations.size()) return {};
    for (std::size_t next = version; next < migrations.size(); ++next) TARN_TRY(run_all(migrations[next]));
    return run("UPDATE tarn_store SET version = ?", SqlValues{migrations.size()});
  }
  base::Result<bool> is_used(std::span<const std::string_view> migrations) {
    TARN_ASSIGN(const bool there, is_there());
    if (there) TARN_TRY(version(migrations.size()));
    return there;
  }
  base::Status check(std::span<const std::string_view> migrations) {
    TARN_ASSIGN(const bool there, is_there());
    if (!there) return refused("has no tables of tarn's");
    TARN_ASSIGN(const std::size_t version, this->version(migrations.size()));
    if (version == migrations.size()) return {};
    return refused("was written by an older tarn; its service raises it when it starts");
  }

 private:
  base::Result<bool> is_there() {
    TARN_ASSIGN(const std::int64_t tables,
                number("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname = 'tarn_store'"
                       " AND relnamespace = current_schema()::regnamespace"));
    return tables != 0;
  }
  base::Status run(std::string_view sql, const SqlValues& arguments = {}) {
    TARN_TRY(connection_.query(sql, arguments, {}));
    return {};
  }
  base::Status run_all(std::string_view statements) {
    while (statements.find(';') != std::string_view::npos) {
      const std::size_t end = statements.find(";\n");
      TARN_TRY(run(statements.substr(0, end)));
      statements.remove_prefix(end + 2);
    }
    return {};
  }
  base::Result<std::int64_t> number(std::string_view sql) {
    std::int64_t found = 0;
    TARN_TRY(connection_.query(sql, {}, [&](const SqlRow& row) {
      found = row.integer(0);
      return false;
    }));
    return found;
  }
  static base::Error refused(const std::string& why) {
    return {base::Code::kStorage, "the PostgreSQL database " + why};
  }

  base::Status make_room() {
    TARN_ASSIGN(const bool there, is_there());
    if (there) return {};
    TARN_ASSIGN(
        const std::int64_t tables,
        number("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"));
    if (tables != 0) return refused("has other tables already; make an empty one for tarn");
    TARN_TRY(run("CREATE TABLE tarn_store (kind TEXT NOT NULL, version BIGINT NOT NULL)"));
    return run("INSERT INTO tarn_store (kind, version) VALUES (?, 0)", SqlValues{kind_});
  }

  base::Result<std::size_t> version(std::size_t newest) {
    std::string kind;
    std::int64_t version = -1;
    TARN_TRY(connection_.query("SELECT kind, version FROM tarn_store", {}, [&](const SqlRow& row) {
      kind = row.text(0);
      version = row.integer(1);
      return true;
    }));
    if (kind != kind_) return refused("is another one of tarn's, not " + std::string(kind_));
    if (version < 0 || version > static_cast<std::int64_t>(newest))
      return refused("was written by a newer tarn; use that one");
    return static_cast<std::size_t>(version);
  }

  SqlConnection& connection_;
  std::string_view kind_;
};

}  // namespace

base::Result<std::unique_ptr<SqlConnection>> open_postgres(const std::string& where) {
  static const base::Module module = base::load_module(kPostgresModuleFile, kPostgresModuleSymbol);
  if (module.function == nullptr)
    return base::Error{base::Code::kInvalidInput, "PostgreSQL's module belongs beside the program: " + module.why};
  std::string why;
  bool mistake = false;
  std::unique_ptr<SqlConnection> connection(reinterpret_cast<PostgresModuleOpen>(module.function)(where, why, mistake));
  if (connection == nullptr) return base::Error{mistake ? base::Code::kInvalidInput : base::Code::kStorage, why};
  return connection;
}

base::Status migrate_postgres(SqlConnection& connection, std::string_view kind,
                              std::span<const std::string_view> migrations) {
  TARN_TRY(connection.begin(SqlConnection::Access::kAlter));
  base::Status done = Migration(connection, kind).run(migrations);
  if (done.ok()) return connection.commit();
  connection.rollback();
  return done;
}

base::Result<bool> is_used_postgres(SqlConnection& connection, std::string_view kind,
                                    std::span<const std::string_view> migrations) {
  TARN_TRY(connection.begin(SqlConnection::Access::kRead));
  base::Result<bool> found = Migration(connection, kind).is_used(migrations);
  connection.rollback();
  return found;
}

base::Status check_postgres(SqlConnection& connection, std::string_view kind,
                            std::span<const std::string_view> migrations) {
  TARN_TRY(connection.begin(SqlConnection::Access::kRead));
  base::Status done = Migration(connection, kind).check(migrations);
  connection.rollback();
  return done;
}

}  // namespace store
