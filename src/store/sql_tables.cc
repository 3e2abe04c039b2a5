#include "store/sql_tables.h"

#include "base/check.h"

namespace store {

base::Status SqlTables::ask(std::string_view sql, const SqlValues& arguments, const SqlConnection::Visitor& visit) {
  if (foresees_) return connection_.expect(sql, arguments);
  TARN_TRY(connection_.query(sql, arguments, visit));
  return {};
}

base::Result<std::size_t> SqlTables::write(std::string_view sql, const SqlValues& values,
                                           const SqlConnection::Visitor& visit) {
  CHECK(!foresees_);
  auto done = connection_.query(sql, values, visit);
  if (!done.ok() && done.error().code == base::Code::kNotFound)
    return base::Error{base::Code::kStorage, "the row that it refers to is not there"};
  return done;
}

base::Status SqlTables::post(std::string_view sql, const SqlValues& values) {
  CHECK(!foresees_);
  return connection_.post(sql, values);
}

base::Status SqlTables::erase_where(std::string_view sql, const SqlValues& arguments) {
  CHECK(!foresees_);
  auto done = connection_.query(sql, arguments, {});
  if (!done.ok() && done.error().code == base::Code::kNotFound)
    return base::Error{base::Code::kConflict, "it is still in use"};
  return one(done);
}

base::Status SqlTables::one(const Result<std::size_t>& changed) {
  if (!changed.ok()) return changed.error();
  if (*changed == 1) return {};
  return base::Error{base::Code::kStorage, "there is no such row"};
}

base::Result<std::vector<std::int64_t>> SqlTables::ids(std::string_view sql, const SqlValues& arguments) {
  std::vector<std::int64_t> found;
  TARN_TRY(ask(sql, arguments, [&](const SqlRow& row) {
    found.push_back(row.integer(0));
    return true;
  }));
  return found;
}

base::Result<std::int64_t> SqlTables::number(std::string_view sql, const SqlValues& arguments) {
  TARN_ASSIGN(const std::vector<std::int64_t> found, ids(sql, arguments));
  return found.empty() ? 0 : found.front();
}

}  // namespace store
