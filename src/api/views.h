// What /v1 shows of the isolation service's values, as schema.h has their shapes. Nothing here decides who may see what:
// the rules leave out what one may not.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"
#include "isolation/engine.h"
#include "isolation/rules.h"

namespace api {

Json or_null(std::string_view text);                     // "" is null
Json time_or_null(std::optional<std::int64_t> unix_ms);  // 0 is null, too

std::string_view role_name(isolation::Role role);
std::optional<isolation::Role> role_of(std::string_view name);
std::string_view state_name(isolation::NodeState state);
std::string_view state_name(isolation::Attachment::State state);

Json shown(const isolation::Project& project);
Json shown(const isolation::Node& node);  // an entry of a list
Json shown(const isolation::NodeView& view, bool with_topology, bool with_bmc);
Json shown(const isolation::NodeView::NicView& nic, bool with_topology);
Json shown(const isolation::Network& network);
Json shown(const isolation::NetworkView& view);
Json shown(const isolation::Rules::AttachmentView& attachment);
// Looks up what the networks' channels are. Of errors and details, who does not see the topology gets the part for all.
base::Result<Json> shown(const isolation::OperationView& view, isolation::Transaction& store, bool with_topology);
base::Result<std::string> channel_of(const isolation::Change& change, isolation::Transaction& store);  // "": none
Json shown(const isolation::SwitchRecord& record);
Json shown(const isolation::Port& port);
Json shown(const isolation::Rules::PortView& view);
Json shown(const isolation::PortState& state);
Json shown(const isolation::SwitchQueue::Drift& drift);
Json shown(const isolation::User& user);
Json shown(const isolation::ApiToken& token);
Json shown(const isolation::Event& event, bool with_topology);

}  // namespace api
