// OvsdbSwitch: isolation::Switch over Open vSwitch's database, spoken to directly (RFC 7047).
// A change is one transaction: all ports, guarded by the bridge still having the ports that it had, and next_cfg, which
// ovs-vswitchd copies to cur_cfg when it forwards by the configuration of that time; apply() waits for that. read() does
// the same with nothing changed, so that what it says is what is forwarded and not what is merely noted.
// That is not all: cur_cfg says by what the daemon decides, but its threads go on forwarding live flows as they were
// decided before, until they have looked at each again (milliseconds on an idle machine; nothing in the database tells).
// So a second change makes it stop these threads and drop all cached flows: another number of revalidator threads, one
// up or down in turn, which is the only setting of the database that does so before cur_cfg follows. Flows are decided
// anew at their next packet. read() does it, too, where no call of this object has confirmed that yet.
// Both open the connection when there is none, and anew if the one there was has broken while nobody used it (a server
// drops whoever leaves its echo requests unanswered, which between two calls is us).
// Errors: those of Switch; nothing of a batch was changed unless its ports' states say so, except after kDeadline and
// kUnreachable, when nobody knows.
// Threads: one caller at a time; it has none of its own.
#pragma once

#include <memory>

#include "drivers/switch/ovsdb_connection.h"
#include "drivers/switch/ovsdb_messages.h"
#include "isolation/switch.h"

namespace drivers {

class OvsdbSwitch final : public isolation::Switch {
 public:
  explicit OvsdbSwitch(OvsdbSettings settings) : settings_(std::move(settings)) {}

  base::Result<std::vector<base::Status>> apply(std::span<const isolation::PortSetting> ports, int timeout_ms) override;
  base::Result<std::vector<std::optional<isolation::PortState>>> read(std::span<const std::string> ports,
                                                                      int timeout_ms) override;

 private:
  struct Plan;
  base::Result<std::vector<base::Status>> change(std::span<const isolation::PortSetting> ports, Until until);
  base::Result<OvsdbBridge> look(bool barrier, Until until);
  base::Result<OvsdbMessage> ask(std::uint64_t id, const std::string& request, Until until);
  base::Status note(const OvsdbMessage& message, Until until);
  base::Status forwards(std::int64_t wanted, Until until);
  base::Status drop_flows(const OvsdbBridge& bridge, Until until);
  base::Status connect(Until until);
  base::Status catch_up(Until until);
  template <class Work>
  auto with_connection(int timeout_ms, const Work& work) -> decltype(work(Until{}));

  OvsdbSettings settings_;
  std::unique_ptr<OvsdbConnection> connection_;
  std::uint64_t last_id_ = 0;
  std::optional<std::int64_t> forwarded_;  // cur_cfg
  bool flows_are_new_ = false;             // none is left from before our last change
};

}  // namespace drivers
