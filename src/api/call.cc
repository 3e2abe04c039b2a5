#include "api/call.h"

#include <algorithm>

namespace api {

namespace {
// Beyond so many changes all switches are woken: asking for each NIC's would cost more than waking some for nothing.
constexpr std::size_t kMostLookedUp = 16;
}  // namespace

bool Call::sees_topology() const { return isolation::may(caller, isolation::Action::kShowTopology); }

base::Result<isolation::Page> Call::page() {
  TARN_ASSIGN(const std::size_t limit_asked, limit());
  return isolation::Page{.after = asked("after").value_or(""), .limit = limit_asked};
}

base::Status Call::create_switch(const isolation::SwitchRecord& record) {
  TARN_TRY(isolation::allowed(caller, isolation::Action::kManageSwitches));
  TARN_TRY(service.parts().check_switch(record));
  return rules().create_switch(record);
}

base::Status Call::create_node(isolation::NewNode node, std::string_view bmc_password) {
  TARN_TRY(isolation::allowed(caller, isolation::Action::kCreateNode));
  TARN_TRY(service.parts().check_bmc(node.bmc));
  TARN_ASSIGN(node.bmc.sealed_password, service.parts().seal_password(node.name, bmc_password));
  return rules().create_node(node);
}

base::Status Call::read(const Work& work) {
  const isolation::Context context = service.context();
  return service.parts().store.read([&](isolation::Transaction& transaction) {
    isolation::Rules decide(transaction, caller, context);
    return work(decide, transaction);
  });
}

base::Status Call::write(const Work& work) {
  const isolation::Context context = service.context();
  return service.parts().store.write([&](isolation::Transaction& transaction) {
    isolation::Rules decide(transaction, caller, context);
    return work(decide, transaction);
  });
}

base::Status Call::look_at(isolation::Transaction& transaction, std::string_view switch_name) {
  TARN_ASSIGN(const auto record, transaction.find_switch(switch_name));
  if (record) look_at_switches.insert(record->id);
  return {};
}

base::Status Call::wake_for(isolation::Transaction& transaction, std::string_view operation) {
  TARN_ASSIGN(const auto found, transaction.find_operation(operation));
  if (!found) return {};
  isolation::ChangeFilter filter;
  filter.operation = found->id;
  filter.limit = kMostLookedUp + 1;
  TARN_ASSIGN(const auto changes, transaction.changes(filter));
  if (changes.size() > kMostLookedUp) {
    const auto rows = [&](const isolation::Page& page) { return transaction.switches(page); };
    TARN_ASSIGN(const auto switches, all_rows<isolation::SwitchRecord>(rows));
    for (const auto& one : switches) wake_switches.insert(one.id);
    return {};
  }
  for (const isolation::Change& change : changes) {
    TARN_ASSIGN(const auto nic, transaction.find_nic(change.nic));
    if (!nic || !nic->port) continue;
    TARN_ASSIGN(const auto port, transaction.find_port(*nic->port));
    if (port) wake_switches.insert(port->switch_id);
  }
  return {};
}

}  // namespace api
