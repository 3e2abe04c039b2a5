#include "isolation/release.h"

#include "base/check.h"
#include "isolation/line.h"
#include "isolation/lookup.h"

namespace isolation {
namespace {

base::Status end_changes(Transaction& store, const Node& node, std::int64_t now) {
  ChangeFilter open;
  open.node = node.id;
  open.open = true;
  open.limit = kAllChanges;
  TARN_ASSIGN(const std::vector<Change> changes, store.changes(open));
  for (const Change& change : changes)
    TARN_TRY(end_in_error(store, change, "the node was released: nothing is left to do", now));
  return {};
}

// What was seen before does not count: the release looks at each port anew.
base::Status forget_observed(Transaction& store, const Node& node) {
  TARN_ASSIGN(const std::vector<Nic> nics, store.nics_of(node.id));
  for (const Nic& nic : nics) {
    if (!nic.port) continue;
    TARN_ASSIGN(Port port, need_row(store.find_port(*nic.port)));
    port.observed.reset();
    TARN_TRY(store.update_port(port));
  }
  return {};
}

}  // namespace

base::Status begin_release(Transaction& store, Node& node, std::int64_t now, const std::string& by) {
  CHECK(node.state == NodeState::kHeld && node.project);
  TARN_TRY(end_changes(store, node, now));
  TARN_ASSIGN(std::vector<Attachment> attachments, store.attachments_of_node(node.id));
  for (Attachment& attachment : attachments) {
    attachment.state = Attachment::State::kDetaching;
    TARN_TRY(store.update_attachment(attachment));
  }
  TARN_TRY(forget_observed(store, node));
  const bool lent = node.lent_until.has_value();
  node.state = NodeState::kReleasing;
  node.lent_until.reset();
  node.bmc_enabled = false;
  node.problem.clear();
  node.try_again = now;
  node.attempts = 0;
  TARN_TRY(store.update_node(node));
  return store.insert_event(
      {0, now, lent ? "node.returned" : "node.released", node.project, "node/" + node.name, by, ""});
}

}  // namespace isolation
