#include <ipmiconsole.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/json_string.h"
#include "drivers/bmc/ipmi.h"
#include "drivers/bmc/ipmi_session.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned kEngineThreads = 2;                      // each serves many consoles
constexpr std::uint16_t kPort = 623, kHighestPort = 32767;  // beyond, its library takes the number for a negative one

bool engine_runs() {
  static const bool runs = ipmiconsole_engine_init(kEngineThreads, 0) == 0;
  return runs;
}

Error error_of(int number) {
  switch (number) {
    case IPMICONSOLE_ERR_USERNAME_INVALID:
    case IPMICONSOLE_ERR_PASSWORD_INVALID:
    case IPMICONSOLE_ERR_PRIVILEGE_LEVEL_INSUFFICIENT:
    case IPMICONSOLE_ERR_PRIVILEGE_LEVEL_CANNOT_BE_OBTAINED:
      return {Code::kInvalidInput, "it refuses the user or the password, or they may not administer it"};
    case IPMICONSOLE_ERR_SOL_UNAVAILABLE: return {Code::kInvalidInput, "it has no serial console to give"};
    case IPMICONSOLE_ERR_SUCCESS: return {Code::kUnreachable, "the console was closed"};
    default: return {Code::kUnreachable, ipmiconsole_ctx_strerror(number)};
  }
}

// A console session: closed with the object.
class Console {
 public:
  explicit Console(ipmiconsole_ctx_t context) : context_(context) {}
  ~Console() {
    if (fd_ >= 0) ::close(fd_);
    ipmiconsole_ctx_destroy(context_);
  }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  Status submit() {
    if (ipmiconsole_engine_submit(context_, nullptr, nullptr) < 0) return error();
    fd_ = ipmiconsole_ctx_fd(context_);
    if (fd_ < 0) return error();
    return {};
  }
  // What comes next; empty: nothing within the time.
  Result<std::string> read(milliseconds patience) {
    pollfd watched{fd_, POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(patience.count())) <= 0) return std::string();
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got > 0) return std::string(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return std::string();
    return error();
  }

 private:
  Error error() { return error_of(ipmiconsole_ctx_errnum(context_)); }
  ipmiconsole_ctx_t context_;
  int fd_ = -1;
};

Result<std::unique_ptr<Console>> open_console(const isolation::BmcTarget& target, int timeout_ms) {
  if (!engine_runs()) return Error{Code::kUnreachable, "the console engine could not start"};
  TARN_TRY(check_credentials(target));
  TARN_ASSIGN(const HostPort place, look_up(target.address, kPort, timeout_ms / 4));
  if (place.port > kHighestPort) return Error{Code::kInvalidInput, "FreeIPMI opens consoles at ports up to 32767 only"};
  CPassword password(target.password);
  std::string user = target.user;
  ipmiconsole_ipmi_config ipmi{};
  ipmi.username = user.data();
  ipmi.password = password.get();
  ipmi.privilege_level = IPMICONSOLE_PRIVILEGE_ADMIN;
  ipmi.cipher_suite_id = 3;
  // A question that some controllers (and the simulator) leave unanswered, and an answer of theirs that means nothing.
  ipmi.workaround_flags = IPMICONSOLE_WORKAROUND_OPEN_SESSION_PRIVILEGE |
                          IPMICONSOLE_WORKAROUND_SKIP_CHANNEL_PAYLOAD_SUPPORT |
                          IPMICONSOLE_WORKAROUND_IGNORE_SOL_PAYLOAD_SIZE;
  ipmiconsole_protocol_config protocol{};  // zeros: the library's own
  ipmiconsole_engine_config engine{};
  // A NUL when the session is there: the sign that it works, for a server that says nothing.
  engine.engine_flags = IPMICONSOLE_ENGINE_OUTPUT_ON_SOL_ESTABLISHED | IPMICONSOLE_ENGINE_LOCK_MEMORY;
  ipmiconsole_ctx_t context = ipmiconsole_ctx_create(ipmi_host(place).c_str(), &ipmi, &protocol, &engine);
  if (context == nullptr) return Error{Code::kUnreachable, "no console session can be made"};
  auto console = std::make_unique<Console>(context);
  TARN_TRY(console->submit());
  return console;
}

Status watch(const isolation::BmcTarget& target, const std::function<bool(std::string_view)>& on_data, int timeout_ms) {
  const auto until = steady_clock::now() + milliseconds(timeout_ms);
  TARN_ASSIGN(const std::unique_ptr<Console> console, open_console(target, timeout_ms));
  bool there = false;
  for (;;) {
    const auto rest = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    const milliseconds patience = there ? milliseconds(1000) : std::clamp(rest, milliseconds(0), milliseconds(1000));
    const auto read = console->read(patience);
    TARN_TRY(read);
    std::string_view data = *read;
    if (!there && data.empty() && rest.count() <= 0) return Error{Code::kDeadline, "no console in time"};
    if (!there && !data.empty()) {
      there = true;
      if (data.front() == '\0') data.remove_prefix(1);
    }
    if (!on_data(data)) return {};
  }
}

}  // namespace

Status Ipmi::watch_console(const std::function<bool(std::string_view)>& on_data, int timeout_ms) {
  Status end = watch(target_, on_data, timeout_ms);
  if (end.ok()) return end;
  return Error{end.error().code, "the console at " + base::json_string(target_.address) + ": " + end.error().message};
}

}  // namespace drivers
