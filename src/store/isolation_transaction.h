// SqlTransaction: isolation::Transaction as SQL, within a transaction that somebody else began and will end
// (isolation_store.h). One file an area: isolation_store_….cc. Rows are mapped in isolation_rows.h.
// Threads: as its connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isolation/store.h"
#include "store/isolation_rows.h"
#include "store/sql_tables.h"

namespace store {

class SqlTransaction : public isolation::Transaction, private SqlTables {
 public:
  template <class T>
  using Found = isolation::Found<T>;
  template <class T>
  using Rows = isolation::Rows<T>;
  template <class T>
  using Result = base::Result<T>;
  using Status = base::Status;
  using Id = isolation::Id;
  using Page = isolation::Page;
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  explicit SqlTransaction(SqlConnection& connection) : SqlTables(connection) {}

  Found<isolation::Project> find_project(std::string_view name) override;
  Found<isolation::Project> find_project(Id id) override;
  Rows<isolation::Project> projects(const Page& page) override;
  Result<Id> insert_project(const isolation::Project& project) override;
  Status update_project(const isolation::Project& project) override;
  Status erase_project(Id id) override;
  Result<std::size_t> count_nodes_of(Id project) override;
  Result<std::size_t> count_networks_of(Id project) override;

  Found<isolation::Node> find_node(std::string_view name) override;
  Found<isolation::Node> find_node(Id id) override;
  Rows<isolation::Node> nodes(const isolation::NodeFilter& filter, const Page& page) override;
  Rows<isolation::Node> nodes_lent_until(std::int64_t time, std::size_t limit) override;
  Rows<isolation::Node> nodes_releasing(std::int64_t now, std::size_t limit) override;
  Result<Id> insert_node(const isolation::Node& node) override;
  Status update_node(const isolation::Node& node) override;
  Status erase_node(Id id) override;
  Result<Pairs> metadata(Id node) override;
  Status set_metadata(Id node, std::string_view label, std::string_view json) override;
  Result<bool> erase_metadata(Id node, std::string_view label) override;
  Rows<Id> brokers_of(Id node) override;
  Status set_listed(Id node, Id broker, bool listed) override;

  Found<isolation::Nic> find_nic(Id node, std::string_view name) override;
  Found<isolation::Nic> find_nic(Id id) override;
  Found<isolation::Nic> find_nic_at(Id port) override;
  Rows<isolation::Nic> nics_of(Id node) override;
  Result<Id> insert_nic(const isolation::Nic& nic) override;
  Status update_nic(const isolation::Nic& nic) override;
  Status erase_nic(Id id) override;

  Found<isolation::SwitchRecord> find_switch(std::string_view name) override;
  Found<isolation::SwitchRecord> find_switch(Id id) override;
  Rows<isolation::SwitchRecord> switches(const Page& page) override;
  Result<Id> insert_switch(const isolation::SwitchRecord& record) override;
  Status update_switch(const isolation::SwitchRecord& record) override;
  Status erase_switch(Id id) override;
  Found<isolation::Port> find_port(Id switch_id, std::string_view name) override;
  Found<isolation::Port> find_port(Id id) override;
  Rows<isolation::Port> ports_of(Id switch_id, const Page& page) override;
  Result<Id> insert_port(const isolation::Port& port) override;
  Status update_port(const isolation::Port& port) override;
  Status erase_port(Id id) override;

  Found<isolation::Network> find_network(std::string_view name) override;
  Found<isolation::Network> find_network(Id id) override;
  Rows<isolation::Network> networks(const Page& page) override;
  Rows<isolation::Network> networks_for(Id project, const Page& page) override;
  Result<bool> vlan_taken(isolation::VlanId vlan) override;
  Result<std::optional<isolation::VlanId>> lowest_free_vlan(isolation::VlanId first, isolation::VlanId last) override;
  Result<Id> insert_network(const isolation::Network& network) override;
  Status erase_network(Id id) override;
  Result<std::vector<Id>> projects_let_into(Id network) override;
  Result<bool> is_let_into(Id network, Id project) override;
  Status let_into(Id network, Id project, bool let) override;

  Rows<isolation::Attachment> attachments_of_nic(Id nic) override;
  Rows<isolation::Attachment> attachments_of_node(Id node) override;
  Rows<isolation::Attachment> attachments_of_network(Id network) override;
  Status insert_attachment(const isolation::Attachment& attachment) override;
  Status update_attachment(const isolation::Attachment& attachment) override;
  Status erase_attachment(Id nic, Id network) override;

  Found<isolation::Operation> find_operation(std::string_view uuid) override;
  Found<isolation::Operation> find_operation(Id id) override;
  Rows<isolation::Operation> operations(std::optional<Id> project, const Page& page) override;
  Result<Id> insert_operation(const isolation::Operation& operation) override;
  Status update_operation(const isolation::Operation& operation) override;
  Result<Id> insert_change(const isolation::Change& change) override;
  Status update_change(const isolation::Change& change) override;
  Found<isolation::Change> find_change(Id id) override;
  Rows<isolation::Change> changes(const isolation::ChangeFilter& filter) override;
  Rows<isolation::Change> changes_due(Id switch_id, std::int64_t now, std::size_t limit) override;
  Status erase_operations_before(std::int64_t time) override;

  Found<isolation::User> find_user(std::string_view name) override;
  Found<isolation::User> find_user(Id id) override;
  Rows<isolation::User> users(const Page& page) override;
  Result<Id> insert_user(const isolation::User& user) override;
  Status update_user(const isolation::User& user) override;
  Status erase_user(Id id) override;
  Result<std::vector<Id>> projects_of(Id user) override;
  Result<std::vector<Id>> users_of(Id project) override;
  Status set_member(Id user, Id project, bool member) override;
  Found<isolation::ApiToken> find_token(base::ByteView hash) override;
  Rows<isolation::ApiToken> tokens_of(Id user) override;
  Result<Id> insert_token(const isolation::ApiToken& token) override;
  Status erase_token(Id id) override;

  Status insert_event(const isolation::Event& event) override;
  Rows<isolation::Event> events(Id after, const std::optional<std::vector<Id>>& visible_to, std::size_t limit) override;
  Status erase_events_before(std::int64_t time) override;

  Found<isolation::KeptReply> find_reply(Id user, std::string_view key) override;
  Status keep_reply(Id user, std::string_view key, const isolation::KeptReply& reply) override;
  Status erase_replies_before(std::int64_t time) override;

 private:
  template <class T>
  Rows<T> page_of(const Page& page) {
    return select<T>(" WHERE name > ? ORDER BY name LIMIT ?", {page.after, as_limit(page.limit)});
  }
  Rows<isolation::Attachment> attachments(std::string_view tail, Id id);
};

}  // namespace store
