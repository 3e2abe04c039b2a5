// How values lie in the tables of a database (sql.h): the columns of a row, and the statements that every table with an
// `id` has. Which type is in which columns, each Mapping says (isolation_rows.h, market_rows.h).
// Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "store/sql.h"

namespace store {

// The columns of a row, one after the other.
class SqlColumns {
 public:
  explicit SqlColumns(const SqlRow& row) : row_(row) {}
  std::int64_t id() { return row_.integer(next_++); }
  std::int64_t integer() { return row_.integer(next_++); }
  template <class T>
  T as() {
    return static_cast<T>(integer());
  }
  std::string text() { return row_.text(next_++); }
  base::Bytes bytes() { return row_.bytes(next_++); }
  template <class T>
  std::optional<T> maybe() {
    const int at = next_++;
    return row_.null(at) ? std::nullopt : std::optional(static_cast<T>(row_.integer(at)));
  }
  std::optional<std::string> maybe_text() {
    const int at = next_++;
    return row_.null(at) ? std::nullopt : std::optional(row_.text(at));
  }
  std::optional<base::Bytes> maybe_bytes() {
    const int at = next_++;
    return row_.null(at) ? std::nullopt : std::optional(row_.bytes(at));
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {  // what the schema has checked to be so long
    std::array<std::uint8_t, N> out{};
    const base::Bytes found = bytes();
    std::copy_n(found.begin(), std::min(N, found.size()), out.begin());
    return out;
  }

 private:
  const SqlRow& row_;
  int next_ = 0;
};

// Of a type T: kTable, kColumns (after `id`, with ", " between them), read(SqlColumns) and write(const T&), which
// leaves out the id.
template <class T>
struct Mapping;

// The statements that all of these tables have, put together once.
struct TableSql {
  TableSql(std::string_view table, std::string_view columns);
  std::string columns;  // with id, each with the table before it
  std::string select;   // SELECT … FROM table
  std::string insert, update, erase;
};
template <class T>
const TableSql& sql_of() {
  static const TableSql sql(Mapping<T>::kTable, Mapping<T>::kColumns);
  return sql;
}

}  // namespace store
