// The line at a NIC: at most one change of it is pending, that is, has its mark on the NIC's attachments and is the
// switch's to carry out; others wait behind it, and have no mark yet. When the one before has ended, the next is looked at
// as if it were asked for now, so what has changed since cannot let it through.
// Whoever ends a change (rules, engine) does it here, or calls finish_if_done() and promote_next() afterwards.
// Threads: as the Transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "isolation/rules.h"
#include "isolation/store.h"
#include "isolation/types.h"

namespace isolation {

// Makes `change` pending at its NIC, if attachments allow: marks them, and fills in what the change lacks. The row of the
// change is the caller's to write. Whether somebody may, and whether another is pending, the caller has looked at.
base::Status begin_change(Transaction& store, const Context& context, const Node& node, const Nic& nic,
                          const std::optional<Network>& network, Change& change);

base::Status end_in_error(Transaction& store, Change change, std::string why, std::int64_t now);

// Writes down when the operation was done, if no change of it is open any more. Once for all changes that ended together.
base::Status finish_if_done(Transaction& store, Id operation, std::int64_t now);

// The next one waiting at this NIC becomes pending, if none is; those that cannot any more end in error.
base::Status promote_next(Transaction& store, const Context& context, Id nic);

}  // namespace isolation
