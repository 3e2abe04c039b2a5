#include "drivers/switch/ovsdb_switch.h"

#include <utility>

#include "base/json_string.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using isolation::PortSetting;
using isolation::PortState;

bool about_the_connection(const Error& error) {
  return error.code == Code::kUnreachable || error.code == Code::kDeadline;
}

Error no_such_port(const std::string& port, const OvsdbSettings& settings) {
  return {Code::kNotFound,
          "the bridge " + base::json_string(settings.bridge) + " has no port " + base::json_string(port)};
}

}  // namespace

// Each port's own fate, and the changes of those that have one.
struct OvsdbSwitch::Plan {
  Plan(std::span<const PortSetting> ports, const OvsdbBridge& bridge, const OvsdbSettings& settings) {
    std::map<std::string, PortColumns> wanted;  // one update a port: the last word counts
    for (const PortSetting& setting : ports) {
      const auto port = bridge.ports.find(setting.port);
      const auto columns = columns_for(setting.state);
      if (port == bridge.ports.end()) {
        fates.emplace_back(no_such_port(setting.port, settings));
      } else if (!columns.ok()) {
        fates.emplace_back(
            Error{columns.error().code, "port " + base::json_string(setting.port) + ": " + columns.error().message});
      } else {
        fates.emplace_back();
        wanted[port->second.uuid] = *columns;
      }
    }
    for (auto& [uuid, columns] : wanted) changes.push_back({uuid, std::move(columns)});
  }
  std::vector<Status> fates;
  std::vector<OvsdbChange> changes;
};

Result<std::vector<Status>> OvsdbSwitch::apply(std::span<const PortSetting> ports, int timeout_ms) {
  return with_connection(timeout_ms, [&](Until until) { return change(ports, until); });
}

Result<std::vector<std::optional<PortState>>> OvsdbSwitch::read(std::span<const std::string> ports, int timeout_ms) {
  using States = std::vector<std::optional<PortState>>;
  return with_connection(timeout_ms, [&](Until until) -> Result<States> {
    TARN_ASSIGN(const OvsdbBridge bridge, look(true, until));
    TARN_TRY(forwards(bridge.wanted, until));
    if (!flows_are_new_) TARN_TRY(drop_flows(bridge, until));
    States states;
    for (const std::string& name : ports) {
      const auto port = bridge.ports.find(name);
      states.push_back(port == bridge.ports.end() ? std::nullopt : std::optional(state_of(port->second.columns)));
    }
    return states;
  });
}

Result<std::vector<Status>> OvsdbSwitch::change(std::span<const PortSetting> ports, Until until) {
  for (;;) {
    TARN_ASSIGN(const OvsdbBridge bridge, look(false, until));
    Plan plan(ports, bridge, settings_);
    if (plan.changes.empty()) return std::move(plan.fates);
    const std::uint64_t id = ++last_id_;
    flows_are_new_ = false;
    TARN_ASSIGN(const OvsdbMessage reply, ask(id, change_request(id, settings_.bridge, bridge, plan.changes), until));
    TARN_ASSIGN(const OvsdbChanged done, changed(reply, plan.changes.size()));
    if (done.bridge_differs) continue;  // somebody plugged a port in or out; the deadline ends this
    TARN_TRY(forwards(done.wanted, until));
    TARN_TRY(drop_flows(bridge, until));
    return std::move(plan.fates);
  }
}

Result<OvsdbBridge> OvsdbSwitch::look(bool barrier, Until until) {
  const std::uint64_t id = ++last_id_;
  TARN_ASSIGN(const OvsdbMessage reply, ask(id, bridge_request(id, settings_.bridge, barrier), until));
  return bridge_of(reply);
}

Result<OvsdbMessage> OvsdbSwitch::ask(std::uint64_t id, const std::string& request, Until until) {
  TARN_TRY(connection_->send(request, until));
  for (;;) {
    TARN_ASSIGN(const std::string text, connection_->receive(until));
    TARN_ASSIGN(OvsdbMessage message, OvsdbMessage::parse(text));
    if (message.kind == OvsdbMessage::Kind::kReply && message.id == id) return message;
    TARN_TRY(note(message, until));
  }
}

Status OvsdbSwitch::note(const OvsdbMessage& message, Until until) {
  if (message.kind == OvsdbMessage::Kind::kEcho) return connection_->send(message.answer, until);
  if (message.forwarded) forwarded_ = message.forwarded;
  return {};
}

Status OvsdbSwitch::forwards(std::int64_t wanted, Until until) {
  while (!forwarded_ || *forwarded_ < wanted) {
    const auto text = connection_->receive(until);
    if (!text.ok() && text.error().code == Code::kDeadline)
      return Error{Code::kDeadline, "its database took the change, but ovs-vswitchd did not take it over in time"};
    TARN_TRY(text.ok() ? Status() : Status(text.error()));
    TARN_ASSIGN(const OvsdbMessage message, OvsdbMessage::parse(*text));
    TARN_TRY(note(message, until));
  }
  return {};
}

Status OvsdbSwitch::drop_flows(const OvsdbBridge& bridge, Until until) {
  // An operator's number is kept to within one. Without one the daemon's own is not known: one of two is another.
  std::vector<int> counts{3, 4};
  if (bridge.revalidators)
    counts = {*bridge.revalidators % 2 == 0 ? *bridge.revalidators - 1 : *bridge.revalidators + 1};
  for (const int count : counts) {
    const std::uint64_t id = ++last_id_;
    TARN_ASSIGN(const OvsdbMessage reply, ask(id, flush_request(id, count), until));
    TARN_ASSIGN(const std::int64_t wanted, flushed(reply));
    TARN_TRY(forwards(wanted, until));
  }
  flows_are_new_ = true;
  return {};
}

Status OvsdbSwitch::connect(Until until) {
  TARN_ASSIGN(connection_, OvsdbConnection::open(settings_, until));
  forwarded_.reset();
  const std::uint64_t id = ++last_id_;
  TARN_ASSIGN(const OvsdbMessage reply, ask(id, monitor_request(id), until));
  TARN_ASSIGN(const auto first, monitored(reply));
  if (first && !forwarded_) forwarded_ = first;
  return {};
}

// What came since the last call: requests that want an answer, and perhaps the end.
Status OvsdbSwitch::catch_up(Until until) {
  for (;;) {
    TARN_ASSIGN(const auto text, connection_->receive_now());
    if (!text) return {};
    TARN_ASSIGN(const OvsdbMessage message, OvsdbMessage::parse(*text));
    TARN_TRY(note(message, until));
  }
}

template <class Work>
auto OvsdbSwitch::with_connection(int timeout_ms, const Work& work) -> decltype(work(Until{})) {
  const Until until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  if (connection_ != nullptr && !catch_up(until).ok()) connection_.reset();
  for (;;) {
    const bool fresh = connection_ == nullptr;
    const Status connected = fresh ? connect(until) : Status();
    auto done = connected.ok() ? work(until) : decltype(work(until))(connected.error());
    if (done.ok()) return done;
    if (!connected.ok() || about_the_connection(done.error())) connection_.reset();
    // An old connection may have ended just now; all of this may be done twice.
    if (!fresh && done.error().code == Code::kUnreachable) continue;
    return Error{done.error().code, "the switch at " + settings_.endpoint + ": " + done.error().message};
  }
}

}  // namespace drivers
