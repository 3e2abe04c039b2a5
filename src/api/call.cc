#include "api/call.h"

#include <algorithm>

namespace api {

namespace {
// Beyond so many changes all switches are woken: asking for each NIC's would cost more than waking some for nothing.
constexpr std::size_t kMostLookedUp = 16;
}  // namespace

std::string Call::at(std::string_view name) const {
  for (const auto& [key, value] : path)
    if (key == name) return value;
  return {};
}

bool Call::sees_topology() const { return isolation::may(caller, isolation::Action::kShowTopology); }

std::optional<std::string> Call::asked(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

base::Error Call::refuse(std::string_view which, std::string_view why) {
  field = which;
  return {base::Code::kInvalidInput, std::string(why)};
}

base::Error Call::come_later() {
  retry_after_s = 1;
  later = "too_many_at_once";
  return {base::Code::kConflict, "too much of this is going on at once, or too much of yours: try again in a second"};
}

base::Result<std::int64_t> Call::digits(std::string_view name, std::string_view text) {
  const auto number = from_digits(text);
  if (!number) return refuse(name, "must be a whole number");
  return *number;
}

base::Result<isolation::Page> Call::page() {
  isolation::Page out{.after = asked("after").value_or("")};
  if (const auto limit = asked("limit")) {
    TARN_ASSIGN(const std::int64_t number, digits("limit", *limit));
    if (number < 1 || number > static_cast<std::int64_t>(kMostOnAPage)) return refuse("limit", "must be 1 to 500");
    out.limit = static_cast<std::size_t>(number);
  }
  return out;
}

base::Result<std::int64_t> Call::wait_ms() {
  const auto wait = asked("wait_ms");
  if (!wait) return std::int64_t{0};
  TARN_ASSIGN(const std::int64_t number, digits("wait_ms", *wait));
  return std::min(number, kLongestWaitMs);
}

base::Result<std::int64_t> Call::time(std::string_view name) {
  const auto at = from_rfc3339(body.text(name));
  if (!at) return refuse(name, "must be a time as in RFC 3339: 2026-01-31T12:00:00Z");
  return *at;
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
