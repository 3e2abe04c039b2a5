// Switches and their ports.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

Found<SwitchRecord> SqlTransaction::find_switch(std::string_view name) { return find_by_name<SwitchRecord>(name); }
Found<SwitchRecord> SqlTransaction::find_switch(Id id) { return find_by_id<SwitchRecord>(id); }
Rows<SwitchRecord> SqlTransaction::switches(const Page& page) { return page_of<SwitchRecord>(page); }
base::Result<Id> SqlTransaction::insert_switch(const SwitchRecord& record) { return insert(record); }
base::Status SqlTransaction::update_switch(const SwitchRecord& record) { return update(record); }
base::Status SqlTransaction::erase_switch(Id id) { return erase<SwitchRecord>(id); }

Found<Port> SqlTransaction::find_port(Id switch_id, std::string_view name) {
  return find<Port>(" WHERE switch_id = ? AND name = ?", {switch_id, name});
}
Found<Port> SqlTransaction::find_port(Id id) { return find_by_id<Port>(id); }
Rows<Port> SqlTransaction::ports_of(Id switch_id, const Page& page) {
  return select<Port>(" WHERE switch_id = ? AND name > ? ORDER BY name LIMIT ?",
                      {switch_id, page.after, as_limit(page.limit)});
}
base::Result<Id> SqlTransaction::insert_port(const Port& port) { return insert(port); }
base::Status SqlTransaction::update_port(const Port& port) { return update(port); }
base::Status SqlTransaction::erase_port(Id id) { return erase<Port>(id); }

}  // namespace store
