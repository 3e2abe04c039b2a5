// Operations and their changes.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

Found<Operation> SqlTransaction::find_operation(std::string_view uuid) {
  return find<Operation>(" WHERE uuid = ?", {uuid});
}
Found<Operation> SqlTransaction::find_operation(Id id) { return find_by_id<Operation>(id); }
Rows<Operation> SqlTransaction::operations(std::optional<Id> project, const Page& page) {
  std::string tail = " WHERE id > 0";
  SqlValues arguments;
  if (project) {
    tail += " AND project = ?";
    arguments.emplace_back(*project);
  }
  if (!page.after.empty()) {
    tail += " AND id < (SELECT last.id FROM operations last WHERE last.uuid = ?)";
    arguments.emplace_back(page.after);
  }
  arguments.emplace_back(as_limit(page.limit));
  return select<Operation>(tail + " ORDER BY id DESC LIMIT ?", arguments);
}
base::Result<Id> SqlTransaction::insert_operation(const Operation& operation) { return insert(operation); }
base::Status SqlTransaction::update_operation(const Operation& operation) { return update(operation); }

base::Result<Id> SqlTransaction::insert_change(const Change& change) { return insert(change); }
base::Status SqlTransaction::update_change(const Change& change) { return update(change); }
Found<Change> SqlTransaction::find_change(Id id) { return find_by_id<Change>(id); }

Rows<Change> SqlTransaction::changes(const ChangeFilter& filter) {
  // Of those that are open there are few, and they have indexes of their own.
  const bool open = filter.open || (filter.state && *filter.state <= Change::State::kPending);
  const std::string nic = open ? "open_nic" : "nic", network = open ? "open_network" : "network";
  std::string tail = open ? " WHERE state <= 1" : " WHERE id > 0";
  SqlValues arguments;
  const auto narrow = [&](const std::string& condition, const std::optional<Id>& id) {
    if (!id) return;
    tail += " AND " + condition;
    arguments.emplace_back(*id);
  };
  if (filter.state) tail += " AND state = " + std::to_string(static_cast<int>(*filter.state));
  narrow("operation = ?", filter.operation);
  narrow(nic + " = ?", filter.nic);
  narrow(nic + " IN (SELECT n.id FROM nics n WHERE n.node = ?)", filter.node);
  narrow(network + " = ?", filter.network);
  narrow(nic + " IN (SELECT n.id FROM nics n JOIN ports p ON p.id = n.port WHERE p.switch_id = ?)", filter.switch_id);
  arguments.emplace_back(as_limit(filter.limit));
  return select<Change>(tail + " ORDER BY id LIMIT ?", arguments);
}

// From the pending ones to their switch, in this order (a CROSS JOIN tells SQLite): there are fewer than ports.
Rows<Change> SqlTransaction::changes_due(Id switch_id, std::int64_t now, std::size_t limit) {
  return select<Change>(
      " CROSS JOIN nics n CROSS JOIN ports p WHERE changes.state = 1 AND changes.try_again <= ? AND n.id = changes.nic"
      " AND p.id = n.port AND p.switch_id = ? ORDER BY changes.id LIMIT ?",
      {now, switch_id, as_limit(limit)});
}

base::Status SqlTransaction::erase_operations_before(std::int64_t time) {
  const std::string old =
      " WHERE finished > 0 AND finished < ?"
      " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.operation = operations.id AND c.state <= 1)";
  TARN_TRY(write("DELETE FROM changes WHERE operation IN (SELECT id FROM operations" + old + ")", {time}));
  TARN_TRY(write("DELETE FROM operations" + old, {time}));
  return {};
}

}  // namespace store
