#include "isolation/engine_port.h"

#include <algorithm>

#include "isolation/lookup.h"

namespace isolation {
namespace {

void drop(PortState& state, VlanId vlan) {
  state.tagged.erase(vlan);
  if (state.native == vlan) state.native.reset();
}

// Why a connect must not come true, or nothing.
base::Result<std::string> refusal_of(Transaction& store, const Node& node, const Network& network, Id nic) {
  TARN_ASSIGN(const bool may, may_use(store, network, *node.project));
  if (!may)
    return "The node's project may not use " + named("network", network.name) + " any more: ask its owner for access";
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_nic(nic));
  const bool wanted = std::ranges::any_of(attachments, [&](const Attachment& attachment) {
    return attachment.network == network.id &&
           (attachment.state == Attachment::State::kConnecting || attachment.state == Attachment::State::kConnected);
  });
  return wanted ? std::string() : "The connection to " + named("network", network.name) + " was withdrawn";
}

}  // namespace

base::Result<Target> target_of(Transaction& store, const Nic& nic, const Change* open) {
  const bool connects = open && open->kind == Change::Kind::kConnect;
  TARN_ASSIGN(const std::optional<Node> node, store.find_node(nic.node));
  if (!node || node->state != NodeState::kHeld || !node->project)
    return Target{{}, connects ? "The node was released: nothing is left to do" : ""};
  if (open && open->kind == Change::Kind::kRevert) return Target{};
  Target target;
  TARN_ASSIGN(target.state, wanted_state(store, nic.id));
  if (!connects || !open->network) return target;
  TARN_ASSIGN(const std::optional<Network> network, store.find_network(*open->network));
  if (!network) return Target{target.state, "The network is gone"};
  TARN_ASSIGN(target.refusal, refusal_of(store, *node, *network, nic.id));
  if (!target.refusal.empty()) drop(target.state, network->vlan);
  return target;
}

bool holds(const PortState& state, Channel channel, VlanId vlan) {
  return channel == Channel::kNative ? state.native == vlan : state.tagged.contains(vlan);
}

bool passes(const PortState& state, VlanId vlan) { return state.native == vlan || state.tagged.contains(vlan); }

std::string describe(const PortState& state) {
  if (state.isolated()) return "nothing";
  std::string text = state.native ? "native " + std::to_string(*state.native) : "";
  if (!state.tagged.empty()) text += text.empty() ? "tagged" : ", tagged";
  constexpr std::size_t kMost = 32;  // a port that nobody has set up yet has all there are
  std::size_t named = 0;
  for (const VlanId vlan : state.tagged) {
    if (named++ == kMost) return text + " and " + std::to_string(state.tagged.size() - kMost) + " more";
    text += " " + std::to_string(vlan);
  }
  return text;
}

std::int64_t back_off_ms(const EngineLimits& limits, std::uint32_t attempts) {
  std::int64_t wait = limits.first_retry_ms;
  for (std::uint32_t i = 1; i < attempts && wait < limits.longest_retry_ms; ++i) wait *= 2;
  return std::min(wait, limits.longest_retry_ms);
}

}  // namespace isolation
