#include "api/bmc_calls.h"

#include <memory>
#include <optional>
#include <utility>

namespace api {

namespace {

using isolation::BmcUse;

constexpr int kTurnMs = 5'000;  // a request's thread waits for no longer

// The node, if the caller may do that with it now; who the caller is, is looked up again, too.
base::Result<isolation::Node> usable_node(IsolationService& service, const isolation::Caller& caller,
                                          const std::string& name, BmcUse use) {
  const isolation::Context context = service.context();
  isolation::Node out;
  TARN_TRY(service.parts().store.read([&](isolation::Transaction& store) -> base::Status {
    TARN_ASSIGN(const isolation::Caller now, service.again(store, caller));
    TARN_ASSIGN(isolation::BmcAccess access, isolation::Rules(store, now, context).use_bmc(name, use));
    TARN_ASSIGN(const auto node, store.find_node(name));
    if (!node) return base::Error{base::Code::kNotFound, "there is no such node"};
    out = *node;
    out.bmc = std::move(access);
    return {};
  }));
  return out;
}

base::Status told(Call& call, const std::string& node, const base::Status& status) {
  if (status.ok()) return status;
  call.service.parts().log.warning("bmc_failed", {{"node", node}, {"why", status.error().message}});
  if (call.sees_topology()) return status;
  return base::Error{status.error().code, std::string(bmc_trouble(status.error().code))};
}

}  // namespace

std::string_view bmc_trouble(base::Code code) {
  if (code == base::Code::kDeadline)
    return "the node's controller did not answer in time: try again; the service's operators see why";
  if (code == base::Code::kUnreachable)
    return "the node's controller cannot be reached: try again; the service's operators see why";
  return "the node's controller refused: the service's operators see why";
}

base::Status with_bmc(Call& call, BmcUse use,
                      const std::function<base::Status(isolation::Bmc&, int timeout_ms)>& work) {
  const Places::Place place = call.service.slow_calls().take(call.caller.user);
  if (!place) return call.come_later();
  const IsolationParts& parts = call.service.parts();
  TARN_ASSIGN(isolation::Node node, usable_node(call.service, call.caller, call.at("node"), use));
  std::optional<isolation::Turn> turn;
  if (use != BmcUse::kLook) {
    const isolation::Id id = node.id;
    if (auto taken = isolation::Turn::take(parts.turns, id, kTurnMs)) turn.emplace(std::move(*taken));
    if (!turn)
      return base::Error{base::Code::kConflict,
                         "the node's management controller is busy with another call: try again in a moment"};
    TARN_ASSIGN(node, usable_node(call.service, call.caller, call.at("node"), use));
    if (node.id != id) return base::Error{base::Code::kConflict, "the node was made anew meanwhile: look at it again"};
  }
  const auto bmc = parts.open_bmc(node);
  if (!bmc.ok()) return told(call, node.name, bmc.error());
  return told(call, node.name, work(**bmc, parts.bmc_timeout_ms));
}

isolation::BootDevice boot_device_of(std::string_view name) {
  if (name == "pxe") return isolation::BootDevice::kNetwork;
  return name == "disk" ? isolation::BootDevice::kDisk : isolation::BootDevice::kDefault;
}

base::Result<Reply> console(Call& call) {
  TARN_ASSIGN(const isolation::Node node, usable_node(call.service, call.caller, call.at("node"), BmcUse::kLook));
  const auto place = std::make_shared<Places::Place>(call.service.streams().take(call.caller.user));
  if (!*place) return call.come_later();
  auto stream = call.service.parts().open_console(node);
  if (!stream.ok()) return told(call, node.name, stream.error()).error();
  const std::int64_t until = call.service.parts().clock.steady_ms() + kLongestConsoleMs;
  Stream guarded = [&service = call.service, caller = call.caller, name = node.name, place, until,
                    inner = std::move(*stream)]() -> std::optional<std::string> {
    std::optional<std::string> piece = inner();
    if (!piece || service.parts().clock.steady_ms() >= until || !usable_node(service, caller, name, BmcUse::kLook).ok())
      return std::nullopt;
    return piece;
  };
  return Reply{.headers = {{"Cache-Control", "no-store"}},
               .stream = std::move(guarded),
               .content_type = "application/octet-stream"};
}

}  // namespace api
