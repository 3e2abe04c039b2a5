// SqlCondition: the WHERE of a question whose parts may be asked or not, with the arguments in the same order.
// Threads: a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/sql.h"

namespace store {

class SqlCondition {
 public:
  SqlCondition() = default;
  explicit SqlCondition(std::string_view fixed) { also(true, fixed); }

  SqlCondition& also(bool asked, std::string_view sql) {
    if (asked) where_ += std::string(sql) + " AND ";
    return *this;
  }
  template <class T>
  SqlCondition& equal(std::string_view column, const std::optional<T>& value) {
    return value ? with(std::string(column) + " = ?", SqlValue(*value)) : *this;
  }
  SqlCondition& with(std::string_view sql, SqlValue argument) {
    arguments_.push_back(std::move(argument));
    return also(true, sql);
  }

  std::string where() const { return where_; }  // " WHERE … AND ": something has to follow
  const SqlValues& arguments() const { return arguments_; }

 private:
  std::string where_ = " WHERE ";
  SqlValues arguments_;
};

}  // namespace store
