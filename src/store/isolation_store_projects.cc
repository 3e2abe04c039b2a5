// Projects, and what all areas share.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

base::Result<std::size_t> SqlTransaction::write(std::string_view sql, const SqlValues& values,
                                                const SqlConnection::Visitor& visit) {
  auto done = connection_.query(sql, values, visit);
  if (!done.ok() && done.error().code == base::Code::kNotFound)
    return base::Error{base::Code::kStorage, "the row that it refers to is not there"};
  return done;
}

base::Status SqlTransaction::erase_where(std::string_view sql, const SqlValues& arguments) {
  auto done = connection_.query(sql, arguments, {});
  if (!done.ok() && done.error().code == base::Code::kNotFound)
    return base::Error{base::Code::kConflict, "it is still in use"};
  return one(done);
}

base::Status SqlTransaction::one(const Result<std::size_t>& changed) {
  if (!changed.ok()) return changed.error();
  if (*changed == 1) return {};
  return base::Error{base::Code::kStorage, "there is no such row"};
}

base::Result<std::vector<Id>> SqlTransaction::ids(std::string_view sql, const SqlValues& arguments) {
  std::vector<Id> found;
  TARN_TRY(connection_.query(sql, arguments, [&](const SqlRow& row) {
    found.push_back(row.integer(0));
    return true;
  }));
  return found;
}

base::Result<std::int64_t> SqlTransaction::number(std::string_view sql, const SqlValues& arguments) {
  TARN_ASSIGN(const std::vector<Id> found, ids(sql, arguments));
  return found.empty() ? 0 : found.front();
}

Found<Project> SqlTransaction::find_project(std::string_view name) { return find_by_name<Project>(name); }
Found<Project> SqlTransaction::find_project(Id id) { return find_by_id<Project>(id); }
Rows<Project> SqlTransaction::projects(const Page& page) { return page_of<Project>(page); }
base::Result<Id> SqlTransaction::insert_project(const Project& project) { return insert(project); }
base::Status SqlTransaction::update_project(const Project& project) { return update(project); }
base::Status SqlTransaction::erase_project(Id id) { return erase<Project>(id); }

base::Result<std::size_t> SqlTransaction::count_nodes_of(Id project) {
  TARN_ASSIGN(const std::int64_t count, number("SELECT count(*) FROM nodes WHERE project = ?", {project}));
  return static_cast<std::size_t>(count);
}
base::Result<std::size_t> SqlTransaction::count_networks_of(Id project) {
  TARN_ASSIGN(const std::int64_t count, number("SELECT count(*) FROM networks WHERE owner = ?", {project}));
  return static_cast<std::size_t>(count);
}

}  // namespace store
