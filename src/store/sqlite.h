// Database: one SQLite file of ours, small and kept with care: write-ahead log, synchronous=FULL (a transaction that
// returned survives power loss), foreign keys, mode 0600. What it is for is written into it (application_id), and so
// is the version of its tables (user_version), which migrations raise one by one.
// Statements take their arguments in order: integers, doubles, text, bytes; a result is read column by column.
// Errors: kConflict where a unique value is taken, kNotFound where a reference would lead nowhere; else kStorage with the
// file and what to do; never with what is stored. One thread at a time; a statement must not outlive its database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {

class Database;

class Statement {
 public:
  base::Result<bool> next();  // whether there is a row
  void reset();               // to be asked again, with other arguments
  bool null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  base::Bytes bytes(int column) const;
  // Exactly N bytes, else kStorage.
  template <std::size_t N>
  base::Status array(int column, std::array<std::uint8_t, N>& out) const {
    const base::Bytes found = bytes(column);
    if (found.size() != N) return damaged();
    std::copy(found.begin(), found.end(), out.begin());
    return {};
  }
  void bind(int at, std::nullptr_t);
  void bind(int at, std::int64_t value);
  void bind(int at, std::uint64_t value) { bind(at, static_cast<std::int64_t>(value)); }  // the same 64 bits
  void bind(int at, std::uint32_t value) { bind(at, static_cast<std::int64_t>(value)); }
  void bind(int at, double value);
  void bind(int at, std::string_view value);
  void bind(int at, base::ByteView value);

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement, &finalize) {}
  static void finalize(sqlite3_stmt* statement);
  base::Error damaged() const;

  Database* database_;
  std::unique_ptr<sqlite3_stmt, void (*)(sqlite3_stmt*)> statement_;
};

struct DatabaseKind {
  std::string_view name;                         // in messages: "inventory"
  std::uint32_t application_id = 0;              // not 0
  std::span<const std::string_view> migrations;  // i: from version i to i + 1
  bool exclusive = false;                        // one process alone, from open to close
  std::string_view loss;                         // what is lost with the file, in messages
};

class Database {
 public:
  // Makes the file if it is not there, in a directory that is. Refuses what is not of this kind, damaged, newer than
  // this program, or open to others.
  static base::Result<std::unique_ptr<Database>> open(const std::string& path, const DatabaseKind& kind);
  // One connection more, which only reads: the file is not written by it. Refuses tables of another version.
  static base::Result<std::unique_ptr<Database>> open_reader(const std::string& path, const DatabaseKind& kind);

  base::Result<Statement> prepare(std::string_view sql);

  template <class... Arguments>
  base::Result<Statement> query(std::string_view sql, const Arguments&... arguments) {
    TARN_ASSIGN(Statement statement, prepare(sql));
    int at = 0;
    (statement.bind(++at, arguments), ...);
    return statement;
  }
  template <class... Arguments>
  base::Status run(std::string_view sql, const Arguments&... arguments) {
    TARN_ASSIGN(Statement statement, query(sql, arguments...));
    TARN_TRY(statement.next());
    return {};
  }
  // All that `body` does, or nothing of it.
  base::Status transaction(const std::function<base::Status()>& body);
  base::Error failed(const std::string& what) const;  // kStorage, with the file's name
  base::Error damaged() const;

  bool in_transaction() const;  // some failures end it
  std::size_t changed() const;  // rows, by the last statement that changes any

 private:
  friend class Statement;
  Database(std::string path, const DatabaseKind& kind) : path_(std::move(path)), kind_(kind) {}
  base::Status connect(bool to_write);
  base::Result<std::int64_t> number(std::string_view sql);
  base::Status set_up();
  base::Status check_kind();
  base::Status migrate();
  base::Error error(int code) const;

  std::string path_;
  DatabaseKind kind_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_{nullptr, nullptr};
};

}  // namespace store
