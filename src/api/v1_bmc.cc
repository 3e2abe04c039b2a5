// /v1/nodes/{node}/power, boot-device, console, bmc.
#include "api/bmc_calls.h"
#include "api/views.h"

namespace api {

namespace {

using base::Result;
using isolation::Action;
using isolation::BmcUse;

Result<Reply> put_enabled(Call& call) {
  TARN_TRY(call.rules().set_bmc_enabled(call.at("node"), call.body.flag("enabled")));
  TARN_ASSIGN(const auto view, call.rules().node(call.at("node")));
  return Reply{.body = shown(view, call.sees_topology(), call.sees_topology())};
}

Result<Reply> get_power(Call& call) {
  bool on = false;
  TARN_TRY(with_bmc(call, BmcUse::kLook, [&](isolation::Bmc& bmc, int timeout_ms) -> base::Status {
    TARN_ASSIGN(on, bmc.powered(timeout_ms));
    return {};
  }));
  return Reply{.body = Json::object({{"on", on}})};
}

Result<Reply> post_power(Call& call) {
  const std::string action = call.body.text("action");
  const bool force = call.body.flag("force");
  TARN_TRY(with_bmc(call, action == "off" ? BmcUse::kTurnOff : BmcUse::kAct, [&](isolation::Bmc& bmc, int timeout_ms) {
    if (action == "on") return bmc.power_on(timeout_ms);
    return action == "off" ? bmc.power_off(force, timeout_ms) : bmc.power_cycle(force, timeout_ms);
  }));
  return Reply{};
}

Result<Reply> put_boot_device(Call& call) {
  const isolation::BootDevice device = boot_device_of(call.body.text("device"));
  TARN_TRY(with_bmc(call, BmcUse::kAct,
                    [&](isolation::Bmc& bmc, int timeout_ms) { return bmc.set_boot_device(device, timeout_ms); }));
  return Reply{};
}

constexpr Route kRoutes[] = {
    {"PUT", "/v1/nodes/{node}/bmc", Kind::kWrite, Action::kUseBmc, put_enabled, 200,
     "Turn the project's use of the node's management controller on or off.", "BmcSwitch", "Node"},
    {"GET", "/v1/nodes/{node}/power", Kind::kOutside, Action::kUseBmc, get_power, 200, "Whether the node is on.", "",
     "PowerState"},
    {"POST", "/v1/nodes/{node}/power", Kind::kOutside, Action::kUseBmc, post_power, 204,
     "Turn the node on or off, or off and on; force: at once.", "PowerAction", ""},
    {"PUT", "/v1/nodes/{node}/boot-device", Kind::kOutside, Action::kUseBmc, put_boot_device, 204,
     "What the node boots from next.", "BootDevice", ""},
    {"GET", "/v1/nodes/{node}/console", Kind::kOutside, Action::kUseBmc, console, 200,
     "The serial console, from now on, until the client leaves or loses the node.", "", "", "",
     "application/octet-stream"},
};

}  // namespace

std::span<const Route> bmc_routes() { return kRoutes; }

}  // namespace api
