#include "tarn/inventory_plan.h"

#include "api/text.h"

namespace tarn {
namespace {

using api::Json;

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json count_or_null(const std::optional<std::uint32_t>& count) { return count ? Json(*count) : Json(); }
std::string shown(const std::optional<std::uint32_t>& count) { return count ? std::to_string(*count) : "no limit"; }

std::string path(std::initializer_list<std::string> segments) {
  std::string out = "/v1";
  for (const std::string& segment : segments) out += "/" + api::percent_encoded(segment);
  return out;
}

class Planner {
 public:
  Planner(const InventoryFile& wanted, const ServiceState& found) : wanted_(wanted), found_(found) {}

  base::Result<std::vector<InventoryStep>> plan() {
    for (const auto& project : wanted_.projects) plan_project(project);
    for (const auto& one : wanted_.switches) plan_switch(one);
    for (const auto& node : wanted_.nodes) plan_node(node);
    for (const auto& network : wanted_.networks) plan_network(network);
    for (const auto& user : wanted_.users) plan_user(user);
    if (in_the_way_.empty()) return std::move(steps_);
    return base::Error{base::Code::kConflict, in_the_way_ + "; nothing was changed"};
  }

 private:
  InventoryStep& step(std::string what, std::string method, std::string target, Json body = {}) {
    return steps_.emplace_back(
        InventoryStep{std::move(what), std::move(method), std::move(target), std::move(body), "", ""});
  }
  void refuse(const std::string& what) { in_the_way_ += (in_the_way_.empty() ? "" : "; ") + what; }

  void plan_project(const InventoryFile::Project& project) {
    const auto there = found_.projects.find(project.name);
    if (there == found_.projects.end()) {
      step("create project " + project.name, "POST", path({"projects"}),
           Json::object({{"name", project.name},
                         {"node_quota", count_or_null(project.nodes)},
                         {"network_quota", count_or_null(project.networks)}}));
    } else if (!(there->second == project)) {
      step("set quota of project " + project.name + ": nodes " + shown(there->second.nodes) + " -> " +
               shown(project.nodes) + ", networks " + shown(there->second.networks) + " -> " + shown(project.networks),
           "PUT", path({"projects", project.name, "quota"}),
           Json::object({{"nodes", count_or_null(project.nodes)}, {"networks", count_or_null(project.networks)}}));
    }
  }

  void plan_switch(const InventoryFile::Switch& one) {
    static const std::set<std::string> kNone;
    const auto there = found_.switches.find(one.name);
    if (there == found_.switches.end()) {
      Json settings = Json::object();
      for (const auto& [key, value] : one.settings) settings.set(key, value);
      step("register switch " + one.name, "POST", path({"switches"}),
           Json::object({{"name", one.name}, {"type", one.type}, {"settings", std::move(settings)}}));
    }
    const std::set<std::string>& ports = there == found_.switches.end() ? kNone : there->second;
    for (const std::string& port : one.ports)
      if (!ports.contains(port))
        step("register port " + one.name + "/" + port, "POST", path({"switches", one.name, "ports"}),
             Json::object({{"name", port}}));
  }

  void plan_node(const InventoryFile::Node& node) {
    static const ServiceState::Node kNone;
    const auto at = found_.nodes.find(node.name);
    const bool there = at != found_.nodes.end();
    if (!there) {
      InventoryStep& made = step(
          "register node " + node.name, "POST", path({"nodes"}),
          Json::object(
              {{"name", node.name},
               {"bmc", Json::object({{"type", node.bmc_type}, {"address", node.bmc_address}, {"user", node.bmc_user}})},
               {"owner", text_or_null(node.owner)}}));
      made.password_file = node.bmc_password_file;
      made.password_at = "bmc.password";
    } else if (at->second.owner != node.owner) {
      step("set owner of node " + node.name + " to " + (node.owner.empty() ? "the free pool" : node.owner), "PUT",
           path({"nodes", node.name, "owner"}), Json::object({{"owner", text_or_null(node.owner)}}));
    }
    for (const auto& nic : node.nics) plan_nic(node.name, nic, there ? at->second : kNone);
  }

  void plan_nic(const std::string& node, const InventoryFile::Nic& nic, const ServiceState::Node& found) {
    const std::string place = node + "/" + nic.name;
    const auto there = found.nics.find(nic.name);
    if (there == found.nics.end())
      step("register NIC " + place, "POST", path({"nodes", node, "nics"}),
           Json::object({{"name", nic.name}, {"mac", nic.mac}}));
    else if (there->second.mac != nic.mac)
      refuse("NIC " + place + " is there with another MAC address");
    const bool hangs = there != found.nics.end() && !there->second.port.empty();
    if (nic.port.empty()) return;
    if (hangs && (there->second.switch_name != nic.switch_name || there->second.port != nic.port))
      return refuse("NIC " + place + " hangs on another port, " + there->second.switch_name + "/" + there->second.port);
    if (hangs) return;
    step("connect NIC " + place + " to port " + nic.switch_name + "/" + nic.port, "PUT",
         path({"switches", nic.switch_name, "ports", nic.port, "nic"}),
         Json::object({{"node", node}, {"nic", nic.name}}));
  }

  void plan_network(const InventoryFile::Network& network) {
    std::set<std::string> allowed;
    const auto there = found_.networks.find(network.name);
    if (there == found_.networks.end()) {
      // With its owner or the first that may use it; the others are let in one by one.
      const std::string first = !network.owner.empty() ? network.owner
                                : network.is_public    ? ""
                                                       : network.access.front();
      Json body = Json::object(
          {{"name", network.name}, {"owner", text_or_null(network.owner)}, {"access", text_or_null(first)}});
      if (network.vlan) body.set("vlan", *network.vlan);
      step("create network " + network.name, "POST", path({"networks"}), std::move(body));
      allowed.insert(first);
    } else {
      if (there->second.owner != network.owner || there->second.is_public != network.is_public)
        return refuse("network " + network.name + " is there, with another owner or access");
      allowed = there->second.access;
    }
    for (const std::string& project : network.access)
      if (!allowed.contains(project) && project != network.owner)
        step("let project " + project + " use network " + network.name, "PUT",
             path({"networks", network.name, "access", project}));
  }

  void plan_user(const InventoryFile::User& user) {
    static const ServiceState::User kNone;
    const auto at = found_.users.find(user.name);
    const bool there = at != found_.users.end();
    if (!there) {
      InventoryStep& made = step("create user " + user.name + ", " + user.role, "POST", path({"users"}),
                                 Json::object({{"name", user.name}, {"role", user.role}}));
      made.password_file = user.password_file;
      if (!user.password_file.empty()) made.password_at = "password";
    } else if (at->second.role != user.role) {
      step("set role of user " + user.name + ": " + at->second.role + " -> " + user.role, "PATCH",
           path({"users", user.name}), Json::object({{"role", user.role}}));
    }
    const ServiceState::User& found = there ? at->second : kNone;
    for (const std::string& project : user.projects)
      if (!found.projects.contains(project))
        step("add user " + user.name + " to project " + project, "PUT",
             path({"projects", project, "members", user.name}));
  }

  const InventoryFile& wanted_;
  const ServiceState& found_;
  std::vector<InventoryStep> steps_;
  std::string in_the_way_;
};

}  // namespace

base::Result<std::vector<InventoryStep>> plan_inventory(const InventoryFile& wanted, const ServiceState& found) {
  return Planner(wanted, found).plan();
}

}  // namespace tarn
