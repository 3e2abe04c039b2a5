// Projects, and what all areas share.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

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
