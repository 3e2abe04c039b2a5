// Nodes, their NICs, metadata and listings. What is said about states in SQL is written out, so that the indexes over
// some of the rows only are found (isolation_schema.cc).
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

Found<Node> SqlTransaction::find_node(std::string_view name) { return find_by_name<Node>(name); }
Found<Node> SqlTransaction::find_node(Id id) { return find_by_id<Node>(id); }

Rows<Node> SqlTransaction::nodes(const NodeFilter& filter, const Page& page) {
  std::string tail = " WHERE name > ?";
  SqlValues arguments{page.after};
  if (filter.free) tail += *filter.free ? " AND state = 0 AND owner IS NULL" : " AND (state <> 0 OR owner IS NOT NULL)";
  if (filter.state) tail += " AND state = " + std::to_string(static_cast<int>(*filter.state));
  if (filter.project) {
    tail += " AND project = ?";
    arguments.emplace_back(*filter.project);
  }
  if (filter.owner) {
    tail += " AND owner = ?";
    arguments.emplace_back(*filter.owner);
  }
  for (const auto& [label, json] : filter.metadata) {
    tail += " AND id IN (SELECT node FROM metadata WHERE label = ?";
    arguments.emplace_back(label);
    if (!json.empty()) {
      tail += " AND json = ?";
      arguments.emplace_back(json);
    }
    tail += ")";
  }
  arguments.emplace_back(as_limit(page.limit));
  return select<Node>(tail + " ORDER BY name LIMIT ?", arguments);
}

Rows<Node> SqlTransaction::nodes_lent_until(std::int64_t time, std::size_t limit) {
  return select<Node>(" WHERE state = 1 AND lent_until IS NOT NULL AND lent_until <= ? ORDER BY lent_until, id LIMIT ?",
                      {time, as_limit(limit)});
}
Rows<Node> SqlTransaction::nodes_releasing(std::int64_t now, std::size_t limit) {
  return select<Node>(" WHERE state = 2 AND try_again <= ? ORDER BY try_again, id LIMIT ?", {now, as_limit(limit)});
}

base::Result<Id> SqlTransaction::insert_node(const Node& node) { return insert(node); }
base::Status SqlTransaction::update_node(const Node& node) { return update(node); }
base::Status SqlTransaction::erase_node(Id id) { return erase<Node>(id); }

base::Result<SqlTransaction::Pairs> SqlTransaction::metadata(Id node) {
  Pairs found;
  TARN_TRY(connection_.query("SELECT label, json FROM metadata WHERE node = ? ORDER BY label", SqlValues{node},
                             [&](const SqlRow& row) {
                               found.emplace_back(row.text(0), row.text(1));
                               return true;
                             }));
  return found;
}
base::Status SqlTransaction::set_metadata(Id node, std::string_view label, std::string_view json) {
  TARN_TRY(
      write("INSERT INTO metadata (node, label, json) VALUES (?, ?, ?) "
            "ON CONFLICT (node, label) DO UPDATE SET json = excluded.json",
            {node, label, json}));
  return {};
}
base::Result<bool> SqlTransaction::erase_metadata(Id node, std::string_view label) {
  TARN_ASSIGN(const std::size_t gone, write("DELETE FROM metadata WHERE node = ? AND label = ?", {node, label}));
  return gone != 0;
}

Rows<Id> SqlTransaction::brokers_of(Id node) {
  return ids("SELECT broker FROM listings WHERE node = ? ORDER BY broker", {node});
}
base::Status SqlTransaction::set_listed(Id node, Id broker, bool listed) {
  TARN_TRY(write(listed ? "INSERT INTO listings (node, broker) VALUES (?, ?) ON CONFLICT DO NOTHING"
                        : "DELETE FROM listings WHERE node = ? AND broker = ?",
                 {node, broker}));
  return {};
}

Found<Nic> SqlTransaction::find_nic(Id node, std::string_view name) {
  return find<Nic>(" WHERE node = ? AND name = ?", {node, name});
}
Found<Nic> SqlTransaction::find_nic(Id id) { return find_by_id<Nic>(id); }
Found<Nic> SqlTransaction::find_nic_at(Id port) { return find<Nic>(" WHERE port = ?", {port}); }
Rows<Nic> SqlTransaction::nics_of(Id node) { return select<Nic>(" WHERE node = ? ORDER BY name", {node}); }
base::Result<Id> SqlTransaction::insert_nic(const Nic& nic) { return insert(nic); }
base::Status SqlTransaction::update_nic(const Nic& nic) { return update(nic); }
base::Status SqlTransaction::erase_nic(Id id) { return erase<Nic>(id); }

}  // namespace store
