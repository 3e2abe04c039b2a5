// DeliveryDesk: what a provider can tell of a lease that it delivers. `apps` implements it over inventory::Deliveries,
// with a thread to wait for; pool only decides who may ask. What goes wrong over there is the owner's to know (addresses,
// other tenants' names): the requester hears that it does, and the owner's log has the rest.
// Threads: any.
#pragma once

#include <optional>
#include <string>

#include "inventory/deliveries.h"

namespace pool {

class DeliveryDesk {
 public:
  virtual ~DeliveryDesk() = default;

  struct Answer {
    bool ready = false;
    bool later = false;                         // something is still to come: ask again soon
    std::string detail;                         // what is waited for, or what went wrong; for people
    std::optional<inventory::Access> access{};  // if it was asked for, and is to be had now
    inventory::Usage usage;
  };
  // Of an active lease of a delivered offer. Waits until it is ready, for wait_ms at most.
  virtual Answer ask(const inventory::Id& lease, bool with_access, int wait_ms) = 0;
};

// As it is at this moment.
DeliveryDesk::Answer answer_now(inventory::Deliveries& deliveries, const inventory::Id& lease, bool with_access);

}  // namespace pool
