#include "net/address.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace net {

namespace {

constexpr std::size_t kMaxHost = 253;  // RFC 1035, as text

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

base::Error not_an_address() {
  return {base::Code::kInvalidInput, "an address is host:port or [IPv6]:port, with a port from 1 to 65535"};
}

bool valid_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kMaxHost) return false;
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    return plain || (bracketed && (c == ':' || c == '%'));
  });
}

std::pair<std::vector<Endpoint>, int> endpoints_of(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(failure == 0 ? found : nullptr);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = list.get(); entry != nullptr && endpoints.size() < kMaxEndpoints;
       entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, entry->ai_addr, entry->ai_addrlen);
    endpoint.size = entry->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  return {std::move(endpoints), failure};
}

}  // namespace

base::Result<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed && host.find(':') == std::string_view::npos) return not_an_address();
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc{} || end != digits.data() + digits.size() || port == 0) return not_an_address();
  if (!valid_host(host, bracketed)) return not_an_address();
  return Address{std::string(host), port};
}

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Endpoint::text() const {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "an unknown address";
  }
  return storage.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

std::string Endpoint::neighbourhood() const {
  const auto bytes = [](const void* at, std::size_t count) { return std::string(static_cast<const char*>(at), count); };
  if (storage.ss_family == AF_INET) return bytes(&reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, 4);
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr;
  return IN6_IS_ADDR_V4MAPPED(&v6) ? bytes(&v6.s6_addr[12], 4) : bytes(&v6, 8);
}

std::vector<Endpoint> numeric_endpoints(const Address& address) { return endpoints_of(address, AI_NUMERICHOST).first; }

base::Result<std::vector<Endpoint>> resolve(const Address& address) {
  auto numeric = numeric_endpoints(address);  // first without the name service, which is slow to load
  if (!numeric.empty()) return numeric;
  auto [endpoints, failure] = endpoints_of(address, 0);
  if (!endpoints.empty()) return endpoints;
  return base::Error{base::Code::kUnreachable,
                     "cannot resolve " + address.host + ": " + (failure != 0 ? gai_strerror(failure) : "no address")};
}

}  // namespace net
