// What both versions of the API do with a node's management controller. The right to use it is looked up in the store each
// time (isolation::Rules::use_bmc); a console is looked up again before each piece of it that goes out, so that it ends
// when the node changes hands, or what the caller came in with is not good any more, and after kLongestConsoleMs. Who
// changes something has the node's turn meanwhile (isolation/turns.h), and the right is looked up within it, as the node
// may have been released while the turn was waited for.
// What a driver says names the controller's address: the whole goes to the log and to who sees the topology; others get
// bmc_trouble().
// Errors: of the rules; kConflict: somebody else has the turn for too long; kUnreachable, kDeadline of the controller.
// Threads: as the call.
#pragma once

#include <functional>
#include <string_view>

#include "api/call.h"
#include "isolation/bmc.h"

namespace api {

inline constexpr std::int64_t kLongestConsoleMs = 8LL * 3'600 * 1'000;

base::Status with_bmc(Call& call, isolation::BmcUse use,
                      const std::function<base::Status(isolation::Bmc&, int timeout_ms)>& work);
base::Result<Reply> console(Call& call);
std::string_view bmc_trouble(base::Code code);
isolation::BootDevice boot_device_of(std::string_view name);  // "none", "disk", "pxe"

}  // namespace api
