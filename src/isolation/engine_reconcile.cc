#include "isolation/engine_port.h"
#include "isolation/lookup.h"

namespace isolation {
namespace {

constexpr std::size_t kMostPorts = 100'000;

struct Seen {
  Port port;
  std::optional<PortState> state;  // none: the switch has no such port
};

base::Result<bool> has_pending(Transaction& store, Id nic) {
  ChangeFilter filter;
  filter.nic = nic;
  filter.state = Change::State::kPending;
  filter.limit = 1;
  TARN_ASSIGN(const std::vector<Change> pending, store.changes(filter));
  return !pending.empty();
}

// What was uncertain is what the port holds, if it may be so; what the port does not hold is gone.
base::Status settle(Transaction& store, const Nic& nic, const PortState& state) {
  TARN_ASSIGN(const std::optional<Node> node, store.find_node(nic.node));
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_nic(nic.id));
  for (Attachment attachment : attachments) {
    if (attachment.state != Attachment::State::kUncertain) continue;
    TARN_ASSIGN(const std::optional<Network> network, store.find_network(attachment.network));
    if (!network || !node) continue;
    if (!passes(state, network->vlan)) {
      TARN_TRY(store.erase_attachment(attachment.nic, attachment.network));
      continue;
    }
    if (!holds(state, attachment.channel, network->vlan) || node->state != NodeState::kHeld) continue;
    TARN_ASSIGN(const bool may, may_use(store, *network, *node->project));
    if (!may) continue;
    attachment.state = Attachment::State::kConnected;
    TARN_TRY(store.update_attachment(attachment));
  }
  return {};
}

// Notes what was seen of a port, and how it differs from what is wanted, if it does.
base::Result<std::optional<SwitchQueue::Drift>> note(Transaction& store, const Seen& seen, std::int64_t now) {
  using Drift = std::optional<SwitchQueue::Drift>;
  TARN_ASSIGN(std::optional<Port> port, store.find_port(seen.port.id));
  if (!port) return Drift();
  port->observed = seen.state;
  port->observed_at = now;
  TARN_TRY(store.update_port(*port));
  TARN_ASSIGN(const std::optional<Nic> nic, store.find_nic_at(port->id));
  PortState wanted;
  if (nic) {
    TARN_ASSIGN(const bool pending, has_pending(store, nic->id));
    if (pending) return Drift();
    if (seen.state) TARN_TRY(settle(store, *nic, *seen.state));
    TARN_ASSIGN(const Target target, target_of(store, *nic, nullptr));
    wanted = target.state;
  }
  const PortState observed = seen.state.value_or(PortState());
  if (observed == wanted) return Drift();
  return Drift(SwitchQueue::Drift{port->name, wanted, observed});
}

}  // namespace

base::Result<std::vector<SwitchQueue::Drift>> SwitchQueue::reconcile(std::int64_t now, bool repair) {
  std::optional<SwitchRecord> record;
  std::vector<Port> ports;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(record, store.find_switch(switch_id_));
    TARN_ASSIGN(ports, store.ports_of(switch_id_, Page{"", kMostPorts}));
    return {};
  }));
  std::vector<Drift> drift;
  if (!record || ports.empty()) return drift;
  const auto note_all = [&](const std::vector<Seen>& all) {
    return store_.write([&](Transaction& store) -> base::Status {
      drift.clear();
      for (const Seen& seen : all) {
        TARN_ASSIGN(std::optional<Drift> differs, note(store, seen, now));
        if (differs) drift.push_back(std::move(*differs));
      }
      return {};
    });
  };

  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  TARN_ASSIGN(const auto states, look(*record, names));
  std::vector<Seen> seen;
  for (std::size_t i = 0; i < ports.size(); ++i) seen.push_back({ports[i], states[i]});
  TARN_TRY(note_all(seen));
  for (const Drift& one : drift)
    log_.warning("drift", {{"switch", record->name},
                           {"port", one.port},
                           {"wanted", describe(one.wanted)},
                           {"observed", describe(one.observed)}});
  if (!repair || drift.empty()) return drift;

  const std::vector<Drift> found = drift;
  std::vector<PortSetting> settings;
  for (const Drift& one : found) settings.push_back({one.port, one.wanted});
  const auto answers = bring(*record, settings);
  std::vector<Seen> repaired;
  for (std::size_t i = 0; i < settings.size(); ++i)
    for (const Port& port : ports)
      if (port.name == settings[i].port)
        repaired.push_back({port, answers.ok() ? answers.value()[i].seen : std::nullopt});
  TARN_TRY(note_all(repaired));
  if (!answers.ok()) return answers.error();
  return found;
}

}  // namespace isolation
