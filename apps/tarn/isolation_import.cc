// tarn isolation import: reads an inventory, looks at the service, prints what differs, and does it.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "api/text.h"
#include "tarn/ask_secret.h"
#include "tarn/config.h"
#include "tarn/inventory_plan.h"
#include "tarn/isolation_options.h"
#include "tarn/output.h"
#include "tarn/service_client.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using api::Json;

std::string escaped(const std::string& name) { return api::percent_encoded(name); }

base::Result<std::set<std::string>> names_at(ServiceClient& client, const std::string& target) {
  TARN_ASSIGN(const Json::Array items, client.list(target));
  std::set<std::string> out;
  for (const Json& item : items) out.insert(item.string() != nullptr ? *item.string() : item.text("name"));
  return out;
}

std::optional<std::uint32_t> quota(const Json& project, std::string_view name) {
  if (!project.has(name)) return std::nullopt;
  return static_cast<std::uint32_t>(project.number(name));
}

base::Status find_projects(ServiceClient& client, ServiceState& out) {
  TARN_ASSIGN(const Json::Array items, client.list("/v1/projects"));
  for (const Json& item : items)
    out.projects[item.text("name")] = {item.text("name"), quota(item, "node_quota"), quota(item, "network_quota")};
  return {};
}

base::Status find_switches(ServiceClient& client, const InventoryFile& wanted, ServiceState& out) {
  TARN_ASSIGN(const auto names, names_at(client, "/v1/switches"));
  for (const auto& one : wanted.switches) {
    if (!names.contains(one.name)) continue;
    TARN_ASSIGN(out.switches[one.name], names_at(client, "/v1/switches/" + escaped(one.name) + "/ports"));
  }
  return {};
}

base::Status find_nodes(ServiceClient& client, const InventoryFile& wanted, ServiceState& out) {
  TARN_ASSIGN(const auto names, names_at(client, "/v1/nodes"));
  for (const auto& node : wanted.nodes) {
    if (!names.contains(node.name)) continue;
    TARN_ASSIGN(const Json view, client.call("GET", "/v1/nodes/" + escaped(node.name)));
    ServiceState::Node& found = out.nodes[node.name];
    found.owner = view.text("owner");
    for (const Json& nic : view.list("nics"))
      found.nics[nic.text("name")] = {nic.text("mac"), nic.text("switch"), nic.text("port")};
  }
  return {};
}

base::Status find_networks(ServiceClient& client, const InventoryFile& wanted, ServiceState& out) {
  TARN_ASSIGN(const auto names, names_at(client, "/v1/networks"));
  for (const auto& network : wanted.networks) {
    if (!names.contains(network.name)) continue;
    TARN_ASSIGN(const Json view, client.call("GET", "/v1/networks/" + escaped(network.name)));
    ServiceState::Network& found = out.networks[network.name];
    found.owner = view.text("owner");
    found.is_public = view.flag("public");
    for (const Json& project : view.list("access"))
      if (project.string() != nullptr) found.access.insert(*project.string());
  }
  return {};
}

base::Status find_users(ServiceClient& client, const InventoryFile& wanted, ServiceState& out) {
  TARN_ASSIGN(const Json::Array items, client.list("/v1/users"));
  for (const Json& item : items) {
    const std::string name = item.text("name");
    const bool named =
        std::any_of(wanted.users.begin(), wanted.users.end(), [&](const auto& user) { return user.name == name; });
    if (!named) continue;
    ServiceState::User& found = out.users[name];
    found.role = item.text("role");
    TARN_ASSIGN(found.projects, names_at(client, "/v1/users/" + escaped(name) + "/projects"));
  }
  return {};
}

base::Result<ServiceState> look_at(ServiceClient& client, const InventoryFile& wanted) {
  ServiceState out;
  TARN_TRY(find_projects(client, out));
  if (!wanted.switches.empty()) TARN_TRY(find_switches(client, wanted, out));
  if (!wanted.nodes.empty()) TARN_TRY(find_nodes(client, wanted, out));
  if (!wanted.networks.empty()) TARN_TRY(find_networks(client, wanted, out));
  if (!wanted.users.empty()) TARN_TRY(find_users(client, wanted, out));
  return out;
}

// All that are needed are there, before anything is done.
base::Status check_passwords(const std::vector<InventoryStep>& plan) {
  for (const InventoryStep& step : plan) {
    if (step.password_file.empty()) continue;
    TARN_ASSIGN(std::string text, read_secret_file(step.password_file));
    base::wipe(text.data(), text.size());
  }
  return {};
}

base::Status carry_out(ServiceClient& client, const InventoryStep& step) {
  Json body = step.body;
  if (!step.password_file.empty()) {
    TARN_ASSIGN(std::string password, read_secret_file(step.password_file));
    if (step.password_at == "bmc.password") {
      Json bmc = *body.find("bmc");
      bmc.set("password", std::move(password));
      Json whole = Json::object();
      for (const auto& [key, value] : *body.members()) whole.set(key, key == "bmc" ? bmc : value);
      bmc.wipe_member("password");
      body = std::move(whole);
    } else {
      body.set(step.password_at, std::move(password));
    }
  }
  const auto done = client.call(step.method, step.target, body.is_null() ? nullptr : &body);
  body.wipe_member("password");
  return done.ok() ? base::Status{} : base::Status{done.error()};
}

void print(const std::vector<InventoryStep>& plan) {
  if (!json_wanted()) {
    for (const InventoryStep& step : plan) std::printf("%s\n", step.what.c_str());
    return;
  }
  Json out = Json::array();
  for (const InventoryStep& step : plan) out.push(step.what);
  std::printf("%s\n", out.dump().c_str());
}

base::Status import(const IsolationImportOptions& options) {
  TARN_ASSIGN(const std::string text, read_text_file(options.file, InventoryFile::kMaxText));
  const auto wanted = InventoryFile::parse(text, std::filesystem::path(options.file).parent_path().string());
  if (!wanted.ok()) return base::Error{wanted.error().code, options.file + ": " + wanted.error().message};
  TARN_ASSIGN(const auto client, ServiceClient::open(options.home));
  TARN_ASSIGN(const ServiceState found, look_at(*client, *wanted));
  TARN_ASSIGN(const std::vector<InventoryStep> plan, plan_inventory(*wanted, found));
  TARN_TRY(check_passwords(plan));
  print(plan);
  if (plan.empty()) progress("nothing to do: the service is as the inventory says");
  if (options.dry_run) return {};
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const base::Status done = carry_out(*client, plan[i]);
    if (done.ok()) continue;
    return base::Error{done.error().code, plan[i].what + ": " + done.error().message + " (" + std::to_string(i) +
                                              " of " + std::to_string(plan.size()) +
                                              " steps are done; what is left is done by importing again)"};
  }
  return {};
}

}  // namespace

int run_isolation_import(const IsolationImportOptions& options) {
  catch_signals();
  const base::Status done = import(options);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
