#include <freeipmi/freeipmi.h>

#include "base/json_string.h"
#include "drivers/bmc/ipmi.h"
#include "drivers/bmc/ipmi_session.h"
#include "drivers/bmc/module.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using isolation::BootDevice;

std::uint8_t boot_flag(BootDevice device) {
  switch (device) {
    case BootDevice::kDisk: return IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_BOOT_DEVICE_FORCE_HARD_DRIVE;
    case BootDevice::kNetwork: return IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_BOOT_DEVICE_FORCE_PXE;
    case BootDevice::kDefault: break;
  }
  return IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_BOOT_DEVICE_NO_OVERRIDE;
}

Status bring(IpmiSession& session, bool on, std::uint8_t how) {
  TARN_ASSIGN(const bool now, session.powered());
  if (now == on) return {};
  TARN_TRY(session.control(how));
  return session.wait_until(on);
}

Status turn_on(IpmiSession& session) { return bring(session, true, IPMI_CHASSIS_CONTROL_POWER_UP); }

}  // namespace

template <class Work>
auto Ipmi::in_session(int timeout_ms, const Work& work) -> decltype(work(std::declval<IpmiSession&>())) {
  using Outcome = decltype(work(std::declval<IpmiSession&>()));
  const auto session = IpmiSession::open(target_, timeout_ms);
  Outcome outcome = session.ok() ? work(**session) : Outcome(session.error());
  if (outcome.ok()) return outcome;
  return Error{outcome.error().code,
               "the controller at " + base::json_string(target_.address) + ": " + outcome.error().message};
}

Result<bool> Ipmi::powered(int timeout_ms) {
  return in_session(timeout_ms, [](IpmiSession& session) { return session.powered(); });
}

Status Ipmi::power_on(int timeout_ms) { return in_session(timeout_ms, turn_on); }

Status Ipmi::power_off(bool force, int timeout_ms) {
  return in_session(timeout_ms, [force](IpmiSession& session) {
    return bring(session, false, force ? IPMI_CHASSIS_CONTROL_POWER_DOWN : IPMI_CHASSIS_CONTROL_INITIATE_SOFT_SHUTDOWN);
  });
}

Status Ipmi::power_cycle(bool force, int timeout_ms) {
  return in_session(timeout_ms, [force](IpmiSession& session) -> Status {
    TARN_ASSIGN(const bool on, session.powered());
    if (on && force) {
      TARN_TRY(session.control(IPMI_CHASSIS_CONTROL_HARD_RESET));
      return session.wait_until(true);
    }
    if (on) TARN_TRY(bring(session, false, IPMI_CHASSIS_CONTROL_POWER_DOWN));
    return turn_on(session);
  });
}

Status Ipmi::set_boot_device(BootDevice device, int timeout_ms) {
  return in_session(timeout_ms, [flag = boot_flag(device)](IpmiSession& session) -> Status {
    TARN_TRY(session.set_boot_device(flag));
    TARN_ASSIGN(const std::uint8_t now, session.boot_device());
    if (now != flag) return Error{Code::kInvalidInput, "it took the boot device, but has another"};
    return {};
  });
}

}  // namespace drivers

extern "C" __attribute__((visibility("default"))) isolation::Bmc* tarn_ipmi_open_3(isolation::BmcTarget&& target) {
  return new drivers::Ipmi(std::move(target));
}
