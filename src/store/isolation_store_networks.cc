// Networks, who is let into them, and what is attached to them.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

Found<Network> SqlTransaction::find_network(std::string_view name) { return find_by_name<Network>(name); }
Found<Network> SqlTransaction::find_network(Id id) { return find_by_id<Network>(id); }
Rows<Network> SqlTransaction::networks(const Page& page) { return page_of<Network>(page); }
Rows<Network> SqlTransaction::networks_for(Id project, const Page& page) {
  return select<Network>(
      " WHERE name > ? AND (is_public = 1 OR owner = ? OR id IN (SELECT network FROM access WHERE project = ?))"
      " ORDER BY name LIMIT ?",
      {page.after, project, project, as_limit(page.limit)});
}

base::Result<bool> SqlTransaction::vlan_taken(VlanId vlan) {
  TARN_ASSIGN(const std::int64_t count, number("SELECT count(*) FROM networks WHERE vlan = ?", {vlan}));
  return count != 0;
}
base::Result<std::optional<VlanId>> SqlTransaction::lowest_free_vlan(VlanId first, VlanId last) {
  std::int64_t lowest = first;
  TARN_TRY(connection_.query("SELECT vlan FROM networks WHERE vlan BETWEEN ? AND ? ORDER BY vlan",
                             SqlValues{first, last}, [&](const SqlRow& row) {
                               if (row.integer(0) != lowest) return false;
                               ++lowest;
                               return true;
                             }));
  return lowest <= last ? std::optional(static_cast<VlanId>(lowest)) : std::nullopt;
}

base::Result<Id> SqlTransaction::insert_network(const Network& network) { return insert(network); }
base::Status SqlTransaction::erase_network(Id id) { return erase<Network>(id); }

base::Result<std::vector<Id>> SqlTransaction::projects_let_into(Id network) {
  return ids("SELECT project FROM access WHERE network = ? ORDER BY project", {network});
}
base::Result<bool> SqlTransaction::is_let_into(Id network, Id project) {
  TARN_ASSIGN(const std::int64_t count,
              number("SELECT count(*) FROM access WHERE network = ? AND project = ?", {network, project}));
  return count != 0;
}
base::Status SqlTransaction::let_into(Id network, Id project, bool let) {
  TARN_TRY(write(let ? "INSERT INTO access (network, project) VALUES (?, ?) ON CONFLICT DO NOTHING"
                     : "DELETE FROM access WHERE network = ? AND project = ?",
                 {network, project}));
  return {};
}

Rows<Attachment> SqlTransaction::attachments(std::string_view where, Id id) {
  std::vector<Attachment> found;
  const std::string sql = "SELECT nic, network, channel, state FROM attachments WHERE " + std::string(where);
  TARN_TRY(connection_.query(sql + " ORDER BY nic, network", SqlValues{id}, [&](const SqlRow& row) {
    SqlColumns in(row);
    found.push_back({in.id(), in.id(), in.as<Channel>(), in.as<Attachment::State>()});
    return true;
  }));
  return found;
}
Rows<Attachment> SqlTransaction::attachments_of_nic(Id nic) { return attachments("nic = ?", nic); }
Rows<Attachment> SqlTransaction::attachments_of_node(Id node) {
  return attachments("nic IN (SELECT id FROM nics WHERE node = ?)", node);
}
Rows<Attachment> SqlTransaction::attachments_of_network(Id network) { return attachments("network = ?", network); }
base::Status SqlTransaction::insert_attachment(const Attachment& attachment) {
  TARN_TRY(write("INSERT INTO attachments (nic, network, channel, state) VALUES (?, ?, ?, ?)",
                 {attachment.nic, attachment.network, attachment.channel, attachment.state}));
  return {};
}
base::Status SqlTransaction::update_attachment(const Attachment& attachment) {
  return one(write("UPDATE attachments SET channel = ?, state = ? WHERE nic = ? AND network = ?",
                   {attachment.channel, attachment.state, attachment.nic, attachment.network}));
}
base::Status SqlTransaction::erase_attachment(Id nic, Id network) {
  return erase_where("DELETE FROM attachments WHERE nic = ? AND network = ?", {nic, network});
}

}  // namespace store
