// SqlTables: what all transactions over tables do, whatever the tables hold (isolation_transaction.h,
// market_transaction.h).
// Errors: as sql.h, but that a row is not there which an insert or update names is kStorage: a mistake of ours.
// Threads: as its connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/sql_rows.h"

namespace store {

class SqlTables {
 protected:
  template <class T>
  using Found = base::Result<std::optional<T>>;
  template <class T>
  using Rows = base::Result<std::vector<T>>;
  template <class T>
  using Result = base::Result<T>;
  using Status = base::Status;
  using Id = std::int64_t;

  explicit SqlTables(SqlConnection& connection) : connection_(connection) {}
  ~SqlTables() = default;

  // What follows a SELECT: `tail` is all of the statement from WHERE on.
  template <class T>
  Rows<T> select(std::string_view tail, const SqlValues& arguments) {
    std::vector<T> found;
    TARN_TRY(ask(sql_of<T>().select + std::string(tail), arguments, [&](const SqlRow& row) {
      found.push_back(Mapping<T>::read(SqlColumns(row)));
      return true;
    }));
    return found;
  }
  template <class T>
  Found<T> find(std::string_view tail, const SqlValues& arguments) {
    TARN_ASSIGN(std::vector<T> found, select<T>(tail, arguments));
    return found.empty() ? std::optional<T>() : std::optional<T>(std::move(found.front()));
  }
  template <class T>
  Found<T> find_by_id(Id id) {
    return find<T>(" WHERE id = ?", {id});
  }
  template <class T>
  Found<T> find_by_name(std::string_view name) {
    return find<T>(" WHERE name = ?", {name});
  }
  template <class T>
  Result<Id> insert(const T& row) {
    Id id = 0;
    TARN_TRY(write(sql_of<T>().insert, Mapping<T>::write(row), [&](const SqlRow& found) {
      id = found.integer(0);
      return true;
    }));
    return id;
  }
  template <class T>
  Status update(const T& row) {
    SqlValues values = Mapping<T>::write(row);
    values.emplace_back(row.id);
    return one(write(sql_of<T>().update, values));
  }
  // The same, posted (SqlConnection::post): where nobody needs the id, and nothing unique can be taken.
  template <class T>
  Status post_insert(const T& row) {
    return post(sql_of<T>().insert, Mapping<T>::write(row));
  }
  template <class T>
  Status post_update(const T& row) {
    SqlValues values = Mapping<T>::write(row);
    values.emplace_back(row.id);
    return post(sql_of<T>().update, values);
  }
  template <class T>
  Status erase(Id id) {
    return erase_where(sql_of<T>().erase, {id});
  }

  // All questions: while one foresees them, they are only expected, and have no answer.
  Status ask(std::string_view sql, const SqlValues& arguments, const SqlConnection::Visitor& visit);
  // Inserts and updates: a reference that leads nowhere is a mistake of ours, not of who calls.
  Result<std::size_t> write(std::string_view sql, const SqlValues& values, const SqlConnection::Visitor& visit = {});
  Status post(std::string_view sql, const SqlValues& values);
  Status erase_where(std::string_view sql, const SqlValues& arguments);
  static Status one(const Result<std::size_t>& changed);  // kStorage: there is no such row
  Result<std::vector<Id>> ids(std::string_view sql, const SqlValues& arguments);
  Result<std::int64_t> number(std::string_view sql, const SqlValues& arguments);  // 0 without a row
  static std::int64_t as_limit(std::size_t rows) {
    return static_cast<std::int64_t>(std::min<std::size_t>(rows, std::numeric_limits<std::int64_t>::max()));
  }

  // While it lives, questions are foreseen.
  class Foreseeing {
   public:
    explicit Foreseeing(bool& flag) : flag_(flag) { flag_ = true; }
    ~Foreseeing() { flag_ = false; }
    Foreseeing(const Foreseeing&) = delete;
    Foreseeing& operator=(const Foreseeing&) = delete;

   private:
    bool& flag_;
  };

  SqlConnection& connection_;
  bool foresees_ = false;
};

}  // namespace store
