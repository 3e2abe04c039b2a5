#include "drivers/switch/ovsdb_endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>

#include "base/json_string.h"

namespace drivers {

namespace {

base::Error refused(const OvsdbSettings& settings, const std::string& why) {
  return {base::Code::kInvalidInput, "the endpoint " + base::json_string(settings.endpoint) + " " + why};
}

base::Status read_unix(OvsdbSettings& settings, const std::string& path) {
  sockaddr_un address{};
  if (path.empty() || path.front() != '/' || path.size() >= sizeof address.sun_path ||
      path.find('\0') != std::string::npos)
    return refused(settings, "names no socket: unix: and an absolute path of at most 107 characters");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  std::memcpy(&settings.address, &address, sizeof address);
  settings.address_size = sizeof address;
  return {};
}

base::Status read_tcp(OvsdbSettings& settings, std::string host) {
  const auto colon = host.rfind(':');
  std::uint16_t port = 0;
  const char* const end = host.data() + host.size();
  const char* const digits = colon == std::string::npos ? end : host.data() + colon + 1;
  const auto read = std::from_chars(digits, end, port);
  if (colon == std::string::npos || read.ec != std::errc() || read.ptr != end || port == 0)
    return refused(settings, "has no port: tcp:ADDRESS:PORT");
  host.resize(colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&settings.address, &v4, sizeof v4);
    settings.address_size = sizeof v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&settings.address, &v6, sizeof v6);
    settings.address_size = sizeof v6;
  } else {
    return refused(settings, "needs a numeric address: tcp:10.0.0.2:6640, or tcp:[fd00::2]:6640");
  }
  return {};
}

}  // namespace

base::Status read_endpoint(OvsdbSettings& settings) {
  const std::string& text = settings.endpoint;
  if (text.starts_with("unix:")) return read_unix(settings, text.substr(5));
  if (text.starts_with("tcp:")) return read_tcp(settings, text.substr(4));
  if (text.starts_with("ssl:"))
    return refused(settings, "asks for TLS, which this driver has not: use a tunnel and tcp:");
  return refused(settings, "is neither unix:PATH nor tcp:ADDRESS:PORT");
}

}  // namespace drivers
