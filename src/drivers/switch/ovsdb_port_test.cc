#include "drivers/switch/ovsdb_port.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace drivers {
namespace {

using isolation::PortState;
using isolation::VlanId;

PortColumns columns(std::optional<int> tag, std::set<int> trunks, std::string mode, std::set<int> cvlans = {},
                    bool is_protected = false) {
  return {tag, std::move(trunks), std::move(cvlans), std::move(mode), is_protected};
}

RC_GTEST_PROP(OvsdbPort, EveryStateIsReadAsItWasWritten, ()) {
  const auto vlan = [] { return rc::gen::inRange<VlanId>(1, isolation::kMaxVlan + 1); };
  PortState state;
  state.tagged = *rc::gen::container<std::set<VlanId>>(vlan());
  if (*rc::gen::arbitrary<bool>()) state.native = *vlan();
  if (state.native) state.tagged.erase(*state.native);
  const auto written = columns_for(state);
  RC_ASSERT(written.ok());
  RC_ASSERT(state_of(*written) == state);
}

TEST(OvsdbPort, NoVlanIsBothOrOutOfRange) {
  EXPECT_FALSE(columns_for({VlanId{5}, {5}}).ok());
  EXPECT_FALSE(columns_for({VlanId{0}, {}}).ok());
  EXPECT_FALSE(columns_for({VlanId{4095}, {}}).ok());
  EXPECT_FALSE(columns_for({std::nullopt, {7, 4095}}).ok());
}

TEST(OvsdbPort, OnlyOurOwnIsolatedStateIsIsolated) {
  EXPECT_TRUE(state_of(columns(4095, {}, "dot1q-tunnel", {4095}, true)).isolated());
  for (const auto& other : {columns(4095, {}, "dot1q-tunnel", {4095}), columns(4095, {}, "dot1q-tunnel", {}, true),
                            columns(4095, {}, "access", {}, true), columns(std::nullopt, {4095}, "trunk", {}, true),
                            columns(std::nullopt, {}, ""), columns(std::nullopt, {}, "trunk"),
                            columns(std::nullopt, {0, 5}, "trunk"), columns(std::nullopt, {}, "access"),
                            columns(5, {}, "native-untagged"), columns(0, {}, ""), columns(5, {}, "unheard-of")})
    EXPECT_EQ(state_of(other), everything()) << other.vlan_mode;
}

TEST(OvsdbPort, WhatOthersWroteIsWhatTheSwitchMakesOfIt) {
  EXPECT_EQ(state_of(columns(5, {6, 7}, "")), (PortState{VlanId{5}, {}})) << "a tag alone means access";
  EXPECT_EQ(state_of(columns(5, {6, 7}, "trunk")), (PortState{std::nullopt, {6, 7}})) << "a trunk has no tag";
  EXPECT_EQ(state_of(columns(5, {5, 6}, "native-untagged")), (PortState{VlanId{5}, {6}}));
  EXPECT_EQ(state_of(columns(5, {6}, "native-tagged")), (PortState{VlanId{5}, {5, 6}})) << "no state of ours";
}

}  // namespace
}  // namespace drivers
