#include "drivers/bmc/host_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json_string.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;

std::atomic<int> lookups{0};

struct Answer {
  std::mutex mutex;
  std::condition_variable there;
  std::optional<std::string> numeric;  // empty: no such name
};

std::string ask_the_resolver(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  std::string numeric;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &list) == 0) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(list->ai_addr, list->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      numeric = text.data();
    ::freeaddrinfo(list);
  }
  return numeric;
}

Result<std::string> numeric_host(const std::string& host, int timeout_ms) {
  std::array<unsigned char, 16> ignored{};
  if (::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
      ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1)
    return host;
  if (lookups.fetch_add(1) >= kMaxLookups) {
    --lookups;
    return Error{Code::kUnreachable, "too many names are being looked up"};
  }
  const auto answer = std::make_shared<Answer>();
  std::thread([answer, host] {
    std::string numeric = ask_the_resolver(host);
    --lookups;
    const std::lock_guard lock(answer->mutex);
    answer->numeric = std::move(numeric);
    answer->there.notify_all();
  }).detach();
  std::unique_lock lock(answer->mutex);
  if (!answer->there.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return answer->numeric.has_value(); }))
    return Error{Code::kDeadline, "the name server does not answer"};
  if (answer->numeric->empty()) return Error{Code::kUnreachable, "there is no such host"};
  return *answer->numeric;
}

}  // namespace

Result<HostPort> look_up(const std::string& address, std::uint16_t default_port, int timeout_ms) {
  HostPort found;
  found.port = default_port;
  std::string host = address;
  const auto colon = address.rfind(':');
  const bool bracketed = address.starts_with('[') && address.find("]:") == colon - 1;
  if (colon != std::string::npos && (bracketed || address.find(':') == colon)) {
    const char* const end = address.data() + address.size();
    const auto read = std::from_chars(address.data() + colon + 1, end, found.port);
    if (read.ec != std::errc() || read.ptr != end || found.port == 0)
      return Error{Code::kInvalidInput, base::json_string(address) + " is no HOST or HOST:PORT"};
    host = address.substr(0, colon);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const bool plausible = !host.empty() && host.size() < 254 &&
                         std::all_of(
                             host.begin(), host.end(),
                             [](char c) {
                               return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
                                      c == '-' || c == ':';
                             });
  if (!plausible) return Error{Code::kInvalidInput, base::json_string(address) + " is no HOST or HOST:PORT"};
  TARN_ASSIGN(found.host, numeric_host(host, timeout_ms));
  return found;
}

}  // namespace drivers
