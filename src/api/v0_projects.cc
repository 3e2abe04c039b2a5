// /v0: HIL's projects and users.
#include <algorithm>

#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::Page;

constexpr int kLookAgainMs = 250;

template <class Row>
Json names_of(const std::vector<Row>& rows) {
  Json out = Json::array();
  for (const Row& row : rows) out.push(row.name);
  return out;
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::Project>([&](const Page& page) { return call.rules().projects(page); }));
  return Reply{.body = names_of(rows)};
}

Result<Reply> create(Call& call) {
  TARN_TRY(call.rules().create_project(call.at("project")));
  return Reply{};
}

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_project(call.at("project")));
  return Reply{};
}

Result<Reply> nodes(Call& call) {
  TARN_ASSIGN(const auto project, call.rules().project(call.at("project")));
  isolation::NodeFilter filter;
  filter.project = project.id;
  TARN_ASSIGN(const auto rows,
              all_rows<isolation::Node>([&](const Page& page) { return call.rules().nodes(filter, page); }));
  return Reply{.body = names_of(rows)};
}

Result<Reply> networks(Call& call) {
  TARN_ASSIGN(auto rows, call.rules().networks_of(call.at("project")));
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return Reply{.body = names_of(rows)};
}

Result<Reply> connect_node(Call& call) {
  TARN_TRY(call.rules().allocate_node(call.body.text("node"), call.at("project")));
  return Reply{};
}

// Whether the node has left the project; if not, what is in the way, in `problem`.
Result<bool> has_left(Call& call, const std::string& node, isolation::Id project, std::string& problem) {
  bool left = false;
  TARN_TRY(call.read([&](isolation::Rules&, isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(const auto found, store.find_node(node));
    left = !found || found->project != project;
    if (found) problem = found->problem;
    return {};
  }));
  return left;
}

// HIL's clients take the answer for the end of it: so wait for the engine, which turns the node off and looks at its ports.
Result<Reply> detach_node(Call& call) {
  const Places::Place place = call.service.slow_calls().take(call.caller.user);
  if (!place) return call.come_later();
  const std::string node = call.body.text("node");
  isolation::Id project = 0;
  const base::Status begun = call.write([&](isolation::Rules& rules, isolation::Transaction& store) -> base::Status {
    TARN_TRY(rules.detach_node(node, call.at("project")));
    TARN_ASSIGN(const auto found, store.find_project(call.at("project")));
    project = found ? found->id : 0;
    return {};
  });
  TARN_TRY(begun);
  call.service.parts().wake_releaser();
  call.service.changed();
  const base::Clock& clock = call.service.parts().clock;
  const std::int64_t until = clock.steady_ms() + call.service.parts().release_timeout_ms;
  std::string problem;
  while (true) {
    const std::uint64_t seen = call.service.news();
    TARN_ASSIGN(const bool left, has_left(call, node, project, problem));
    if (left) return Reply{};
    const std::int64_t time = until - clock.steady_ms();
    if (time <= 0) break;
    call.service.wait_for_news(seen, static_cast<int>(std::min<std::int64_t>(time, kLookAgainMs)));
  }
  std::string why = "the node is being released, which takes longer than usual";
  // It names addresses (isolation::Rules::hide).
  if (!problem.empty()) why += ": " + (call.sees_topology() ? problem : "the service's operators see why");
  return base::Error{base::Code::kConflict, why};
}

Result<Reply> users(Call& call) {
  TARN_ASSIGN(const auto rows, all_rows<isolation::User>([&](const Page& page) { return call.rules().users(page); }));
  Json out = Json::object();
  for (const isolation::User& user : rows) {
    TARN_ASSIGN(const auto names, call.rules().projects_of(user.name));
    Json projects = Json::array();
    for (const std::string& name : names) projects.push(name);
    out.set(user.name, Json::object({{"is_admin", user.role == isolation::Role::kAdministrator},
                                     {"projects", std::move(projects)}}));
  }
  return Reply{.body = std::move(out)};
}

isolation::Role role_for(const Json& body) {
  return body.flag("is_admin") ? isolation::Role::kAdministrator : isolation::Role::kMember;
}

Result<Reply> hash_password(Call& call) {
  TARN_TRY(isolation::allowed(call.caller, Action::kManageUsers));
  TARN_ASSIGN(call.password_hash, call.service.parts().hash_password(*call.body.find("password")->string()));
  return Reply{};
}

Result<Reply> create_user(Call& call) {
  TARN_TRY(call.rules().create_user({.id = 0,
                                     .name = call.at("user"),
                                     .password_hash = call.password_hash.value_or(""),
                                     .role = role_for(call.body)}));
  return Reply{};
}

// An administrator who is none any more by mistake would need another one: HIL lets nobody change itself.
Result<Reply> change_user(Call& call) {
  TARN_TRY(isolation::allowed(call.caller, Action::kManageUsers));
  if (call.at("user") == call.caller.name) {
    call.hil_conflict = "IllegalStateError";
    return base::Error{base::Code::kConflict, "whether you are an administrator, another administrator says"};
  }
  TARN_TRY(call.rules().change_user(call.at("user"), role_for(call.body), std::nullopt));
  return Reply{};
}

Result<Reply> delete_user(Call& call) {
  TARN_TRY(call.rules().delete_user(call.at("user")));
  return Reply{};
}

Result<Reply> add_project(Call& call) {
  TARN_TRY(call.rules().set_member(call.at("user"), call.body.text("project"), true));
  return Reply{};
}

Result<Reply> remove_project(Call& call) {
  const base::Status removed = call.rules().set_member(call.at("user"), call.body.text("project"), false);
  if (removed.ok()) return Reply{};
  // That it is no member is HIL's NotFoundError.
  const bool no_member = removed.error().code == base::Code::kConflict;
  return base::Error{no_member ? base::Code::kNotFound : removed.error().code, removed.error().message};
}

constexpr Route kRoutes[] = {
    {"GET", "/v0/projects", Kind::kRead, Action::kListProjects, list, 200, "list_projects", "", "Names"},
    creating(
        {"PUT", "/v0/project/{project}", Kind::kWrite, Action::kCreateProject, create, 200, "project_create", "", ""}),
    {"DELETE", "/v0/project/{project}", Kind::kWrite, Action::kDeleteProject, remove, 200, "project_delete", "", ""},
    {"GET", "/v0/project/{project}/nodes", Kind::kRead, Action::kShowProject, nodes, 200, "list_project_nodes", "",
     "Names"},
    {"GET", "/v0/project/{project}/networks", Kind::kRead, Action::kShowProject, networks, 200, "list_project_networks",
     "", "Names"},
    {"POST", "/v0/project/{project}/connect_node", Kind::kWrite, Action::kAllocateNode, connect_node, 200,
     "project_connect_node", "HilNode", ""},
    {"POST", "/v0/project/{project}/detach_node", Kind::kOutside, Action::kReleaseNode, detach_node, 200,
     "project_detach_node", "HilNode", ""},
    {"GET", "/v0/auth/basic/users", Kind::kRead, Action::kShowUsers, users, 200, "list_users", "", "HilUsers"},
    creating({"PUT", "/v0/auth/basic/user/{user}", Kind::kWrite, Action::kManageUsers, create_user, 200, "user_create",
              "HilNewUser", "", "", "application/json", hash_password}),
    {"PATCH", "/v0/auth/basic/user/{user}", Kind::kWrite, Action::kManageUsers, change_user, 200, "user_set_admin",
     "HilUserPatch", ""},
    {"DELETE", "/v0/auth/basic/user/{user}", Kind::kWrite, Action::kManageUsers, delete_user, 200, "user_delete", "",
     ""},
    creating({"POST", "/v0/auth/basic/user/{user}/add_project", Kind::kWrite, Action::kManageUsers, add_project, 200,
              "user_add_project", "HilProject", ""}),
    {"POST", "/v0/auth/basic/user/{user}/remove_project", Kind::kWrite, Action::kManageUsers, remove_project, 200,
     "user_remove_project", "HilProject", ""},
};

}  // namespace

std::span<const Route> hil_project_routes() { return kRoutes; }

}  // namespace api
