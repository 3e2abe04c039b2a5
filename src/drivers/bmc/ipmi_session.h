// IpmiSession: one authenticated session with a management controller, and the few commands of it that are needed.
// Errors: kUnreachable, kInvalidInput (credentials; a controller that cannot), kDeadline; messages name the address, as
// Ipmi (ipmi.h) adds it, and never a password.
// Threads: one.
#pragma once

#include <freeipmi/freeipmi.h>

#include <chrono>
#include <memory>

#include "drivers/bmc/host_lookup.h"
#include "isolation/bmc.h"

namespace drivers {

// A C string of secret bytes that is zeroed in the end.
class CPassword {
 public:
  explicit CPassword(const crypto::SecretBytes& password) : text_(password) { text_.push_back(0); }
  char* get() { return reinterpret_cast<char*>(text_.data()); }

 private:
  crypto::SecretBytes text_;
};

// kInvalidInput: IPMI has no such users (16 characters) or passwords (20 characters).
base::Status check_credentials(const isolation::BmcTarget& target);
std::string ipmi_host(const HostPort& place);

class IpmiSession {
 public:
  static base::Result<std::unique_ptr<IpmiSession>> open(const isolation::BmcTarget& target, int timeout_ms);
  ~IpmiSession();
  IpmiSession(const IpmiSession&) = delete;
  IpmiSession& operator=(const IpmiSession&) = delete;

  base::Result<bool> powered();
  base::Status control(std::uint8_t what);  // IPMI_CHASSIS_CONTROL_…
  base::Status wait_until(bool on);
  base::Status set_boot_device(std::uint8_t device);
  base::Result<std::uint8_t> boot_device();

 private:
  using Time = std::chrono::steady_clock::time_point;
  IpmiSession(ipmi_ctx_t context, Time last_question) : context_(context), last_question_(last_question) {}
  base::Error failure() const;

  ipmi_ctx_t context_;
  Time last_question_;  // an answer to a later one might come after the deadline
};

}  // namespace drivers
