// Each method is its promise in isolation/store.h, by looking at every row.
#include "support/memory_isolation_store.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace support {
namespace {

class MemoryTransaction final : public isolation::Transaction {
 public:
  using Id = isolation::Id;
  using Page = isolation::Page;
  using Project = isolation::Project;
  using Node = isolation::Node;
  using Nic = isolation::Nic;
  using SwitchRecord = isolation::SwitchRecord;
  using Port = isolation::Port;
  using Network = isolation::Network;
  using Attachment = isolation::Attachment;
  using Operation = isolation::Operation;
  using Change = isolation::Change;
  using User = isolation::User;
  using ApiToken = isolation::ApiToken;
  using Event = isolation::Event;
  using Status = base::Status;
  template <class T>
  using Found = isolation::Found<T>;
  template <class T>
  using Rows = isolation::Rows<T>;
  template <class T>
  using Result = base::Result<T>;

 private:
  // Which other rows exclude a row. (Up here, as what they return is deduced.)
  template <class Row>
  static auto same_name(const Row& row) {
    return [&row](const Row& other) { return other.name == row.name; };
  }
  static auto same_place(const Nic& nic) {
    return [&nic](const Nic& other) {
      return (other.node == nic.node && other.name == nic.name) || (nic.port && other.port == nic.port);
    };
  }
  static auto same_socket(const Port& port) {
    return [&port](const Port& other) { return other.switch_id == port.switch_id && other.name == port.name; };
  }
  static auto same_uuid(const Operation& operation) {
    return [&operation](const Operation& other) { return other.uuid == operation.uuid; };
  }
  static auto both_pending(const Change& change) {
    return [&change](const Change& other) {
      return change.state == Change::State::kPending && other.state == Change::State::kPending &&
             other.nic == change.nic;
    };
  }

 public:
  MemoryTransaction(MemoryTables& tables, bool writable) : t_(tables), writable_(writable) {}

  // Projects
  Found<Project> find_project(std::string_view name) override { return by_name(t_.projects, name); }
  Found<Project> find_project(Id id) override { return by_id(t_.projects, id); }
  Rows<Project> projects(const Page& page) override { return paged(t_.projects, page, all); }
  Result<Id> insert_project(const Project& project) override {
    return insert(t_.projects, project, same_name(project));
  }
  Status update_project(const Project& project) override { return update(t_.projects, project, same_name(project)); }
  Status erase_project(Id id) override {
    const auto named = [&](const auto& pair) { return pair.second == id; };
    return erase(t_.projects, id,
                 any(t_.nodes, [&](const Node& node) { return node.project == id || node.owner == id; }) ||
                     any(t_.networks, [&](const Network& network) { return network.owner == id; }) ||
                     std::ranges::any_of(t_.access, named) || std::ranges::any_of(t_.members, named));
  }
  Result<std::size_t> count_nodes_of(Id project) override {
    return count(t_.nodes, [&](const Node& node) { return node.project == project; });
  }
  Result<std::size_t> count_networks_of(Id project) override {
    return count(t_.networks, [&](const Network& network) { return network.owner == project; });
  }

  // Nodes
  Found<Node> find_node(std::string_view name) override { return by_name(t_.nodes, name); }
  Found<Node> find_node(Id id) override { return by_id(t_.nodes, id); }
  Rows<Node> nodes(const isolation::NodeFilter& filter, const Page& page) override {
    return paged(t_.nodes, page, [&](const Node& node) { return matches(node, filter); });
  }
  Rows<Node> nodes_lent_until(std::int64_t time, std::size_t limit) override {
    return ordered(
        t_.nodes,
        [&](const Node& node) {
          return node.state == isolation::NodeState::kHeld && node.lent_until && *node.lent_until <= time;
        },
        [](const Node& node) { return *node.lent_until; }, limit);
  }
  Rows<Node> nodes_releasing(std::int64_t now, std::size_t limit) override {
    return ordered(
        t_.nodes,
        [&](const Node& node) { return node.state == isolation::NodeState::kReleasing && node.try_again <= now; },
        [](const Node& node) { return node.try_again; }, limit);
  }
  Result<Id> insert_node(const Node& node) override {
    TARN_TRY(known(node));
    return insert(t_.nodes, node, same_name(node));
  }
  Status update_node(const Node& node) override {
    TARN_TRY(known(node));
    return update(t_.nodes, node, same_name(node));
  }
  Status erase_node(Id id) override {
    TARN_TRY(erase(t_.nodes, id, any(t_.nics, [&](const Nic& nic) { return nic.node == id; })));
    std::erase_if(t_.metadata, [&](const auto& row) { return row.first.first == id; });
    std::erase_if(t_.listings, [&](const auto& row) { return row.first == id; });
    return {};
  }
  Result<std::vector<std::pair<std::string, std::string>>> metadata(Id node) override {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [key, json] : t_.metadata)
      if (key.first == node) found.emplace_back(key.second, json);
    return found;
  }
  Status set_metadata(Id node, std::string_view label, std::string_view json) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.nodes, node));
    t_.metadata[{node, std::string(label)}] = json;
    return {};
  }
  Result<bool> erase_metadata(Id node, std::string_view label) override {
    TARN_TRY(may_write());
    return t_.metadata.erase({node, std::string(label)}) > 0;
  }
  Rows<Id> brokers_of(Id node) override { return seconds(t_.listings, node); }
  Status set_listed(Id node, Id broker, bool listed) override {
    TARN_TRY(there(t_.nodes, node));
    TARN_TRY(there(t_.users, broker));
    return set_pair(t_.listings, {node, broker}, listed);
  }

  // NICs
  Found<Nic> find_nic(Id node, std::string_view name) override {
    return first(t_.nics, [&](const Nic& nic) { return nic.node == node && nic.name == name; });
  }
  Found<Nic> find_nic(Id id) override { return by_id(t_.nics, id); }
  Found<Nic> find_nic_at(Id port) override {
    return first(t_.nics, [&](const Nic& nic) { return nic.port == port; });
  }
  Rows<Nic> nics_of(Id node) override {
    return paged(t_.nics, kEverything, [&](const Nic& nic) { return nic.node == node; });
  }
  Result<Id> insert_nic(const Nic& nic) override {
    TARN_TRY(known(nic));
    return insert(t_.nics, nic, same_place(nic));
  }
  Status update_nic(const Nic& nic) override {
    TARN_TRY(known(nic));
    return update(t_.nics, nic, same_place(nic));
  }
  Status erase_nic(Id id) override {
    return erase(t_.nics, id,
                 std::ranges::any_of(t_.attachments, [&](const auto& row) { return row.first.first == id; }) ||
                     any(t_.changes, [&](const Change& change) { return change.nic == id && is_open(change); }));
  }

  // Switches and ports
  Found<SwitchRecord> find_switch(std::string_view name) override { return by_name(t_.switches, name); }
  Found<SwitchRecord> find_switch(Id id) override { return by_id(t_.switches, id); }
  Rows<SwitchRecord> switches(const Page& page) override { return paged(t_.switches, page, all); }
  Result<Id> insert_switch(const SwitchRecord& record) override {
    return insert(t_.switches, record, same_name(record));
  }
  Status update_switch(const SwitchRecord& record) override { return update(t_.switches, record, same_name(record)); }
  Status erase_switch(Id id) override {
    return erase(t_.switches, id, any(t_.ports, [&](const Port& port) { return port.switch_id == id; }));
  }
  Found<Port> find_port(Id switch_id, std::string_view name) override {
    return first(t_.ports, [&](const Port& port) { return port.switch_id == switch_id && port.name == name; });
  }
  Found<Port> find_port(Id id) override { return by_id(t_.ports, id); }
  Rows<Port> ports_of(Id switch_id, const Page& page) override {
    return paged(t_.ports, page, [&](const Port& port) { return port.switch_id == switch_id; });
  }
  Result<Id> insert_port(const Port& port) override {
    TARN_TRY(there(t_.switches, port.switch_id));
    return insert(t_.ports, port, same_socket(port));
  }
  Status update_port(const Port& port) override {
    TARN_TRY(there(t_.switches, port.switch_id));
    return update(t_.ports, port, same_socket(port));
  }
  Status erase_port(Id id) override {
    return erase(t_.ports, id, any(t_.nics, [&](const Nic& nic) { return nic.port == id; }));
  }

  // Networks
  Found<Network> find_network(std::string_view name) override { return by_name(t_.networks, name); }
  Found<Network> find_network(Id id) override { return by_id(t_.networks, id); }
  Rows<Network> networks(const Page& page) override { return paged(t_.networks, page, all); }
  Rows<Network> networks_for(Id project, const Page& page) override {
    return paged(t_.networks, page, [&](const Network& network) {
      return network.is_public || network.owner == project || t_.access.contains({network.id, project});
    });
  }
  Result<bool> vlan_taken(isolation::VlanId vlan) override {
    return any(t_.networks, [&](const Network& network) { return network.vlan == vlan; });
  }
  Result<std::optional<isolation::VlanId>> lowest_free_vlan(isolation::VlanId first_vlan,
                                                            isolation::VlanId last_vlan) override {
    for (std::uint32_t vlan = first_vlan; vlan <= last_vlan; ++vlan)
      if (!any(t_.networks, [&](const Network& network) { return network.vlan == vlan; }))
        return std::optional(static_cast<isolation::VlanId>(vlan));
    return std::optional<isolation::VlanId>();
  }
  Result<Id> insert_network(const Network& network) override {
    if (network.owner) TARN_TRY(there(t_.projects, *network.owner));
    return insert(t_.networks, network,
                  [&](const Network& other) { return other.name == network.name || other.vlan == network.vlan; });
  }
  Status erase_network(Id id) override {
    TARN_TRY(erase(t_.networks, id,
                   std::ranges::any_of(t_.attachments, [&](const auto& row) { return row.first.second == id; }) ||
                       any(t_.changes, [&](const Change& change) { return change.network == id && is_open(change); })));
    std::erase_if(t_.access, [&](const auto& row) { return row.first == id; });
    return {};
  }
  Result<std::vector<Id>> projects_let_into(Id network) override { return seconds(t_.access, network); }
  Result<bool> is_let_into(Id network, Id project) override { return t_.access.contains({network, project}); }
  Status let_into(Id network, Id project, bool let) override {
    TARN_TRY(there(t_.networks, network));
    TARN_TRY(there(t_.projects, project));
    return set_pair(t_.access, {network, project}, let);
  }

  // Attachments
  Rows<Attachment> attachments_of_nic(Id nic) override {
    return attachments([&](const Attachment& attachment) { return attachment.nic == nic; });
  }
  Rows<Attachment> attachments_of_node(Id node) override {
    return attachments([&](const Attachment& attachment) { return t_.nics.at(attachment.nic).node == node; });
  }
  Rows<Attachment> attachments_of_network(Id network) override {
    return attachments([&](const Attachment& attachment) { return attachment.network == network; });
  }
  Status insert_attachment(const Attachment& attachment) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.nics, attachment.nic));
    TARN_TRY(there(t_.networks, attachment.network));
    if (t_.attachments.contains({attachment.nic, attachment.network}) || native_taken(attachment)) return taken();
    t_.attachments[{attachment.nic, attachment.network}] = attachment;
    return {};
  }
  Status update_attachment(const Attachment& attachment) override {
    TARN_TRY(may_write());
    const auto found = t_.attachments.find({attachment.nic, attachment.network});
    if (found == t_.attachments.end()) return missing();
    if (native_taken(attachment)) return taken();
    found->second = attachment;
    return {};
  }
  Status erase_attachment(Id nic, Id network) override {
    TARN_TRY(may_write());
    return t_.attachments.erase({nic, network}) > 0 ? Status() : missing();
  }

  // Operations and their changes
  Found<Operation> find_operation(std::string_view uuid) override {
    return first(t_.operations, [&](const Operation& operation) { return operation.uuid == uuid; });
  }
  Found<Operation> find_operation(Id id) override { return by_id(t_.operations, id); }
  Rows<Operation> operations(std::optional<Id> project, const Page& page) override {
    std::vector<Operation> found;
    bool reached = page.after.empty();
    for (auto row = t_.operations.rbegin(); row != t_.operations.rend() && found.size() < page.limit; ++row) {
      const Operation& operation = row->second;
      if (reached && (!project || operation.project == project)) found.push_back(operation);
      reached = reached || operation.uuid == page.after;
    }
    return found;
  }
  Result<Id> insert_operation(const Operation& operation) override {
    return insert(t_.operations, operation, same_uuid(operation));
  }
  Status update_operation(const Operation& operation) override {
    return update(t_.operations, operation, same_uuid(operation));
  }
  Result<Id> insert_change(const Change& change) override {
    TARN_TRY(there(t_.operations, change.operation));
    TARN_TRY(there(t_.nics, change.nic));
    if (change.network) TARN_TRY(there(t_.networks, *change.network));
    return insert(t_.changes, change, both_pending(change));
  }
  Status update_change(const Change& change) override { return update(t_.changes, change, both_pending(change)); }
  Found<Change> find_change(Id id) override { return by_id(t_.changes, id); }
  Rows<Change> changes(const isolation::ChangeFilter& filter) override {
    std::vector<Change> found;
    for (const auto& [id, change] : t_.changes)
      if (matches(change, filter) && found.size() < filter.limit) found.push_back(change);
    return found;
  }
  Rows<Change> changes_due(Id switch_id, std::int64_t now, std::size_t limit) override {
    std::vector<Change> found;
    for (const auto& [id, change] : t_.changes)
      if (change.state == Change::State::kPending && change.try_again <= now && switch_of(change) == switch_id &&
          found.size() < limit)
        found.push_back(change);
    return found;
  }
  Status erase_operations_before(std::int64_t time) override {
    TARN_TRY(may_write());
    const auto open = [&](Id operation) {
      return std::ranges::any_of(t_.changes, [&](const auto& row) {
        return row.second.operation == operation && row.second.state <= Change::State::kPending;
      });
    };
    for (auto row = t_.operations.begin(); row != t_.operations.end();) {
      const auto& [id, operation] = *row;
      if (operation.finished == 0 || operation.finished >= time || open(id)) {
        ++row;
        continue;
      }
      std::erase_if(t_.changes, [gone = id](const auto& change) { return change.second.operation == gone; });
      row = t_.operations.erase(row);
    }
    return {};
  }

  // Users
  Found<User> find_user(std::string_view name) override { return by_name(t_.users, name); }
  Found<User> find_user(Id id) override { return by_id(t_.users, id); }
  Rows<User> users(const Page& page) override { return paged(t_.users, page, all); }
  Result<Id> insert_user(const User& user) override { return insert(t_.users, user, same_name(user)); }
  Status update_user(const User& user) override { return update(t_.users, user, same_name(user)); }
  Status erase_user(Id id) override {
    TARN_TRY(erase(t_.users, id, false));
    std::erase_if(t_.members, [&](const auto& row) { return row.first == id; });
    std::erase_if(t_.tokens, [&](const auto& row) { return row.second.user == id; });
    std::erase_if(t_.listings, [&](const auto& row) { return row.second == id; });
    std::erase_if(t_.replies, [&](const auto& row) { return row.first.first == id; });
    return {};
  }
  Result<std::vector<Id>> projects_of(Id user) override { return seconds(t_.members, user); }
  Result<std::vector<Id>> users_of(Id project) override {
    std::vector<Id> found;
    for (const auto& [user, of] : t_.members)
      if (of == project) found.push_back(user);
    return found;
  }
  Status set_member(Id user, Id project, bool member) override {
    TARN_TRY(there(t_.users, user));
    TARN_TRY(there(t_.projects, project));
    return set_pair(t_.members, {user, project}, member);
  }
  Found<ApiToken> find_token(base::ByteView hash) override {
    return first(t_.tokens, [&](const ApiToken& token) { return std::ranges::equal(token.hash, hash); });
  }
  Rows<ApiToken> tokens_of(Id user) override {
    std::vector<ApiToken> found;
    for (const auto& [id, token] : t_.tokens)
      if (token.user == user) found.push_back(token);
    return found;
  }
  Result<Id> insert_token(const ApiToken& token) override {
    TARN_TRY(there(t_.users, token.user));
    return insert(t_.tokens, token, [&](const ApiToken& other) { return other.hash == token.hash; });
  }
  Status erase_token(Id id) override { return erase(t_.tokens, id, false); }

  // Events and kept replies
  Status insert_event(const Event& event) override {
    TARN_TRY(insert(t_.events, event, none));
    return {};
  }
  Rows<Event> events(Id after, const std::optional<std::vector<Id>>& visible_to, std::size_t limit) override {
    std::vector<Event> found;
    for (const auto& [id, event] : t_.events) {
      const bool visible =
          !visible_to || (event.project && std::ranges::find(*visible_to, *event.project) != visible_to->end());
      if (id > after && visible && found.size() < limit) found.push_back(event);
    }
    return found;
  }
  Status erase_events_before(std::int64_t time) override {
    TARN_TRY(may_write());
    std::erase_if(t_.events, [&](const auto& row) { return row.second.at < time; });
    return {};
  }
  Found<isolation::KeptReply> find_reply(Id user, std::string_view key) override {
    const auto found = t_.replies.find({user, std::string(key)});
    return found == t_.replies.end() ? std::optional<isolation::KeptReply>() : std::optional(found->second);
  }
  Status keep_reply(Id user, std::string_view key, const isolation::KeptReply& reply) override {
    TARN_TRY(may_write());
    TARN_TRY(there(t_.users, user));
    t_.replies.insert_or_assign({user, std::string(key)}, reply);
    return {};
  }
  Status erase_replies_before(std::int64_t time) override {
    TARN_TRY(may_write());
    std::erase_if(t_.replies, [&](const auto& row) { return row.second.at < time; });
    return {};
  }

 private:
  static constexpr auto all = [](const auto&) { return true; };
  static constexpr auto none = [](const auto&) { return false; };
  inline static const Page kEverything{"", std::size_t(-1)};

  static base::Error taken() { return {base::Code::kConflict, "The name or place is taken."}; }
  static base::Error missing() { return {base::Code::kStorage, "There is no such row."}; }
  Status may_write() const {
    if (writable_) return {};
    return base::Error{base::Code::kStorage, "This transaction only reads."};
  }

  template <class Row, class Predicate>
  static bool any(const MemoryTable<Row>& table, const Predicate& predicate) {
    return std::ranges::any_of(table, [&](const auto& row) { return predicate(row.second); });
  }
  template <class Row, class Predicate>
  static std::size_t count(const MemoryTable<Row>& table, const Predicate& predicate) {
    return static_cast<std::size_t>(
        std::ranges::count_if(table, [&](const auto& row) { return predicate(row.second); }));
  }
  template <class Row, class Predicate>
  static Found<Row> first(const MemoryTable<Row>& table, const Predicate& predicate) {
    for (const auto& [id, row] : table)
      if (predicate(row)) return std::optional(row);
    return std::optional<Row>();
  }
  template <class Row>
  static Found<Row> by_id(const MemoryTable<Row>& table, Id id) {
    return first(table, [&](const Row& row) { return row.id == id; });
  }
  template <class Row>
  static Found<Row> by_name(const MemoryTable<Row>& table, std::string_view name) {
    return first(table, [&](const Row& row) { return row.name == name; });
  }
  template <class Row, class Predicate>
  static Rows<Row> paged(const MemoryTable<Row>& table, const Page& page, const Predicate& predicate) {
    std::vector<Row> found;
    for (const auto& [id, row] : table)
      if (predicate(row) && (page.after.empty() || row.name > page.after)) found.push_back(row);
    std::ranges::sort(found, {}, &Row::name);
    if (found.size() > page.limit) found.resize(page.limit);
    return found;
  }
  template <class Row, class Predicate, class Key>
  static Rows<Row> ordered(const MemoryTable<Row>& table, const Predicate& predicate, const Key& key,
                           std::size_t limit) {
    std::vector<Row> found;
    for (const auto& [id, row] : table)
      if (predicate(row)) found.push_back(row);
    std::ranges::sort(found, {}, [&](const Row& row) { return std::pair(key(row), row.id); });
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  template <class Row, class Predicate>
  Result<Id> insert(MemoryTable<Row>& table, Row row, const Predicate& excludes) {
    TARN_TRY(may_write());
    if (any(table, excludes)) return taken();
    row.id = ++t_.last_id;
    table[row.id] = row;
    return row.id;
  }
  template <class Row, class Predicate>
  Status update(MemoryTable<Row>& table, const Row& row, const Predicate& excludes) {
    TARN_TRY(may_write());
    TARN_TRY(there(table, row.id));
    if (any(table, [&](const Row& other) { return other.id != row.id && excludes(other); })) return taken();
    table[row.id] = row;
    return {};
  }
  template <class Row>
  Status erase(MemoryTable<Row>& table, Id id, bool referred_to) {
    TARN_TRY(may_write());
    TARN_TRY(there(table, id));
    if (referred_to) return base::Error{base::Code::kConflict, "Something still refers to it."};
    table.erase(id);
    return {};
  }
  template <class Row>
  static Status there(const MemoryTable<Row>& table, Id id) {
    return table.contains(id) ? Status() : missing();
  }
  Status known(const Node& node) const {
    if (node.project) TARN_TRY(there(t_.projects, *node.project));
    if (node.owner) TARN_TRY(there(t_.projects, *node.owner));
    return {};
  }
  Status known(const Nic& nic) const {
    TARN_TRY(there(t_.nodes, nic.node));
    return nic.port ? there(t_.ports, *nic.port) : Status();
  }

  bool native_taken(const Attachment& attachment) const {
    return std::ranges::any_of(t_.attachments, [&](const auto& row) {
      const Attachment& other = row.second;
      return attachment.channel == isolation::Channel::kNative && other.channel == isolation::Channel::kNative &&
             other.nic == attachment.nic && other.network != attachment.network;
    });
  }

  static bool is_open(const Change& change) {
    return change.state == Change::State::kWaiting || change.state == Change::State::kPending;
  }
  bool matches(const Node& node, const isolation::NodeFilter& filter) const {
    const bool free = node.state == isolation::NodeState::kIdle && !node.owner;
    if ((filter.free && *filter.free != free) || (filter.project && node.project != filter.project) ||
        (filter.owner && node.owner != filter.owner) || (filter.state && node.state != *filter.state))
      return false;
    return std::ranges::all_of(filter.metadata, [&](const auto& wanted) {
      const auto found = t_.metadata.find({node.id, wanted.first});
      return found != t_.metadata.end() && (wanted.second.empty() || found->second == wanted.second);
    });
  }
  bool matches(const Change& change, const isolation::ChangeFilter& filter) const {
    return (!filter.operation || change.operation == *filter.operation) && (!filter.nic || change.nic == *filter.nic) &&
           (!filter.network || change.network == filter.network) && (!filter.state || change.state == *filter.state) &&
           (!filter.open || is_open(change)) && (!filter.node || node_of(change) == filter.node) &&
           (!filter.switch_id || switch_of(change) == filter.switch_id);
  }
  std::optional<Id> node_of(const Change& change) const {
    const auto nic = t_.nics.find(change.nic);
    return nic == t_.nics.end() ? std::nullopt : std::optional(nic->second.node);
  }
  std::optional<Id> switch_of(const Change& change) const {
    const auto nic = t_.nics.find(change.nic);
    if (nic == t_.nics.end() || !nic->second.port) return std::nullopt;
    return t_.ports.at(*nic->second.port).switch_id;
  }
  template <class Predicate>
  Rows<Attachment> attachments(const Predicate& predicate) const {
    std::vector<Attachment> found;
    for (const auto& [key, attachment] : t_.attachments)
      if (predicate(attachment)) found.push_back(attachment);
    return found;
  }
  static std::vector<Id> seconds(const std::set<std::pair<Id, Id>>& pairs, Id first) {
    std::vector<Id> found;
    for (const auto& [one, other] : pairs)
      if (one == first) found.push_back(other);
    return found;
  }
  Status set_pair(std::set<std::pair<Id, Id>>& pairs, const std::pair<Id, Id>& pair, bool there) {
    TARN_TRY(may_write());
    if (there) pairs.insert(pair);
    if (!there) pairs.erase(pair);
    return {};
  }

  MemoryTables& t_;
  bool writable_;
};

}  // namespace

base::Status MemoryIsolationStore::write(const Body& body) {
  const std::lock_guard lock(mutex_);
  TARN_TRY(alive());
  MemoryTables copy = tables_;
  MemoryTransaction transaction(copy, true);
  TARN_TRY(body(transaction));
  ++writes_;
  const bool dies = die_at_ && writes_ == *die_at_;
  if (!dies || death_ == Death::kAfterCommit) tables_ = std::move(copy);
  dead_ = dies;
  return alive();
}

base::Status MemoryIsolationStore::read(const Body& body) {
  MemoryTables copy;
  {
    const std::lock_guard lock(mutex_);
    TARN_TRY(alive());
    copy = tables_;
  }
  MemoryTransaction transaction(copy, false);
  return body(transaction);
}

}  // namespace support
