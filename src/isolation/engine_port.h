// What SwitchQueue and Releaser share: what a port should hold at this moment, and how they bear with drivers.
// Threads: any; with a Transaction, as it.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "isolation/engine.h"

namespace isolation {

struct Target {
  PortState state;
  std::string refusal;  // why `open` must not come true; then `state` is without it
};
// `open`: the change of this NIC that is being carried out. A NIC of a node that nobody holds any more gets nothing.
base::Result<Target> target_of(Transaction& store, const Nic& nic, const Change* open);

bool holds(const PortState& state, Channel channel, VlanId vlan);
bool passes(const PortState& state, VlanId vlan);  // on either channel
std::string describe(const PortState& state);      // "nothing", "native 100, tagged 101 102"; at most a line

std::int64_t back_off_ms(const EngineLimits& limits, std::uint32_t attempts);  // 1: the first retry

// Calls a driver. What it throws is its own trouble.
template <class Call>
auto guarded(const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return base::Error{base::Code::kUnreachable, std::string("The driver failed: ") + thrown.what()};
  } catch (...) {
    return base::Error{base::Code::kUnreachable, "The driver failed"};
  }
}

}  // namespace isolation
