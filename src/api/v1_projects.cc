// /v1/projects: projects, their quotas, members, nodes and networks.
#include "api/call.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;

std::optional<std::uint32_t> quota(const Json& body, std::string_view name) {
  if (!body.has(name)) return std::nullopt;
  return static_cast<std::uint32_t>(body.number(name));
}

Result<Reply> show(Call& call, std::string_view name) {
  TARN_ASSIGN(const isolation::Project project, call.rules().project(name));
  return Reply{.body = shown(project)};
}

Result<Reply> list(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().projects(and_one(page)));
  return page_reply<isolation::Project>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> create(Call& call) {
  const std::string name = call.body.text("name");
  TARN_TRY(call.rules().create_project(name));
  if (call.body.has("node_quota") || call.body.has("network_quota"))
    TARN_TRY(call.rules().set_quota(name, quota(call.body, "node_quota"), quota(call.body, "network_quota")));
  return show(call, name);
}

Result<Reply> get(Call& call) { return show(call, call.at("project")); }

Result<Reply> remove(Call& call) {
  TARN_TRY(call.rules().delete_project(call.at("project")));
  return Reply{};
}

Result<Reply> put_quota(Call& call) {
  TARN_TRY(call.rules().set_quota(call.at("project"), quota(call.body, "nodes"), quota(call.body, "networks")));
  return show(call, call.at("project"));
}

Result<Reply> members(Call& call) {
  TARN_ASSIGN(const auto names, call.rules().members(call.at("project")));
  Json items = Json::array();
  for (const std::string& name : names) items.push(name);
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<Reply> add_member(Call& call) {
  TARN_TRY(call.rules().set_member(call.at("user"), call.at("project"), true));
  return Reply{};
}

Result<Reply> drop_member(Call& call) {
  TARN_TRY(call.rules().set_member(call.at("user"), call.at("project"), false));
  return Reply{};
}

Result<Reply> nodes(Call& call) {
  TARN_ASSIGN(const isolation::Page page, call.page());
  TARN_ASSIGN(const isolation::Project project, call.rules().project(call.at("project")));
  isolation::NodeFilter filter;
  filter.project = project.id;
  TARN_ASSIGN(auto rows, call.rules().nodes(filter, and_one(page)));
  return page_reply<isolation::Node>(
      page, std::move(rows), [](const auto& row) { return shown(row); }, [](const auto& row) { return row.name; });
}

Result<Reply> networks(Call& call) {
  TARN_ASSIGN(const auto rows, call.rules().networks_of(call.at("project")));
  Json items = Json::array();
  for (const isolation::Network& network : rows) items.push(shown(network));
  return Reply{.body = Json::object({{"items", std::move(items)}, {"next", nullptr}})};
}

Result<Reply> allocate(Call& call) {
  if (call.body.has("node") == call.body.has("like")) return call.refuse("node", "say node or like, one of them");
  const std::string project = call.at("project");
  std::string name = call.body.text("node");
  if (call.body.has("node")) {
    TARN_TRY(call.rules().allocate_node(name, project));
  } else {
    isolation::NodeFilter like;
    if (const Json* labels = call.body.find("like")->find("metadata"))
      for (const auto& [label, value] : *labels->members()) like.metadata.emplace_back(label, value.dump());
    TARN_ASSIGN(name, call.rules().allocate_any(like, project));
  }
  TARN_ASSIGN(const auto view, call.rules().node(name));
  return Reply{.body = shown(view, call.sees_topology(), call.sees_topology()),
               .headers = {{"Location", "/v1/nodes/" + percent_encoded(name)}}};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/projects", Kind::kRead, Action::kListProjects, list, 200, "All projects.", "", "ProjectPage",
     "after limit"},
    {"POST", "/v1/projects", Kind::kWrite, Action::kCreateProject, create, 201, "Make a project.", "NewProject",
     "Project"},
    {"GET", "/v1/projects/{project}", Kind::kRead, Action::kShowProject, get, 200, "One project.", "", "Project"},
    {"DELETE", "/v1/projects/{project}", Kind::kWrite, Action::kDeleteProject, remove, 204,
     "Delete a project that has no nodes and owns no networks.", "", ""},
    {"PUT", "/v1/projects/{project}/quota", Kind::kWrite, Action::kSetQuota, put_quota, 200,
     "Limit a project's nodes and networks; null: no limit.", "Quota", "Project"},
    {"GET", "/v1/projects/{project}/members", Kind::kRead, Action::kShowProject, members, 200,
     "The users of a project.", "", "NamesPage"},
    {"PUT", "/v1/projects/{project}/members/{user}", Kind::kWrite, Action::kManageUsers, add_member, 204,
     "Add a user to a project.", "", ""},
    {"DELETE", "/v1/projects/{project}/members/{user}", Kind::kWrite, Action::kManageUsers, drop_member, 204,
     "Remove a user from a project.", "", ""},
    {"GET", "/v1/projects/{project}/nodes", Kind::kRead, Action::kShowProject, nodes, 200, "The nodes of a project.",
     "", "NodePage", "after limit"},
    {"POST", "/v1/projects/{project}/nodes", Kind::kWrite, Action::kAllocateNode, allocate, 201,
     "Give a project a node: a named one, or any free one that is like this.", "Allocation", "Node"},
    {"GET", "/v1/projects/{project}/networks", Kind::kRead, Action::kShowProject, networks, 200,
     "The networks that a project owns or was let into.", "", "NetworkPage"},
};

}  // namespace

std::span<const Route> project_routes() { return kRoutes; }

}  // namespace api
