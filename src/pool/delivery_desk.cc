#include "pool/delivery_desk.h"

namespace pool {

namespace {
constexpr const char* kTrouble = "the provider has trouble with the delivery, and tries again";
}

DeliveryDesk::Answer answer_now(inventory::Deliveries& deliveries, const inventory::Id& lease, bool with_access) {
  const auto delivery = deliveries.find(lease);
  DeliveryDesk::Answer out;
  out.ready = delivery.place.state == inventory::Place::State::kReady;
  out.later = !out.ready;
  out.detail = delivery.error.empty() ? delivery.place.detail : kTrouble;
  if (!out.ready) return out;
  const auto got = [&](const auto& result) {
    if (result.ok()) return true;
    const bool busy = result.error().code == base::Code::kDeadline;  // it is being worked on
    out.later |= busy;
    out.detail = busy ? result.error().message : kTrouble;
    return false;
  };
  if (with_access) {
    if (auto access = deliveries.access(lease); got(access)) out.access = std::move(*access);
  }
  if (out.later) return out;
  if (auto usage = deliveries.usage(lease); got(usage)) out.usage = std::move(*usage);
  return out;
}

}  // namespace pool
