// How a port's state is written in the columns of Open vSwitch's table Port, and what columns mean that anybody may have
// written (ovs-vswitchd.conf.db(5), "VLAN Configuration").
//
//   native N               vlan_mode access, tag N
//   tagged T…              vlan_mode trunk, trunks T…: untagged frames would be in VLAN 0, which is not among them
//   native N, tagged T…    vlan_mode native-untagged, tag N, trunks T…
//   nothing                vlan_mode dot1q-tunnel, tag 4095, cvlans 4095, protected
//
// Open vSwitch has no state "off": an empty `trunks` means all VLANs, and a port always has some VLAN. The last line is
// what comes next to it. VLAN 4095 is reserved by IEEE 802.1Q, so no network has it; a tunnel with only it as its
// customers' VLAN takes no frame but those tagged 4095, and gives out none but those tagged 4095 twice; `protected`
// keeps such ports from each other. What is left: a frame that its sender tagged 4095 reaches ports that carry every VLAN
// there is (uplinks without `trunks`), tagged once more, and any switch beyond has to discard it.
//
// Read strictly: what lets through anything that a PortState has no word for (VLANs 0 and 4095) is everything(), which
// is nobody's wanted state. `protected` is no matter with VLANs: it only lets through less.
// Threads: pure functions.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "isolation/types.h"

namespace drivers {

struct PortColumns {
  std::optional<int> tag;
  std::set<int> trunks, cvlans;
  std::string vlan_mode;  // empty: not set
  bool is_protected = false;
  bool operator==(const PortColumns&) const = default;
};

// kInvalidInput: a VLAN that none is, or one both native and tagged.
base::Result<PortColumns> columns_for(const isolation::PortState& state);
isolation::PortState state_of(const PortColumns& columns);

isolation::PortState everything();

}  // namespace drivers
