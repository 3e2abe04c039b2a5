#include "isolation/rules.h"

#include <algorithm>

#include "isolation/lookup.h"

namespace isolation {

Rules::Rules(Transaction& store, Caller caller, const Context& context)
    : store_(store), caller_(std::move(caller)), context_(context) {}

base::Status Rules::note(std::string kind, std::optional<Id> project, std::string subject, std::string detail) {
  return store_.insert_event(
      {0, context_.now, std::move(kind), project, std::move(subject), caller_.name, std::move(detail)});
}

base::Result<Project> Rules::project_for(Action action, std::string_view name) {
  TARN_ASSIGN(const std::optional<Project> found, store_.find_project(name));
  TARN_TRY(allowed(caller_, action, found ? std::optional(found->id) : std::nullopt));
  return need(Found<Project>(found), "project", name);
}

base::Result<Network> Rules::visible_network(std::string_view name) {
  TARN_ASSIGN(std::optional<Network> found, store_.find_network(name));
  if (found) {
    TARN_ASSIGN(const bool visible, may_see(store_, caller_, *found));
    if (!visible) found.reset();
  }
  return need(Found<Network>(found), "network", name);
}

base::Result<Node> Rules::node_for(Action action, std::string_view name) {
  TARN_ASSIGN(Node node, need(store_.find_node(name), "node", name));
  TARN_TRY(allowed(caller_, action, node.project));
  return node;
}

base::Result<std::vector<Event>> Rules::events(Id after, std::size_t limit) {
  TARN_TRY(allowed(caller_, Action::kShowEvents));
  std::optional<std::vector<Id>> visible_to;
  if (!sees_everything()) visible_to.emplace(caller_.projects.begin(), caller_.projects.end());
  return store_.events(after, visible_to, std::min(limit, kMaxPage));
}

base::Result<PortState> wanted_state(Transaction& store, Id nic) {
  PortState state;
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_nic(nic));
  for (const Attachment& attachment : attachments) {
    if (attachment.state != Attachment::State::kConnecting && attachment.state != Attachment::State::kConnected)
      continue;
    TARN_ASSIGN(const Network network, need_row(store.find_network(attachment.network)));
    if (attachment.channel == Channel::kNative) state.native = network.vlan;
    if (attachment.channel == Channel::kTagged) state.tagged.insert(network.vlan);
  }
  return state;
}

}  // namespace isolation
