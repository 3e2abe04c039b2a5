// Ipmi: isolation::Bmc over IPMI 2.0 (RMCP+, cipher suite 3: SHA-1 proves who calls, AES-128 encrypts), by FreeIPMI. A
// call is a session of its own. Part of the module libtarn_ipmi.so.
// After a change the controller is asked until it says that it is so. A boot device is set for every boot from then on.
// A cycle by force is the reset line; without force the power is off in between, and seen to be.
// Deadlines: no answer is waited for longer than a quarter of the time that there is, so that the rest of a conversation
// with a controller that falls silent in it (its end, too) still fits.
// The password is copied once for the library, which zeroes its own copy, and zeroed here.
// Threads: any; one call at a time. Source: IPMI 2.0, chapters 13, 15, 28.
#pragma once

#include "isolation/bmc.h"

namespace drivers {

class Ipmi final : public isolation::Bmc {
 public:
  explicit Ipmi(isolation::BmcTarget target) : target_(std::move(target)) {}

  base::Result<bool> powered(int timeout_ms) override;
  base::Status power_on(int timeout_ms) override;
  base::Status power_off(bool force, int timeout_ms) override;
  base::Status power_cycle(bool force, int timeout_ms) override;
  base::Status set_boot_device(isolation::BootDevice device, int timeout_ms) override;
  base::Status watch_console(const std::function<bool(std::string_view)>& on_data, int timeout_ms) override;
  void end_console() override {}  // nothing of it is kept here: who shares it keeps it (drivers.cc)

 private:
  template <class Work>
  auto in_session(int timeout_ms, const Work& work) -> decltype(work(std::declval<class IpmiSession&>()));

  isolation::BmcTarget target_;
};

}  // namespace drivers
