// Networks: their VLANs, and who may use them.
#include <algorithm>
#include <map>

#include "isolation/lookup.h"
#include "isolation/rules.h"

namespace isolation {
namespace {

// HIL's legal combinations: the administrator's, for all or for one project, with a VLAN of choice or of the pool; a
// project's, for itself, with one of the pool.
base::Status check_combination(const NewNetwork& wanted) {
  if (wanted.vlan) TARN_TRY(check_vlan(*wanted.vlan));
  if (wanted.owner.empty()) return {};
  if (wanted.access != wanted.owner)
    return invalid("A project's network is for that project alone: access must be its owner; grant it to others later");
  if (wanted.vlan) return invalid("Only an administrator's network has a VLAN of choice: leave it out");
  return {};
}

base::Result<VlanId> choose_vlan(Transaction& store, const Settings& settings, std::optional<VlanId> fixed) {
  if (!fixed) {
    TARN_ASSIGN(const std::optional<VlanId> free, store.lowest_free_vlan(settings.first_vlan, settings.last_vlan));
    if (!free) return conflict("No VLAN is left in the pool: delete networks that nobody needs");
    return *free;
  }
  TARN_ASSIGN(const bool taken, store.vlan_taken(*fixed));
  if (taken) return conflict("VLAN " + std::to_string(*fixed) + " is taken by another network: choose another");
  return *fixed;
}

base::Status check_quota(Transaction& store, const Project& owner) {
  TARN_ASSIGN(const std::size_t owned, store.count_networks_of(owner.id));
  if (!owner.network_quota || owned < *owner.network_quota) return {};
  return conflict(named("project", owner.name) +
                  " has as many networks as its quota allows: delete one, or ask for more");
}

// Many NICs belong to few nodes and projects: each is looked up once.
class Places {
 public:
  explicit Places(Transaction& store) : store_(store) {}
  base::Result<Nic> nic(Id id) { return need_row(store_.find_nic(id)); }
  base::Result<Node> node(Id id) {
    const auto known = nodes_.find(id);
    if (known != nodes_.end()) return known->second;
    TARN_ASSIGN(const Node node, need_row(store_.find_node(id)));
    return nodes_.emplace(id, node).first->second;
  }
  base::Result<std::string> project(std::optional<Id> id) {
    if (!id) return std::string();
    const auto known = projects_.find(*id);
    if (known != projects_.end()) return known->second;
    TARN_ASSIGN(const std::string name, project_name(store_, id));
    return projects_.emplace(*id, name).first->second;
  }
  base::Result<bool> is_in(Id nic_id, Id project) {
    TARN_ASSIGN(const Nic found, nic(nic_id));
    TARN_ASSIGN(const Node holder, node(found.node));
    return holder.project == project;
  }

 private:
  Transaction& store_;
  std::map<Id, Node> nodes_;
  std::map<Id, std::string> projects_;
};

ChangeFilter open_changes_of(const Network& network) {
  ChangeFilter filter;
  filter.network = network.id;
  filter.open = true;
  filter.limit = kAllChanges;
  return filter;
}

base::Status check_unused_by(Transaction& store, const Network& network, const Project& project) {
  Places places(store);
  const auto refused = [&](const char* why) {
    return conflict(named("project", project.name) + " " + why + " " + named("network", network.name));
  };
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_network(network.id));
  for (const Attachment& attachment : attachments) {
    TARN_ASSIGN(const bool used, places.is_in(attachment.nic, project.id));
    if (used) return refused("has NICs attached, detach them first:");
  }
  TARN_ASSIGN(const std::vector<Change> changes, store.changes(open_changes_of(network)));
  for (const Change& change : changes) {
    TARN_ASSIGN(const bool used, places.is_in(change.nic, project.id));
    if (used) return refused("has a change pending, wait until it is done:");
  }
  return {};
}

}  // namespace

Rows<Network> Rules::networks(const Page& wanted) {
  TARN_TRY(allowed(caller_, Action::kListNetworks));
  const Page page = bounded(wanted);
  if (may(caller_, Action::kShowNetwork)) return store_.networks(page);
  std::map<std::string, Network> by_name;
  std::vector<Id> projects(caller_.projects.begin(), caller_.projects.end());
  if (projects.empty()) projects.push_back(0);  // nobody's: what is public
  for (const Id project : projects) {
    TARN_ASSIGN(std::vector<Network> some, store_.networks_for(project, page));
    for (Network& network : some) by_name.emplace(network.name, std::move(network));
  }
  std::vector<Network> first;
  for (auto& [name, network] : by_name)
    if (first.size() < page.limit) first.push_back(std::move(network));
  return first;
}

// Those that it may use by name: its own, and those it was let into.
base::Result<std::vector<Network>> Rules::networks_of(std::string_view project_name) {
  TARN_ASSIGN(const Project project, project_for(Action::kShowProject, project_name));
  std::vector<Network> found;
  Page page{"", kMaxPage};
  for (;;) {
    TARN_ASSIGN(const std::vector<Network> some, store_.networks_for(project.id, page));
    std::ranges::copy_if(some, std::back_inserter(found), [](const Network& network) { return !network.is_public; });
    if (some.size() < page.limit) return found;
    page.after = some.back().name;
  }
}

base::Result<NetworkView> Rules::network(std::string_view name) {
  NetworkView view;
  TARN_ASSIGN(view.network, visible_network(name));
  TARN_ASSIGN(view.owner, project_name(store_, view.network.owner));
  if (view.network.is_public) return view;
  TARN_ASSIGN(const std::vector<Id> let, store_.projects_let_into(view.network.id));
  if (view.network.owner) view.access.push_back(view.owner);
  for (const Id project : let) {
    TARN_ASSIGN(std::string let_name, project_name(store_, project));
    view.access.push_back(std::move(let_name));
  }
  std::ranges::sort(view.access);
  return view;
}

base::Status Rules::create_network(const NewNetwork& wanted) {
  std::optional<Project> owner, access;
  if (wanted.owner.empty()) TARN_TRY(allowed(caller_, Action::kCreateAnyNetwork));
  if (!wanted.owner.empty()) {
    TARN_ASSIGN(owner, project_for(Action::kCreateOwnNetwork, wanted.owner));
  }
  TARN_TRY(check_name("network", wanted.name));
  TARN_TRY(check_combination(wanted));
  if (!owner && wanted.access) {
    TARN_ASSIGN(access, need(store_.find_project(*wanted.access), "project", *wanted.access));
  }
  TARN_ASSIGN(const std::optional<Network> other, store_.find_network(wanted.name));
  if (other) return conflict("There is a " + named("network", wanted.name) + " already: choose another name");
  if (owner) TARN_TRY(check_quota(store_, *owner));
  Network network;
  network.name = wanted.name;
  if (owner) network.owner = owner->id;
  network.is_public = !wanted.access;
  network.vlan_from_pool = !wanted.vlan;
  TARN_ASSIGN(network.vlan, choose_vlan(store_, *context_.settings, wanted.vlan));
  TARN_ASSIGN(const Id id, store_.insert_network(network));
  if (access) TARN_TRY(store_.let_into(id, access->id, true));
  return note("network.created", network.owner, "network/" + network.name, "VLAN " + std::to_string(network.vlan));
}

base::Status Rules::delete_network(std::string_view name) {
  TARN_ASSIGN(const Network network, visible_network(name));
  TARN_TRY(allowed(caller_, Action::kDeleteNetwork, network.owner));
  TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_network(network.id));
  if (!attachments.empty())
    return conflict(named("network", name) + " has NICs attached, or that may still be: detach them first");
  TARN_ASSIGN(const std::vector<Change> changes, store_.changes(open_changes_of(network)));
  if (!changes.empty()) return conflict(named("network", name) + " has a change pending: wait until it is done");
  TARN_TRY(store_.erase_network(network.id));
  return note("network.deleted", network.owner, "network/" + network.name);
}

base::Status Rules::grant(std::string_view name, std::string_view project_name) {
  TARN_ASSIGN(const Network network, visible_network(name));
  TARN_TRY(allowed(caller_, Action::kGrantAccess, network.owner));
  TARN_ASSIGN(const Project project, need(store_.find_project(project_name), "project", project_name));
  TARN_ASSIGN(const bool usable, may_use(store_, network, project.id));
  if (usable)
    return conflict(named("project", project.name) + " may use " + named("network", name) +
                    " already: there is nothing to do");
  TARN_TRY(store_.let_into(network.id, project.id, true));
  return note("network.granted", project.id, "network/" + network.name, "to " + project.name);
}

base::Status Rules::revoke(std::string_view name, std::string_view project_name) {
  TARN_ASSIGN(const Network network, visible_network(name));
  const bool of_owner = may(caller_, Action::kRevokeAccess, network.owner);
  TARN_ASSIGN(const Project project, of_owner ? need(store_.find_project(project_name), "project", project_name)
                                              : project_for(Action::kRevokeAccess, project_name));
  if (network.owner == project.id)
    return conflict(named("project", project.name) + " owns " + named("network", name) + ": delete it instead");
  TARN_ASSIGN(const bool let, store_.is_let_into(network.id, project.id));
  if (!let)
    return not_found(named("project", project.name) + " is not in the access list of " + named("network", name));
  TARN_TRY(check_unused_by(store_, network, project));
  TARN_TRY(store_.let_into(network.id, project.id, false));
  return note("network.revoked", project.id, "network/" + network.name, "from " + project.name);
}

Rows<Rules::AttachmentView> Rules::attachments(std::string_view name, std::optional<std::string> project_name) {
  TARN_ASSIGN(const Network network, visible_network(name));
  const bool all = may(caller_, Action::kShowAllAttachments, network.owner);
  std::optional<Id> only;
  if (project_name) {
    TARN_ASSIGN(const Project project, all ? need(store_.find_project(*project_name), "project", *project_name)
                                           : project_for(Action::kShowOwnAttachments, *project_name));
    only = project.id;
  }
  TARN_ASSIGN(const std::vector<Attachment> attachments, store_.attachments_of_network(network.id));
  Places places(store_);
  std::vector<AttachmentView> views;
  for (const Attachment& attachment : attachments) {
    TARN_ASSIGN(const Nic nic, places.nic(attachment.nic));
    TARN_ASSIGN(const Node node, places.node(nic.node));
    if (only && node.project != only) continue;
    if (!all && !may(caller_, Action::kShowOwnAttachments, node.project)) continue;
    TARN_ASSIGN(std::string holder, places.project(node.project));
    views.push_back(
        {node.name, nic.name, std::move(holder), channel_name(network, attachment.channel), attachment.state});
  }
  return views;
}

}  // namespace isolation
