#include "pool/delivery_desk.h"

namespace pool {

namespace {
constexpr const char* kTrouble = "the provider has trouble with the delivery, and tries again";
}

DeliveryDesk::Answer answer_now(inventory::Deliveries& deliveries, const inventory::Id& lease, bool with_access) {
  const auto delivery = deliveries.find(lease);
  DeliveryDesk::Answer out;
  out.ready = delivery.place.state == inventory::Place::State::kReady;
  out.detail = delivery.error.empty() ? delivery.place.detail : kTrouble;
  if (!out.ready) return out;
  if (with_access) {
    auto access = deliveries.access(lease);
    if (access.ok())
      out.access = std::move(*access);
    else
      out.detail = access.error().code == base::Code::kDeadline ? access.error().message : kTrouble;
  }
  if (auto usage = deliveries.usage(lease); usage.ok()) out.usage = std::move(*usage);
  return out;
}

}  // namespace pool
