#include <algorithm>
#include <thread>

#include "drivers/bmc/ipmi_session.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint16_t kPort = 623;
constexpr std::uint8_t kCipherSuite = 3;

class Answer {
 public:
  explicit Answer(fiid_template_t& layout) : object_(fiid_obj_create(layout)) { CHECK(object_ != nullptr); }
  ~Answer() { fiid_obj_destroy(object_); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  fiid_obj_t get() const { return object_; }
  Result<std::uint64_t> field(const char* name) const {
    std::uint64_t value = 0;
    if (fiid_obj_get(object_, name, &value) != 1)
      return Error{Code::kInvalidInput, "the controller left out " + std::string(name)};
    return value;
  }

 private:
  fiid_obj_t object_;
};

Code code_of(int number) {
  switch (number) {
    case IPMI_ERR_CONNECTION_TIMEOUT:
    case IPMI_ERR_SESSION_TIMEOUT:
    case IPMI_ERR_MESSAGE_TIMEOUT:
    case IPMI_ERR_DRIVER_TIMEOUT:
    case IPMI_ERR_DRIVER_BUSY:
    case IPMI_ERR_BMC_BUSY:
    case IPMI_ERR_HOSTNAME_INVALID:
    case IPMI_ERR_SYSTEM_ERROR: return Code::kUnreachable;
    default: return Code::kInvalidInput;
  }
}

Error error_of(int number) {
  switch (number) {
    case IPMI_ERR_USERNAME_INVALID:
    case IPMI_ERR_PASSWORD_INVALID:
    case IPMI_ERR_PASSWORD_VERIFICATION_TIMEOUT:
    case IPMI_ERR_PRIVILEGE_LEVEL_INSUFFICIENT:
    case IPMI_ERR_PRIVILEGE_LEVEL_CANNOT_BE_OBTAINED:
      return {Code::kInvalidInput, "it refuses the user or the password, or they may not administer it"};
    default: return {code_of(number), ipmi_ctx_strerror(number)};
  }
}

}  // namespace

Status check_credentials(const isolation::BmcTarget& target) {
  const auto plain = [](std::uint8_t c) { return c != 0; };
  if (target.user.size() > IPMI_MAX_USER_NAME_LENGTH || target.user.find('\0') != std::string::npos)
    return Error{Code::kInvalidInput, "a user of IPMI has at most 16 characters"};
  if (target.password.size() > IPMI_2_0_MAX_PASSWORD_LENGTH ||
      !std::all_of(target.password.begin(), target.password.end(), plain))
    return Error{Code::kInvalidInput, "a password of IPMI has at most 20 characters"};
  return {};
}

std::string ipmi_host(const HostPort& place) {
  const bool v6 = place.host.find(':') != std::string::npos;
  return (v6 ? "[" + place.host + "]" : place.host) + ":" + std::to_string(place.port);
}

Result<std::unique_ptr<IpmiSession>> IpmiSession::open(const isolation::BmcTarget& target, int timeout_ms) {
  const auto begin = steady_clock::now();
  TARN_TRY(check_credentials(target));
  TARN_ASSIGN(const HostPort place, look_up(target.address, kPort, timeout_ms / 4));
  const int patience = std::clamp(timeout_ms / 4, 40, 5'000);
  const auto last_question = begin + milliseconds(timeout_ms - 2 * patience);  // its answer, and the farewell's
  std::unique_ptr<IpmiSession> session(new IpmiSession(ipmi_ctx_create(), last_question));
  if (session->context_ == nullptr) return Error{Code::kUnreachable, "no memory for a session"};
  CPassword password(target.password);
  if (ipmi_ctx_open_outofband_2_0(session->context_, ipmi_host(place).c_str(), target.user.c_str(), password.get(),
                                  nullptr, 0, IPMI_PRIVILEGE_LEVEL_ADMIN, kCipherSuite, static_cast<unsigned>(patience),
                                  static_cast<unsigned>(std::min(patience / 2, 500)),
                                  IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_OPEN_SESSION_PRIVILEGE, IPMI_FLAGS_DEFAULT) < 0)
    return session->failure();
  return session;
}

IpmiSession::~IpmiSession() {
  if (context_ == nullptr) return;
  ipmi_ctx_close(context_);
  ipmi_ctx_destroy(context_);
}

Error IpmiSession::failure() const { return error_of(ipmi_ctx_errnum(context_)); }

Result<bool> IpmiSession::powered() {
  const Answer answer(tmpl_cmd_get_chassis_status_rs);
  if (ipmi_cmd_get_chassis_status(context_, answer.get()) < 0) return failure();
  TARN_ASSIGN(const std::uint64_t on, answer.field("current_power_state.power_is_on"));
  return on != 0;
}

Status IpmiSession::control(std::uint8_t what) {
  const Answer answer(tmpl_cmd_chassis_control_rs);
  if (ipmi_cmd_chassis_control(context_, what, answer.get()) < 0) return failure();
  return {};
}

Status IpmiSession::wait_until(bool on) {
  for (milliseconds pause(10);; pause = std::min(2 * pause, milliseconds(500))) {
    TARN_ASSIGN(const bool now, powered());
    if (now == on) return {};
    if (steady_clock::now() + pause >= last_question_)
      return Error{Code::kDeadline, on ? "it took the order, but the server is still off"
                                       : "it took the order, but the server is still on"};
    std::this_thread::sleep_for(pause);
  }
}

Status IpmiSession::set_boot_device(std::uint8_t device) {
  const Answer answer(tmpl_cmd_set_system_boot_options_rs);
  if (ipmi_cmd_set_system_boot_options_boot_flags(context_, IPMI_SYSTEM_BOOT_OPTIONS_PARAMETER_VALID_UNLOCKED,
                                                  IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_BOOT_TYPE_PC_COMPATIBLE,
                                                  IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_VALID_PERSISTENTLY,
                                                  IPMI_SYSTEM_BOOT_OPTION_BOOT_FLAG_VALID, 0, 0, device, 0, 0, 0, 0, 0,
                                                  0, 0, 0, 0, 0, 0, answer.get()) < 0)
    return failure();
  return {};
}

Result<std::uint8_t> IpmiSession::boot_device() {
  const Answer answer(tmpl_cmd_get_system_boot_options_boot_flags_rs);
  if (ipmi_cmd_get_system_boot_options_boot_flags(context_, 0, 0, answer.get()) < 0) return failure();
  TARN_ASSIGN(const std::uint64_t device, answer.field("boot_device"));
  return static_cast<std::uint8_t>(device);
}

}  // namespace drivers
