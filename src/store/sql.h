// SqlConnection: one connection to a database, whichever engine is behind it, so that what is kept in tables is written
// once (isolation_store.h). SQL is what SQLite 3.40 and PostgreSQL 13 both understand; arguments stand as `?` and never
// in the text. Statements stay prepared by their text, so the number of different texts must be small.
// In a transaction a statement that breaks a constraint undoes itself alone, and the transaction may go on; after any
// other failure the engine may have lost it, and then commit() says so. A mark is a place to go back to in it.
// A write that is posted waits for no answer, which far away is most of what a write costs. It has to succeed: an INSERT
// inserts, an UPDATE finds its row. If it does not, for whatever reason, all of the transaction is lost, whatever marks
// it has, and nothing of it is done: post() itself says so or the next call that waits for an answer, at the latest
// commit(), and from then on every call, until rollback() or a commit(). Who asks after it sees what it did.
// A SELECT that is expected may be asked together with the next one, so that several questions are one way there and
// back. It only saves time: whoever asks it later gets the answer as it is then. If it fails, the transaction is lost.
// Errors of query(): kConflict, a unique value is taken; kNotFound, a reference would lead nowhere; everything else, and
// a loss, is kStorage, with what to do and never with what is stored or the SQL. Nothing has to be tried again: writers
// queue.
// Threads: one at a time.
// Implementations: sql_sqlite.h, sql_postgres.h.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace store {

// An argument.
class SqlValue {
 public:
  enum class Kind : std::uint8_t { kNull, kInteger, kText, kBytes };
  template <class T>
    requires(std::integral<T> || std::is_enum_v<T>)
  SqlValue(T value) : kind_(Kind::kInteger), integer_(static_cast<std::int64_t>(value)) {}
  SqlValue(std::string_view text) : kind_(Kind::kText), text_(text) {}
  SqlValue(std::string text) : kind_(Kind::kText), text_(std::move(text)) {}
  SqlValue(base::ByteView bytes) : kind_(Kind::kBytes), text_(bytes.begin(), bytes.end()) {}
  SqlValue(const base::Bytes& bytes) : SqlValue(base::ByteView(bytes)) {}
  template <class T>
  SqlValue(const std::optional<T>& value) : SqlValue(value ? SqlValue(*value) : SqlValue()) {}

  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  const std::string& text() const { return text_; }  // or bytes

 private:
  SqlValue() = default;
  Kind kind_ = Kind::kNull;
  std::int64_t integer_ = 0;
  std::string text_;
};
using SqlValues = std::vector<SqlValue>;

// A row of a result; valid while it is looked at.
class SqlRow {
 public:
  virtual ~SqlRow() = default;
  virtual bool null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;
  virtual base::Bytes bytes(int column) const = 0;
};

class SqlConnection {
 public:
  enum class Access : std::uint8_t {
    kRead,   // one state of everything; writing fails
    kWrite,  // alone: waits, within limits, until no other connection writes
    kAlter,  // as kWrite, and a statement may take as long as it does, as for an index of millions of rows
  };
  using Visitor = std::function<bool(const SqlRow&)>;  // whether to go on

  virtual ~SqlConnection() = default;
  virtual base::Status begin(Access access) = 0;
  virtual base::Status commit() = 0;  // durable when it returns; if it fails, nothing was done as far as one can know
  virtual void rollback() = 0;
  virtual base::Status mark() = 0;       // one at a time
  virtual base::Status keep_mark() = 0;  // forgets the mark
  virtual base::Status undo_to_mark() = 0;
  // How many rows were changed, where it is not a SELECT.
  virtual base::Result<std::size_t> query(std::string_view sql, std::span<const SqlValue> arguments,
                                          const Visitor& visit) = 0;
  virtual base::Status post(std::string_view sql, std::span<const SqlValue> arguments) = 0;  // INSERT, UPDATE
  virtual base::Status expect(std::string_view sql, std::span<const SqlValue> arguments) = 0;
};

}  // namespace store
