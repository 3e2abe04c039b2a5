// Store: where the isolation service keeps everything. Rules decide inside one Transaction, which is atomic, durable when
// write() returns, and alone: no other write() runs meanwhile, so what a rule read still holds when it writes. What the
// database can say itself it says itself, too: uniqueness, references, one pending change a NIC (store/isolation_store.h).
// find… give nothing where there is nothing; a list is by name, or by id where there is no name.
// insert… give the new id, and kConflict where a name, VLAN or place is taken already; update… write the whole row back;
// erase… of what others still refer to is kConflict. Everything else that goes wrong is kStorage.
// Threads: Store: any. A Transaction belongs to the call that it was made for.
// Implementations: store/isolation_store.h, over SQLite or PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "isolation/types.h"

namespace isolation {

template <class T>
using Found = base::Result<std::optional<T>>;
template <class T>
using Rows = base::Result<std::vector<T>>;

// Which nodes: what is set must hold; metadata: label, and its JSON text if not empty.
struct NodeFilter {
  std::optional<bool> free = {};  // kIdle and without an owner
  std::optional<Id> project = {}, owner = {};
  std::optional<NodeState> state = {};
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

// Which changes; by id, oldest first.
struct ChangeFilter {
  std::optional<Id> operation = {}, nic = {}, node = {}, network = {}, switch_id = {};
  std::optional<Change::State> state = {};
  bool open = false;  // kWaiting or kPending
  std::size_t limit = 1'000;
};

// An answer that was given to a write with an Idempotency-Key, to be given again.
struct KeptReply {
  base::Bytes request_hash;  // 32 bytes of method, path and body (api/service.cc)
  int status = 0;
  std::string body;
  std::int64_t at = 0;
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual Found<Project> find_project(std::string_view name) = 0;
  virtual Found<Project> find_project(Id id) = 0;
  virtual Rows<Project> projects(const Page& page) = 0;
  virtual base::Result<Id> insert_project(const Project& project) = 0;
  virtual base::Status update_project(const Project& project) = 0;
  virtual base::Status erase_project(Id id) = 0;
  virtual base::Result<std::size_t> count_nodes_of(Id project) = 0;     // kHeld and kReleasing
  virtual base::Result<std::size_t> count_networks_of(Id project) = 0;  // that it owns

  virtual Found<Node> find_node(std::string_view name) = 0;
  virtual Found<Node> find_node(Id id) = 0;
  virtual Rows<Node> nodes(const NodeFilter& filter, const Page& page) = 0;
  virtual Rows<Node> nodes_lent_until(std::int64_t time,
                                      std::size_t limit) = 0;  // kHeld, lent_until ≤ time; by lent_until
  virtual Rows<Node> nodes_releasing(std::int64_t now, std::size_t limit) = 0;  // try_again ≤ now; by try_again
  virtual base::Result<Id> insert_node(const Node& node) = 0;
  virtual base::Status update_node(const Node& node) = 0;
  virtual base::Status erase_node(Id id) = 0;  // and its metadata and listings
  virtual base::Result<std::vector<std::pair<std::string, std::string>>> metadata(Id node) = 0;  // label, JSON text
  virtual base::Status set_metadata(Id node, std::string_view label, std::string_view json) = 0;
  virtual base::Result<bool> erase_metadata(Id node, std::string_view label) = 0;  // whether it was there
  // Listings: which users of role broker may lend a node, and until when its owner lets them.
  virtual Rows<Id> brokers_of(Id node) = 0;
  virtual base::Status set_listed(Id node, Id broker, bool listed) = 0;

  virtual Found<Nic> find_nic(Id node, std::string_view name) = 0;
  virtual Found<Nic> find_nic(Id id) = 0;
  virtual Found<Nic> find_nic_at(Id port) = 0;
  virtual Rows<Nic> nics_of(Id node) = 0;
  virtual base::Result<Id> insert_nic(const Nic& nic) = 0;
  virtual base::Status update_nic(const Nic& nic) = 0;
  virtual base::Status erase_nic(Id id) = 0;

  virtual Found<SwitchRecord> find_switch(std::string_view name) = 0;
  virtual Found<SwitchRecord> find_switch(Id id) = 0;
  virtual Rows<SwitchRecord> switches(const Page& page) = 0;
  virtual base::Result<Id> insert_switch(const SwitchRecord& record) = 0;
  virtual base::Status update_switch(const SwitchRecord& record) = 0;
  virtual base::Status erase_switch(Id id) = 0;
  virtual Found<Port> find_port(Id switch_id, std::string_view name) = 0;
  virtual Found<Port> find_port(Id id) = 0;
  virtual Rows<Port> ports_of(Id switch_id, const Page& page) = 0;
  virtual base::Result<Id> insert_port(const Port& port) = 0;
  virtual base::Status update_port(const Port& port) = 0;
  virtual base::Status erase_port(Id id) = 0;

  virtual Found<Network> find_network(std::string_view name) = 0;
  virtual Found<Network> find_network(Id id) = 0;
  virtual Rows<Network> networks(const Page& page) = 0;
  virtual Rows<Network> networks_for(Id project, const Page& page) = 0;  // public, its own, and those it was let into
  virtual base::Result<bool> vlan_taken(VlanId vlan) = 0;
  virtual base::Result<std::optional<VlanId>> lowest_free_vlan(VlanId first, VlanId last) = 0;
  virtual base::Result<Id> insert_network(const Network& network) = 0;
  virtual base::Status erase_network(Id id) = 0;                            // and its access list
  virtual base::Result<std::vector<Id>> projects_let_into(Id network) = 0;  // the access list
  virtual base::Result<bool> is_let_into(Id network, Id project) = 0;
  virtual base::Status let_into(Id network, Id project, bool let) = 0;

  virtual Rows<Attachment> attachments_of_nic(Id nic) = 0;
  virtual Rows<Attachment> attachments_of_node(Id node) = 0;
  virtual Rows<Attachment> attachments_of_network(Id network) = 0;
  virtual base::Status insert_attachment(const Attachment& attachment) = 0;
  virtual base::Status update_attachment(const Attachment& attachment) = 0;  // the row of its (nic, network)
  virtual base::Status erase_attachment(Id nic, Id network) = 0;

  virtual Found<Operation> find_operation(std::string_view uuid) = 0;
  virtual Found<Operation> find_operation(Id id) = 0;
  // Newest first; `after` is the uuid of the last one seen.
  virtual Rows<Operation> operations(std::optional<Id> project, const Page& page) = 0;
  virtual base::Result<Id> insert_operation(const Operation& operation) = 0;
  virtual base::Status update_operation(const Operation& operation) = 0;
  virtual base::Result<Id> insert_change(const Change& change) = 0;
  virtual base::Status update_change(const Change& change) = 0;
  virtual Found<Change> find_change(Id id) = 0;
  virtual Rows<Change> changes(const ChangeFilter& filter) = 0;
  virtual Rows<Change> changes_due(Id switch_id, std::int64_t now, std::size_t limit) = 0;  // kPending, try_again ≤ now
  // Those that were finished before, and their changes; never one with a change that is open.
  virtual base::Status erase_operations_before(std::int64_t time) = 0;

  virtual Found<User> find_user(std::string_view name) = 0;
  virtual Found<User> find_user(Id id) = 0;
  virtual Rows<User> users(const Page& page) = 0;
  virtual base::Result<Id> insert_user(const User& user) = 0;
  virtual base::Status update_user(const User& user) = 0;
  virtual base::Status erase_user(Id id) = 0;  // and its memberships, tokens and listings
  virtual base::Result<std::vector<Id>> projects_of(Id user) = 0;
  virtual base::Result<std::vector<Id>> users_of(Id project) = 0;
  virtual base::Status set_member(Id user, Id project, bool member) = 0;
  virtual Found<ApiToken> find_token(base::ByteView hash) = 0;
  virtual Rows<ApiToken> tokens_of(Id user) = 0;
  virtual base::Result<Id> insert_token(const ApiToken& token) = 0;
  virtual base::Status erase_token(Id id) = 0;

  virtual base::Status insert_event(const Event& event) = 0;  // its id is not read
  // After the cursor, oldest first. `visible_to`: of these projects only; none: of all, and those of no project.
  virtual Rows<Event> events(Id after, const std::optional<std::vector<Id>>& visible_to, std::size_t limit) = 0;
  virtual base::Status erase_events_before(std::int64_t time) = 0;

  virtual Found<KeptReply> find_reply(Id user, std::string_view key) = 0;
  virtual base::Status keep_reply(Id user, std::string_view key, const KeptReply& reply) = 0;  // in place of an older
  virtual base::Status erase_replies_before(std::int64_t time) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  // All that `body` does, or, if it returns an error, nothing of it, and that error.
  virtual base::Status write(const std::function<base::Status(Transaction&)>& body) = 0;
  // One state of everything, however long it takes; writing is kStorage.
  virtual base::Status read(const std::function<base::Status(Transaction&)>& body) = 0;
};

}  // namespace isolation
