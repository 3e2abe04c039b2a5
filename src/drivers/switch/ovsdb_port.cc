#include "drivers/switch/ovsdb_port.h"

#include <algorithm>

namespace drivers {

namespace {

using isolation::kMaxVlan;
using isolation::PortState;
using isolation::VlanId;

constexpr int kReserved = 4095;  // IEEE 802.1Q, table 9-2

const PortColumns& isolated() {
  static const PortColumns columns{kReserved, {}, {kReserved}, "dot1q-tunnel", true};
  return columns;
}

bool is_vlan(int id) { return id >= 1 && id <= kMaxVlan; }

// The VLANs as a PortState has them; none if there is one that it cannot have, or if there are none, which means all.
std::optional<std::set<VlanId>> trunked(const std::set<int>& trunks) {
  if (trunks.empty() || !std::all_of(trunks.begin(), trunks.end(), is_vlan)) return std::nullopt;
  std::set<VlanId> vlans;
  for (const int id : trunks) vlans.insert(static_cast<VlanId>(id));
  return vlans;
}

}  // namespace

base::Result<PortColumns> columns_for(const PortState& state) {
  if (state.isolated()) return isolated();
  PortColumns columns;
  if (state.native) columns.tag = *state.native;
  columns.trunks.insert(state.tagged.begin(), state.tagged.end());
  if ((columns.tag && !is_vlan(*columns.tag)) || !std::all_of(columns.trunks.begin(), columns.trunks.end(), is_vlan))
    return base::Error{base::Code::kInvalidInput, "a VLAN id is 1 to 4094"};
  if (columns.tag && columns.trunks.contains(*columns.tag))
    return base::Error{base::Code::kInvalidInput, "a VLAN is native or tagged at a port, not both"};
  columns.vlan_mode = !columns.tag ? "trunk" : columns.trunks.empty() ? "access" : "native-untagged";
  return columns;
}

PortState state_of(const PortColumns& columns) {
  PortColumns without_trunks = columns;  // which a tunnel does not look at
  without_trunks.trunks.clear();
  if (without_trunks == isolated()) return {};

  const std::string mode = !columns.vlan_mode.empty() ? columns.vlan_mode : columns.tag ? "access" : "trunk";
  PortState state;
  if (mode == "trunk") {  // does not look at the tag
    const auto vlans = trunked(columns.trunks);
    if (!vlans) return everything();
    state.tagged = *vlans;
    return state;
  }
  if (!columns.tag || !is_vlan(*columns.tag)) return everything();
  const auto native = static_cast<VlanId>(*columns.tag);
  state.native = native;
  if (mode == "access") return state;  // does not look at the trunks
  const auto vlans = trunked(columns.trunks);
  if (!vlans || (mode != "native-untagged" && mode != "native-tagged")) return everything();
  state.tagged = *vlans;
  if (mode == "native-tagged")
    state.tagged.insert(native);  // goes out with its tag
  else
    state.tagged.erase(native);  // is carried anyway, and goes out without
  return state;
}

PortState everything() {
  PortState state;
  state.native = VlanId{1};
  for (VlanId id = 1; id <= kMaxVlan; ++id) state.tagged.insert(id);
  return state;
}

}  // namespace drivers
