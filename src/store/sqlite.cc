#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/check.h"

namespace store {
namespace {

constexpr int kBusyMs = 5'000;

std::string because() { return std::generic_category().message(errno); }

// So that nobody else ever could read it, and the name survives a power loss as the content does. SQLite gives the
// files beside it the same mode.
base::Status make_file(const std::string& path, const std::string& what) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat info{};
  const bool there = fd >= 0 && ::fstat(fd, &info) == 0;
  const std::string reason = because();
  if (fd >= 0) ::close(fd);
  const auto refused = [&](const std::string& why) { return base::Error{base::Code::kStorage, what + why}; };
  if (!there) return refused(reason);
  if (!S_ISREG(info.st_mode)) return refused("is not a regular file");
  if (info.st_uid != ::geteuid()) return refused("belongs to another user");
  if ((info.st_mode & 077) != 0) return refused("others can read it; run: chmod 600 " + path);
  if (info.st_size != 0) return {};
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  const std::string problem = because();
  if (directory >= 0) ::close(directory);
  return synced ? base::Status{} : refused(problem);
}

}  // namespace

void Statement::finalize(sqlite3_stmt* statement) { sqlite3_finalize(statement); }

base::Error Statement::damaged() const { return database_->damaged(); }

// Binding fails where a place does not exist or memory is out: our bug, or nothing to go on with.
void Statement::bind(int at, std::nullptr_t) { CHECK(sqlite3_bind_null(statement_.get(), at) == SQLITE_OK); }
void Statement::bind(int at, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), at, value) == SQLITE_OK);
}
void Statement::bind(int at, double value) { CHECK(sqlite3_bind_double(statement_.get(), at, value) == SQLITE_OK); }
void Statement::bind(int at, std::string_view value) {
  CHECK(sqlite3_bind_text64(statement_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
        SQLITE_OK);
}
void Statement::bind(int at, base::ByteView value) {
  const void* data = value.empty() ? "" : static_cast<const void*>(value.data());  // a null pointer would bind NULL
  CHECK(sqlite3_bind_blob64(statement_.get(), at, data, value.size(), SQLITE_TRANSIENT) == SQLITE_OK);
}

base::Result<bool> Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->error(code);
}
void Statement::reset() { sqlite3_reset(statement_.get()); }  // its code is that of the last step
bool Statement::null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }
std::string Statement::text(int column) const {
  const base::Bytes found = bytes(column);
  return {found.begin(), found.end()};
}
base::Bytes Statement::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? base::Bytes{} : base::Bytes(data, data + size);
}

base::Error Database::failed(const std::string& what) const {
  return {base::Code::kStorage, std::string(kind_.name) + " " + path_ + ": " + what};
}
base::Error Database::damaged() const {
  return failed("is damaged; restore it from a copy, or move it away to begin anew (" + std::string(kind_.loss) + ")");
}

base::Error Database::error(int code) const {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY: return {base::Code::kConflict, "the name or place is taken"};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_TRIGGER:  // ON DELETE RESTRICT; there are no triggers
      return {base::Code::kNotFound, "a reference leads nowhere"};
    default: break;
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return failed("another tarn process uses it; end that first");
    case SQLITE_FULL: return failed("the disk is full; make room");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return damaged();
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return failed("cannot be written; check the owners and modes of the file and its directory");
    case SQLITE_IOERR: return failed("the disk fails; see the system's log");
    default: return failed(sqlite3_errstr(code));
  }
}

base::Result<std::unique_ptr<Database>> Database::open(const std::string& path, const DatabaseKind& kind) {
  std::unique_ptr<Database> out(new Database(path, kind));
  TARN_TRY(make_file(path, std::string(kind.name) + " " + path + ": "));
  TARN_TRY(out->connect(true));
  TARN_TRY(out->set_up());
  return out;
}

base::Result<std::unique_ptr<Database>> Database::open_reader(const std::string& path, const DatabaseKind& kind) {
  std::unique_ptr<Database> out(new Database(path, kind));
  TARN_TRY(out->connect(false));
  TARN_TRY(out->check_kind());
  TARN_ASSIGN(const std::int64_t version, out->number("PRAGMA user_version"));
  if (version != static_cast<std::int64_t>(kind.migrations.size()))
    return out->failed("was written by an older tarn; its service raises it when it starts");
  return out;
}

base::Status Database::connect(bool to_write) {
  sqlite3* handle = nullptr;
  const int access = to_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int opened =
      sqlite3_open_v2(path_.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_ = {handle, &sqlite3_close};
  if (opened != SQLITE_OK) return error(opened);
  sqlite3_busy_timeout(handle, kind_.exclusive ? 0 : kBusyMs);
  return {};
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
std::size_t Database::changed() const { return static_cast<std::size_t>(sqlite3_changes64(handle_.get())); }

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Statement(*this, statement);
}

base::Result<std::int64_t> Database::number(std::string_view sql) {
  TARN_ASSIGN(Statement statement, prepare(sql));
  TARN_ASSIGN(const bool row, statement.next());
  return row ? statement.integer(0) : 0;
}

base::Status Database::set_up() {
  if (kind_.exclusive) TARN_TRY(run("PRAGMA locking_mode = EXCLUSIVE"));  // before the first look, which then locks
  TARN_TRY(check_kind());
  for (const std::string_view pragma :
       {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"})
    TARN_TRY(run(pragma));
  TARN_TRY(migrate());
  TARN_ASSIGN(Statement check, prepare("PRAGMA quick_check(1)"));
  TARN_ASSIGN(const bool row, check.next());
  return row && check.text(0) == "ok" ? base::Status{} : damaged();
}

// Before anything is written to a file that may be somebody else's.
base::Status Database::check_kind() {
  TARN_ASSIGN(const std::int64_t application, number("PRAGMA application_id"));
  TARN_ASSIGN(const std::int64_t version, number("PRAGMA user_version"));
  TARN_ASSIGN(const std::int64_t tables, number("SELECT count(*) FROM sqlite_schema"));
  const bool empty = application == 0 && version == 0 && tables == 0;
  if (!empty && application != static_cast<std::int64_t>(kind_.application_id))
    return failed("is another database, not " + std::string(kind_.name));
  if (version < 0 || version > static_cast<std::int64_t>(kind_.migrations.size()))
    return failed("was written by a newer tarn; use that one");
  return {};
}

base::Status Database::migrate() {
  return transaction([&]() -> base::Status {
    TARN_ASSIGN(const std::int64_t version, number("PRAGMA user_version"));
    if (version == static_cast<std::int64_t>(kind_.migrations.size())) return {};
    for (std::size_t v = static_cast<std::size_t>(version); v < kind_.migrations.size(); ++v)
      if (const int code =
              sqlite3_exec(handle_.get(), std::string(kind_.migrations[v]).c_str(), nullptr, nullptr, nullptr);
          code != SQLITE_OK)
        return error(code);
    TARN_TRY(run("PRAGMA application_id = " + std::to_string(kind_.application_id)));
    return run("PRAGMA user_version = " + std::to_string(kind_.migrations.size()));
  });
}

base::Status Database::transaction(const std::function<base::Status()>& body) {
  TARN_TRY(run("BEGIN IMMEDIATE"));
  base::Status done = body();
  if (done.ok()) done = run("COMMIT");
  if (!done.ok()) (void)run("ROLLBACK");
  return done;
}

}  // namespace store
