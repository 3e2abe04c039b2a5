// How a node leaves its project. begin_release() makes it kReleasing, in the transaction of whoever decided so: from then
// on its project has no BMC, none of its changes goes on, and nothing of it is wanted on any port. It still counts as in
// its project, as its ports may be live: the Releaser (engine.h) takes it from there, and only that makes it kIdle.
// The rules use it, and the Releaser for loans whose time has come. Threads: as the Transaction.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "isolation/store.h"
#include "isolation/types.h"

namespace isolation {

// `node`, which is kHeld, as it is in the store; it becomes what is there afterwards. `by`: a user, or "tarn".
base::Status begin_release(Transaction& store, Node& node, std::int64_t now, const std::string& by);

}  // namespace isolation
