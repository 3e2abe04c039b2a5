#include "isolation/line.h"

#include <algorithm>

#include "isolation/lookup.h"

namespace isolation {
namespace {

std::string place(const Node& node, const Nic& nic) { return named("NIC", node.name + "/" + nic.name); }

base::Status mark_connect(Transaction& store, const Node& node, const Nic& nic, const Network& network,
                          const std::vector<Attachment>& attachments, const Change& change) {
  for (const Attachment& attachment : attachments) {
    if (attachment.network == network.id)
      return conflict(place(node, nic) + " is attached to " + named("network", network.name) +
                      " already, or may still be: detach it first");
    if (change.channel == Channel::kNative && attachment.channel == Channel::kNative)
      return conflict("Channel vlan/native of " + place(node, nic) + " is in use: detach that network first");
  }
  return store.insert_attachment({nic.id, network.id, change.channel, Attachment::State::kConnecting});
}

base::Status mark_detach(Transaction& store, const Node& node, const Nic& nic, const Network& network,
                         const std::vector<Attachment>& attachments, Change& change) {
  const auto found = std::ranges::find(attachments, network.id, &Attachment::network);
  if (found == attachments.end())
    return invalid(place(node, nic) + " is not attached to " + named("network", network.name) +
                   ": there is nothing to detach");
  change.channel = found->channel;
  return store.update_attachment({nic.id, network.id, found->channel, Attachment::State::kDetaching});
}

base::Status mark_revert(Transaction& store, const std::vector<Attachment>& attachments) {
  for (Attachment attachment : attachments) {
    attachment.state = Attachment::State::kDetaching;
    TARN_TRY(store.update_attachment(attachment));
  }
  return {};
}

base::Status still_possible(Transaction& store, const Context& context, Change& change) {
  TARN_ASSIGN(const Nic nic, need_row(store.find_nic(change.nic)));
  TARN_ASSIGN(const Node node, need_row(store.find_node(nic.node)));
  TARN_ASSIGN(const Operation operation, need_row(store.find_operation(change.operation)));
  std::optional<Network> network;
  if (change.network) {
    TARN_ASSIGN(network, store.find_network(*change.network));
  }
  if (change.network && !network) return not_found("the network is gone");
  if (node.project != operation.project || node.state == NodeState::kReleasing)
    return conflict("the node has left the project that asked for this");
  if (change.kind == Change::Kind::kConnect) {
    TARN_ASSIGN(const bool usable, may_use(store, *network, *node.project));
    if (!usable) return conflict("the project may not use the network any more: ask its owner for access");
  }
  return begin_change(store, context, node, nic, network, change);
}

base::Result<std::optional<Change>> first_in_line(Transaction& store, Id nic, Change::State state) {
  ChangeFilter filter;
  filter.nic = nic;
  filter.state = state;
  filter.limit = 1;
  TARN_ASSIGN(const std::vector<Change> found, store.changes(filter));
  return found.empty() ? std::optional<Change>() : std::optional(found.front());
}

}  // namespace

base::Status begin_change(Transaction& store, const Context& context, const Node& node, const Nic& nic,
                          const std::optional<Network>& network, Change& change) {
  if (!nic.port) return not_found(place(node, nic) + " is on no port of a switch: have an administrator connect it");
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_nic(nic.id));
  switch (change.kind) {
    case Change::Kind::kConnect: TARN_TRY(mark_connect(store, node, nic, *network, attachments, change)); break;
    case Change::Kind::kDetach: TARN_TRY(mark_detach(store, node, nic, *network, attachments, change)); break;
    case Change::Kind::kRevert: TARN_TRY(mark_revert(store, attachments)); break;
  }
  change.state = Change::State::kPending;
  change.try_again = context.now;
  change.give_up = context.now + context.settings->give_up_ms;
  return {};
}

base::Status end_in_error(Transaction& store, Change change, std::string why, std::int64_t now) {
  change.state = Change::State::kError;
  change.error = std::move(why);
  TARN_TRY(store.update_change(change));
  return finish_if_done(store, change.operation, now);
}

base::Status finish_if_done(Transaction& store, Id operation_id, std::int64_t now) {
  ChangeFilter open;
  open.operation = operation_id;
  open.open = true;
  open.limit = 1;
  TARN_ASSIGN(const std::vector<Change> left, store.changes(open));
  if (!left.empty()) return {};
  TARN_ASSIGN(Operation operation, need_row(store.find_operation(operation_id)));
  if (operation.finished != 0) return {};
  operation.finished = now;
  TARN_TRY(store.update_operation(operation));
  return store.insert_event(
      {0, now, "operation.finished", operation.project, "operation/" + operation.uuid, operation.by, ""});
}

base::Status promote_next(Transaction& store, const Context& context, Id nic) {
  TARN_ASSIGN(const std::optional<Change> pending, first_in_line(store, nic, Change::State::kPending));
  if (pending) return {};
  for (;;) {
    TARN_ASSIGN(std::optional<Change> next, first_in_line(store, nic, Change::State::kWaiting));
    if (!next) return {};
    base::Status possible = still_possible(store, context, *next);
    if (possible.ok()) return store.update_change(*next);
    if (possible.error().code == base::Code::kStorage) return possible;
    TARN_TRY(end_in_error(store, *next, possible.error().message, context.now));
  }
}

}  // namespace isolation
