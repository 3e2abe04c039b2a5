// Projects, their quotas and who is in them.
#include <algorithm>

#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {

Rows<Project> Rules::projects(const Page& page) {
  TARN_TRY(allowed(caller_, Action::kListProjects));
  return store_.projects(bounded(page));
}

base::Result<Project> Rules::project(std::string_view name) { return project_for(Action::kShowProject, name); }

base::Status Rules::create_project(std::string_view name) {
  TARN_TRY(allowed(caller_, Action::kCreateProject));
  TARN_TRY(check_name("project", name));
  TARN_ASSIGN(const std::optional<Project> other, store_.find_project(name));
  if (other) return conflict("There is a " + named("project", name) + " already: choose another name");
  TARN_ASSIGN(const Id id, store_.insert_project({0, std::string(name), {}, {}}));
  return note("project.created", id, "project/" + std::string(name));
}

// What a project holds, owns or was let into refers to it; its members are let go.
base::Status Rules::delete_project(std::string_view name) {
  TARN_ASSIGN(const Project project, project_for(Action::kDeleteProject, name));
  const auto refused = [&](const char* why) { return conflict(named("project", name) + " " + why); };
  TARN_ASSIGN(const std::size_t held, store_.count_nodes_of(project.id));
  if (held > 0) return refused("has nodes: release them first");
  NodeFilter owned;
  owned.owner = project.id;
  TARN_ASSIGN(const std::vector<Node> nodes, store_.nodes(owned, {"", 1}));
  if (!nodes.empty()) return refused("owns nodes: give them another owner first");
  TARN_ASSIGN(const std::vector<Network> networks, networks_of(name));
  for (const Network& network : networks) {
    if (network.owner == project.id) return refused("has networks: delete them first");
    return refused("may use networks of others: revoke its access first");
  }
  TARN_ASSIGN(const std::vector<Id> users, store_.users_of(project.id));
  for (const Id user : users) TARN_TRY(store_.set_member(user, project.id, false));
  TARN_TRY(store_.erase_project(project.id));
  return note("project.deleted", {}, "project/" + project.name);
}

base::Status Rules::set_quota(std::string_view name, std::optional<std::uint32_t> nodes,
                              std::optional<std::uint32_t> networks) {
  TARN_ASSIGN(Project project, project_for(Action::kSetQuota, name));
  project.node_quota = nodes;
  project.network_quota = networks;
  TARN_TRY(store_.update_project(project));
  const auto text = [](std::optional<std::uint32_t> quota) { return quota ? std::to_string(*quota) : "any number of"; };
  return note("project.quota", project.id, "project/" + project.name,
              text(nodes) + " nodes, " + text(networks) + " networks");
}

base::Result<std::vector<std::string>> Rules::members(std::string_view name) {
  TARN_ASSIGN(const Project project, project_for(Action::kShowProject, name));
  TARN_ASSIGN(const std::vector<Id> ids, store_.users_of(project.id));
  std::vector<std::string> names;
  for (const Id id : ids) {
    TARN_ASSIGN(User user, need_row(store_.find_user(id)));
    names.push_back(std::move(user.name));
  }
  std::ranges::sort(names);
  return names;
}

base::Status Rules::set_member(std::string_view user_name, std::string_view project_name, bool member) {
  TARN_TRY(allowed(caller_, Action::kManageUsers));
  TARN_ASSIGN(const User user, need(store_.find_user(user_name), "user", user_name));
  TARN_ASSIGN(const Project project, need(store_.find_project(project_name), "project", project_name));
  TARN_ASSIGN(const std::vector<Id> now, store_.projects_of(user.id));
  if (std::ranges::count(now, project.id) == (member ? 1 : 0))
    return conflict(named("user", user.name) + (member ? " is in " : " is not in ") + named("project", project.name) +
                    " already: there is nothing to do");
  TARN_TRY(store_.set_member(user.id, project.id, member));
  return note(member ? "project.joined" : "project.left", project.id, "user/" + user.name);
}

}  // namespace isolation
